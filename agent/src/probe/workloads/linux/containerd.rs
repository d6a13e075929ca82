//! Reads the containers that containerd runs.

use belfort_proto::inventory::v1::{Tristate, Workload};

use super::{folders, one_of_many, running};
use crate::probe::outcome::Sources;
use crate::probe::text;
use crate::probe::workloads::containerd::{DOCKER, TASK_PATHS, container};

pub(super) fn read(sources: &mut Sources<'_>, workloads: &mut Vec<Workload>) {
    for top in TASK_PATHS {
        for namespace in folders(sources, top) {
            if namespace.name == DOCKER {
                continue;
            }
            let tasks = format!("{top}/{}", namespace.name);
            for task in folders(sources, &tasks) {
                let folder = format!("{tasks}/{}", task.name);
                let pattern = format!("{tasks}/*/config.json");
                let config = one_of_many(sources, &pattern, &format!("{folder}/config.json"));
                let Some(mut workload) = config.and_then(|config| container(&task.name, &config))
                else {
                    continue;
                };
                let pattern = format!("{tasks}/*/init.pid");
                let pid = one_of_many(sources, &pattern, &format!("{folder}/init.pid"));
                let pid = pid.as_deref().and_then(text::number);
                let running = pid.map_or(Tristate::Unspecified, |pid| {
                    running::process(sources, pid, &workload.id)
                });
                workload.running = running.into();
                workloads.push(workload);
            }
        }
    }
}
