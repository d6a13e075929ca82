//! Storage: disks, partitions, volumes and their encryption.

use std::collections::{BTreeMap, BTreeSet};

use belfort_proto::inventory::v1::{BlockDevice, BlockDeviceType, Bus, SectionKind, Tristate};
use belfort_proto::section::Section;

use super::{Host, Probe, text};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `storage` section.
#[derive(Debug)]
pub struct StorageProbe;

impl Probe for StorageProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Storage
    }

    fn read(&self, host: &Host) -> Section {
        Section::Storage(read(host))
    }
}

/// What a block device is, by its kernel name, the `DEVTYPE` of its uevent and its device-mapper uuid.
pub fn device_type(name: &str, partition: bool, mapper_uuid: &str) -> BlockDeviceType {
    if partition {
        return BlockDeviceType::Partition;
    }
    if name.starts_with("dm-") {
        return match mapper_uuid.split('-').next() {
            Some("CRYPT") => BlockDeviceType::Crypt,
            Some("LVM") => BlockDeviceType::Lvm,
            _ => BlockDeviceType::Mapped,
        };
    }
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit()))
    };
    if numbered("sr") {
        BlockDeviceType::Optical
    } else if numbered("md") {
        BlockDeviceType::Raid
    } else if ["loop", "ram", "zram"].into_iter().any(numbered) {
        BlockDeviceType::Mapped
    } else {
        BlockDeviceType::Disk
    }
}

/// How a disk is attached, by its path in /sys/devices and its kernel name.
pub fn bus(name: &str, path: &str) -> Bus {
    let through = |part: &str| path.split('/').any(|step| step.starts_with(part));
    if name.starts_with("nvme") {
        Bus::Nvme
    } else if name.starts_with("mmcblk") {
        Bus::Mmc
    } else if through("usb") {
        Bus::Usb
    } else if through("virtio") {
        Bus::Virtio
    } else if through("ata") {
        Bus::Ata
    } else if through("host") && through("target") {
        Bus::Scsi
    } else {
        Bus::Unspecified
    }
}

/// How a mapping is encrypted, by its device-mapper uuid. Source: cryptsetup, `CRYPT-<type>-…`.
pub fn mapper_encryption(uuid: &str) -> &'static str {
    let mut parts = uuid.split('-');
    match (parts.next(), parts.next()) {
        (Some("CRYPT"), Some("LUKS1")) => "luks1",
        (Some("CRYPT"), Some("LUKS2")) => "luks2",
        (Some("CRYPT"), Some("BITLK")) => "bitlocker",
        (Some("CRYPT"), Some(_)) => "plain",
        _ => "",
    }
}

/// What udev knows about a device. Source: /run/udev/data, `E:KEY=value` lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Udev {
    /// Serial number.
    pub serial: String,
    /// Model.
    pub model: String,
    /// How the content is encrypted, from the signature udev found.
    pub encryption: &'static str,
}

/// Parses udev's record of a device.
pub fn udev(content: &[u8]) -> Udev {
    let value = |key: &[u8]| {
        text::lines(content)
            .find_map(|line| line.strip_prefix(b"E:")?.strip_prefix(key)?.strip_prefix(b"="))
            .unwrap_or_default()
    };
    let serial = match value(b"ID_SERIAL_SHORT") {
        b"" => value(b"ID_SERIAL"),
        short => short,
    };
    let encryption = match (value(b"ID_FS_TYPE"), value(b"ID_FS_VERSION")) {
        (b"crypto_LUKS", b"1") => "luks1",
        (b"crypto_LUKS", _) => "luks2",
        (b"BitLocker", _) => "bitlocker",
        _ => "",
    };
    Udev {
        serial: text::clean(serial),
        model: text::clean(value(b"ID_MODEL")).replace('_', " ").trim().to_owned(),
        encryption,
    }
}

/// Marks the devices under an encrypted mapping where udev did not.
pub fn mark_under_mappings(devices: &mut [BlockDevice]) {
    let mappings = devices.iter().filter(|device| device.r#type() == BlockDeviceType::Crypt);
    let under: Vec<(String, String)> = mappings
        .flat_map(|device| {
            device.parents.iter().map(|parent| (parent.clone(), device.encryption.clone()))
        })
        .collect();
    for (name, encryption) in under {
        let below = devices.iter_mut().find(|device| device.name == name);
        if let Some(device) = below.filter(|device| device.encryption.is_empty()) {
            device.encryption = encryption;
        }
    }
}

/// Whether all data of a device lies on encrypted devices: every way down meets one.
pub fn encrypted(name: &str, devices: &[BlockDevice]) -> Tristate {
    let by_name: BTreeMap<&str, &BlockDevice> =
        devices.iter().map(|device| (device.name.as_str(), device)).collect();
    all_ways_encrypted(name, &by_name, &mut BTreeSet::new())
}

fn all_ways_encrypted<'a>(
    name: &str,
    devices: &BTreeMap<&'a str, &'a BlockDevice>,
    seen: &mut BTreeSet<&'a str>,
) -> Tristate {
    let Some(device) = devices.get(name) else {
        return Tristate::Unspecified;
    };
    if !device.encryption.is_empty() {
        return Tristate::Yes;
    }
    if device.r#type() == BlockDeviceType::Disk || !seen.insert(&device.name) {
        return Tristate::No;
    }
    if device.parents.is_empty() {
        return Tristate::Unspecified;
    }
    let mut all = Tristate::Yes;
    for parent in &device.parents {
        match all_ways_encrypted(parent, devices, seen) {
            Tristate::No => return Tristate::No,
            Tristate::Unspecified => all = Tristate::Unspecified,
            Tristate::Yes => {}
        }
    }
    all
}

/// Free space in steps of a tenth.
pub fn free_band(size_bytes: u64, free_bytes: u64) -> u32 {
    if size_bytes == 0 {
        return 0;
    }
    let tenths = u128::from(free_bytes) * 10 / u128::from(size_bytes);
    u32::try_from(tenths).unwrap_or(9).min(9)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn device(name: &str, r#type: BlockDeviceType, parents: &[&str]) -> BlockDevice {
        BlockDevice {
            name: name.to_owned(),
            r#type: r#type.into(),
            parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
            ..BlockDevice::default()
        }
    }

    #[test]
    fn types_by_name() {
        assert_eq!(device_type("sda", false, ""), BlockDeviceType::Disk);
        assert_eq!(device_type("sda1", true, ""), BlockDeviceType::Partition);
        assert_eq!(device_type("dm-0", false, "CRYPT-LUKS2-ab-x"), BlockDeviceType::Crypt);
        assert_eq!(device_type("dm-1", false, "LVM-abc"), BlockDeviceType::Lvm);
        assert_eq!(device_type("dm-2", false, "mpath-1"), BlockDeviceType::Mapped);
        assert_eq!(device_type("md127", false, ""), BlockDeviceType::Raid);
        assert_eq!(device_type("sr0", false, ""), BlockDeviceType::Optical);
        assert_eq!(device_type("zram0", false, ""), BlockDeviceType::Mapped);
    }

    #[test]
    fn buses_by_path() {
        let ata = "../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda";
        assert_eq!(bus("sda", ata), Bus::Ata);
        let usb = "../devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/block/sdb";
        assert_eq!(bus("sdb", usb), Bus::Usb);
        let virtio = "../devices/pci0000:00/0000:00:02.0/virtio1/block/vda";
        assert_eq!(bus("vda", virtio), Bus::Virtio);
        let scsi = "../devices/pci0000:00/0000:00:10.0/host2/target2:0:0/2:0:0:0/block/sda";
        assert_eq!(bus("sda", scsi), Bus::Scsi);
        assert_eq!(bus("nvme0n1", "../devices/x/nvme/nvme0/nvme0n1"), Bus::Nvme);
        assert_eq!(bus("xvda", "../devices/vbd-768/block/xvda"), Bus::Unspecified);
    }

    #[test]
    fn udev_knows_serials_and_encryption() {
        let content = b"S:disk/by-id/x\nE:ID_SERIAL=Acme_Disk_S123\nE:ID_SERIAL_SHORT=S123\n\
            E:ID_MODEL=Acme_Disk\nE:ID_FS_TYPE=crypto_LUKS\nE:ID_FS_VERSION=2\n";
        let known = udev(content);
        assert_eq!((known.serial.as_str(), known.model.as_str()), ("S123", "Acme Disk"));
        assert_eq!(known.encryption, "luks2");
        assert_eq!(udev(b"E:ID_SERIAL=only\n").serial, "only");
    }

    #[test]
    fn a_volume_is_encrypted_when_every_way_down_is() {
        let mut devices = vec![
            device("sda", BlockDeviceType::Disk, &[]),
            device("sda1", BlockDeviceType::Partition, &["sda"]),
            device("sda2", BlockDeviceType::Partition, &["sda"]),
            device("dm-0", BlockDeviceType::Crypt, &["sda2"]),
            device("dm-1", BlockDeviceType::Lvm, &["dm-0"]),
            device("dm-2", BlockDeviceType::Lvm, &["dm-0", "sda1"]),
            device("dm-3", BlockDeviceType::Lvm, &["gone"]),
        ];
        devices[3].encryption = "luks2".to_owned();
        mark_under_mappings(&mut devices);
        assert_eq!(devices[2].encryption, "luks2");
        assert_eq!(encrypted("sda1", &devices), Tristate::No);
        assert_eq!(encrypted("dm-1", &devices), Tristate::Yes);
        assert_eq!(encrypted("dm-2", &devices), Tristate::No);
        assert_eq!(encrypted("dm-3", &devices), Tristate::Unspecified);
    }

    #[test]
    fn bands() {
        for (size, free, band) in [(0, 0, 0), (100, 9, 0), (100, 10, 1), (100, 99, 9), (1, 1, 9)] {
            assert_eq!(free_band(size, free), band, "{free} of {size}");
        }
        assert_eq!(free_band(1, u64::MAX), 9);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), name in ".{0,20}") {
            let _ = udev(&bytes);
            let _ = (bus(&name, &name), device_type(&name, false, &name), mapper_encryption(&name));
        }
    }
}
