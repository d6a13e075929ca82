//! Storage: disks, partitions, volumes and their encryption.

use belfort_proto::inventory::v1::{BlockDeviceType, Bus, SectionKind};
use belfort_proto::section::Section;

use super::{Host, Probe, text};

#[cfg(target_os = "linux")]
mod linux;
pub mod luks;
pub mod stack;
#[cfg(target_os = "linux")]
use linux::read;
use stack::{Role, mapper_role};

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

/// What a block device is, by its kernel name, the `DEVTYPE` of its uevent, its place in /sys/devices
/// and its device-mapper uuid; and what it does with its data.
pub fn device_type(
    name: &str,
    partition: bool,
    path: &str,
    mapper_uuid: &str,
) -> (BlockDeviceType, Role) {
    if partition {
        return (BlockDeviceType::Partition, Role::Passes);
    }
    if name.starts_with("dm-") {
        let role = mapper_role(mapper_uuid);
        let kind = match role {
            Role::Encrypts => BlockDeviceType::Crypt,
            _ if mapper_uuid.starts_with("LVM-") => BlockDeviceType::Lvm,
            _ => BlockDeviceType::Mapped,
        };
        return (kind, role);
    }
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit()))
    };
    // NVMe disks that could be reached over several paths are virtual to the kernel; other virtual
    // disks are served by a program, another machine or another disk.
    let is_virtual = path.contains("/virtual/") && !numbered("nvme");
    if numbered("sr") {
        (BlockDeviceType::Optical, Role::Keeps)
    } else if numbered("md") {
        (BlockDeviceType::Raid, Role::Passes)
    } else if numbered("loop") {
        // It lies on the device with its file.
        (BlockDeviceType::Mapped, Role::Passes)
    } else if is_virtual || ["ram", "zram"].into_iter().any(numbered) {
        (BlockDeviceType::Mapped, Role::Unknown)
    } else {
        (BlockDeviceType::Disk, Role::Keeps)
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

/// What udev knows about a device. Source: /run/udev/data, `E:KEY=value` lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Udev {
    /// Serial number.
    pub serial: String,
    /// Model.
    pub model: String,
    /// How the content is encrypted, from the signature udev found.
    pub encryption: &'static str,
    /// Whether udev found any signature: then it is known what the device holds.
    pub signature: bool,
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
    let signature = [&b"ID_FS_TYPE"[..], b"ID_PART_TABLE_TYPE"];
    Udev {
        signature: signature.into_iter().any(|key| !value(key).is_empty()),
        serial: text::clean(serial),
        model: text::clean(value(b"ID_MODEL")).replace('_', " ").trim().to_owned(),
        encryption,
    }
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

    #[test]
    fn types_by_name() {
        let kind = |name, path, uuid| device_type(name, false, path, uuid);
        let disk = "../../devices/pci0000:00/0000:00:1f.2/ata1/block/sda";
        assert_eq!(kind("sda", disk, ""), (BlockDeviceType::Disk, Role::Keeps));
        assert_eq!(device_type("sda1", true, disk, ""), (BlockDeviceType::Partition, Role::Passes));
        let paths = "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1";
        assert_eq!(kind("nvme0n1", paths, ""), (BlockDeviceType::Disk, Role::Keeps));
        assert_eq!(kind("sr0", disk, ""), (BlockDeviceType::Optical, Role::Keeps));
        let made = "../../devices/virtual/block/x";
        for (name, uuid, expected) in [
            ("dm-0", "CRYPT-LUKS2-ab-x", (BlockDeviceType::Crypt, Role::Encrypts)),
            ("dm-0", "CRYPT-VERITY-ab-x", (BlockDeviceType::Mapped, Role::Passes)),
            ("dm-1", "LVM-abc", (BlockDeviceType::Lvm, Role::Passes)),
            ("dm-2", "mpath-1", (BlockDeviceType::Mapped, Role::Passes)),
            ("dm-3", "", (BlockDeviceType::Mapped, Role::Unknown)),
            ("md127", "", (BlockDeviceType::Raid, Role::Passes)),
            ("loop0", "", (BlockDeviceType::Mapped, Role::Passes)),
            ("zram0", "", (BlockDeviceType::Mapped, Role::Unknown)),
            ("nbd0", "", (BlockDeviceType::Mapped, Role::Unknown)),
            ("bcache0", "", (BlockDeviceType::Mapped, Role::Unknown)),
            ("zd16", "", (BlockDeviceType::Mapped, Role::Unknown)),
        ] {
            assert_eq!(kind(name, made, uuid), expected, "{name} {uuid}");
        }
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
        assert_eq!((known.encryption, known.signature), ("luks2", true));
        assert!(udev(b"E:ID_FS_TYPE=ext4\n").signature);
        assert!(udev(b"E:ID_PART_TABLE_TYPE=gpt\n").signature);
        assert!(!udev(b"E:ID_SERIAL=only\n").signature);
        assert_eq!(udev(b"E:ID_SERIAL=only\n").serial, "only");
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
            let _ = (bus(&name, &name), device_type(&name, false, &name, &name));
        }
    }
}
