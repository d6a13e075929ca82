//! Workloads: containers and virtual machines hosted here.
//!
//! What the runtimes keep in files, never what they answer: names, images and states, no commands and no
//! environment, which hold secrets. Rootless containers lie in the homes of persons and are not looked at.

use belfort_proto::inventory::v1::{SectionKind, Workload, WorkloadType};
use belfort_proto::section::Section;

use super::{Host, Probe, text};

pub mod containerd;
pub mod docker;
pub mod libvirt;
pub mod lxc;
pub mod nspawn;
pub mod podman;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `workloads` section.
#[derive(Debug)]
pub struct WorkloadsProbe;

impl Probe for WorkloadsProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Workloads
    }

    fn read(&self, host: &Host) -> Section {
        Section::Workloads(read(host))
    }
}

/// Sorts workloads by runtime, name and id.
pub fn sort(workloads: &mut [Workload]) {
    workloads.sort_by(|a, b| (&a.runtime, &a.name, &a.id).cmp(&(&b.runtime, &b.name, &b.id)));
}

/// A workload with what every runtime knows of it.
pub fn workload(runtime: &str, kind: WorkloadType, name: &str) -> Workload {
    Workload {
        runtime: runtime.to_owned(),
        r#type: kind.into(),
        name: text::clean(name.as_bytes()),
        ..Workload::default()
    }
}

/// The digest in the name of an image, `name@algorithm:digits`; empty without one.
pub fn digest_in(image: &str) -> String {
    image.rsplit_once('@').map(|(_, digest)| text::clean(digest.as_bytes())).unwrap_or_default()
}
