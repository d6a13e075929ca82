//! What flatpak installed for the whole machine. Source of the layout: flatpak(1) and the wiki of the
//! project, "Filesystem": `app` or `runtime`, then name, architecture and branch, in which the link
//! `active` leads to what is in use; its file `deploy` holds what flatpak noted when it was installed.

use belfort_proto::inventory::v1::Package;
use memchr::memmem;

use super::installed;
use crate::probe::text;

/// The installation that serves the whole machine.
pub const INSTALLATION_PATH: &str = "/var/lib/flatpak";
/// Largest `deploy` file read, bytes.
pub const DEPLOY_BYTES_MAX: usize = 1 << 20;

/// The version by which its makers call an application or runtime; nothing when flatpak does not know it.
///
/// The file is a serialised `(ssasta{sv})`: its dictionary has it as the text `appdata-version`. A text
/// ends with a zero byte, a variant begins at a multiple of 8 bytes and ends with a zero byte and its type.
/// Source: the specification of `GVariant`'s serialisation.
pub fn version(deploy: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"\0appdata-version\0";
    let after = memmem::find(deploy, KEY)?.checked_add(KEY.len())?;
    let value = deploy.get(after.checked_next_multiple_of(8)?..)?;
    let (version, rest) = text::split_once(value, 0)?;
    let version = text::clean(version);
    (rest.starts_with(b"\0s") && !version.is_empty()).then_some(version)
}

/// A package from the place where it lies. A runtime whose makers call it nothing is known by its branch,
/// an application's branch says no more than `stable`.
pub fn package(
    is_runtime: bool,
    [name, architecture, branch]: [&str; 3],
    version: Option<String>,
) -> Package {
    let branch = || if is_runtime { text::clean(branch.as_bytes()) } else { String::new() };
    Package {
        architecture: text::clean(architecture.as_bytes()),
        ..installed("flatpak", text::clean(name.as_bytes()), version.unwrap_or_else(branch))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Written by flatpak 1.14: an application and a runtime made with `flatpak build-export`, with and
    // without AppStream data, and installed from the repository that it made.
    const APP: &[u8] = include_bytes!("../../../tests/fixtures/flatpak-app.deploy");
    const RUNTIME: &[u8] = include_bytes!("../../../tests/fixtures/flatpak-runtime.deploy");

    #[test]
    fn versions_as_flatpak_list_shows_them() {
        assert_eq!(version(APP).as_deref(), Some("2.5.1"));
        assert_eq!(version(RUNTIME), None);
        let runtime = package(true, ["org.example.Platform", "x86_64", "23.08"], version(RUNTIME));
        assert_eq!((runtime.architecture.as_str(), runtime.version.as_str()), ("x86_64", "23.08"));
        assert_eq!(package(false, ["org.example.App", "x86_64", "stable"], None).version, "");
    }

    proptest! {
        #[test]
        fn any_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            from in 0..APP.len(),
            to in 0..APP.len(),
        ) {
            let _ = version(&bytes);
            let _ = version(&APP[from.min(to)..to]);
            let _ = version(&[&bytes, APP].concat());
        }
    }
}
