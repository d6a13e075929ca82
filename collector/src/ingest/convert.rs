//! From sections to facts: what a report says, in the words the findings use.

use std::collections::BTreeMap;
use std::net::IpAddr;

use belfort_model::asset::Subtype;
use belfort_model::evidence::{Evidence, EvidenceKind};
use belfort_model::facts::{
    AccountFacts, AdministratorFacts, DeviceFacts, FirewallFacts, ListenerFacts, OsFacts,
    VolumeFacts,
};
use belfort_model::software::Installation;
use belfort_proto::enrolment::v1::HardwareEvidence;
use belfort_proto::inventory::v1::{
    AccountsSection, BlockDeviceType, BootMode, FirmwareSection, ListenerScope, NetworkSection,
    OperatingSystemSection, OutcomeStatus, PackageState, PackagesSection, ProcessorSection,
    ProtectionSection, Protocol, ServicesSection, StorageSection, SystemSection, Tristate,
};
use belfort_proto::section::Section;

/// What a report says about a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Facts for the findings.
    pub facts: DeviceFacts,
    /// Form of the device.
    pub subtype: Subtype,
    /// What tells the machine apart, sorted.
    pub evidence: Vec<Evidence>,
}

/// Reads all sections of a report.
pub fn observe<'a>(sections: impl Iterator<Item = &'a Section>) -> Observed {
    let mut facts = DeviceFacts::default();
    let mut evidence = Vec::new();
    for section in sections {
        match section {
            Section::System(section) => system(section, &mut facts, &mut evidence),
            Section::Firmware(section) => firmware(section, &mut facts),
            Section::Processor(section) => processor(section, &mut facts),
            Section::Memory(section) => facts.memory_bytes = section.usable_bytes,
            Section::Storage(section) => storage(section, &mut facts, &mut evidence),
            Section::Network(section) => network(section, &mut facts, &mut evidence),
            Section::OperatingSystem(section) => operating_system(section, &mut facts),
            Section::Packages(section) => packages(section, &mut facts),
            Section::Services(section) => services(section, &mut facts),
            Section::Protection(section) => protection(section, &mut facts),
            Section::Accounts(section) => accounts(section, &mut facts),
            Section::Devices(_)
            | Section::Updates(_)
            | Section::Workloads(_)
            | Section::Neighbours(_) => {}
        }
    }
    evidence.sort();
    evidence.dedup();
    evidence.truncate(EVIDENCE);
    let subtype = Subtype::of_device(facts.chassis_type, &facts.virtualization);
    Observed { facts, subtype, evidence }
}

/// Addresses kept of one machine.
const ADDRESSES: usize = 64;

/// Pieces of evidence kept of one machine, strongest first: more disks and cards tell nothing more.
const EVIDENCE: usize = 64;

/// The evidence a device sends with its enrolment, sorted; placeholders are left out.
pub fn enrolment_evidence(sent: &HardwareEvidence) -> Vec<Evidence> {
    let endorsement_key = hex::encode(&sent.tpm_endorsement_key_sha256);
    let mut evidence: Vec<_> = [
        (EvidenceKind::SmbiosUuid, &sent.smbios_uuid),
        (EvidenceKind::SystemSerial, &sent.system_serial),
        (EvidenceKind::BoardSerial, &sent.board_serial),
        (EvidenceKind::TpmEndorsementKey, &endorsement_key),
        (EvidenceKind::MachineId, &sent.machine_id),
    ]
    .into_iter()
    .chain(sent.disk_serials.iter().map(|serial| (EvidenceKind::DiskSerial, serial)))
    .chain(sent.mac_addresses.iter().map(|address| (EvidenceKind::MacAddress, address)))
    .filter_map(|(kind, value)| Evidence::new(kind, value))
    .collect();
    evidence.sort();
    evidence.dedup();
    evidence
}

fn system(section: &SystemSection, facts: &mut DeviceFacts, evidence: &mut Vec<Evidence>) {
    facts.host_name = section.host_name.chars().filter(|c| !c.is_control()).collect();
    facts.manufacturer.clone_from(&section.manufacturer);
    facts.model.clone_from(&section.model);
    facts.serial.clone_from(&section.serial);
    facts.chassis_type = section.chassis_type;
    facts.virtualization.clone_from(&section.virtualization);
    facts.domain.clone_from(&section.domain);
    if let Some(board) = Evidence::new(EvidenceKind::BoardSerial, &section.board_serial) {
        facts.parts.board = board.value;
    }
    let pieces = [
        (EvidenceKind::SmbiosUuid, &section.smbios_uuid),
        (EvidenceKind::SystemSerial, &section.serial),
        (EvidenceKind::BoardSerial, &section.board_serial),
        (EvidenceKind::MachineId, &section.machine_id),
    ];
    evidence.extend(pieces.into_iter().filter_map(|(kind, value)| Evidence::new(kind, value)));
}

fn firmware(section: &FirmwareSection, facts: &mut DeviceFacts) {
    facts.uefi = match section.boot_mode() {
        BootMode::Unspecified => None,
        BootMode::Legacy => Some(false),
        BootMode::Uefi => Some(true),
    };
    facts.secure_boot = known(section.secure_boot());
    facts.tpm = known(section.tpm_present());
    facts.tpm_version = section.tpm_version;
    facts.firmware_date.clone_from(&section.release_date);
}

fn storage(section: &StorageSection, facts: &mut DeviceFacts, evidence: &mut Vec<Evidence>) {
    facts.volumes = section
        .volumes
        .iter()
        .map(|volume| VolumeFacts {
            mount_point: volume.mount_point.clone(),
            device: volume.device.clone(),
            size_bytes: volume.size_bytes,
            encrypted: known(volume.encrypted()),
        })
        .collect();
    if let Some(disk) = system_disk(section) {
        facts.parts.system_disk = disk.value;
    }
    let fixed = section.devices.iter().filter(|device| {
        device.r#type() == BlockDeviceType::Disk && device.removable() != Tristate::Yes
    });
    evidence.extend(fixed.filter_map(|disk| Evidence::new(EvidenceKind::DiskSerial, &disk.serial)));
}

/// The one disk the root file system lies on; nothing when there are several, as under a RAID, or its
/// serial number is not known.
fn system_disk(section: &StorageSection) -> Option<Evidence> {
    let root = section.volumes.iter().find(|volume| volume.mount_point == "/")?;
    let by_name: BTreeMap<_, _> =
        section.devices.iter().map(|device| (device.name.as_str(), device)).collect();
    let mut name = root.device.as_str();
    // A device lies on another at most as often as there are devices.
    for _ in 0..section.devices.len() {
        let device = by_name.get(name)?;
        match device.parents.as_slice() {
            [] => return Evidence::new(EvidenceKind::DiskSerial, &device.serial),
            [parent] => name = parent,
            _ => return None,
        }
    }
    None
}

fn network(section: &NetworkSection, facts: &mut DeviceFacts, evidence: &mut Vec<Evidence>) {
    let addresses = section.interfaces.iter().flat_map(|interface| &interface.addresses);
    let inside = addresses.filter(|address| address.address.parse::<IpAddr>().is_ok());
    facts.addresses = inside.map(|address| address.address.clone()).collect();
    facts.addresses.sort();
    facts.addresses.dedup();
    facts.addresses.truncate(ADDRESSES);
    let physical = section.interfaces.iter().filter(|interface| interface.physical);
    evidence.extend(
        physical.filter_map(|one| Evidence::new(EvidenceKind::MacAddress, &one.mac_address)),
    );
}

fn operating_system(section: &OperatingSystemSection, facts: &mut DeviceFacts) {
    facts.os = OsFacts {
        family: section.family.clone(),
        id: section.id.clone(),
        version: section.version.clone(),
        name: section.name.clone(),
        architecture: section.architecture.clone(),
        kernel_running: section.kernel_running.clone(),
        kernels_installed: section.kernels_installed.clone(),
    };
    facts.reboot_pending = known(section.reboot_pending());
}

fn packages(section: &PackagesSection, facts: &mut DeviceFacts) {
    let installed = section.packages.iter().filter(|p| p.state() == PackageState::Installed);
    facts.package_count = u32::try_from(installed.count()).unwrap_or(u32::MAX);
}

/// The installed packages of a section, sorted, each with its publisher; and whether the list is complete:
/// one that could not be read, or of a kind of system the agent does not know, says nothing by what is not
/// in it.
pub fn installed(section: &PackagesSection) -> (Vec<(Installation, String)>, bool) {
    let installed = section.packages.iter().filter(|p| p.state() == PackageState::Installed);
    let or = |text: &String, other: &String| if text.is_empty() { other } else { text }.clone();
    let mut packages: Vec<_> = installed
        .map(|package| {
            let installation = Installation {
                ecosystem: package.ecosystem.clone(),
                name: package.name.clone(),
                architecture: package.architecture.clone(),
                version: package.version.clone(),
                source_name: or(&package.source_name, &package.name),
                source_version: or(&package.source_version, &package.version),
            };
            (installation, package.publisher.clone())
        })
        .collect();
    packages.sort();
    packages.dedup_by(|a, b| a.0 == b.0);
    let read = section.outcomes.iter().all(|outcome| outcome.status() == OutcomeStatus::Absent);
    let of_system = |ecosystem: &str| !ADDED.contains(&ecosystem);
    let complete = read && packages.iter().any(|(one, _)| of_system(&one.ecosystem));
    (packages, complete)
}

/// Ecosystems beside that of the system itself: their packages alone are no list of what a machine has.
const ADDED: &[&str] = &["brew", "cargo", "flatpak", "gem", "npm", "pypi", "snap"];

fn processor(section: &ProcessorSection, facts: &mut DeviceFacts) {
    facts.processor.clone_from(&section.model);
    facts.threads = section.threads;
    // A kernel that keeps the list names every flaw it knows, also those that do not concern it.
    if !section.flaws.is_empty() {
        let open = section.flaws.iter().filter(|flaw| flaw.state.starts_with("Vulnerable"));
        facts.processor_flaws = Some(open.map(|flaw| flaw.name.clone()).collect());
    }
}

fn accounts(section: &AccountsSection, facts: &mut DeviceFacts) {
    if section.outcomes.iter().any(|outcome| ACCOUNT_SOURCES.contains(&outcome.source.as_str())) {
        return;
    }
    let administrators = section.administrators.iter().map(|administrator| AdministratorFacts {
        name: administrator.name.clone(),
        through: administrator.through.clone(),
    });
    facts.accounts = Some(AccountFacts {
        count: section.count,
        login_count: section.login_count,
        without_password: section.without_password_known.then_some(section.without_password_count),
        administrators: administrators.collect(),
    });
}

/// Sources without which nothing can be said of administrators.
const ACCOUNT_SOURCES: &[&str] = &["/etc/passwd", "/etc/group"];

fn services(section: &ServicesSection, facts: &mut DeviceFacts) {
    // Without a service manager nobody knows what runs.
    if section.services.iter().any(|service| service.running() != Tristate::Unspecified) {
        let running = section.services.iter().filter(|s| s.running() == Tristate::Yes);
        let mut running: Vec<_> = running.map(|service| service.name.clone()).collect();
        running.sort();
        facts.services = Some(running);
    }
    // Sockets that could not be read are unknown; an empty list is an answer.
    let unread = section.outcomes.iter().any(|outcome| {
        outcome.source == LISTENER_SOURCE && outcome.status() != OutcomeStatus::Absent
    });
    if unread {
        return;
    }
    let listeners = section.listeners.iter().filter_map(|listener| {
        let protocol = match listener.protocol() {
            Protocol::Unspecified => return None,
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        Some(ListenerFacts {
            protocol: protocol.to_owned(),
            port: u16::try_from(listener.port).ok()?,
            remote: !matches!(
                listener.scope(),
                ListenerScope::Loopback | ListenerScope::Unspecified
            ),
            program: listener.program.clone(),
            package: listener.package.clone(),
        })
    });
    facts.listeners = Some(listeners.collect());
}

/// Source under which the agent says that it could not read the listening sockets.
const LISTENER_SOURCE: &str = "netlink:sock_diag";

fn protection(section: &ProtectionSection, facts: &mut DeviceFacts) {
    let profiles = section
        .firewall
        .iter()
        .map(|profile| FirewallFacts { profile: profile.name.clone(), on: known(profile.on()) });
    facts.firewall = profiles.collect();
}

fn known(value: Tristate) -> Option<bool> {
    match value {
        Tristate::Unspecified => None,
        Tristate::No => Some(false),
        Tristate::Yes => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{BlockDevice, Listener, Outcome, Package, Service, Volume};

    use super::*;

    #[test]
    fn unknown_stays_unknown() {
        let observed = observe(
            [
                Section::Firmware(FirmwareSection::default()),
                Section::OperatingSystem(OperatingSystemSection::default()),
                Section::Storage(StorageSection {
                    volumes: vec![Volume::default()],
                    ..StorageSection::default()
                }),
            ]
            .iter(),
        );
        let facts = observed.facts;
        assert_eq!((facts.uefi, facts.secure_boot, facts.reboot_pending), (None, None, None));
        assert_eq!(facts.volumes[0].encrypted, None);
        assert_eq!(facts.listeners, None, "no services section");
    }

    #[test]
    fn sockets_that_could_not_be_read_are_no_empty_list() {
        let with = |status: OutcomeStatus| {
            let source = LISTENER_SOURCE.to_owned();
            let outcome = Outcome { source, status: status.into(), reason: String::new() };
            let section = ServicesSection { outcomes: vec![outcome], ..ServicesSection::default() };
            observe([Section::Services(section)].iter()).facts.listeners
        };
        assert_eq!(with(OutcomeStatus::Denied), None);
        assert_eq!(with(OutcomeStatus::Failed), None);
        let empty = observe([Section::Services(ServicesSection::default())].iter());
        assert_eq!(empty.facts.listeners, Some(vec![]));
    }

    #[test]
    fn what_is_bound_to_loopback_is_not_remote() {
        let listener = |port, scope: ListenerScope| Listener {
            protocol: Protocol::Tcp.into(),
            port,
            scope: scope.into(),
            ..Listener::default()
        };
        let section = ServicesSection {
            listeners: vec![
                listener(22, ListenerScope::Any),
                listener(23, ListenerScope::Loopback),
                listener(99_999, ListenerScope::Any),
            ],
            ..ServicesSection::default()
        };
        let listeners = observe([Section::Services(section)].iter()).facts.listeners.unwrap();
        let seen: Vec<_> = listeners.iter().map(|one| (one.port, one.remote)).collect();
        assert_eq!(seen, [(22, true), (23, false)]);
    }

    #[test]
    fn evidence_comes_from_fixed_hardware_only() {
        let disk = |serial: &str, removable: Tristate| BlockDevice {
            r#type: BlockDeviceType::Disk.into(),
            serial: serial.to_owned(),
            removable: removable.into(),
            ..BlockDevice::default()
        };
        let storage = StorageSection {
            devices: vec![disk("FIXED-1", Tristate::No), disk("STICK-1", Tristate::Yes)],
            ..StorageSection::default()
        };
        let system = SystemSection {
            serial: "To be filled by O.E.M.".to_owned(),
            machine_id: "0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(),
            ..SystemSection::default()
        };
        let observed = observe([Section::System(system), Section::Storage(storage)].iter());
        let values: Vec<_> = observed.evidence.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(values, ["fixed-1", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"]);
    }

    #[test]
    fn the_system_disk_is_found_through_what_lies_on_it() {
        let device = |name: &str, parents: &[&str], serial: &str| BlockDevice {
            name: name.to_owned(),
            parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
            serial: serial.to_owned(),
            ..BlockDevice::default()
        };
        let found = |devices: Vec<BlockDevice>| {
            let (mount_point, device) = ("/".to_owned(), "dm-0".to_owned());
            let volumes = vec![Volume { mount_point, device, ..Volume::default() }];
            let section = StorageSection { devices, volumes, ..StorageSection::default() };
            observe([Section::Storage(section)].iter()).facts.parts.system_disk
        };
        let partition = device("sda2", &["sda"], "");
        let disk = device("sda", &[], "SERIAL-1");
        assert_eq!(found(vec![device("dm-0", &["sda2"], ""), partition, disk]), "serial-1");
        assert_eq!(found(vec![device("dm-0", &["sda", "sdb"], "")]), "", "a RAID");
        assert_eq!(found(vec![device("dm-0", &["dm-0"], "")]), "", "a circle");
        assert_eq!(found(vec![]), "");
    }

    #[test]
    fn administrators_and_services_are_unknown_when_they_were_not_read() {
        let accounts = |source: &str| {
            let status = OutcomeStatus::Denied.into();
            let outcome = Outcome { source: source.to_owned(), status, reason: String::new() };
            let section = AccountsSection { outcomes: vec![outcome], ..AccountsSection::default() };
            observe([Section::Accounts(section)].iter()).facts.accounts
        };
        assert_eq!(accounts("/etc/group"), None);
        let without = accounts("/etc/shadow").unwrap();
        assert_eq!((without.without_password, without.administrators.len()), (None, 0));

        let services = |states: &[Tristate]| {
            let service = |(number, running): (usize, &Tristate)| Service {
                name: format!("s{number}"),
                running: (*running).into(),
                ..Service::default()
            };
            let services = states.iter().enumerate().map(service).collect();
            let section = ServicesSection { services, ..ServicesSection::default() };
            observe([Section::Services(section)].iter()).facts.services
        };
        assert_eq!(services(&[]), None);
        assert_eq!(services(&[Tristate::Unspecified]), None);
        assert_eq!(services(&[Tristate::No, Tristate::Yes]), Some(vec!["s1".to_owned()]));
    }

    #[test]
    fn what_is_not_in_an_incomplete_list_says_nothing() {
        let with = |names: &[&str], status: Option<OutcomeStatus>| {
            let package = |name: &&str| Package {
                ecosystem: "deb".to_owned(),
                name: (*name).to_owned(),
                version: "1".to_owned(),
                state: PackageState::Installed.into(),
                ..Package::default()
            };
            let outcome = |status: OutcomeStatus| Outcome {
                source: "/var/lib/dpkg/status".to_owned(),
                status: status.into(),
                reason: String::new(),
            };
            installed(&PackagesSection {
                packages: names.iter().map(package).collect(),
                outcomes: status.into_iter().map(outcome).collect(),
            })
        };
        let (packages, complete) = with(&["nano", "curl", "curl"], None);
        let shown: Vec<_> = packages.iter().map(|(one, _)| one.name.as_str()).collect();
        assert_eq!((shown, complete), (vec!["curl", "nano"], true));
        let curl = &packages[0].0;
        assert_eq!((curl.source_name.as_str(), curl.source_version.as_str()), ("curl", "1"));
        assert!(!with(&[], None).1);
        let alone = Package {
            ecosystem: "pypi".to_owned(),
            name: "requests".to_owned(),
            state: PackageState::Installed.into(),
            ..Package::default()
        };
        let section = PackagesSection { packages: vec![alone], ..PackagesSection::default() };
        assert!(!installed(&section).1);
        assert!(!with(&["curl"], Some(OutcomeStatus::Failed)).1);
        assert!(with(&["curl"], Some(OutcomeStatus::Absent)).1);
        let section = PackagesSection {
            packages: vec![Package {
                name: "gone".to_owned(),
                state: PackageState::ConfigFiles.into(),
                ..Package::default()
            }],
            ..PackagesSection::default()
        };
        assert!(installed(&section).0.is_empty());
    }
}
