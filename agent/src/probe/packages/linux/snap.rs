//! Reads the snaps that are in use.

use std::collections::BTreeSet;

use belfort_proto::inventory::v1::Package;

use crate::probe::Host;
use crate::probe::outcome::Sources;
use crate::probe::packages::snap::{IMAGES_PATH, MOUNT_PATHS, YAML_BYTES_MAX, image, package};

const PATTERN: &str = "/snap/*/current/meta/snap.yaml";

pub(super) fn read(_: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    let images = sources.list(IMAGES_PATH);
    let names: BTreeSet<&str> =
        images.iter().filter_map(|entry| image(&entry.name)).map(|(name, _)| name).collect();
    for name in names {
        // Without the link the snap is disabled; without a mount its version is not known.
        let Some((folder, revision)) = MOUNT_PATHS.iter().find_map(|mounts| {
            let folder = format!("{mounts}/{name}");
            let revision = sources.link(&format!("{folder}/current"))?;
            Some((folder, revision))
        }) else {
            continue;
        };
        if revision.contains('/') {
            continue;
        }
        let path = format!("{folder}/{revision}/meta/snap.yaml");
        let yaml = sources.one_of_many(PATTERN, &path, YAML_BYTES_MAX).unwrap_or_default();
        packages.push(package(name, &yaml));
    }
}
