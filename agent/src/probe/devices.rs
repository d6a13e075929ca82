//! Devices: buses, displays, batteries, printers, cameras.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `devices` section.
#[derive(Debug)]
pub struct DevicesProbe;

impl Probe for DevicesProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Devices
    }

    fn read(&self, host: &Host) -> Section {
        Section::Devices(read(host))
    }
}
