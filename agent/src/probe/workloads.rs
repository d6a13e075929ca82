//! Workloads: containers and virtual machines hosted here.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe};

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
