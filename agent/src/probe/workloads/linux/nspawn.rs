//! Reads the containers of systemd-nspawn: those that run, and those that are kept or set up.

use std::collections::BTreeMap;

use belfort_agent_sys::files::EntryKind;
use belfort_proto::inventory::v1::{Tristate, Workload, WorkloadType};

use super::{BYTES_MAX, running};
use crate::probe::outcome::Sources;
use crate::probe::workloads::nspawn::{
    IMAGES_PATH, MACHINES_PATH, SETTINGS_PATH, of_image, of_settings, running as state,
};
use crate::probe::workloads::workload;

pub(super) fn read(sources: &mut Sources<'_>, workloads: &mut Vec<Workload>) {
    let mut machines: BTreeMap<String, (String, Tristate)> = BTreeMap::new();
    let no = || (String::new(), Tristate::No);
    for entry in sources.list(IMAGES_PATH) {
        if let Some(name) = of_image(&entry.name, entry.kind != EntryKind::File) {
            machines.insert(name.to_owned(), no());
        }
    }
    for entry in sources.list(SETTINGS_PATH) {
        if let Some(name) = of_settings(&entry.name) {
            machines.insert(name.to_owned(), no());
        }
    }
    let pattern = format!("{MACHINES_PATH}/*");
    for entry in sources.list(MACHINES_PATH) {
        // Links lead from units to the same files.
        if entry.kind != EntryKind::File {
            continue;
        }
        let path = format!("{MACHINES_PATH}/{}", entry.name);
        let content = sources.one_of_many(&pattern, &path, BYTES_MAX);
        if let Some(found) = content.and_then(|content| state(&content)) {
            let running = found.leader.map(|leader| running::process(sources, leader, ""));
            machines.insert(entry.name, (found.id, running.unwrap_or(Tristate::Yes)));
        }
    }
    workloads.extend(machines.into_iter().map(|(name, (id, running))| Workload {
        id,
        running: running.into(),
        ..workload("systemd-nspawn", WorkloadType::Container, &name)
    }));
}
