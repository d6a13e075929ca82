//! What is encrypted and what is not, over made-up machines without udev.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::path::Path;

use belfort_agent::policy::Policy;
use belfort_agent::probe::storage::StorageProbe;
use belfort_agent::probe::{Host, Probe as _};
use belfort_agent_sys::files::{ReadError, Root};
use belfort_agent_sys::host::Names;
use belfort_proto::inventory::v1::{OutcomeStatus, StorageSection, Tristate};
use belfort_proto::section::Section;
use tempfile::TempDir;

#[path = "fixture/root.rs"]
mod root;
use root::{block, file, link};

const LUKS1: &[u8] = include_bytes!("fixtures/luks1.header");
const LUKS2: &[u8] = include_bytes!("fixtures/luks2.header");
const NVME: &str = "pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1";

fn read(root: &Path) -> StorageSection {
    let host = Host::at(Root::at(root).unwrap(), Names::default(), Policy::everything());
    let Section::Storage(section) = StorageProbe.read(&host) else { panic!("another section") };
    section
}

fn volumes(section: &StorageSection) -> Vec<(&str, &str, Tristate)> {
    let volume = section.volumes.iter();
    volume.map(|one| (one.mount_point.as_str(), one.device.as_str(), one.encrypted())).collect()
}

fn encryption<'a>(section: &'a StorageSection, name: &str) -> &'a str {
    &section.devices.iter().find(|device| device.name == name).unwrap().encryption
}

fn partition(root: &Path, number: u32) {
    let place = format!("{NVME}/nvme0n1p{number}");
    block(root, &format!("nvme0n1p{number}"), &place, (259, number), "partition", 1 << 20);
}

fn mapping(root: &Path, minor: u32, uuid: &str, name: &str, below: &[&str]) {
    let place = format!("virtual/block/dm-{minor}");
    block(root, &format!("dm-{minor}"), &place, (254, minor), "disk", 1 << 20);
    file(root, &format!("sys/devices/{place}/dm/uuid"), format!("{uuid}\n"));
    file(root, &format!("sys/devices/{place}/dm/name"), format!("{name}\n"));
    for parent in below {
        file(root, &format!("sys/devices/{place}/slaves/{parent}"), "");
    }
}

/// A fixed disk with partitions, the third of which holds LUKS2 with a volume group: root and swap.
fn laptop() -> TempDir {
    let dir = TempDir::new().unwrap();
    let root = dir.path();
    block(root, "nvme0n1", NVME, (259, 0), "disk", 1 << 30);
    file(root, &format!("sys/devices/{NVME}/removable"), "0\n");
    (1..=3).for_each(|number| partition(root, number));
    mapping(root, 0, "CRYPT-LUKS2-0011-crypt", "crypt", &["nvme0n1p3"]);
    mapping(root, 1, "LVM-a", "vg-root", &["dm-0"]);
    mapping(root, 2, "LVM-b", "vg-swap", &["dm-0"]);
    file(root, "dev/dm-2", [0; 8192]);
    dir
}

const MOUNTS: &str = "22 1 254:1 / / rw shared:1 - ext4 /dev/mapper/vg-root rw\n\
    23 22 259:2 / /boot rw - ext4 /dev/nvme0n1p2 rw\n\
    24 23 259:1 / /boot/efi rw - vfat /dev/nvme0n1p1 rw\n";

#[test]
fn a_laptop_whose_root_is_encrypted_and_boot_is_not() {
    let dir = laptop();
    file(dir.path(), "proc/self/mountinfo", MOUNTS);
    let section = read(dir.path());
    assert_eq!(
        volumes(&section),
        [
            ("/", "dm-1", Tristate::Yes),
            ("/boot", "nvme0n1p2", Tristate::No),
            ("/boot/efi", "nvme0n1p1", Tristate::No),
        ]
    );
    let of = |name| encryption(&section, name);
    assert_eq!((of("nvme0n1p3"), of("dm-0"), of("dm-2")), ("luks2", "luks2", ""));
    assert!(section.outcomes.is_empty(), "{:?}", section.outcomes);
}

#[test]
fn locked_partitions_are_known_by_their_headers() {
    let dir = laptop();
    let root = dir.path();
    file(root, "proc/self/mountinfo", MOUNTS);
    (4..=7).for_each(|number| partition(root, number));
    file(root, "dev/nvme0n1p4", LUKS1);
    // Without the JSON area, which comes after these bytes.
    file(root, "dev/nvme0n1p5", LUKS2);
    file(root, "dev/nvme0n1p6", [0; 100]);
    // A link out of the root, and a directory, are not followed and not read.
    link(root, "dev/nvme0n1p7", "/dev");
    let usb = "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sda";
    block(root, "sda", usb, (8, 0), "disk", 1 << 20);
    file(root, &format!("sys/devices/{usb}/removable"), "0\n");
    file(root, "dev/sda", LUKS2);
    let section = read(root);
    let of = |name| encryption(&section, name);
    assert_eq!((of("nvme0n1p4"), of("nvme0n1p5"), of("nvme0n1p6")), ("luks1", "luks2", ""));
    // A drive that may be spun up by it is not read, and that is said.
    assert_eq!((of("nvme0n1p7"), of("sda")), ("", ""));
    let said: Vec<_> = section
        .outcomes
        .iter()
        .map(|outcome| (outcome.source.as_str(), outcome.status(), outcome.reason.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("/dev/nvme0n1p5", OutcomeStatus::Failed, "LUKS header is damaged"),
            ("/dev/nvme0n1p7", OutcomeStatus::Failed, "not this block device"),
            ("/dev/sda", OutcomeStatus::Failed, "on a removable or remote disk: not read"),
        ]
    );
}

#[test]
fn what_udev_knows_is_looked_at_only_for_luks() {
    let dir = laptop();
    let root = dir.path();
    file(root, "proc/self/mountinfo", MOUNTS);
    (4..=5).for_each(|number| partition(root, number));
    file(root, "run/udev/data/b259:4", "E:ID_FS_TYPE=crypto_LUKS\nE:ID_FS_VERSION=1\n");
    file(root, "run/udev/data/b259:5", "E:ID_FS_TYPE=ext4\n");
    file(root, "dev/nvme0n1p4", LUKS1);
    link(root, "dev/nvme0n1p5", "/dev");
    let section = read(root);
    let of = |name| encryption(&section, name);
    assert_eq!((of("nvme0n1p4"), of("nvme0n1p5")), ("luks1", ""));
    let device = section.devices.iter().find(|device| device.name == "nvme0n1p4").unwrap();
    assert_eq!(device.encryption_cipher, "aes-xts-plain64");
    assert_eq!(device.protectors, ["passphrase"]);
    assert!(section.outcomes.is_empty(), "{:?}", section.outcomes);
}

#[test]
fn file_systems_that_are_not_simply_on_one_device() {
    let dir = laptop();
    let root = dir.path();
    (4..=5).for_each(|number| partition(root, number));
    mapping(root, 3, "CRYPT-LUKS2-22-data", "luks-data", &["nvme0n1p4"]);
    mapping(root, 4, "", "by-hand", &["nvme0n1p5"]);
    // Fedora's file system over a mapping, and one with a plain second device.
    for (id, devices) in [("aa", &["dm-3"][..]), ("bb", &["dm-2", "nvme0n1p2"])] {
        for device in devices {
            file(root, &format!("sys/fs/btrfs/{id}/devices/{device}"), "");
        }
    }
    for (minor, backing) in [(0, "/var/lib/snapd/snaps/core.snap"), (1, "/srv/zfs/x"), (2, "/gone")]
    {
        let place = format!("virtual/block/loop{minor}");
        block(root, &format!("loop{minor}"), &place, (7, minor), "disk", 1 << 11);
        let backing = if minor == 2 { format!("{backing} (deleted)") } else { backing.to_owned() };
        file(root, &format!("sys/devices/{place}/loop/backing_file"), format!("{backing}\n"));
    }
    let more = "30 22 0:30 /@home /home rw - btrfs /dev/mapper/luks-data rw\n\
        31 22 0:31 / /data rw - btrfs /dev/dm-2 rw\n\
        32 22 7:0 / /snap/core ro - squashfs /dev/loop0 ro\n\
        33 22 7:1 / /x ro - squashfs /dev/loop1 ro\n\
        34 22 7:2 / /y ro - squashfs /dev/loop2 ro\n\
        35 22 0:32 / /srv/zfs rw - zfs tank/data rw\n\
        36 22 254:4 / /odd rw - ext4 /dev/mapper/by-hand rw\n";
    file(root, "proc/self/mountinfo", format!("{MOUNTS}{more}"));
    let section = read(root);
    let volumes = volumes(&section);
    for expected in [
        ("/home", "dm-3", Tristate::Yes),
        ("/data", "dm-2", Tristate::No),
        ("/snap/core", "loop0", Tristate::Yes),
        ("/x", "loop1", Tristate::Unspecified),
        ("/y", "loop2", Tristate::Unspecified),
        ("/srv/zfs", "", Tristate::Unspecified),
        ("/odd", "dm-4", Tristate::Unspecified),
    ] {
        assert!(volumes.contains(&expected), "{expected:?} in {volumes:?}");
    }
}

#[test]
fn only_the_named_device_is_read() {
    let system = Root::system();
    let start = |path: &str, number: &str| system.device(path, number)?.read(0, 512);
    assert_eq!(start("/dev/zero", "1:5"), Err(ReadError::NotDevice));
    assert_eq!(start("/etc/passwd", "8:0"), Err(ReadError::NotDevice));
    assert_eq!(start("/dev/not-there", "8:0"), Err(ReadError::Absent));
    // The disks of this machine under their own number, and under one that is not theirs.
    let mut disks = 0;
    for entry in system.list("/sys/class/block").unwrap() {
        let attribute = |name: &str| {
            let path = format!("/sys/class/block/{}/{name}", entry.name);
            std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
        };
        if attribute("size") == "0" || attribute("removable") == "1" {
            continue;
        }
        let path = format!("/dev/{}", entry.name);
        // Control groups may keep devices even from root.
        let found = start(&path, &attribute("dev")).map(|start| start.len());
        assert!(matches!(found, Ok(512) | Err(ReadError::Denied)), "{path}: {found:?}");
        let other = start(&path, "0:0");
        assert!(
            matches!(other, Err(ReadError::NotDevice | ReadError::Denied)),
            "{path}: {other:?}"
        );
        disks += 1;
    }
    assert!(disks > 0, "run this test as root on a machine with disks");
}
