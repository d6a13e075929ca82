//! Reads the containers that containerd runs.

use belfort_proto::inventory::v1::{Tristate, Workload};

use super::{BYTES_MAX, running};
use crate::probe::outcome::Sources;
use crate::probe::text;
use crate::probe::workloads::containerd::{DOCKER, TASK_PATHS, container};

pub(super) fn read(sources: &mut Sources<'_>, workloads: &mut Vec<Workload>) {
    for top in TASK_PATHS {
        for namespace in sources.folders(top) {
            if namespace.name == DOCKER {
                continue;
            }
            let tasks = format!("{top}/{}", namespace.name);
            for task in sources.folders(&tasks) {
                let folder = format!("{tasks}/{}", task.name);
                let pattern = format!("{tasks}/*/config.json");
                let config =
                    sources.one_of_many(&pattern, &format!("{folder}/config.json"), BYTES_MAX);
                let Some(mut workload) = config.and_then(|config| container(&task.name, &config))
                else {
                    continue;
                };
                let pattern = format!("{tasks}/*/init.pid");
                let pid = sources.one_of_many(&pattern, &format!("{folder}/init.pid"), BYTES_MAX);
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
