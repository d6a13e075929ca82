//! Reads libvirt's domains: what is defined, and what runs.

use std::collections::BTreeMap;

use belfort_agent_sys::files::{EntryKind, ReadError};
use belfort_proto::inventory::v1::{Tristate, Workload};

use super::{BYTES_MAX, running};
use crate::probe::outcome::Sources;
use crate::probe::workloads::libvirt::{DRIVERS, Domain, domain};
use crate::probe::workloads::workload;

pub(super) fn read(sources: &mut Sources<'_>, workloads: &mut Vec<Workload>) {
    for (defined, state, kind) in DRIVERS {
        let mut domains: BTreeMap<(String, String), Tristate> = BTreeMap::new();
        let defined = files(sources, defined).unwrap_or_default();
        let running = files(sources, state);
        // What does not run is not there, unless it cannot be seen.
        let other = if running.is_some() { Tristate::No } else { Tristate::Unspecified };
        for Domain { name, uuid, .. } in defined {
            domains.insert((name, uuid), other);
        }
        for Domain { name, uuid, pid } in running.unwrap_or_default() {
            // Containers have their process in a file of its own.
            let running = pid.map_or(Tristate::Yes, |pid| running::process(sources, pid, ""));
            domains.insert((name, uuid), running);
        }
        workloads.extend(domains.into_iter().map(|((name, id), running)| Workload {
            id,
            running: running.into(),
            ..workload("libvirt", *kind, &name)
        }));
    }
}

/// The domains in a folder; nothing when it cannot be read.
fn files(sources: &mut Sources<'_>, folder: &str) -> Option<Vec<Domain>> {
    let entries = match sources.root.list(folder) {
        Ok(entries) => entries,
        Err(ReadError::Absent) => return Some(vec![]),
        Err(error) => {
            sources.outcomes.unread(folder, error);
            return None;
        }
    };
    let pattern = format!("{folder}/*.xml");
    let mut found = Vec::new();
    for entry in entries {
        if entry.kind == EntryKind::Directory || entry.name.strip_suffix(".xml").is_none() {
            continue;
        }
        let path = format!("{folder}/{}", entry.name);
        if let Some(xml) = sources.one_of_many(&pattern, &path, BYTES_MAX) {
            match domain(&xml) {
                Some(domain) => found.push(domain),
                None => sources.outcomes.failed(&pattern, "not a description of a domain"),
            }
        }
    }
    Some(found)
}
