//! Processors.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `processor` section.
#[derive(Debug)]
pub struct ProcessorProbe;

impl Probe for ProcessorProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Processor
    }

    fn read(&self, host: &Host) -> Section {
        Section::Processor(read(host))
    }
}
