//! Reads the `packages` section on Linux: every database of packages that is there.

mod rpm;

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{Package, PackagesSection};
use belfort_proto::limits;

use super::sort;
use crate::probe::outcome::Sources;
use crate::probe::{Host, dpkg};

/// Adds the packages of one database. One that is not there adds nothing and is no outcome.
type Reader = fn(&Host, &mut Sources<'_>, &mut Vec<Package>);

/// Every kind of database.
const READERS: &[Reader] = &[deb, rpm::read];

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
    if packages.len() > limits::ELEMENTS {
        sources.outcomes.failed("packages", "more packages than can be reported");
        packages.truncate(limits::ELEMENTS);
    }
    sort(&mut packages);
    PackagesSection { outcomes: sources.outcomes.into_vec(), packages }
}

fn deb(host: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    match host.dpkg_status() {
        Ok(status) => {
            packages.reserve(dpkg::estimate(status).min(limits::ELEMENTS));
            packages.extend(dpkg::packages(status).take(limits::ELEMENTS + 1));
        }
        Err(ReadError::Absent) => {}
        Err(error) => sources.outcomes.unread(dpkg::STATUS_PATH, error),
    }
}
