//! Reads the `workloads` section on Linux: every runtime that keeps something here.

mod containerd;
mod docker;
mod libvirt;
mod lxc;
mod nspawn;
mod podman;
mod running;

use belfort_proto::inventory::v1::{Workload, WorkloadsSection};
use belfort_proto::limits;

use super::sort;
use crate::probe::Host;
use crate::probe::outcome::Sources;

/// Largest file of a runtime that is read, bytes.
const BYTES_MAX: usize = 8 << 20;

/// Adds the workloads of one runtime. One that is not there adds nothing and is no outcome.
type Reader = fn(&mut Sources<'_>, &mut Vec<Workload>);

/// Every runtime.
const READERS: &[Reader] =
    &[docker::read, podman::read, containerd::read, libvirt::read, lxc::read, nspawn::read];

pub(super) fn read(host: &Host) -> WorkloadsSection {
    let mut sources = Sources::new(&host.root);
    let mut workloads = Vec::new();
    for reader in READERS {
        reader(&mut sources, &mut workloads);
    }
    if workloads.len() > limits::ELEMENTS {
        sources.outcomes.failed("workloads", "more workloads than can be reported");
        workloads.truncate(limits::ELEMENTS);
    }
    sort(&mut workloads);
    WorkloadsSection { outcomes: sources.outcomes.into_vec(), workloads }
}
