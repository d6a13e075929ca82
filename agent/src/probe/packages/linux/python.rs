//! Reads what is installed into the Pythons of the machine.

use belfort_agent_sys::files::EntryKind;
use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::packages::python::{
    Form, INFO_BYTES_MAX, Record, info, is_library, is_of_administrator, is_of_system, record,
};
use crate::probe::packages::{installed, owned};
use crate::probe::text;

/// Folders of libraries where the distribution's packages may lie, too. Debian has its own in
/// `dist-packages`, which is not read there.
const SHARED: &[&str] = &["/usr/lib", "/usr/lib64"];
/// Folders of libraries that are the administrator's.
const OWN: &[&str] = &["/usr/local/lib", "/usr/local/lib64"];
/// Programs that bring their Python along, or an environment of their own.
const PROGRAMS: &str = "/opt";
/// Most of them that are looked at.
const PROGRAMS_MAX: usize = 256;

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    for top in SHARED {
        libraries(sources, top, &["site-packages"], true, packages);
    }
    for top in OWN {
        libraries(sources, top, &["dist-packages", "site-packages"], false, packages);
    }
    for program in sources.folders(PROGRAMS).take(PROGRAMS_MAX) {
        let top = format!("{PROGRAMS}/{}/lib", program.name);
        libraries(sources, &top, &["site-packages"], false, packages);
    }
}

fn libraries(
    sources: &mut Sources<'_>,
    top: &str,
    inside: &[&str],
    is_shared: bool,
    packages: &mut Vec<Package>,
) {
    // One that is only another name of the first has been read; a missing one is none.
    if top.ends_with("64") && sources.link(top).is_some() {
        return;
    }
    for library in sources.folders(top) {
        if !is_library(&library.name) {
            continue;
        }
        for folder in inside {
            let folder = format!("{top}/{}/{folder}", library.name);
            for entry in sources.list(&folder) {
                let Some(record) = record(&entry.name) else { continue };
                let place = Place { folder: &folder, entry: &entry.name, is_shared };
                let is_file = entry.kind == EntryKind::File;
                if place.counts(sources, &record, packages) {
                    packages.extend(place.package(sources, record, is_file));
                }
            }
        }
    }
}

/// Where a project is recorded.
struct Place<'a> {
    folder: &'a str,
    entry: &'a str,
    is_shared: bool,
}

impl Place<'_> {
    fn read(&self, sources: &mut Sources<'_>, file: &str, cap: usize) -> Option<Vec<u8>> {
        let Self { folder, entry, .. } = self;
        let path = format!("{folder}/{entry}{file}");
        sources.one_of_many(&format!("{folder}/*{file}"), &path, cap)
    }

    /// Whether an administrator installed the project, and not the system's package manager.
    fn counts(&self, sources: &mut Sources<'_>, record: &Record<'_>, packages: &[Package]) -> bool {
        if record.form == Form::Egg {
            // Only pip leaves a list of the files in it; of it and of setuptools alone come those that
            // are not the distribution's.
            let list = format!("{}/{}/installed-files.txt", self.folder, self.entry);
            return !self.is_shared || sources.root.exists(&list) == Ok(true);
        }
        let installer = self.read(sources, "/INSTALLER", SMALL_BYTES).unwrap_or_default();
        if self.is_shared {
            // Some distributions build with pip and leave its name there.
            is_of_administrator(&installer) && !owned::python(&record.name, packages)
        } else {
            !is_of_system(&installer)
        }
    }

    fn package(
        &self,
        sources: &mut Sources<'_>,
        record: Record<'_>,
        is_file: bool,
    ) -> Option<Package> {
        if let Some(version) = record.version {
            return Some(installed("pypi", record.name, text::clean(version.as_bytes())));
        }
        let file = if is_file { "" } else { "/PKG-INFO" };
        let (name, version) = info(&self.read(sources, file, INFO_BYTES_MAX)?)?;
        Some(installed("pypi", name, version))
    }
}
