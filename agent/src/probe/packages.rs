//! Packages: installed software.

use belfort_proto::inventory::v1::{Package, SectionKind};
use belfort_proto::section::Section;

use super::{Host, Probe};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `packages` section.
#[derive(Debug)]
pub struct PackagesProbe;

impl Probe for PackagesProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Packages
    }

    fn read(&self, host: &Host) -> Section {
        Section::Packages(read(host))
    }
}

/// Sorts packages by ecosystem, name, architecture and version.
pub fn sort(packages: &mut [Package]) {
    packages.sort_by(|a, b| {
        (a.ecosystem.as_str(), &a.name, &a.architecture, &a.version).cmp(&(
            b.ecosystem.as_str(),
            &b.name,
            &b.architecture,
            &b.version,
        ))
    });
}
