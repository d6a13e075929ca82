//! What snapd installed. Sources of the format: snapcraft.io, "The snap format" (`meta/snap.yaml`) and
//! "System snap directory".

use belfort_proto::inventory::v1::Package;

use super::installed;
use crate::probe::text;

/// Images of the snaps, also of revisions that are kept only to go back to.
pub const IMAGES_PATH: &str = "/var/lib/snapd/snaps";
/// Where snaps are mounted: the second on distributions that want nothing else in the root directory.
pub const MOUNT_PATHS: &[&str] = &["/snap", "/var/lib/snapd/snap"];
/// Largest `snap.yaml` read, bytes.
pub const YAML_BYTES_MAX: usize = 1 << 20;

/// Name and revision of an image, `name_revision.snap`; of several instances of one snap the name is
/// `name_instance`.
pub fn image(file: &str) -> Option<(&str, &str)> {
    let (name, revision) = file.strip_suffix(".snap")?.rsplit_once('_')?;
    let is_good = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+".contains(&byte))
    };
    (is_good(name) && is_good(revision)).then_some((name, revision))
}

/// The package that a `snap.yaml` describes. Only its own fields are read, those without indentation.
pub fn package(name: &str, yaml: &[u8]) -> Package {
    let mut package = installed("snap", text::clean(name.as_bytes()), String::new());
    let mut in_architectures = false;
    let mut architectures: Vec<String> = Vec::new();
    for line in text::lines(yaml) {
        if in_architectures {
            if let Some(item) = line.trim_ascii_start().strip_prefix(b"- ") {
                architectures.push(scalar(item));
                continue;
            }
            in_architectures = false;
        }
        if let Some(version) = line.strip_prefix(b"version:") {
            package.version = scalar(version);
        } else if let Some(list) = line.strip_prefix(b"architectures:") {
            let list = list.trim_ascii();
            in_architectures = list.is_empty();
            let list = list.strip_prefix(b"[").and_then(|list| list.strip_suffix(b"]"));
            let items = list.into_iter().flat_map(|list| list.split(|byte| *byte == b','));
            architectures.extend(items.map(scalar));
        }
    }
    // A snap for several architectures is in this image for all of them: which one runs is not told.
    if let [one] = architectures.as_slice() {
        package.architecture.clone_from(one);
    }
    package
}

/// A plain or quoted scalar of YAML on one line.
fn scalar(value: &[u8]) -> String {
    match value.trim_ascii() {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => text::clean(inner),
        plain => {
            let comment = memchr::memmem::find(plain, b" #").unwrap_or(plain.len());
            text::clean(plain.get(..comment).unwrap_or(plain))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(yaml: &str) -> String {
        let package = package("x", yaml.as_bytes());
        format!("{} {}", package.version, package.architecture)
    }

    #[test]
    fn images() {
        assert_eq!(image("core22_1380.snap"), Some(("core22", "1380")));
        assert_eq!(image("tool_two_x1.snap"), Some(("tool_two", "x1")));
        assert_eq!(image("partial"), None);
        assert_eq!(image("../x_1.snap"), None);
        assert_eq!(image("_1.snap"), None);
    }

    #[test]
    fn versions_and_architectures() {
        let yaml =
            "name: x\nversion: '1.10'\narchitectures:\n- amd64\napps:\n  a:\n    version: 9\n";
        assert_eq!(shown(yaml), "1.10 amd64");
        assert_eq!(
            shown("version: 2.0-git # nightly\narchitectures: [ \"arm64\" ]\n"),
            "2.0-git arm64"
        );
        assert_eq!(shown("version: \"3\"\narchitectures:\n  - amd64\n  - arm64\n"), "3 ");
        assert_eq!(shown("architectures: [all]\nname: x"), " all");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), file in "\\PC{0,20}") {
            package("x", &bytes);
            let _ = image(&file);
        }
    }
}
