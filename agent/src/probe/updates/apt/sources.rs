//! Where packages come from. Source of the formats: sources.list(5).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::probe::text;

/// Most sources that are looked at.
const SOURCES_MAX: usize = 1000;
/// Most components or architectures of a source, and longest word of one, bytes.
const WORDS_MAX: usize = 64;
const WORD_BYTES_MAX: usize = 256;

/// One suite of one archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Host it comes from; empty for files of this machine.
    pub site: String,
    /// The suite as it is configured: `bookworm-security`; empty for an archive without suites.
    pub suite: String,
    /// Its components, none for an archive without suites.
    pub components: Rc<[String]>,
    /// Only these architectures; all of the machine's when empty.
    architectures: Rc<[String]>,
    /// Other than all of the machine's: more and fewer.
    added: Rc<[String]>,
    removed: Rc<[String]>,
    /// What the names of its lists begin with.
    base: String,
}

/// Why a source is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// A medium that is put in: its packages are those the machine was installed with.
    #[error("sources on removable media are not read")]
    Medium,
    /// It has not the form of a source.
    #[error("a source is not understood")]
    Form,
    /// There are more than anybody has.
    #[error("more than {SOURCES_MAX} sources")]
    Many,
}

impl Source {
    /// Names its Release file may have below the directory of lists, the better one first.
    pub fn releases(&self) -> [String; 2] {
        [format!("{}InRelease", self.base), format!("{}Release", self.base)]
    }

    /// What the names of its lists of packages begin with, by component: what follows is an architecture
    /// and `_Packages`.
    pub fn packages(&self) -> impl Iterator<Item = (&str, String)> {
        let each = |component| {
            (component, format!("{}{}", self.base, file_name(&format!("{component}/binary-"))))
        };
        self.components.iter().map(String::as_str).map(each)
    }

    /// The name of its only list, for an archive without suites.
    pub fn flat(&self) -> Option<String> {
        self.components.is_empty().then(|| format!("{}Packages", self.base))
    }

    /// Whether lists of an architecture are read, when those of the machine are given.
    pub fn takes(&self, architecture: &str, machine: &[String]) -> bool {
        let has = |list: &[String]| list.iter().any(|one| one == architecture);
        let base = if self.architectures.is_empty() { machine } else { &*self.architectures };
        architecture == "all" || ((has(base) || has(&self.added)) && !has(&self.removed))
    }
}

/// What sources have in common when they are written as one.
#[derive(Debug, Default)]
struct Stanza {
    uris: Vec<String>,
    suites: Vec<String>,
    components: Vec<String>,
    architectures: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
}

impl Stanza {
    fn expand(&self, native: &str, into: &mut Vec<Source>) -> Result<(), SourceError> {
        let Self { uris, suites, components, architectures, added, removed } = self;
        let lists = [components, architectures, added, removed];
        let mut words = [uris, suites].into_iter().chain(lists).flatten();
        if uris.is_empty()
            || suites.is_empty()
            || lists.iter().any(|list| list.len() > WORDS_MAX)
            || words.any(|word| word.len() > WORD_BYTES_MAX)
        {
            return Err(SourceError::Form);
        }
        // Shared by the many sources that a few lines can make.
        let [components, architectures, added, removed] =
            lists.map(|list| Rc::from(list.as_slice()));
        for uri in uris {
            let (site, place) = place(uri)?;
            for suite in suites {
                if into.len() >= SOURCES_MAX {
                    return Err(SourceError::Many);
                }
                let suite = suite.replace("$(ARCH)", native);
                let flat = suite.ends_with('/');
                if flat != self.components.is_empty() {
                    return Err(SourceError::Form);
                }
                let path = match suite.as_str() {
                    "/" => place.clone(),
                    path if flat => format!("{place}{}", path.trim_start_matches('/')),
                    suite => format!("{place}dists/{suite}/"),
                };
                into.push(Source {
                    site: text::clean(site.as_bytes()),
                    suite: if flat { String::new() } else { text::clean(suite.as_bytes()) },
                    components: Rc::clone(&components),
                    architectures: Rc::clone(&architectures),
                    added: Rc::clone(&added),
                    removed: Rc::clone(&removed),
                    base: file_name(&path),
                });
            }
        }
        Ok(())
    }
}

/// Adds the sources of a file in the style of one line each.
pub fn one_line(content: &[u8], native: &str, into: &mut Vec<Source>) -> Vec<SourceError> {
    let mut errors = Vec::new();
    for line in text::lines(content) {
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line.trim_ascii()).replace('\t', " ");
        let Some(rest) = line.strip_prefix("deb ") else {
            if !line.is_empty() && !line.starts_with("deb-src ") {
                errors.push(SourceError::Form);
            }
            continue;
        };
        errors.extend(entry(rest.trim()).and_then(|stanza| stanza.expand(native, into)).err());
    }
    errors
}

fn entry(rest: &str) -> Result<Stanza, SourceError> {
    let mut stanza = Stanza::default();
    let rest = match rest.strip_prefix('[') {
        Some(inside) => {
            let (options, after) = inside.split_once(']').ok_or(SourceError::Form)?;
            for option in options.split_ascii_whitespace() {
                let Some((name, value)) = option.split_once('=') else { continue };
                let list = match name {
                    "arch" => &mut stanza.architectures,
                    "arch+" => &mut stanza.added,
                    "arch-" => &mut stanza.removed,
                    _ => continue,
                };
                list.extend(value.split(',').map(str::to_owned));
            }
            after
        }
        None => rest,
    };
    // The name of a medium is in brackets, with blanks.
    if rest.trim_start().starts_with("cdrom:") {
        return Err(SourceError::Medium);
    }
    let mut words = rest.split_ascii_whitespace().map(str::to_owned);
    stanza.uris.extend(words.next());
    stanza.suites.extend(words.next());
    stanza.components.extend(words);
    Ok(stanza)
}

/// Adds the sources of a file in the style of deb822(5).
pub fn deb822(content: &[u8], native: &str, into: &mut Vec<Source>) -> Vec<SourceError> {
    paragraphs(content)
        .iter()
        .filter(|fields| {
            let off = ["no", "false", "without", "off", "disable"];
            let enabled = fields.get("enabled").map(|value| value.trim().to_ascii_lowercase());
            !enabled.is_some_and(|value| off.contains(&value.as_str()))
        })
        .filter(|fields| {
            fields
                .get("types")
                .is_some_and(|types| types.split_whitespace().any(|one| one == "deb"))
        })
        .filter_map(|fields| {
            let words = |name: &str| -> Vec<String> {
                let value = fields.get(name).map(String::as_str).unwrap_or_default();
                value.split_whitespace().map(str::to_owned).collect()
            };
            let stanza = Stanza {
                uris: words("uris"),
                suites: words("suites"),
                components: words("components"),
                architectures: words("architectures"),
                added: words("architectures-add"),
                removed: words("architectures-remove"),
            };
            stanza.expand(native, into).err()
        })
        .collect()
}

/// Paragraphs of fields, names in lower case; lines that begin with `#` are comments.
pub fn paragraphs(content: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut all = vec![BTreeMap::<String, String>::new()];
    let mut name = String::new();
    for line in text::lines(content) {
        let Some(fields) = all.last_mut() else { break };
        match line {
            [b'#', ..] => {}
            [] | [b'\r'] => all.push(BTreeMap::new()),
            [b' ' | b'\t', ..] if line.trim_ascii().is_empty() => all.push(BTreeMap::new()),
            [b' ' | b'\t', value @ ..] => {
                if let Some(field) = fields.get_mut(&name) {
                    field.push(' ');
                    field.push_str(&String::from_utf8_lossy(value.trim_ascii()));
                }
            }
            line => {
                let Some((field, value)) = text::split_once(line, b':') else { continue };
                name = String::from_utf8_lossy(field.trim_ascii()).to_ascii_lowercase();
                let value = String::from_utf8_lossy(value.trim_ascii()).into_owned();
                fields.insert(name.clone(), value);
            }
        }
    }
    all.retain(|fields| !fields.is_empty());
    all
}

/// Host, and host and path without the rest of an address: never a user or a password.
fn place(uri: &str) -> Result<(String, String), SourceError> {
    let (scheme, rest) = uri.split_once(':').ok_or(SourceError::Form)?;
    if scheme == "cdrom" {
        return Err(SourceError::Medium);
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
            Some((authority, path)) => (authority, path),
            None => (rest, ""),
        },
        None => ("", rest),
    };
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host_and_port.rsplit_once(':') {
        // Colons in brackets belong to an address.
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_and_port, ""),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = if port.is_empty() { String::new() } else { format!(":{port}") };
    let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let mut place = format!("{shown}{port}{path}");
    if !place.ends_with('/') {
        place.push('/');
    }
    Ok((host, place))
}

/// The name of a list for the place it comes from: special characters by their numbers, slashes as
/// underscores.
fn file_name(place: &str) -> String {
    let mut name = String::with_capacity(place.len());
    for byte in place.bytes() {
        match byte {
            b'/' => name.push('_'),
            b'%' | 0..=b' ' | 0x7f.. => {
                let _ = write!(name, "%{byte:02x}");
            }
            _ if br#"\|{}[]<>"^~_=!@#$%^&*"#.contains(&byte) => {
                let _ = write!(name, "%{byte:02x}");
            }
            _ => name.push(byte.into()),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(sources: &[Source]) -> Vec<String> {
        let each = |source: &Source| {
            let flat = source.flat().into_iter();
            flat.chain(source.packages().map(|(_, prefix)| prefix)).collect::<Vec<_>>()
        };
        sources.iter().flat_map(each).collect()
    }

    #[test]
    fn lists_of_sources_in_one_line() {
        let mut sources = Vec::new();
        let errors = one_line(
            b"# deb http://gone.example/debian bookworm main\n\
              deb http://deb.example/debian bookworm main contrib # comment\n\
              deb [arch=amd64,arm64 signed-by=/x.gpg] https://user:secret@deb.example:8443/node_20.x nodistro main\n\
              deb-src http://deb.example/debian bookworm main\n\
              deb [trusted=yes] file:/srv/repo ./\n\
              deb http://flat.example/r /\n\
              deb http://security.example/ bookworm/updates main\n\
              deb mirror+file:/etc/apt/mirrors/debian.list sid main\n\
              deb cdrom:[Debian GNU/Linux 12 _Bookworm_]/ bookworm main\n\
              deb http://nothing.example\nrpm x\n",
            "amd64",
            &mut sources,
        );
        insta::assert_debug_snapshot!(names(&sources), @r#"
        [
            "deb.example_debian_dists_bookworm_main_binary-",
            "deb.example_debian_dists_bookworm_contrib_binary-",
            "deb.example:8443_node%5f20.x_dists_nodistro_main_binary-",
            "_srv_repo_._Packages",
            "flat.example_r_Packages",
            "security.example_dists_bookworm_updates_main_binary-",
            "_etc_apt_mirrors_debian.list_dists_sid_main_binary-",
        ]
        "#);
        assert_eq!(errors, [SourceError::Medium, SourceError::Form, SourceError::Form]);
        assert_eq!(sources[0].releases()[0], "deb.example_debian_dists_bookworm_InRelease");
        assert_eq!(sources[1].site, "deb.example");
        let machine = ["amd64".to_owned(), "i386".to_owned()];
        assert!(sources[0].takes("i386", &machine) && !sources[0].takes("arm64", &machine));
        assert!(sources[1].takes("arm64", &machine) && !sources[1].takes("i386", &machine));
        assert!(sources[1].takes("all", &machine));
    }

    #[test]
    fn lists_of_sources_in_stanzas() {
        let mut sources = Vec::new();
        let errors = deb822(
            b"Types: deb deb-src\n# a comment\nURIs: http://deb.example/debian\n  http://other.example/debian/\n\
              Suites: bookworm\n bookworm-updates\nComponents: main\nArchitectures-Remove: i386\n\
              \nTypes: deb\nEnabled: no\nURIs: http://off.example\nSuites: x\nComponents: main\n\
              \nTypes: deb-src\nURIs: http://src.example\nSuites: x\nComponents: main\n\
              \nTypes: deb\nURIs: http://bad.example\n",
            "amd64",
            &mut sources,
        );
        insta::assert_debug_snapshot!(names(&sources), @r#"
        [
            "deb.example_debian_dists_bookworm_main_binary-",
            "deb.example_debian_dists_bookworm-updates_main_binary-",
            "other.example_debian_dists_bookworm_main_binary-",
            "other.example_debian_dists_bookworm-updates_main_binary-",
        ]
        "#);
        assert_eq!(errors, [SourceError::Form]);
        let machine = ["amd64".to_owned(), "i386".to_owned()];
        assert!(sources[0].takes("amd64", &machine) && !sources[0].takes("i386", &machine));
    }

    #[test]
    fn sources_of_one_stanza_share_their_lists() {
        let mut sources = Vec::new();
        let stanza = b"Types: deb\nURIs: http://deb.example\nSuites: a b\nComponents: main\n";
        assert!(deb822(stanza, "amd64", &mut sources).is_empty());
        assert!(Rc::ptr_eq(&sources[0].components, &sources[1].components));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut sources = Vec::new();
            let _ = one_line(&bytes, "amd64", &mut sources);
            let _ = one_line(&[b"deb ", bytes.as_slice()].concat(), "amd64", &mut sources);
            let _ = deb822(&bytes, "amd64", &mut sources);
            let stanza = [b"Types: deb\nURIs: ", bytes.as_slice(), b"\nSuites: x\nComponents: y\n"];
            let _ = deb822(&stanza.concat(), "amd64", &mut sources);
            for name in names(&sources) {
                prop_assert!(!name.contains('/') && name.is_ascii());
            }
        }
    }
}
