//! The database of this machine.

use std::collections::BTreeMap;

use belfort_agent_sys::files::{RandomFile, ReadError, Root};
use belfort_proto::inventory::v1::Package;
use belfort_proto::limits;

use super::blob::Blob;
use super::owners::Programs;
use super::{Format, Trouble, each_header, package};
use crate::probe::outcome::Outcomes;

/// Where databases lie: the newer place, which everything but Red Hat Enterprise Linux has used since
/// 2021, and the older. Where both exist, one mostly is a link to the other.
const PLACES: &[&str] = &["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// Files of databases, newest format first: an older one beside it was left behind.
const FILES: &[(&str, Format)] =
    &[("rpmdb.sqlite", Format::Sqlite), ("Packages.db", Format::Ndb), ("Packages", Format::Bdb)];
/// How often a database is read that is written to meanwhile.
const ATTEMPTS: usize = 3;

/// What is installed.
#[derive(Debug, Default)]
pub struct Installed {
    /// The packages, in no particular order.
    pub packages: Vec<Package>,
    /// What went wrong.
    pub outcomes: Outcomes,
}

/// The installed packages; none and no outcome without a database.
pub fn installed(root: &Root) -> Installed {
    let mut outcomes = Outcomes::default();
    let mut packages = read(root, &mut outcomes, |packages: &mut Vec<Package>, blob| {
        if packages.len() <= limits::ELEMENTS {
            packages.extend(package::package(blob)?);
        }
        Ok(())
    });
    package::add_source_epochs(&mut packages);
    Installed { packages, outcomes }
}

/// The packages that own programs, by program.
pub fn owners(
    root: &Root,
    programs: &Programs,
    outcomes: &mut Outcomes,
) -> BTreeMap<String, String> {
    read(root, outcomes, |owners, blob| programs.find(blob, owners))
}

/// Reads the first database that has anything in it.
fn read<T: Default>(
    root: &Root,
    outcomes: &mut Outcomes,
    mut each: impl FnMut(&mut T, &mut dyn Blob) -> Result<(), Trouble>,
) -> T {
    for place in PLACES {
        for (file, format) in FILES {
            let path = format!("{place}/{file}");
            let mut read = Read { value: T::default(), headers: 0 };
            match read_stable(root, &path, *format, &mut read, &mut each) {
                Err(Trouble::Read(ReadError::Absent)) => continue,
                Err(Trouble::Read(error)) => outcomes.unread(&path, error),
                Err(trouble) => outcomes.failed(&path, &trouble.to_string()),
                Ok(0) if read.headers == 0 => break,
                Ok(0) => {}
                Ok(damaged) => {
                    outcomes.failed(&path, &format!("{damaged} headers cannot be read"));
                }
            }
            return read.value;
        }
    }
    T::default()
}

struct Read<T> {
    value: T,
    headers: u64,
}

/// Reads a database until it was not written to meanwhile.
fn read_stable<T: Default>(
    root: &Root,
    path: &str,
    format: Format,
    read: &mut Read<T>,
    each: &mut impl FnMut(&mut T, &mut dyn Blob) -> Result<(), Trouble>,
) -> Result<u32, Trouble> {
    for _ in 0..ATTEMPTS {
        *read = Read { value: T::default(), headers: 0 };
        let main = root.open_file(path)?;
        let log = match format {
            Format::Sqlite => match root.open_file(&format!("{path}-wal")) {
                Ok(log) => Some(log),
                Err(ReadError::Absent) => None,
                Err(error) => return Err(error.into()),
            },
            Format::Ndb | Format::Bdb => None,
        };
        let done = each_header(format, &main, log.as_ref(), &mut |blob| {
            read.headers += 1;
            each(&mut read.value, blob)
        });
        let changed =
            main.is_changed()? || log.as_ref().map_or(Ok(false), RandomFile::is_changed)?;
        if !changed {
            return done;
        }
    }
    Err(Trouble::Damaged("it changes all the time"))
}
