//! Reads the database of pacman.

use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::pacman::{DATABASE_PATH, DESCRIPTION_BYTES_MAX, package};

const PATTERN: &str = "/var/lib/pacman/local/*/desc";

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    for entry in sources.folders(DATABASE_PATH) {
        let path = format!("{DATABASE_PATH}/{}/desc", entry.name);
        let Some(content) = sources.one_of_many(PATTERN, &path, DESCRIPTION_BYTES_MAX) else {
            continue;
        };
        match package(&content) {
            Some(package) => packages.push(package),
            None => sources.outcomes.failed(PATTERN, "not a description of a package"),
        }
    }
}
