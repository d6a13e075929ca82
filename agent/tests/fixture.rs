//! Sections over a made-up machine: a laptop with LUKS under LVM, SMBIOS, units and administrators.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::path::Path;

use belfort_agent::policy::{Policy, PseudonymKey};
use belfort_agent::probe::{self, Host};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::reflect;
use belfort_proto::section;
use serde_json::Value;
use tempfile::TempDir;

#[path = "fixture/root.rs"]
mod root;
use root::{block, file, link};
#[path = "fixture/updates.rs"]
mod updates;

fn laptop() -> TempDir {
    let dir = TempDir::new().unwrap();
    let root = dir.path();
    let nvme = "pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1";
    block(root, "nvme0n1", nvme, (259, 0), "disk", 1_000_215_216);
    block(root, "nvme0n1p1", &format!("{nvme}/nvme0n1p1"), (259, 1), "partition", 1_048_576);
    block(root, "nvme0n1p2", &format!("{nvme}/nvme0n1p2"), (259, 2), "partition", 999_000_000);
    block(root, "dm-0", "virtual/block/dm-0", (254, 0), "disk", 998_000_000);
    block(root, "dm-1", "virtual/block/dm-1", (254, 1), "disk", 900_000_000);
    block(root, "zram0", "virtual/block/zram0", (253, 0), "disk", 0);
    block(root, "loop0", "virtual/block/loop0", (7, 0), "disk", 0);
    let disk = format!("sys/devices/{nvme}");
    file(root, &format!("{disk}/queue/rotational"), "0\n");
    file(root, &format!("{disk}/removable"), "0\n");
    file(root, &format!("{disk}/device/model"), "ACME SSD 512GB                          \n");
    file(root, &format!("{disk}/device/serial"), "S123456             \n");
    file(root, "sys/devices/virtual/block/dm-0/dm/uuid", "CRYPT-LUKS2-0011-crypt\n");
    file(root, "sys/devices/virtual/block/dm-0/slaves/nvme0n1p2", "");
    file(root, "sys/devices/virtual/block/dm-1/dm/uuid", "LVM-abcdef\n");
    file(root, "sys/devices/virtual/block/dm-1/slaves/dm-0", "");
    file(
        root,
        "proc/self/mountinfo",
        "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw\n\
         23 22 259:1 / /boot/efi ro,relatime shared:2 - vfat /dev/nvme0n1p1 rw\n\
         24 22 254:1 /srv /srv/a\\040b rw - ext4 /dev/mapper/vg-root rw\n\
         25 22 0:21 / /proc rw - proc proc rw\n",
    );
    for (name, value) in [
        ("sys_vendor", "LENOVO"),
        ("product_name", "20XW"),
        ("product_version", "ThinkPad X1"),
        ("product_serial", "PF-123"),
        ("product_uuid", "AABBCCDD-0011-2233-4455-66778899AABB"),
        ("board_vendor", "LENOVO"),
        ("chassis_type", "10"),
        ("bios_vendor", "LENOVO"),
        ("bios_version", "N32ET75W"),
        ("bios_date", "03/07/2024"),
    ] {
        file(root, &format!("sys/class/dmi/id/{name}"), format!("{value}\n"));
    }
    file(root, "etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    link(root, "proc/self/ns/pid", "pid:[4026531836]");
    file(root, "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vmx\n");
    let efi = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    file(root, efi, [6, 0, 0, 0, 1]);
    file(root, "sys/class/tpm/tpm0/tpm_version_major", "2\n");
    software(root);
    updates::apt(root);
    dir
}

fn software(root: &Path) {
    let units = "usr/lib/systemd/system";
    file(
        root,
        &format!("{units}/ssh.service"),
        "[Unit]\nDescription=OpenBSD Secure Shell server\n[Service]\nExecStart=/usr/sbin/sshd -D\n\
         [Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n",
    );
    link(root, "etc/systemd/system/sshd.service", "/usr/lib/systemd/system/ssh.service");
    file(
        root,
        &format!("{units}/getty@.service"),
        "[Unit]\nDescription=Getty on %I\n[Service]\nExecStart=-/sbin/agetty %I\n[Install]\n\
         WantedBy=getty.target\n",
    );
    let wants = "etc/systemd/system/getty.target.wants/getty@tty1.service";
    link(root, wants, "/usr/lib/systemd/system/getty@.service");
    link(root, "etc/systemd/system/telnet.service", "/dev/null");
    file(root, &format!("{units}/telnet.service"), "[Service]\nExecStart=/usr/sbin/telnetd\n");
    file(root, &format!("{units}/app.service"), "[Service]\nExecStart=/home/jan/app\nUser=jan\n");
    let override_file = "etc/systemd/system/app.service.d/override.conf";
    file(root, override_file, "[Unit]\nDescription=Changed by hand\n");
    file(
        root,
        "var/lib/dpkg/status",
        "Package: openssh-server\nStatus: install ok installed\nArchitecture: amd64\n\
         Source: openssh\nVersion: 1:9.2p1-2\nMaintainer: Debian <x@example.org>\n",
    );
    file(root, "var/lib/dpkg/info/openssh-server.list", "/.\n/usr/sbin\n/usr/sbin/sshd\n");
    file(
        root,
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\njan:x:1000:1000::/home/jan:/bin/bash\n\
         eve:x:0:0::/:/usr/sbin/nologin\n",
    );
    file(root, "etc/group", "root:x:0:\nsudo:x:27:jan\nwheel:x:10:jan,eve\n");
    file(root, "etc/shadow", "root:*:1:::::::\njan:$6$x:1:::::::\neve::1:::::::\n");
}

fn shown(root: &Path, key: bool) -> Vec<(&'static str, Value)> {
    let names = Names {
        node: "lt-0042.example.org".to_owned(),
        machine: "x86_64".to_owned(),
        release: "6.1.0-18-amd64".to_owned(),
        system: "Linux".to_owned(),
    };
    let mut policy = Policy::everything();
    if key {
        policy.pseudonym_key = PseudonymKey::Known([7; 32].into());
    }
    let host = Host::at(Root::at(root).unwrap(), names, policy);
    let read = |probe: &&dyn probe::Probe| {
        let bytes = probe.read(&host).encode_to_vec();
        (section::name(probe.kind()), reflect::section_json(probe.kind(), &bytes).unwrap())
    };
    probe::all().iter().map(read).collect()
}

#[test]
fn a_laptop() {
    let root = laptop();
    for (name, section) in shown(root.path(), true) {
        insta::assert_json_snapshot!(name, section);
    }
}

#[test]
fn no_name_of_a_person_leaves_the_device() {
    let root = laptop();
    for key in [true, false] {
        for (name, section) in shown(root.path(), key) {
            let text = section.to_string();
            assert!(!text.contains("jan") && !text.contains("eve\""), "{name}: {text}");
        }
    }
    let sections = shown(root.path(), false);
    let (_, accounts) = sections.iter().find(|(name, _)| *name == "accounts").unwrap();
    assert_eq!(accounts["outcomes"][0]["source"], "pseudonym key");
    assert_eq!(accounts["outcomes"][0]["status"], "OUTCOME_STATUS_ABSENT");
    let names: Vec<_> =
        accounts["administrators"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["p:", "p:", "root"]);
}
