//! Reads the lists of `cargo install`.

use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::cargo::{LIST_BYTES_MAX, LIST_PATHS, crates};

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    for path in LIST_PATHS {
        let Some(content) = sources.optional(path, LIST_BYTES_MAX) else { continue };
        match crates(&content) {
            Some(crates) => packages.extend(crates),
            None => sources.outcomes.failed(path, "not a list of installed packages"),
        }
    }
}
