//! Updates: what waits to be installed.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe};

pub mod apt;
pub mod dnf;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `updates` section.
#[derive(Debug)]
pub struct UpdatesProbe;

impl Probe for UpdatesProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Updates
    }

    fn read(&self, host: &Host) -> Section {
        Section::Updates(read(host))
    }
}
