//! What pip and its like installed into a Python of the machine. Sources of the formats: packaging.python.org,
//! "Recording installed projects" (`.dist-info`, `INSTALLER`), "Binary distribution format" (how a folder
//! is named), "Names and normalization"; setuptools, "The Internal Structure of Python Eggs"
//! (`.egg-info`).

use super::super::text;

/// Largest `PKG-INFO` read, bytes; it holds the whole description of a project.
pub const INFO_BYTES_MAX: usize = 4 << 20;

/// Those that install for an administrator, as `INSTALLER` names them.
const INSTALLERS: &[&[u8]] = &[b"conda", b"pdm", b"pip", b"poetry", b"uv"];
/// Those that install for a system's package manager.
const SYSTEM: &[&[u8]] =
    &[b"apk", b"apt", b"deb", b"debian", b"dpkg", b"pacman", b"portage", b"rpm"];

/// A folder or file with what is known of an installed project.
#[derive(Debug, PartialEq)]
pub struct Record<'a> {
    /// How it was recorded.
    pub form: Form,
    /// Normal name of the project.
    pub name: String,
    /// Version; nothing when the name does not tell it.
    pub version: Option<&'a str>,
}

/// How an installed project is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A folder `.dist-info`.
    Distribution,
    /// A folder or file `.egg-info`.
    Egg,
}

/// Reads the name of an entry of `site-packages`; nothing when it records no project.
pub fn record(entry: &str) -> Option<Record<'_>> {
    let (form, name, version) = if let Some(stem) = entry.strip_suffix(".dist-info") {
        let (name, version) = stem.rsplit_once('-')?;
        (Form::Distribution, name, Some(version))
    } else {
        // `name[-version[-py3.x[-platform]]]`, in which name and version have no dash.
        let mut parts = entry.strip_suffix(".egg-info")?.split('-');
        (Form::Egg, parts.next()?, parts.next())
    };
    // pip renames what it is about to remove, with a `~` in front.
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let version = version.filter(|version| !version.is_empty());
    (is_name && !name.is_empty()).then(|| Record { form, name: normal(name), version })
}

/// Name and version of a `PKG-INFO` or `METADATA`, from its header.
pub fn info(content: &[u8]) -> Option<(String, String)> {
    let header = || text::lines(content).take_while(|line| !line.trim_ascii().is_empty());
    let field =
        |prefix: &[u8]| header().find_map(|line| line.strip_prefix(prefix)).map(text::clean);
    Some((normal(&field(b"Name:")?), field(b"Version:")?))
}

/// The name under which indexes and advisories know a project.
pub fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        if !matches!(character, '-' | '_' | '.') {
            normal.push(character.to_ascii_lowercase());
        } else if !normal.ends_with('-') {
            normal.push('-');
        }
    }
    normal
}

/// Whether an administrator installed it, by the content of its `INSTALLER`.
pub fn is_of_administrator(installer: &[u8]) -> bool {
    INSTALLERS.contains(&tool(installer))
}

/// Whether the system's package manager installed it, by the content of its `INSTALLER`.
pub fn is_of_system(installer: &[u8]) -> bool {
    SYSTEM.contains(&tool(installer))
}

/// Some tools add their version: `poetry 1.8.3`.
fn tool(installer: &[u8]) -> &[u8] {
    let line = installer.trim_ascii();
    line.split(u8::is_ascii_whitespace).next().unwrap_or(line)
}

/// Whether a folder of libraries is that of a Python 3: `python3`, `python3.12`.
pub fn is_library(name: &str) -> bool {
    let version = name.strip_prefix("python3");
    version.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(entry: &str) -> Option<String> {
        let Record { form, name, version } = record(entry)?;
        Some(format!("{form:?} {name} {}", version.unwrap_or("?")))
    }

    #[test]
    fn names_of_records() {
        for (entry, expected) in [
            ("requests-2.32.3.dist-info", Some("Distribution requests 2.32.3")),
            ("zope.interface-6.4.post2.dist-info", Some("Distribution zope-interface 6.4.post2")),
            ("Flask_Login-0.6.3.dist-info", Some("Distribution flask-login 0.6.3")),
            ("old-name-1.0.dist-info", Some("Distribution old-name 1.0")),
            ("PyYAML-6.0-py3.11.egg-info", Some("Egg pyyaml 6.0")),
            ("x-1.0-py3.9-linux-x86_64.egg-info", Some("Egg x 1.0")),
            ("develop.egg-info", Some("Egg develop ?")),
            ("~ip-24.0.dist-info", None),
            ("-1.0.dist-info", None),
            ("requests", None),
            (".dist-info", None),
        ] {
            assert_eq!(shown(entry).as_deref(), expected, "{entry}");
        }
    }

    #[test]
    fn names_are_made_normal() {
        assert_eq!(normal("Friendly-._.Bard"), "friendly-bard");
        assert!(is_library("python3") && is_library("python3.12"));
        assert!(!is_library("python3-foo") && !is_library("python2.7"));
        assert!(is_of_administrator(b"pip\n") && is_of_administrator(b"poetry 1.8.3"));
        assert!(!is_of_administrator(b"gpep517 16\n"));
        assert!(is_of_system(b"rpm\n") && !is_of_system(b"pip"));
    }

    #[test]
    fn headers_of_information() {
        let content = b"Metadata-Version: 2.1\nName: Develop\nVersion: 0.1.dev0\n\nVersion: 9\n";
        assert_eq!(info(content), Some(("develop".to_owned(), "0.1.dev0".to_owned())));
        assert_eq!(info(b"Name: x\n\nVersion: 9\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), entry in "\\PC{0,20}") {
            let _ = info(&bytes);
            for end in [".dist-info", ".egg-info"] {
                let _ = record(&format!("{entry}{end}"));
            }
        }
    }
}
