//! Hardware: firmware, processors, disks, batteries.

use std::collections::BTreeMap;

use belfort_model::evidence::{Evidence, EvidenceKind};
use belfort_model::facts::{DeviceFacts, VolumeFacts};
use belfort_proto::fields;
use belfort_proto::inventory::v1::{
    BlockDeviceType, BootMode, DevicesSection, FirmwareSection, ProcessorSection, StorageSection,
    Tristate,
};

use super::known;

pub(super) fn firmware(section: &FirmwareSection, facts: &mut DeviceFacts) {
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

pub(super) fn storage(
    section: &StorageSection,
    facts: &mut DeviceFacts,
    evidence: &mut Vec<Evidence>,
) {
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

pub(super) fn processor(section: &ProcessorSection, facts: &mut DeviceFacts) {
    facts.processor.clone_from(&section.model);
    facts.threads = section.threads;
    // A kernel that keeps the list names every flaw it knows, also those that do not concern it.
    let off = fields::is_off(&section.outcomes, "flaws.state");
    if !section.flaws.is_empty() && !off {
        let open = section.flaws.iter().filter(|flaw| flaw.state.starts_with("Vulnerable"));
        facts.processor_flaws = Some(open.map(|flaw| flaw.name.clone()).collect());
    }
}

pub(super) fn devices(section: &DevicesSection, facts: &mut DeviceFacts) {
    let health = section.batteries.iter().map(|battery| battery.health_percent);
    facts.battery_health_percent = health.filter(|percent| *percent > 0).min();
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{Battery, BlockDevice, ProcessorFlaw, Volume};
    use belfort_proto::section::Section;

    use super::super::observe;
    use super::*;

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
    fn flaws_are_unknown_when_their_state_is_switched_off() {
        let flaws = |state: &str, off: &[&str]| {
            let (name, state) = ("spectre_v2".to_owned(), state.to_owned());
            let flaws = vec![ProcessorFlaw { name, state }];
            let section = ProcessorSection { flaws, ..ProcessorSection::default() };
            let mut section = Section::Processor(section);
            let off: Vec<_> = off.iter().map(|path| path.parse().unwrap()).collect();
            fields::note(&mut section, &off);
            observe([section].iter()).facts.processor_flaws
        };
        assert_eq!(flaws("Vulnerable", &[]), Some(vec!["spectre_v2".to_owned()]));
        assert_eq!(flaws("Mitigation: PTI", &[]), Some(vec![]));
        assert_eq!(flaws("", &["processor.flaws.state"]), None);
    }

    #[test]
    fn the_weakest_battery_counts() {
        let health = |percents: &[u32]| {
            let battery =
                |percent: &u32| Battery { health_percent: *percent, ..Battery::default() };
            let batteries = percents.iter().map(battery).collect();
            let section = DevicesSection { batteries, ..DevicesSection::default() };
            observe([Section::Devices(section)].iter()).facts.battery_health_percent
        };
        assert_eq!(health(&[95, 0, 60]), Some(60));
        assert_eq!(health(&[0]), None);
        assert_eq!(health(&[]), None);
    }
}
