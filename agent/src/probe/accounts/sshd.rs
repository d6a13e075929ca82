//! The posture of the OpenSSH server: what its configuration lets everybody do.
//!
//! Source of the format, of which value counts and of the defaults: `sshd_config(5)` of OpenSSH 9.

use belfort_proto::inventory::v1::{SshServer, Tristate};

use crate::probe::text;

/// How deep files may include each other. Source: `SERVCONF_MAX_DEPTH` of OpenSSH.
const DEPTH_MAX: u8 = 16;
/// Most patterns of included files that are followed.
const INCLUDES_MAX: u32 = 256;

#[derive(Clone, Copy)]
enum Keyword {
    RootLogin,
    Password,
    KeyboardInteractive,
    EmptyPasswords,
    X11Forwarding,
}

const KEYWORDS: &[(&str, Keyword)] = &[
    // Older names of one keyword.
    ("challengeresponseauthentication", Keyword::KeyboardInteractive),
    ("skeyauthentication", Keyword::KeyboardInteractive),
    ("kbdinteractiveauthentication", Keyword::KeyboardInteractive),
    ("passwordauthentication", Keyword::Password),
    ("permitemptypasswords", Keyword::EmptyPasswords),
    ("permitrootlogin", Keyword::RootLogin),
    ("x11forwarding", Keyword::X11Forwarding),
];

/// Values by keyword. One that is there and empty is not known.
type Values = [Option<String>; 5];

/// For whom lines count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Everybody: the beginning of the configuration.
    Everybody,
    /// Everybody, stronger than the beginning: behind `Match all`.
    MatchAll,
    /// Some.
    Some,
}

/// A configuration as far as it was read.
#[derive(Default)]
struct Reading {
    everybody: Values,
    match_all: Values,
    has_exceptions: bool,
    includes: u32,
}

/// What a pattern of included files stands for: the files in their order; nothing for one that could not
/// be read.
pub type Included = Vec<Option<Vec<u8>>>;

/// Parses a configuration; `include` gives what a pattern stands for.
pub fn parse(content: &[u8], include: &mut dyn FnMut(&str) -> Included) -> SshServer {
    let mut reading = Reading::default();
    reading.file(content, Scope::Everybody, 0, include);
    let Reading { everybody, match_all, has_exceptions, .. } = reading;
    let value = |keyword: Keyword, default: &str| {
        let at = |values: &Values| values.get(keyword as usize).cloned().flatten();
        at(&match_all).or_else(|| at(&everybody)).unwrap_or_else(|| default.to_owned())
    };
    let flag = |keyword, default| match value(keyword, default).as_str() {
        "yes" => Tristate::Yes.into(),
        "no" => Tristate::No.into(),
        _ => Tristate::Unspecified.into(),
    };
    let root = match value(Keyword::RootLogin, "prohibit-password").as_str() {
        // The name it had before OpenSSH 7.
        "without-password" => "prohibit-password".to_owned(),
        other => other.to_owned(),
    };
    let roots = ["yes", "no", "prohibit-password", "forced-commands-only"];
    SshServer {
        permit_root_login: if roots.contains(&root.as_str()) { root } else { String::new() },
        password_authentication: flag(Keyword::Password, "yes"),
        keyboard_interactive_authentication: flag(Keyword::KeyboardInteractive, "yes"),
        permit_empty_passwords: flag(Keyword::EmptyPasswords, "no"),
        x11_forwarding: flag(Keyword::X11Forwarding, "no"),
        has_exceptions,
    }
}

impl Reading {
    /// Takes a file in. A block it leaves open ends with it.
    fn file(
        &mut self,
        content: &[u8],
        mut scope: Scope,
        depth: u8,
        include: &mut dyn FnMut(&str) -> Included,
    ) {
        for line in text::lines(content) {
            let Some((keyword, arguments)) = keyword(line) else { continue };
            match keyword.as_str() {
                "match" => {
                    let everybody = arguments.trim_ascii().eq_ignore_ascii_case(b"all");
                    self.has_exceptions |= !everybody;
                    scope = if everybody { Scope::MatchAll } else { Scope::Some };
                }
                // What some include is an exception, which is not looked into.
                "include" if scope == Scope::Some => {}
                "include" => {
                    for pattern in words(arguments) {
                        self.includes += 1;
                        let follow = depth < DEPTH_MAX && self.includes <= INCLUDES_MAX;
                        let files = if follow { include(&pattern) } else { vec![None] };
                        for file in files {
                            match file {
                                Some(content) => self.file(&content, scope, depth + 1, include),
                                None => self.cloud(scope),
                            }
                        }
                    }
                }
                name => {
                    let known = KEYWORDS.iter().find(|(known, _)| *known == name);
                    let value = words(arguments).next().unwrap_or_default().to_ascii_lowercase();
                    if let Some((_, keyword)) = known
                        && let Some(values) = self.values(scope)
                        && let Some(place @ None) = values.get_mut(*keyword as usize)
                    {
                        *place = Some(value);
                    }
                }
            }
        }
    }

    fn values(&mut self, scope: Scope) -> Option<&mut Values> {
        match scope {
            Scope::Everybody => Some(&mut self.everybody),
            Scope::MatchAll => Some(&mut self.match_all),
            Scope::Some => None,
        }
    }

    /// Something was not read: it may set what is not set yet, and make exceptions.
    fn cloud(&mut self, scope: Scope) {
        self.has_exceptions = true;
        for place in self.values(scope).into_iter().flatten() {
            place.get_or_insert_default();
        }
    }
}

/// The keyword of a line in lower case, and what follows.
fn keyword(line: &[u8]) -> Option<(String, &[u8])> {
    let line = line.trim_ascii();
    if line.starts_with(b"#") {
        return None;
    }
    let end = line.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'=');
    let (keyword, rest) = line.split_at_checked(end?)?;
    let rest = rest.trim_ascii_start();
    let keyword = text::clean(keyword.strip_prefix(b"\"").unwrap_or(keyword));
    Some((keyword.to_ascii_lowercase(), rest.strip_prefix(b"=").unwrap_or(rest)))
}

/// Arguments, quoted or not, up to a comment.
fn words(arguments: &[u8]) -> impl Iterator<Item = String> {
    let mut rest = arguments;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let (word, behind) = match rest.first()? {
            b'#' => return None,
            b'"' => {
                let inside = rest.get(1..)?;
                text::split_once(inside, b'"').unwrap_or((inside, &[]))
            }
            _ => {
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                rest.split_at_checked(end)?
            }
        };
        rest = behind;
        Some(text::clean(word))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn posture(content: &str) -> String {
        shown(&parse(content.as_bytes(), &mut |pattern| match pattern {
            "d/*.conf" => vec![
                Some(b"X11Forwarding yes\nMatch User a\nPermitRootLogin yes\n".to_vec()),
                Some(b"PermitRootLogin no\n".to_vec()),
            ],
            "denied" => vec![None],
            _ => Vec::new(),
        }))
    }

    fn shown(server: &SshServer) -> String {
        let flag = |value: Tristate| match value {
            Tristate::Unspecified => "?",
            Tristate::No => "no",
            Tristate::Yes => "yes",
        };
        format!(
            "root {} password {} keyboard {} empty {} x11 {} exceptions {}",
            server.permit_root_login,
            flag(server.password_authentication()),
            flag(server.keyboard_interactive_authentication()),
            flag(server.permit_empty_passwords()),
            flag(server.x11_forwarding()),
            server.has_exceptions
        )
    }

    #[test]
    fn defaults_and_the_first_value() {
        let defaults =
            "root prohibit-password password yes keyboard yes empty no x11 no exceptions false";
        assert_eq!(posture(""), defaults);
        assert_eq!(
            posture("#PermitRootLogin yes\n  # PasswordAuthentication no\nUsePAM\n"),
            defaults
        );
        let set = "permitrootlogin = \"No\" # why\nPermitRootLogin yes\nPasswordAuthentication=no\n\
            ChallengeResponseAuthentication no\nKbdInteractiveAuthentication yes\n\
            PermitEmptyPasswords\tyes\nX11Forwarding YES\n";
        let expected = "root no password no keyboard no empty yes x11 yes exceptions false";
        assert_eq!(posture(set), expected);
        assert!(posture("PermitRootLogin without-password").starts_with("root prohibit-password "));
        assert!(posture("PermitRootLogin maybe").starts_with("root  password"));
        assert!(posture("X11Forwarding maybe").contains("x11 ?"));
    }

    #[test]
    fn blocks_for_some_are_exceptions() {
        let some = posture("Match User jan\nPasswordAuthentication no\nInclude d/*.conf\n");
        assert!(some.contains("password yes") && some.ends_with("exceptions true"), "{some}");
        // What follows `Match all` holds for everybody and is stronger.
        let all = posture("X11Forwarding no\nMatch User a\nMatch All\nX11Forwarding yes\n");
        assert!(all.contains("x11 yes exceptions true"), "{all}");
        assert!(posture("Match all\nX11Forwarding yes\n").ends_with("x11 yes exceptions false"));
    }

    #[test]
    fn included_files_count_where_they_are_included() {
        let first = posture("Include d/*.conf\nPermitRootLogin yes\nX11Forwarding no\n");
        assert!(
            first.starts_with("root no ") && first.ends_with("x11 yes exceptions true"),
            "{first}"
        );
        let last = posture("PermitRootLogin yes\nInclude none \"d/*.conf\"\n");
        assert!(last.starts_with("root yes ") && last.contains("x11 yes"), "{last}");
    }

    #[test]
    fn what_was_not_read_may_have_set_it() {
        let found = posture("PermitRootLogin no\nInclude denied\nPasswordAuthentication no\n");
        assert_eq!(found, "root no password ? keyboard ? empty ? x11 ? exceptions true");
    }

    #[test]
    fn files_that_include_themselves() {
        fn again(_: &str) -> Included {
            vec![Some(b"Include x\n".to_vec())]
        }
        assert!(shown(&parse(b"Include x\n", &mut again)).starts_with("root  password ?"));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(&bytes, &mut |_| vec![None]);
            let _ = words(&bytes).count();
        }

        #[test]
        fn any_words(text in "(Match |Include |PermitRootLogin |all|\"|=| |\n|#|yes){0,40}") {
            parse(text.as_bytes(), &mut |_| vec![None, Some(text.as_bytes().to_vec())]);
        }
    }
}
