//! Reads the `packages` section on Linux: every database of packages that is there.

mod apk;
mod brew;
mod cargo;
mod deb;
mod flatpak;
mod gem;
mod npm;
mod pacman;
mod python;
mod rpm;
mod snap;

use belfort_proto::inventory::v1::{Package, PackagesSection};

use super::{is_of_system, sort};
use crate::probe::outcome::Sources;
use crate::probe::{Host, dpkg};

/// Adds the packages of one database. One that is not there adds nothing and is no outcome.
type Reader = fn(&Host, &mut Sources<'_>, &mut Vec<Package>);

/// Most packages kept: more than any distribution can install at once, and what fits the memory that
/// the service has.
const PACKAGES_MAX: usize = 32_768;

/// Every kind of database. Those of the system come first: some of the others leave out what they find
/// there.
const READERS: &[Reader] = &[
    deb::read,
    rpm::read,
    apk::read,
    pacman::read,
    snap::read,
    flatpak::read,
    brew::read,
    python::read,
    npm::read,
    gem::read,
    cargo::read,
];

pub(super) fn read(host: &Host) -> PackagesSection {
    let mut sources = Sources::new(&host.root);
    let mut packages = Vec::new();
    for reader in READERS {
        reader(host, &mut sources, &mut packages);
    }
    if !packages.iter().any(|package| is_of_system(&package.ecosystem)) {
        // What most machines have, so that a list without the system's own packages is never silent.
        sources.outcomes.absent(dpkg::STATUS_PATH);
    }
    if packages.len() > PACKAGES_MAX {
        sources.outcomes.failed("packages", "more packages than can be reported");
        packages.truncate(PACKAGES_MAX);
    }
    sort(&mut packages);
    // Two ways can lead to one folder.
    packages.dedup();
    PackagesSection { outcomes: sources.outcomes.into_vec(), packages }
}
