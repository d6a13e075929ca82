//! Values that other agents report wrongly on this kind of machine, each once. Those of accounts and of
//! days of installation are tested with their sections.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::path::Path;

use belfort_agent::policy::Policy;
use belfort_agent::probe::{self, Host, network};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::inventory::v1::{BlockDeviceType, SectionKind};
use belfort_proto::section::Section;
use tempfile::TempDir;

#[path = "peers/container.rs"]
mod container;
#[path = "fixture/root.rs"]
mod root;
use root::{block, file, link};

fn read(root: &Path, kind: SectionKind) -> Section {
    let names = Names {
        node: "vm-7".to_owned(),
        machine: "x86_64".to_owned(),
        release: "6.1.0-18-amd64".to_owned(),
        system: "Linux".to_owned(),
    };
    let host = Host::at(Root::at(root).unwrap(), names, Policy::everything());
    let probe = probe::all().iter().find(|probe| probe.kind() == kind).unwrap();
    probe.read(&host)
}

/// A virtual machine without SMBIOS, with a disk, swap on zram and an unused zram.
fn machine() -> TempDir {
    let dir = TempDir::new().unwrap();
    let root = dir.path();
    let cpu = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu lm hypervisor\n";
    file(root, "proc/cpuinfo", cpu);
    file(root, "proc/meminfo", "MemTotal:       24684084 kB\nSwapTotal:       1048572 kB\n");
    file(root, "proc/self/mountinfo", "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n");
    link(root, "proc/self/ns/pid", "pid:[4026531836]");
    let disk = "pci0000:00/0000:00:02.0/virtio1/block/vda";
    block(root, "vda", disk, (254, 0), "disk", 1 << 26);
    block(root, "vda1", &format!("{disk}/vda1"), (254, 1), "partition", 1 << 25);
    block(root, "zram0", "virtual/block/zram0", (253, 0), "disk", 1 << 21);
    block(root, "zram1", "virtual/block/zram1", (253, 1), "disk", 0);
    dir
}

#[test]
fn an_architecture_of_32_bits() {
    let dir = machine();
    let Section::Processor(section) = read(dir.path(), SectionKind::Processor) else {
        panic!("another section")
    };
    assert_eq!(section.architecture, "x86_64");
}

#[test]
fn a_virtual_machine_that_is_physical() {
    let dir = machine();
    let Section::System(section) = read(dir.path(), SectionKind::System) else {
        panic!("another section")
    };
    assert_eq!(section.virtualization, "vm-other");
}

#[test]
fn a_disk_too_many_or_too_few() {
    let dir = machine();
    let Section::Storage(section) = read(dir.path(), SectionKind::Storage) else {
        panic!("another section")
    };
    let of = |kind: BlockDeviceType| {
        let devices = section.devices.iter().filter(move |device| device.r#type() == kind);
        devices.map(|device| device.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of(BlockDeviceType::Disk), ["vda"]);
    assert_eq!(of(BlockDeviceType::Partition), ["vda1"]);
    assert_eq!(of(BlockDeviceType::Mapped), ["zram0"]);
    assert_eq!(section.devices.len(), 3);
}

#[test]
fn what_the_kernel_has_left_over_as_what_is_installed() {
    let dir = machine();
    let Section::Memory(section) = read(dir.path(), SectionKind::Memory) else {
        panic!("another section")
    };
    assert_eq!((section.installed_bytes, section.slots), (0, 0));
    assert_eq!(section.usable_bytes, 24_684_084 << 10);
    let sources: Vec<_> = section.outcomes.iter().map(|outcome| &*outcome.source).collect();
    assert_eq!(sources, ["/sys/firmware/dmi/tables/DMI"]);
}

#[test]
fn a_speed_that_is_unknown() {
    for value in ["-1", "4294967295", "2147483647", "unknown"] {
        assert_eq!(network::speed_mbps(value), 0, "{value}");
    }
    assert_eq!(network::speed_mbps("400000"), 400_000);
}
