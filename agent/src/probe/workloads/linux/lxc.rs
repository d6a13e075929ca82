//! Reads the containers of LXC, and those of Incus and LXD with their virtual machines.

use belfort_proto::inventory::v1::{Workload, WorkloadType};

use super::{BYTES_MAX, running};
use crate::probe::outcome::Sources;
use crate::probe::workloads::lxc::{CONTAINERS_PATH, MANAGERS, control_groups, privileged};
use crate::probe::workloads::workload;

pub(super) fn read(sources: &mut Sources<'_>, workloads: &mut Vec<Workload>) {
    for entry in sources.folders(CONTAINERS_PATH) {
        let path = format!("{CONTAINERS_PATH}/{}/config", entry.name);
        // A folder without configuration is no container.
        let pattern = format!("{CONTAINERS_PATH}/*/config");
        let Some(config) = sources.one_of_many(&pattern, &path, BYTES_MAX) else { continue };
        workloads.push(Workload {
            privileged: privileged(&config).into(),
            ..container(sources, "lxc", &entry.name)
        });
    }
    for (runtime, folder) in MANAGERS {
        // Links or folders, after where the storage lies.
        for entry in sources.list(&format!("{folder}/containers")) {
            workloads.push(container(sources, runtime, &entry.name));
        }
        // Whether they run only their manager knows.
        let machines = sources.list(&format!("{folder}/virtual-machines"));
        workloads.extend(
            machines
                .into_iter()
                .map(|entry| workload(runtime, WorkloadType::VirtualMachine, &entry.name)),
        );
    }
}

fn container(sources: &Sources<'_>, runtime: &str, name: &str) -> Workload {
    Workload {
        running: running::control_group(sources, &control_groups(name)).into(),
        ..workload(runtime, WorkloadType::Container, name)
    }
}
