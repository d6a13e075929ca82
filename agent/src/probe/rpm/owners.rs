//! Which packages own which programs, by the lists of files in the headers.

use std::collections::{BTreeMap, HashMap};

use super::Trouble;
use super::blob::Blob;
use super::header::{Header, Place, Tag};
use super::window::u32_at;
use crate::probe::text;
use belfort_proto::limits;

const WANTED: &[Tag] = &[Tag::Name, Tag::DirIndexes, Tag::BaseNames, Tag::DirNames];
/// Most files of one package that are looked at because they are named like a program.
const HITS_MAX: usize = 1024;
const PATH_BYTES_MAX: usize = 4096;

/// Programs whose owners are looked for.
#[derive(Debug)]
pub struct Programs {
    /// By the name of the file.
    by_name: HashMap<Vec<u8>, Vec<Program>>,
    /// Which [`likeness`] any of the names has: a system has some hundred thousand files, and nearly all
    /// are told apart from programs by this alone.
    likenesses: [bool; 1024],
}

/// A number below 1,024 that equal names have in common, and few others.
fn likeness(name: &[u8]) -> usize {
    let byte = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
    (byte(name.first()) + 31 * byte(name.last()) + 7 * name.len()) % 1024
}

#[derive(Debug)]
struct Program {
    path: String,
    /// The directories it can be listed in, each ending with a slash.
    directories: Vec<Vec<u8>>,
}

impl Programs {
    /// For absolute paths. `merged` says that `/usr/sbin` is the same place as `/usr/bin`; that `/bin` is
    /// the same as `/usr/bin`, and so on, is always taken for so: packages list either.
    pub fn new<'a>(programs: impl IntoIterator<Item = &'a str>, merged: bool) -> Self {
        let mut all = Self { by_name: HashMap::new(), likenesses: [false; 1024] };
        for program in programs {
            let Some((directory, name)) = program.rsplit_once('/') else { continue };
            let mut directories = vec![format!("{directory}/")];
            directories.push(match directory.strip_prefix("/usr") {
                Some(inside) if inside.is_empty() || inside.starts_with('/') => {
                    format!("{inside}/")
                }
                _ => format!("/usr{directory}/"),
            });
            if merged {
                let same: Vec<_> = directories
                    .iter()
                    .filter_map(|directory| match directory.as_str() {
                        "/usr/sbin/" => Some("/usr/bin/"),
                        "/usr/bin/" => Some("/usr/sbin/"),
                        "/sbin/" => Some("/bin/"),
                        "/bin/" => Some("/sbin/"),
                        _ => None,
                    })
                    .map(str::to_owned)
                    .collect();
                directories.extend(same);
            }
            let directories = directories.into_iter().map(String::into_bytes).collect();
            if let Some(known) = all.likenesses.get_mut(likeness(name.as_bytes())) {
                *known = true;
            }
            let known = all.by_name.entry(name.as_bytes().to_vec()).or_default();
            known.push(Program { path: program.to_owned(), directories });
        }
        all
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Adds the programs that a header's package owns. Of several packages that own one, the first by name
    /// counts: they are builds for several architectures, or share the file on purpose.
    pub fn find(
        &self,
        blob: &mut dyn Blob,
        owners: &mut BTreeMap<String, String>,
    ) -> Result<(), Trouble> {
        let header = Header::read(blob, WANTED)?;
        let place = |tag| header.place(tag);
        let (Some(name_at), Some(indexes), Some(names), Some(directories)) =
            (place(Tag::Name), place(Tag::DirIndexes), place(Tag::BaseNames), place(Tag::DirNames))
        else {
            // A package without files.
            return Ok(());
        };
        let mut package = Vec::new();
        header.text(blob, name_at, limits::STRING_BYTES, &mut package)?;
        let mut hits = Vec::new();
        header.texts(blob, names, PATH_BYTES_MAX, &mut |number, name| {
            if self.likenesses.get(likeness(name)) == Some(&true)
                && hits.len() < HITS_MAX
                && let Some(programs) = self.by_name.get(name)
            {
                hits.push((number, programs));
            }
        })?;
        if hits.is_empty() {
            return Ok(());
        }
        let mut in_directory: BTreeMap<u32, Vec<&Program>> = BTreeMap::new();
        let mut buffer = Vec::new();
        for (number, programs) in hits {
            if number < indexes.count {
                let offset = indexes.offset + 4 * u64::from(number);
                header.numbers(blob, Place { offset, count: 1 }, &mut buffer)?;
                let directory = u32_at(&buffer, 0, true).unwrap_or(u32::MAX);
                in_directory.entry(directory).or_default().extend(programs);
            }
        }
        let last = in_directory.keys().next_back().copied().unwrap_or_default();
        let count = directories.count.min(last.saturating_add(1));
        let package = text::clean(&package);
        header.texts(blob, Place { count, ..directories }, PATH_BYTES_MAX, &mut |number, path| {
            for program in in_directory.get(&number).into_iter().flatten() {
                if program.directories.iter().any(|directory| directory == path) {
                    let owner =
                        owners.entry(program.path.clone()).or_insert_with(|| package.clone());
                    if package < *owner {
                        owner.clone_from(&package);
                    }
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::blob::tests::InPieces;
    use super::super::header::tests::header;
    use super::*;

    fn found(name: &[u8], programs: &[&str], merged: bool) -> BTreeMap<String, String> {
        let bytes = header(&[
            (1000, 6, 1, name),
            (1116, 4, 4, &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9]),
            (1117, 8, 4, b"sshd\0sshd\0agetty\0lost\0"),
            (1118, 8, 3, b"/etc/pam.d/\0/usr/sbin/\0/sbin/\0"),
        ]);
        let programs = Programs::new(programs.iter().copied(), merged);
        let mut owners = BTreeMap::new();
        for piece in [3, 1000] {
            programs.find(&mut InPieces(&bytes, piece), &mut owners).unwrap();
        }
        owners
    }

    #[test]
    fn programs_are_found_under_either_name_of_their_directory() {
        let owner = |program, merged| found(b"package\0", &[program], merged).into_values().next();
        let package = Some("package".to_owned());
        assert_eq!(owner("/usr/sbin/sshd", false), package);
        assert_eq!(owner("/sbin/sshd", false), package);
        assert_eq!(owner("/usr/sbin/agetty", false), package);
        assert_eq!(owner("/etc/pam.d/sshd", false), package);
        assert_eq!(owner("/usr/bin/sshd", false), None);
        assert_eq!(owner("/usr/bin/sshd", true), package);
        assert_eq!(owner("/opt/sshd", true), None);
        assert_eq!(owner("/usr/lost", true), None);
        assert_eq!(owner("sshd", true), None);
    }

    #[test]
    fn a_package_without_files_owns_nothing() {
        let bytes = header(&[(1000, 6, 1, b"empty\0")]);
        let mut owners = BTreeMap::new();
        Programs::new(["/a"], false).find(&mut &bytes[..], &mut owners).unwrap();
        assert!(owners.is_empty());
    }
}
