//! Reads the `packages` section on Linux: every database of packages that is there.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{Package, PackagesSection};

use super::sort;
use crate::probe::outcome::Sources;
use crate::probe::{Host, dpkg};

/// Adds the packages of one database. One that is not there adds nothing and is no outcome.
type Reader = fn(&Host, &mut Sources<'_>, &mut Vec<Package>);

/// Most packages kept: more than any distribution can install at once, and what fits the memory that
/// the service has.
const PACKAGES_MAX: usize = 32_768;

/// Every kind of database.
const READERS: &[Reader] = &[deb];

pub(super) fn read(host: &Host) -> PackagesSection {
    let mut sources = Sources::new(&host.root);
    let mut packages = Vec::new();
    for reader in READERS {
        reader(host, &mut sources, &mut packages);
    }
    if packages.is_empty() {
        // What most machines have, so that an empty list is never silent.
        sources.outcomes.absent(dpkg::STATUS_PATH);
    }
    if packages.len() > PACKAGES_MAX {
        sources.outcomes.failed("packages", "more packages than can be reported");
        packages.truncate(PACKAGES_MAX);
    }
    sort(&mut packages);
    PackagesSection { outcomes: sources.outcomes.into_vec(), packages }
}

fn deb(host: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    match host.dpkg_status() {
        Ok(status) => {
            packages.reserve(dpkg::estimate(status).min(PACKAGES_MAX));
            packages.extend(dpkg::packages(status).take(PACKAGES_MAX + 1));
        }
        Err(ReadError::Absent) => {}
        Err(error) => sources.outcomes.unread(dpkg::STATUS_PATH, error),
    }
}
