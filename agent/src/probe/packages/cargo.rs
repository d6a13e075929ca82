//! What `cargo install` put on the machine. Source of the format: The Cargo Book, cargo-install(1): the
//! file `.crates.toml` names each package as `name version (source)` with its programs.

use belfort_proto::inventory::v1::Package;
use belfort_proto::limits;

use super::installed;
use crate::probe::text;

/// Where the root of an installation keeps its list.
pub const LIST_PATHS: &[&str] =
    &["/usr/local/cargo/.crates.toml", "/usr/local/.crates.toml", "/root/.cargo/.crates.toml"];
/// Largest list read, bytes.
pub const LIST_BYTES_MAX: usize = 1 << 20;

/// Sources that are crates.io.
const CRATES_IO: &[&str] =
    &["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

/// The packages that come from crates.io; nothing when the file is no such list. Those from elsewhere are
/// left out: a package of a repository or a folder only shares its name with one of crates.io.
pub fn crates(content: &[u8]) -> Option<Vec<Package>> {
    let list: toml::Table = std::str::from_utf8(content).ok()?.parse().ok()?;
    if list.is_empty() {
        // Cargo makes the file before it has installed anything.
        return Some(vec![]);
    }
    let packages = list.get("v1")?.as_table()?.keys().take(limits::ELEMENTS);
    Some(packages.filter_map(|key| package(key)).collect())
}

fn package(key: &str) -> Option<Package> {
    let mut words = key.split(' ');
    let (name, version, source) = (words.next()?, words.next()?, words.next()?);
    let source = source.strip_prefix('(')?.strip_suffix(')')?;
    let version = text::clean(version.as_bytes());
    CRATES_IO.contains(&source).then(|| installed("cargo", text::clean(name.as_bytes()), version))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: &str = "[v1]\n\
\"cargo-deny 0.16.1 (registry+https://github.com/rust-lang/crates.io-index)\" = [\"cargo-deny\"]\n\
\"ripgrep 14.1.0 (sparse+https://index.crates.io/)\" = [\"rg\"]\n\
\"tool 0.1.0 (path+file:///home/jan/tool)\" = [\"tool\"]\n\
\"other 0.1.0 (git+https://git.example.org/other?rev=1#1)\" = [\"other\"]\n";

    #[test]
    fn only_packages_of_crates_io() {
        let found = crates(LIST.as_bytes()).unwrap();
        let found: Vec<_> = found.iter().map(|p| format!("{} {}", p.name, p.version)).collect();
        assert_eq!(found, ["cargo-deny 0.16.1", "ripgrep 14.1.0"]);
        // Names of names without end.
        let _ = crates(format!("{}a=1", "a.".repeat(400_000)).as_bytes());
        let _ = crates(format!("[{}a]", "a.".repeat(400_000)).as_bytes());
        let _ = crates(format!("a={}", "[".repeat(800_000)).as_bytes());
        let _ = crates(format!("a={}", "{a=".repeat(300_000)).as_bytes());
        assert!(crates(b"[v1]\n").unwrap().is_empty());
        assert!(crates(b"").unwrap().is_empty());
        assert!(
            crates(b"[v2]\n").is_none() && crates(b"v1 = 1").is_none() && crates(b"\xff").is_none()
        );
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), key in "\\PC{0,40}") {
            let _ = crates(&bytes);
            let _ = package(&key);
        }
    }
}
