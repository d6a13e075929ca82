//! Reads the cellar of Homebrew.

use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::brew::{CELLAR_PATH, keg};

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    for formula in sources.folders(CELLAR_PATH) {
        let versions = sources.folders(&format!("{CELLAR_PATH}/{}", formula.name));
        packages.extend(versions.filter_map(|version| keg(&formula.name, &version.name)));
    }
}
