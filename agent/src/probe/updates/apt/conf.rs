//! Settings of apt. Source of the format: apt.conf(5).

use std::collections::BTreeMap;

use crate::probe::text;

/// Largest depth of braces, and most settings: more is no configuration but an attack.
const DEPTH_MAX: usize = 32;
const SETTINGS_MAX: usize = 2000;

/// Settings by their full names in lower case, `apt::periodic::enable`. Items of lists have no name of
/// their own: they stand under their list's, in order.
#[derive(Debug, Default)]
pub struct Conf {
    values: BTreeMap<String, String>,
    items: BTreeMap<String, Vec<String>>,
}

/// One piece of a file.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    End,
}

impl Conf {
    /// Adds a file's settings; they replace earlier ones of the same name. `#include` is not followed.
    pub fn add(&mut self, content: &[u8]) {
        let mut scopes: Vec<String> = Vec::new();
        let mut statement: Vec<Token> = Vec::new();
        for token in tokens(content) {
            match token {
                Token::Open => {
                    let name = statement.into_iter().find_map(|token| match token {
                        Token::Word(name) => Some(name),
                        _ => None,
                    });
                    scopes.push(full(scopes.last(), name.as_deref().unwrap_or_default()));
                    statement = Vec::new();
                    if scopes.len() > DEPTH_MAX {
                        return;
                    }
                }
                Token::Close => {
                    self.set(scopes.last(), std::mem::take(&mut statement));
                    scopes.pop();
                }
                Token::End => self.set(scopes.last(), std::mem::take(&mut statement)),
                other => statement.push(other),
            }
        }
    }

    fn set(&mut self, scope: Option<&String>, statement: Vec<Token>) {
        if self.values.len() + self.items.values().map(Vec::len).sum::<usize>() > SETTINGS_MAX {
            return;
        }
        let mut parts = statement.into_iter();
        match (parts.next(), parts.next()) {
            (Some(Token::Word(command)), Some(Token::Word(name))) if command == "#clear" => {
                self.clear(&full(scope, &name));
            }
            (Some(Token::Word(name)), Some(Token::Word(value) | Token::Text(value))) => {
                match name.strip_suffix("::") {
                    Some(list) => self.items.entry(full(scope, list)).or_default().push(value),
                    None => drop(self.values.insert(full(scope, &name), value)),
                }
            }
            (Some(Token::Text(item)), None) => {
                self.items.entry(scope.cloned().unwrap_or_default()).or_default().push(item);
            }
            _ => {}
        }
    }

    fn clear(&mut self, name: &str) {
        let below = format!("{name}::");
        let gone = |key: &String| key == name || key.starts_with(&below);
        self.values.retain(|key, _| !gone(key));
        self.items.retain(|key, _| !gone(key));
    }

    /// One setting, by its name in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A switch, as apt reads it: words, or a number that is not 0.
    pub fn switch(&self, name: &str, default: bool) -> bool {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            Some("no" | "false" | "without" | "off" | "disable") => false,
            Some("yes" | "true" | "with" | "on" | "enable") => true,
            Some(text) => text.parse::<i64>().map_or(default, |number| number != 0),
            None => default,
        }
    }

    /// The items of a list, by its name in lower case.
    pub fn list(&self, name: &str) -> &[String] {
        self.items.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether something is set below a name in lower case.
    pub fn has_below(&self, name: &str) -> bool {
        let after = self.values.range(name.to_owned()..);
        after.take_while(|(key, _)| key.starts_with(name)).any(|(_, value)| !value.is_empty())
    }

    /// Whether an interval of `APT::Periodic` is other than never. Source: apt.systemd.daily, which
    /// takes days, or a number with `s`, `m`, `h` or `d`, or `always`.
    pub fn is_periodic(&self, name: &str) -> bool {
        let Some(value) = self.get(name) else { return false };
        let number = value.trim_end_matches(['s', 'm', 'h', 'd']);
        value == "always" || number.parse::<u64>().is_ok_and(|number| number > 0)
    }
}

fn full(scope: Option<&String>, name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match scope.map(String::as_str) {
        None | Some("") => name,
        Some(scope) if name.is_empty() => scope.to_owned(),
        Some(scope) => format!("{scope}::{name}"),
    }
}

fn tokens(content: &[u8]) -> impl Iterator<Item = Token> {
    let mut rest = content;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_ascii_start();
            let is_command = rest.starts_with(b"#clear") || rest.starts_with(b"#include");
            let skipped = match rest {
                [] => return None,
                [b'/', b'*', tail @ ..] => {
                    memchr::memmem::find(tail, b"*/").map_or(tail.len(), |at| at + 2) + 2
                }
                [b'/', b'/', ..] => line(rest),
                [b'#', ..] if !is_command => line(rest),
                _ => break,
            };
            rest = rest.get(skipped..).unwrap_or_default();
        }
        let (token, taken) = match rest {
            [b'{', ..] => (Token::Open, 1),
            [b'}', ..] => (Token::Close, 1),
            [b';', ..] => (Token::End, 1),
            [b'"', tail @ ..] => {
                let end = memchr::memchr(b'"', tail).unwrap_or(tail.len());
                (Token::Text(text::clean(tail.get(..end).unwrap_or_default())), end + 2)
            }
            other => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{};\"".contains(byte);
                let end = other.iter().position(ends).unwrap_or(other.len());
                (Token::Word(text::clean(other.get(..end).unwrap_or_default())), end)
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
        Some(token)
    })
}

fn line(rest: &[u8]) -> usize {
    memchr::memchr(b'\n', rest).unwrap_or(rest.len())
}

/// Whether apt reads a file of a directory of parts: a name of letters, digits and `-_.` with the ending
/// of the directory or none. Source: apt.conf(5), `apt_preferences(5)`, sources.list(5).
pub fn is_part(name: &str, endings: &[&str], bare: bool) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.starts_with('.') || !name.bytes().all(plain) {
        return false;
    }
    match name.rsplit_once('.') {
        Some((_, ending)) => endings.contains(&ending),
        None => bare,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn conf(content: &str) -> Conf {
        let mut conf = Conf::default();
        conf.add(content.as_bytes());
        conf
    }

    #[test]
    fn every_form_of_a_setting() {
        let conf = conf(
            "// a comment\n# another \"one\";\nAPT::Periodic::Enable \"1\";\n\
             APT { Periodic { Unattended-Upgrade \"1\"; /* in { between */ Update-Package-Lists 7; };\n\
             Architectures { \"amd64\"; \"i386\"; }; Default-Release \"stable\" };\n\
             APT::Architectures:: \"arm64\";\nAcquire::Http::Proxy \"http://proxy.example:3128/\";\n",
        );
        insta::assert_debug_snapshot!(conf, @r#"
        Conf {
            values: {
                "acquire::http::proxy": "http://proxy.example:3128/",
                "apt::default-release": "stable",
                "apt::periodic::enable": "1",
                "apt::periodic::unattended-upgrade": "1",
                "apt::periodic::update-package-lists": "7",
            },
            items: {
                "apt::architectures": [
                    "amd64",
                    "i386",
                    "arm64",
                ],
            },
        }
        "#);
        assert!(conf.has_below("apt::periodic::"));
        assert!(!conf.has_below("dir::"));
    }

    #[test]
    fn later_settings_replace_and_clear() {
        let mut conf = conf("APT::Periodic::Enable \"1\"; APT::Architectures {\"amd64\";};");
        conf.add(b"apt::periodic::enable \"0\";\n#clear APT::Architectures;\n");
        assert_eq!(conf.get("apt::periodic::enable"), Some("0"));
        assert!(conf.list("apt::architectures").is_empty());
        assert!(!conf.switch("apt::periodic::enable", true));
    }

    #[test]
    fn intervals() {
        for (value, periodic) in
            [("1", true), ("0", false), ("always", true), ("12h", true), ("0d", false), ("", false)]
        {
            let conf = conf(&format!("A \"{value}\";"));
            assert_eq!(conf.is_periodic("a"), periodic, "{value}");
        }
        assert!(!conf("").is_periodic("a"));
    }

    #[test]
    fn parts() {
        let part = |name| is_part(name, &["conf"], true);
        assert!(part("20auto-upgrades") && part("50x.conf") && part("docker-clean"));
        assert!(!part("x.conf.dpkg-old") && !part("a b") && !part("x.bak") && !part("x~"));
        assert!(!part(".conf"));
        assert!(!is_part("debian", &["list", "sources"], false));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            Conf::default().add(&bytes);
        }

        #[test]
        fn any_settings(text in "[a{}:;\"#/* \n]{0,80}") {
            Conf::default().add(text.as_bytes());
        }
    }
}
