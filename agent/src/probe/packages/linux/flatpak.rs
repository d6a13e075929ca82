//! Reads what flatpak installed for the whole machine.

use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::flatpak::{DEPLOY_BYTES_MAX, INSTALLATION_PATH, package, version};

const PATTERN: &str = "/var/lib/flatpak/*/*/*/*/active/deploy";

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    for (kind, is_runtime) in [("app", false), ("runtime", true)] {
        let top = format!("{INSTALLATION_PATH}/{kind}");
        for name in sources.folders(&top) {
            let place = format!("{top}/{}", name.name);
            for architecture in sources.folders(&place) {
                let place = format!("{place}/{}", architecture.name);
                for branch in sources.folders(&place) {
                    let path = format!("{place}/{}/active/deploy", branch.name);
                    let deploy = sources.one_of_many(PATTERN, &path, DEPLOY_BYTES_MAX);
                    let Some(deploy) = deploy else { continue };
                    let names = [name.name.as_str(), &architecture.name, &branch.name];
                    packages.push(package(is_runtime, names, version(&deploy)));
                }
            }
        }
    }
}
