//! Packages: installed software.
//!
//! The databases of the system's own package managers come first. What other package managers put on
//! the machine counts where it serves the whole machine, and only when the system's did not put it
//! there: a distribution mends its packages without raising their version, so that one listed a second
//! time, under the name and version of its origin, would look vulnerable when it is not.

use belfort_proto::inventory::v1::{Package, PackageState, SectionKind};
use belfort_proto::section::Section;

use super::{Host, Probe};

pub mod apk;
pub mod brew;
pub mod cargo;
pub mod flatpak;
pub mod gem;
pub mod npm;
pub mod owned;
pub mod pacman;
pub mod python;
pub mod snap;

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

/// An installed package of an ecosystem, with what every ecosystem knows.
pub fn installed(ecosystem: &str, name: String, version: String) -> Package {
    Package {
        ecosystem: ecosystem.to_owned(),
        name,
        version,
        state: PackageState::Installed.into(),
        ..Package::default()
    }
}

/// Whether an ecosystem is that of a system's own package manager.
pub fn is_of_system(ecosystem: &str) -> bool {
    matches!(ecosystem, "deb" | "rpm" | "apk" | "alpm")
}
