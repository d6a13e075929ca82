//! Cipher and protectors of real headers, made by cryptsetup on files that stand for partitions.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use belfort_agent::policy::Policy;
use belfort_agent::probe::storage::StorageProbe;
use belfort_agent::probe::{Host, Probe as _};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::inventory::v1::{BlockDevice, OutcomeStatus, StorageSection};
use belfort_proto::section::Section;
use tempfile::TempDir;

#[path = "fixture/root.rs"]
mod root;
use root::{block, file};

const NVME: &str = "pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1";

fn cryptsetup(arguments: &[&str], input: &str) {
    let mut child = Command::new("cryptsetup")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("install cryptsetup-bin (cargo xtask test does): {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cryptsetup {arguments:?}: {said}");
}

/// A machine with a fixed disk.
fn machine() -> TempDir {
    let dir = TempDir::new().unwrap();
    block(dir.path(), "nvme0n1", NVME, (259, 0), "disk", 1 << 30);
    file(dir.path(), &format!("sys/devices/{NVME}/removable"), "0\n");
    file(dir.path(), "proc/self/mountinfo", "");
    dir
}

/// A partition formatted with some arguments, of which udev knows the signature. The work for the
/// passphrase is kept small; the header does not say so in another way.
fn partition(root: &Path, number: u32, arguments: &[&str]) -> String {
    let place = format!("{NVME}/nvme0n1p{number}");
    block(root, &format!("nvme0n1p{number}"), &place, (259, number), "partition", 1 << 15);
    let path = root.join(format!("dev/nvme0n1p{number}"));
    file(root, &format!("dev/nvme0n1p{number}"), "");
    fs::File::options().write(true).open(&path).unwrap().set_len(32 << 20).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let work = ["-q", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", "-"];
    cryptsetup(&[&work, arguments, &["luksFormat", &path]].concat(), "secret");
    let version = if arguments.contains(&"luks1") { 1 } else { 2 };
    let record = format!("E:ID_FS_TYPE=crypto_LUKS\nE:ID_FS_VERSION={version}\n");
    file(root, &format!("run/udev/data/b259:{number}"), record);
    path
}

/// Adds a key, and a token that is said to unlock it.
fn token(path: &str, slot: &str, kind: &str) {
    let key = TempDir::new().unwrap();
    let (old, new) = (key.path().join("old"), key.path().join("new"));
    fs::write(&old, "secret").unwrap();
    fs::write(&new, slot).unwrap();
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let work = ["-q", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];
    let add = ["--key-file", old, "--key-slot", slot, "luksAddKey", path, new];
    cryptsetup(&[&work[..], &add].concat(), "");
    let json = format!(r#"{{"type":"{kind}","keyslots":["{slot}"]}}"#);
    cryptsetup(&["token", "import", "--disable-external-tokens", path], &json);
}

fn read(root: &Path) -> StorageSection {
    let host = Host::at(Root::at(root).unwrap(), Names::default(), Policy::everything());
    let Section::Storage(section) = StorageProbe.read(&host) else { panic!("another section") };
    section
}

fn device(section: &StorageSection, number: u32) -> &BlockDevice {
    let name = format!("nvme0n1p{number}");
    section.devices.iter().find(|device| device.name == name).unwrap()
}

#[test]
fn headers_as_cryptsetup_writes_them() {
    let dir = machine();
    let root = dir.path();
    partition(root, 1, &["--type", "luks1"]);
    let path = partition(root, 2, &["--type", "luks2", "--cipher", "aes-cbc-plain64"]);
    token(&path, "1", "systemd-tpm2");
    token(&path, "2", "systemd-recovery");
    let path = partition(root, 3, &["--type", "luks2"]);
    token(&path, "5", "clevis");
    cryptsetup(&["-q", "luksKillSlot", &path, "0"], "");
    partition(root, 4, &["--type", "luks2", "--luks2-metadata-size", "4m"]);
    let section = read(root);
    let of = |number| {
        let device = device(&section, number);
        (&*device.encryption, &*device.encryption_cipher, device.protectors.join(" "))
    };
    assert_eq!(of(1), ("luks1", "aes-xts-plain64", "passphrase".to_owned()));
    assert_eq!(of(2), ("luks2", "aes-cbc-plain64", "passphrase recovery tpm2".to_owned()));
    assert_eq!(of(3), ("luks2", "aes-xts-plain64", "clevis".to_owned()));
    assert_eq!(of(4), ("luks2", "", String::new()));
    let [outcome] = section.outcomes.as_slice() else { panic!("{:?}", section.outcomes) };
    assert_eq!((&*outcome.source, outcome.status()), ("/dev/nvme0n1p4", OutcomeStatus::Failed));
    assert_eq!(outcome.reason, "LUKS header is larger than 262144 bytes");
}

#[test]
fn the_second_header_when_the_first_is_damaged() {
    let dir = machine();
    let root = dir.path();
    // Gone altogether, a bit of the JSON, and both.
    for (number, arguments, damage) in [
        (1, &["--type", "luks2"][..], &[(0, 16 << 10)][..]),
        (2, &["--type", "luks2", "--luks2-metadata-size", "64k"], &[(5000, 1)]),
        (3, &["--type", "luks2"], &[(5000, 1), (20_000, 10_000)]),
    ] {
        let path = partition(root, number, arguments);
        let device = fs::File::options().write(true).open(path).unwrap();
        for (offset, length) in damage {
            device.write_all_at(&vec![0xff; *length], *offset).unwrap();
        }
    }
    let section = read(root);
    for number in [1, 2] {
        assert_eq!(device(&section, number).encryption_cipher, "aes-xts-plain64", "{number}");
        assert_eq!(device(&section, number).protectors, ["passphrase"], "{number}");
    }
    assert_eq!(device(&section, 3).encryption, "luks2");
    assert_eq!(device(&section, 3).encryption_cipher, "");
    let [outcome] = section.outcomes.as_slice() else { panic!("{:?}", section.outcomes) };
    assert_eq!((&*outcome.source, &*outcome.reason), ("/dev/nvme0n1p3", "LUKS header is damaged"));
}
