//! Evidence of which machine this is, out of the sections.

use belfort_proto::enrolment::v1::HardwareEvidence;
use belfort_proto::inventory::v1::{
    BlockDeviceType, Bus, NetworkSection, StorageSection, SystemSection, Tristate,
};

pub(super) fn of_system(system: &SystemSection, evidence: &mut HardwareEvidence) {
    evidence.smbios_uuid.clone_from(&system.smbios_uuid);
    evidence.system_serial.clone_from(&system.serial);
    evidence.board_serial.clone_from(&system.board_serial);
    evidence.machine_id.clone_from(&system.machine_id);
}

/// Fixed disks only: a stick that is passed around proves nothing.
pub(super) fn of_storage(storage: &StorageSection, evidence: &mut HardwareEvidence) {
    let fixed = storage.devices.iter().filter(|device| {
        device.r#type() == BlockDeviceType::Disk
            && device.removable() != Tristate::Yes
            && device.bus() != Bus::Usb
            && !device.serial.is_empty()
    });
    evidence.disk_serials = fixed.map(|device| device.serial.clone()).collect();
    evidence.disk_serials.sort();
    evidence.disk_serials.dedup();
}

pub(super) fn of_network(network: &NetworkSection, evidence: &mut HardwareEvidence) {
    let physical = network.interfaces.iter().filter(|interface| interface.physical);
    let addresses = physical.map(|interface| interface.mac_address.clone());
    evidence.mac_addresses = addresses.filter(|address| !address.is_empty()).collect();
    evidence.mac_addresses.sort();
    evidence.mac_addresses.dedup();
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::BlockDevice;

    use super::*;

    #[test]
    fn only_fixed_disks_count() {
        let disk = |serial: &str, removable: Tristate, bus: Bus| BlockDevice {
            serial: serial.to_owned(),
            r#type: BlockDeviceType::Disk.into(),
            removable: removable.into(),
            bus: bus.into(),
            ..BlockDevice::default()
        };
        let devices = vec![
            disk("S2", Tristate::No, Bus::Nvme),
            disk("S1", Tristate::No, Bus::Ata),
            disk("S3", Tristate::Yes, Bus::Mmc),
            disk("S4", Tristate::No, Bus::Usb),
            disk("", Tristate::No, Bus::Ata),
        ];
        let mut evidence = HardwareEvidence::default();
        of_storage(&StorageSection { devices, ..StorageSection::default() }, &mut evidence);
        assert_eq!(evidence.disk_serials, ["S1", "S2"]);
    }
}
