//! Neighbours: devices seen in the ARP and NDP tables.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `neighbours` section.
#[derive(Debug)]
pub struct NeighboursProbe;

impl Probe for NeighboursProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Neighbours
    }

    fn read(&self, host: &Host) -> Section {
        Section::Neighbours(read(host))
    }
}
