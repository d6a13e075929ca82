//! Packages of rpm.

use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;

/// Adds the packages of rpm's database.
pub(super) fn read(host: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    let mut installed = host.take_rpm();
    sources.outcomes.extend(&installed.outcomes);
    packages.append(&mut installed.packages);
}
