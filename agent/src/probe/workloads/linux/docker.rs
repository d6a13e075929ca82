//! Reads Docker's containers.

use std::collections::BTreeMap;

use belfort_proto::inventory::v1::{Tristate, Workload};

use super::{BYTES_MAX, running};
use crate::probe::outcome::Sources;
use crate::probe::workloads::docker::{
    CONFIGURATION_PATH, Container, DATA_PATH, Digests, container, data_root, privileged,
};

pub(super) fn read(sources: &mut Sources<'_>, workloads: &mut Vec<Workload>) {
    let configuration = sources.optional(CONFIGURATION_PATH, BYTES_MAX).unwrap_or_default();
    let data = data_root(&configuration).unwrap_or_else(|| DATA_PATH.to_owned());
    let containers = format!("{data}/containers");
    let mut digests: BTreeMap<String, Digests> = BTreeMap::new();
    for entry in sources.folders(&containers) {
        let pattern = format!("{containers}/*/config.v2.json");
        let folder = format!("{containers}/{}", entry.name);
        let config = sources.one_of_many(&pattern, &format!("{folder}/config.v2.json"), BYTES_MAX);
        let Some(config) = config else { continue };
        let Some(Container { mut workload, image_id, driver, pid }) = container(&config) else {
            sources.outcomes.failed(&pattern, "not a description of a container");
            continue;
        };
        let pattern = format!("{containers}/*/hostconfig.json");
        let host = sources.one_of_many(&pattern, &format!("{folder}/hostconfig.json"), BYTES_MAX);
        workload.privileged = host.as_deref().map(privileged).unwrap_or_default().into();
        let running = pid.map_or(Tristate::No, |pid| running::process(sources, pid, &workload.id));
        workload.running = running.into();
        if workload.image_digest.is_empty() && !driver.contains('/') {
            let digests = digests.entry(driver).or_insert_with_key(|driver| {
                let path = format!("{data}/image/{driver}/repositories.json");
                let content = sources.optional(&path, BYTES_MAX);
                let digests = content.as_deref().map(Digests::parse);
                if digests.as_ref().is_some_and(Option::is_none) {
                    sources.outcomes.failed(&path, "not a list of images");
                }
                digests.flatten().unwrap_or_default()
            });
            workload.image_digest = digests.of(&image_id, &workload.image);
        }
        workloads.push(workload);
    }
}
