//! What `RubyGems` installed. Source of the layout: guides.rubygems.org, "Specification Reference": the
//! folder `specifications` has a file for each gem, `name-version[-platform].gemspec`; its second line
//! repeats the three, separated by blanks.

use belfort_proto::inventory::v1::Package;

use super::installed;
use crate::probe::text;

/// Folders whose folders, one for each version of Ruby, hold `specifications`. Not among them: what
/// Debian's packages install, below /usr/share/rubygems-integration, and gems of rpm, below /usr/share/gems
/// and /usr/lib64/gems.
pub const FOLDERS: &[&str] =
    &["/var/lib/gems", "/usr/local/lib/ruby/gems", "/usr/local/bundle/ruby"];
/// A folder that holds `specifications` itself: that of container images of Ruby.
pub const BUNDLE: &str = "/usr/local/bundle";
/// Largest specification read, bytes.
pub const SPECIFICATION_BYTES_MAX: usize = 1 << 20;

/// What the name of a file says.
#[derive(Debug, PartialEq)]
pub enum Named {
    /// Which gem it is.
    Gem(Package),
    /// It is a gem, but name and version can be divided in several ways: the file must be read.
    Unclear,
}

/// Reads the name of a file; nothing when it is none of a gem.
pub fn named(file: &str) -> Option<Named> {
    let stem = file.strip_suffix(".gemspec")?;
    let starts_of_versions = || {
        let dashes = stem.match_indices('-').map(|(at, _)| at);
        dashes.filter(|at| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit))
    };
    let start = starts_of_versions().next()?;
    if starts_of_versions().count() > 1 {
        return Some(Named::Unclear);
    }
    let (name, rest) = (stem.get(..start)?, stem.get(start + 1..)?);
    let (version, platform) = rest.split_once('-').unwrap_or((rest, ""));
    package(name.as_bytes(), version.as_bytes(), platform.as_bytes()).map(Named::Gem)
}

/// Reads the second line of a specification, `# stub: name version platform require paths`.
pub fn stub(specification: &[u8]) -> Option<Package> {
    let line =
        text::lines(specification).take(3).find_map(|line| line.strip_prefix(b"# stub: "))?;
    let mut words = line.split(|byte| *byte == b' ');
    package(words.next()?, words.next()?, words.next()?)
}

fn package(name: &[u8], version: &[u8], platform: &[u8]) -> Option<Package> {
    // Gems without compiled parts are for the platform `ruby`, which says nothing.
    let platform = if platform == b"ruby" { b"" } else { platform };
    if name.is_empty() || !version.first()?.is_ascii_digit() {
        return None;
    }
    let package = installed("gem", text::clean(name), text::clean(version));
    Some(Package { architecture: text::clean(platform), ..package })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(package: &Package) -> String {
        format!("{} {} {}", package.name, package.version, package.architecture)
    }

    fn name(file: &str) -> Option<String> {
        named(file).map(|named| match named {
            Named::Gem(package) => shown(&package),
            Named::Unclear => "?".to_owned(),
        })
    }

    #[test]
    fn names_of_files() {
        assert_eq!(name("rails-7.1.3.4.gemspec").as_deref(), Some("rails 7.1.3.4 "));
        assert_eq!(
            name("net-http-persistent-4.0.2.gemspec").as_deref(),
            Some("net-http-persistent 4.0.2 ")
        );
        assert_eq!(
            name("nokogiri-1.16.6-x86_64-linux.gemspec").as_deref(),
            Some("nokogiri 1.16.6 x86_64-linux")
        );
        assert_eq!(name("x-1.0.0.rc1.gemspec").as_deref(), Some("x 1.0.0.rc1 "));
        assert_eq!(name("google-3d-1.0.gemspec").as_deref(), Some("?"));
        assert_eq!(name("ffi-1.17.0-universal-darwin-22.gemspec").as_deref(), Some("?"));
        assert_eq!(name("README"), None);
        assert_eq!(name("default.gemspec"), None);
        assert_eq!(name("-1.gemspec"), None);
    }

    #[test]
    fn second_lines() {
        let line =
            "# -*- encoding: utf-8 -*-\n# stub: google-3d 1.0 ruby lib\n\nGem::Specification.new";
        assert_eq!(stub(line.as_bytes()).map(|p| shown(&p)).as_deref(), Some("google-3d 1.0 "));
        let line = "# stub: ffi 1.17.0 universal-darwin-22 lib";
        assert_eq!(
            stub(line.as_bytes()).map(|p| shown(&p)).as_deref(),
            Some("ffi 1.17.0 universal-darwin-22")
        );
        assert_eq!(stub(b"# stub: x"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80), file in "[a-z0-9.-]{0,20}") {
            let _ = stub(&bytes);
            let _ = stub(&[b"# stub: ", bytes.as_slice()].concat());
            let _ = named(&format!("{file}.gemspec"));
        }
    }
}
