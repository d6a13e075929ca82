//! The package database of Arch Linux and its relatives. Source of the format: `desc` files as
//! libalpm's documentation and PKGBUILD(5) describe their fields: `%FIELD%`, its values one a line, an
//! empty line.

use belfort_proto::inventory::v1::Package;

use super::installed;
use crate::probe::operating_system::day;
use crate::probe::text;

/// A folder for each package.
pub const DATABASE_PATH: &str = "/var/lib/pacman/local";
/// Largest description of a package read, bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 1 << 20;

/// The package that a description describes; nothing when it has no name. Who packaged it is a person, and
/// not reported.
pub fn package(description: &[u8]) -> Option<Package> {
    let mut package = installed("alpm", String::new(), String::new());
    let mut lines = text::lines(description);
    while let Some(line) = lines.next() {
        let field = match line.trim_ascii_end() {
            b"%NAME%" => &mut package.name,
            b"%VERSION%" => &mut package.version,
            b"%ARCH%" => &mut package.architecture,
            b"%BASE%" => &mut package.source_name,
            b"%INSTALLDATE%" => {
                let seconds = lines.next().and_then(text::number);
                package.installed_on = seconds.map(date).unwrap_or_default();
                continue;
            }
            _ => continue,
        };
        *field = text::clean(lines.next()?);
    }
    if package.source_name == package.name {
        package.source_name.clear();
    }
    (!package.name.is_empty()).then_some(package)
}

fn date(seconds: u32) -> String {
    day(seconds.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DESCRIPTION: &[u8] =
        b"%NAME%\nlibcap-ng\n\n%VERSION%\n1:0.8.5-2\n\n%BASE%\nlibcap-ng\n\n\
%DESC%\nA library\n%NAME%-like text does not matter\n\n%ARCH%\nx86_64\n\n%BUILDDATE%\n1\n\n\
%INSTALLDATE%\n1717243200\n\n%PACKAGER%\nSomebody <somebody@example.org>\n\n%LICENSE%\nGPL\n\n";

    #[test]
    fn a_package() {
        let found = package(DESCRIPTION).unwrap();
        insta::assert_compact_debug_snapshot!(found, @r#"Package { ecosystem: "alpm", name: "libcap-ng", version: "1:0.8.5-2", architecture: "x86_64", source_name: "", source_version: "", publisher: "", state: Installed, installed_on: "2024-06-01" }"#);
        let split = package(b"%NAME%\ngcc-libs\n\n%BASE%\ngcc\n").unwrap();
        assert_eq!(split.source_name, "gcc");
        assert_eq!(package(b"%VERSION%\n1\n"), None);
        assert_eq!(package(b"%NAME%"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..100), cut in 0..DESCRIPTION.len()) {
            let _ = package(&bytes);
            let _ = package(&[&DESCRIPTION[..cut], &bytes].concat());
        }
    }
}
