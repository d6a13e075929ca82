//! Probes: one for each section, in the order of their kinds.
//!
//! A probe reads its sources below a root directory and assembles its section. It never starts a
//! program, never talks to the network, never blocks, and turns every failure into an outcome. The
//! parsers are pure and compiled on every platform; only the readers know the operating system.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use belfort_agent_sys::files::{ReadError, Root, Stream};
use belfort_agent_sys::host::{self, Names};
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use self::kept::Kept;
use crate::policy::Policy;

pub mod accounts;
pub mod cidr;
pub mod cpuinfo;
pub mod decompress;
pub mod devices;
pub mod dmi;
pub mod dpkg;
pub mod firmware;
pub mod kept;
pub mod listeners;
pub mod memory;
pub mod mountinfo;
pub mod neighbours;
pub mod network;
pub mod operating_system;
pub mod outcome;
pub mod packages;
pub mod processor;
pub mod protection;
pub mod rpm;
pub mod rtnetlink;
pub mod services;
pub mod storage;
pub mod system;
pub mod text;
pub mod units;
pub mod updates;
pub mod wildcard;
pub mod workloads;

/// Reads one section.
pub trait Probe: Sync {
    /// The section it reads.
    fn kind(&self) -> SectionKind;

    /// Reads the section. Failures are outcomes inside it.
    fn read(&self, host: &Host) -> Section;
}

/// Every probe, in ascending order of kind.
pub fn all() -> &'static [&'static dyn Probe] {
    &[
        &system::SystemProbe,
        &firmware::FirmwareProbe,
        &processor::ProcessorProbe,
        &memory::MemoryProbe,
        &storage::StorageProbe,
        &devices::DevicesProbe,
        &network::NetworkProbe,
        &operating_system::OperatingSystemProbe,
        &updates::UpdatesProbe,
        &packages::PackagesProbe,
        &services::ServicesProbe,
        &accounts::AccountsProbe,
        &protection::ProtectionProbe,
        &workloads::WorkloadsProbe,
        &neighbours::NeighboursProbe,
    ]
}

/// What probes read, and the rules they keep.
#[derive(Debug)]
pub struct Host {
    /// Files are read below it.
    pub root: Root,
    /// What the kernel calls the machine.
    pub names: Names,
    /// Signature of the hypervisor in the processor; empty on bare metal or when unknown.
    pub hypervisor: String,
    /// Whether the kernel may be asked through netlink: only when the root is the running system.
    pub kernel: bool,
    /// What may be reported.
    pub policy: Policy,
    /// What earlier passes kept.
    pub kept: Arc<Kept>,
    /// The package database, read once for the probes that need it.
    dpkg: OnceCell<Result<dpkg::Database, ReadError>>,
    /// What the service manager knows, read once for the probes that need it.
    units: OnceCell<services::Units>,
    /// What is said of the processors, likewise: the kernel makes it up anew for every reader.
    processors: OnceCell<Result<cpuinfo::CpuInfo, ReadError>>,
    /// The SMBIOS table, likewise.
    smbios: OnceCell<Result<Vec<u8>, ReadError>>,
    /// What rpm has installed, when one probe has read it and another may need it.
    rpm: RefCell<Option<rpm::database::Installed>>,
}

impl Host {
    /// The running system.
    pub fn system(policy: Policy) -> Self {
        let hypervisor = host::hypervisor_signature();
        let host = Self::at(Root::system(), host::names(), policy);
        Self { hypervisor, kernel: true, ..host }
    }

    /// Another root directory: a fixture or an image. The kernel is not asked.
    pub fn at(root: Root, names: Names, policy: Policy) -> Self {
        Self {
            root,
            names,
            hypervisor: String::new(),
            kernel: false,
            policy,
            kept: Arc::default(),
            dpkg: OnceCell::new(),
            units: OnceCell::new(),
            processors: OnceCell::new(),
            smbios: OnceCell::new(),
            rpm: RefCell::default(),
        }
    }

    /// The same host, with what earlier passes kept.
    #[must_use]
    pub fn with(self, kept: Arc<Kept>) -> Self {
        Self { kept, ..self }
    }

    /// The package database of dpkg.
    pub fn dpkg(&self) -> Result<&dpkg::Database, ReadError> {
        let read = || {
            let file = self.root.open_stream(dpkg::STATUS_PATH, dpkg::STATUS_BYTES_MAX)?;
            let database = dpkg::Database::read(file);
            database.map_err(|error| Stream::error(&error).unwrap_or(ReadError::Memory))
        };
        self.dpkg.get_or_init(read).as_ref().map_err(|error| *error)
    }

    /// What the service manager knows.
    pub fn units(&self) -> &services::Units {
        self.units.get_or_init(|| services::units(&self.root))
    }

    /// What is said of the processors.
    pub fn processors(&self) -> Result<&cpuinfo::CpuInfo, ReadError> {
        let read = || self.root.read(cpuinfo::PATH, cpuinfo::BYTES_MAX);
        self.processors
            .get_or_init(|| read().map(|content| cpuinfo::parse(&content)))
            .as_ref()
            .map_err(|error| *error)
    }

    /// The SMBIOS table.
    pub fn smbios(&self) -> Result<&[u8], ReadError> {
        self.smbios
            .get_or_init(|| self.root.read(dmi::TABLE_PATH, dmi::TABLE_BYTES_MAX))
            .as_deref()
            .map_err(|error| *error)
    }

    /// What rpm has installed. It is handed over, not shared: the list is long, and the last probe that
    /// needs it reports it. One that is not the last gives it back with [`Host::keep_rpm`].
    pub fn take_rpm(&self) -> rpm::database::Installed {
        self.rpm.take().unwrap_or_else(|| rpm::database::installed(&self.root))
    }

    /// Keeps what rpm has installed for another probe.
    pub fn keep_rpm(&self, installed: rpm::database::Installed) {
        self.rpm.replace(Some(installed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_stand_in_the_order_of_the_kinds() {
        let kinds: Vec<_> = all().iter().map(|probe| probe.kind()).collect();
        assert_eq!(kinds, Section::KINDS);
    }
}
