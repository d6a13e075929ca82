//! What npm installed for the whole machine. Source of the layout: docs.npmjs.com, "folders": a folder for
//! each package in `lib/node_modules` of the prefix, those of a scope one level deeper, each with its
//! `package.json`.
//!
//! Only the packages themselves are reported, as `npm ls --global` lists them. What they bring along in a
//! `node_modules` of their own was chosen by their makers and is mended with them; one program can bring a
//! thousand.

use belfort_proto::inventory::v1::Package;
use serde::Deserialize;

use super::installed;
use crate::probe::text;

/// Global folders: the administrator's, and that of Node.js where it was installed below /usr, which the
/// packages of a distribution share.
pub const FOLDERS: &[&str] = &["/usr/local/lib/node_modules", SHARED];
/// The folder that packages of a distribution share.
pub const SHARED: &str = "/usr/lib/node_modules";
/// Largest `package.json` read, bytes.
pub const MANIFEST_BYTES_MAX: usize = 1 << 20;

/// What matters of a `package.json`.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
}

/// The package of a `package.json`; nothing when it is none.
pub fn package(manifest: &[u8]) -> Option<Package> {
    let Manifest { name, version } = serde_json::from_slice(manifest).ok()?;
    let (name, version) = (text::clean(name.as_bytes()), text::clean(version.as_bytes()));
    (!name.is_empty()).then(|| installed("npm", name, version))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn name_and_version() {
        let manifest = br#"{"name": "@example/tool", "version": "1.2.3", "bin": {"tool": "x.js"}}"#;
        let found = package(manifest).unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("@example/tool", "1.2.3"));
        assert_eq!(package(b"{}"), None);
        assert_eq!(package(br#"{"name": "", "version": "1"}"#), None);
        assert_eq!(package(br#"{"name": 1, "version": "1"}"#), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = package(&bytes);
        }
    }
}
