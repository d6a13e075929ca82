//! The files of a repository. Source of the formats: the schemas that createrepo publishes.

use std::io::{Read, Result};

use super::super::super::rpm::package::with_epoch;
use super::super::super::text;
use super::xml::{Scanner, Tag};

/// Longest name, version or architecture, bytes.
const WORD_BYTES_MAX: usize = 1024;

/// A package in one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Name.
    pub name: String,
    /// Architecture.
    pub architecture: String,
    /// Version as `[epoch:]version-release`.
    pub version: String,
}

/// The files that `repomd.xml` names, by their type: `primary`, `updateinfo`, `primary_zck` … What is
/// damaged names none.
pub fn files(repomd: &[u8]) -> Vec<(String, String)> {
    let mut scanner = Scanner::new(repomd);
    let mut files = Vec::new();
    let mut kind = String::new();
    while let Ok(Some(tag)) = scanner.next_tag() {
        match tag.name {
            b"data" => kind = tag.attribute(b"type"),
            b"location" if !kind.is_empty() => {
                // Whatever the path in the repository was, the cache has one directory.
                let path = tag.attribute(b"href");
                let name = path.rsplit('/').next().unwrap_or_default();
                if !name.is_empty() && name.len() < 256 {
                    files.push((std::mem::take(&mut kind), name.to_owned()));
                }
            }
            _ => {}
        }
    }
    files
}

/// Hands every package of `primary` to `each`.
pub fn primary(source: impl Read, mut each: impl FnMut(&Named)) -> Result<()> {
    let mut scanner = Scanner::new(source);
    let mut named = Named::default();
    while let Some(tag) = scanner.next_tag()? {
        match tag.name {
            b"/metadata" => return Ok(()),
            b"metadata" if tag.is_empty => return Ok(()),
            b"package" => named = Named::default(),
            b"name" => named.name = scanner.text(WORD_BYTES_MAX)?,
            b"arch" => named.architecture = scanner.text(WORD_BYTES_MAX)?,
            b"version" => named.version = version(&tag, [b"epoch", b"ver", b"rel"]),
            _ => {}
        }
        // These come first, and what follows is long.
        if ![&named.name, &named.architecture, &named.version].iter().any(|it| it.is_empty()) {
            each(&named);
            named = Named::default();
            scanner.skip_past(b"</package>")?;
        }
    }
    Err(std::io::ErrorKind::UnexpectedEof.into())
}

/// Hands every package that an advisory of security in `updateinfo` names to `each`.
pub fn security(source: impl Read, mut each: impl FnMut(&Named)) -> Result<()> {
    let mut scanner = Scanner::new(source);
    while let Some(tag) = scanner.next_tag()? {
        match tag.name {
            b"/updates" => return Ok(()),
            b"updates" if tag.is_empty => return Ok(()),
            b"update" if tag.attribute(b"type") != "security" => {
                scanner.skip_past(b"</update>")?;
            }
            b"package" => {
                let named = Named {
                    name: tag.attribute(b"name"),
                    architecture: tag.attribute(b"arch"),
                    version: version(&tag, [b"epoch", b"version", b"release"]),
                };
                each(&named);
            }
            _ => {}
        }
    }
    Err(std::io::ErrorKind::UnexpectedEof.into())
}

fn version(tag: &Tag<'_>, [epoch, version, release]: [&[u8]; 3]) -> String {
    let epoch = text::number(tag.attribute(epoch).as_bytes()).unwrap_or(0);
    with_epoch(epoch, &format!("{}-{}", tag.attribute(version), tag.attribute(release)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::xml::tests::Drops;
    use super::*;

    const PRIMARY: &[u8] = b"<?xml version=\"1.0\"?>\n<metadata packages=\"2\">\n\
        <package type=\"rpm\">\n  <name>bash</name>\n  <arch>x86_64</arch>\n\
        <version epoch=\"0\" ver=\"5.2\" rel=\"3.el9\"/>\n  <summary>A &lt;shell&gt;</summary>\n\
        <format><rpm:entry name=\"other\" ver=\"9\"/></format>\n</package>\n\
        <package type=\"rpm\"><name>bind</name><arch>noarch</arch>\
        <version epoch=\"32\" ver=\"9.16\" rel=\"1\"/></package></metadata>";
    const UPDATEINFO: &[u8] = b"<updates>\n<update from=\"a\" status=\"final\" type=\"bugfix\"><pkglist>\
        <package name=\"no\" version=\"1\" release=\"1\" epoch=\"0\" arch=\"x\"/></pkglist></update>\n\
        <update type=\"security\"><id>X</id><pkglist><collection><package name=\"bash\" version=\"5.2\" \
        release=\"4.el9\" epoch=\"1\" arch=\"x86_64\" src=\"bash.src.rpm\"><filename>b</filename></package>\
        </collection></pkglist></update></updates>";

    fn shown(read: impl FnOnce(&mut dyn FnMut(&Named)) -> Result<()>) -> Vec<String> {
        let mut all = Vec::new();
        read(&mut |named| {
            all.push(format!("{} {} {}", named.name, named.architecture, named.version));
        })
        .unwrap();
        all
    }

    #[test]
    fn packages() {
        for drop in [1, 50, 5000] {
            let found = shown(|each| primary(Drops(PRIMARY, drop), each));
            assert_eq!(found, ["bash x86_64 5.2-3.el9", "bind noarch 32:9.16-1"]);
            let found = shown(|each| security(Drops(UPDATEINFO, drop), each));
            assert_eq!(found, ["bash x86_64 1:5.2-4.el9"]);
        }
        for cut in 0..PRIMARY.len() {
            assert!(primary(&PRIMARY[..cut], |_| ()).is_err(), "{cut}");
        }
        for cut in 0..UPDATEINFO.len() {
            assert!(security(&UPDATEINFO[..cut], |_| ()).is_err(), "{cut}");
        }
        primary(&b"<metadata packages=\"0\"/>"[..], |_| ()).unwrap();
        security(&b"<updates/>"[..], |_| ()).unwrap();
    }

    #[test]
    fn names_of_files_are_no_paths() {
        let repomd =
            b"<repomd><data type=\"primary\"><location href=\"repodata/1-primary.xml.gz\"/></data>\
            <data type=\"updateinfo\"><location href=\"../../etc/shadow\"/></data>\
            <data type=\"other\"><location href=\"repodata/\"/></data></repomd>";
        let files = files(repomd);
        let files: Vec<_> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(files, [("primary", "1-primary.xml.gz"), ("updateinfo", "shadow")]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..UPDATEINFO.len()) {
            let cut_primary = &PRIMARY[..cut.min(PRIMARY.len())];
            for bytes in [bytes.clone(), [cut_primary, &bytes].concat(), [&UPDATEINFO[..cut], &bytes].concat()] {
                let _ = primary(&bytes[..], |_| ());
                let _ = security(&bytes[..], |_| ());
                let _ = files(&bytes);
            }
        }
    }
}
