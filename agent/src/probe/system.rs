//! System: names and hardware identity of the machine.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe};

pub mod cloud;
pub mod container;
pub mod directory;
#[cfg(target_os = "linux")]
mod linux;
pub mod virtualization;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `system` section.
#[derive(Debug)]
pub struct SystemProbe;

impl Probe for SystemProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::System
    }

    fn read(&self, host: &Host) -> Section {
        Section::System(read(host))
    }
}
