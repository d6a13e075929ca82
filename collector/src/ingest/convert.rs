//! From sections to facts: what a report says, in the words the findings use.

mod accounts;
mod hardware;
mod malware;
mod neighbours;
mod posture;
mod software;
mod updates;

use std::net::IpAddr;

use belfort_model::asset::Subtype;
use belfort_model::evidence::{Evidence, EvidenceKind};
use belfort_model::facts::{DeviceFacts, FirewallFacts};
use belfort_proto::enrolment::v1::HardwareEvidence;
use belfort_proto::inventory::v1::{NetworkSection, ProtectionSection, SystemSection, Tristate};
use belfort_proto::section::Section;

pub use software::installed;

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
            Section::Firmware(section) => hardware::firmware(section, &mut facts),
            Section::Processor(section) => hardware::processor(section, &mut facts),
            Section::Memory(section) => facts.memory_bytes = section.usable_bytes,
            Section::Storage(section) => hardware::storage(section, &mut facts, &mut evidence),
            Section::Network(section) => network(section, &mut facts, &mut evidence),
            Section::OperatingSystem(section) => software::operating_system(section, &mut facts),
            Section::Packages(section) => software::packages(section, &mut facts),
            Section::Services(section) => software::services(section, &mut facts),
            Section::Protection(section) => {
                protection(section, &mut facts);
                posture::posture(section, &mut facts);
            }
            Section::Accounts(section) => accounts::accounts(section, &mut facts),
            Section::Devices(section) => hardware::devices(section, &mut facts),
            Section::Updates(section) => updates::updates(section, &mut facts),
            Section::Workloads(section) => posture::workloads(section, &mut facts),
            Section::Neighbours(section) => neighbours::neighbours(section, &mut facts),
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
    facts.directory_domain.clone_from(&section.directory_domain);
    facts.cloud_provider.clone_from(&section.cloud_provider);
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

fn protection(section: &ProtectionSection, facts: &mut DeviceFacts) {
    let profiles = section
        .firewall
        .iter()
        .map(|profile| FirewallFacts { profile: profile.name.clone(), on: known(profile.on()) });
    facts.firewall = profiles.collect();
    facts.malware_protection = malware::protection(section);
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
    use belfort_proto::inventory::v1::{
        BlockDevice, BlockDeviceType, FirmwareSection, OperatingSystemSection, StorageSection,
        Volume,
    };

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
}
