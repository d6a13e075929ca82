//! Reads the global packages of npm.

use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::npm::{FOLDERS, MANIFEST_BYTES_MAX, SHARED, package};
use crate::probe::packages::owned;

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    for top in FOLDERS {
        let mut names = Vec::new();
        for entry in sources.folders(top) {
            if entry.name.starts_with('@') {
                let scope = sources.folders(&format!("{top}/{}", entry.name));
                names.extend(scope.map(|inner| format!("{}/{}", entry.name, inner.name)));
            } else if !entry.name.starts_with('.') {
                names.push(entry.name);
            }
        }
        let pattern = format!("{top}/*/package.json");
        for name in names {
            if *top == SHARED && owned::npm(&name, packages) {
                continue;
            }
            let path = format!("{top}/{name}/package.json");
            let Some(manifest) = sources.one_of_many(&pattern, &path, MANIFEST_BYTES_MAX) else {
                continue;
            };
            match package(&manifest) {
                Some(package) => packages.push(package),
                None => sources.outcomes.failed(&pattern, "not a description of a package"),
            }
        }
    }
}
