//! Hostile roots: every probe over directories made to hurt it. It must come back, within bounds, and
//! name what was wrong.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use belfort_agent::policy::Policy;
use belfort_agent::probe::{self, Host};
use belfort_agent::report::{self, Encoded};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::section::{self, Section};
use belfort_proto::{limits, reflect};
use serde_json::Value;
use tempfile::TempDir;

#[path = "hostile/hardware.rs"]
mod hardware;
#[path = "hostile/packages.rs"]
mod packages;
#[path = "hostile/posture.rs"]
mod posture;
#[path = "hostile/updates.rs"]
mod updates;

/// Every file any probe reads by a fixed name.
fn files() -> impl Iterator<Item = &'static str> {
    let more = [hardware::FILES, packages::FILES, posture::FILES, updates::FILES];
    FILES.iter().chain(more.into_iter().flatten()).copied()
}

/// Those of no room of their own.
const FILES: &[&str] = &[
    "boot/vmlinuz-1",
    "etc/debian_version",
    "etc/default/locale",
    "etc/group",
    "etc/locale.conf",
    "etc/machine-id",
    "etc/os-release",
    "etc/passwd",
    "etc/resolv.conf",
    "etc/shadow",
    "etc/systemd/system/a.service",
    "etc/systemd/system/b.service.d/x.conf",
    "etc/systemd/system/multi-user.target.wants/b.service",
    "etc/timezone",
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/net/ip_tables_names",
    "proc/self/mountinfo",
    "run/reboot-required",
    "run/reboot-required.pkgs",
    "run/systemd/private",
    "run/udev/data/b8:0",
    "sys/class/block/sda/device/model",
    "sys/class/block/sda/removable",
    "sys/class/block/sda/serial",
    "sys/class/block/sda/uevent",
    "sys/class/dmi/id/bios_date",
    "sys/class/dmi/id/product_name",
    "sys/class/dmi/id/product_uuid",
    "sys/class/dmi/id/sys_vendor",
    "sys/class/tpm/tpm0/tpm_version_major",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
    "sys/devices/system/cpu/vulnerabilities/meltdown",
    "sys/firmware/dmi/tables/DMI",
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "sys/fs/cgroup/system.slice/b.service/cgroup.events",
    "usr/lib/systemd/system/b.service",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg/status",
];

fn fill(root: &Path, make: impl Fn(&Path)) {
    for file in files() {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        make(&path);
    }
    // The size decides whether a disk is looked at: it is always good.
    fs::create_dir_all(root.join("sys/class/block/sda")).unwrap();
    fs::write(root.join("sys/class/block/sda/size"), "2048\n").unwrap();
}

/// Runs every probe over a root; fails when it takes longer than a minute, which is to say forever.
fn run(root: &Path) -> Vec<(Section, Encoded)> {
    let (done, wait) = mpsc::channel();
    let root = root.to_owned();
    std::thread::spawn(move || {
        let names = Names {
            node: "\u{1b}[31mhost.example".to_owned(),
            machine: "x86_64".to_owned(),
            ..Names::default()
        };
        let host = Host::at(Root::at(&root).unwrap(), names, Policy::everything());
        let sections: Vec<_> = probe::all()
            .iter()
            .map(|probe| {
                let section = probe.read(&host);
                let encoded = report::encode(probe.kind(), &section);
                (section, encoded)
            })
            .collect();
        done.send(sections)
    });
    let sections = wait.recv_timeout(Duration::from_mins(1)).expect("a probe hangs or panicked");
    for (section, encoded) in &sections {
        assert!(encoded.bytes.len() <= limits::SECTION_BYTES);
        bounded(&json(section, encoded));
    }
    sections
}

fn json(section: &Section, encoded: &Encoded) -> Value {
    reflect::section_json(section.kind(), &encoded.bytes).unwrap()
}

fn bounded(value: &Value) {
    match value {
        Value::String(text) => {
            assert!(text.len() <= limits::STRING_BYTES);
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
        Value::Array(elements) => {
            assert!(elements.len() <= limits::ELEMENTS);
            elements.iter().for_each(bounded);
        }
        Value::Object(fields) => fields.values().for_each(bounded),
        _ => {}
    }
}

/// Whether a section says that a source went wrong, and how.
fn outcome(sections: &[(Section, Encoded)], name: &str, source: &str) -> Option<(String, String)> {
    let (section, encoded) =
        sections.iter().find(|(section, _)| section::name(section.kind()) == name).unwrap();
    let shown = json(section, encoded);
    let outcomes = shown["outcomes"].as_array().unwrap().iter();
    let found = outcomes.into_iter().find(|outcome| outcome["source"] == source)?;
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    Some((text("status"), text("reason")))
}

/// The main source of each section that has one.
const SOURCES: &[(&str, &str)] = &[
    ("system", "/etc/machine-id"),
    ("firmware", "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
    ("processor", "/proc/cpuinfo"),
    ("memory", "/proc/meminfo"),
    ("storage", "/proc/self/mountinfo"),
    ("network", "/etc/resolv.conf"),
    ("packages", "/var/lib/dpkg/status"),
    ("services", "/usr/lib/systemd/system/b.service"),
    ("accounts", "/etc/passwd"),
    ("protection", "/proc/net/ip_tables_names"),
];

fn all_failed(sections: &[(Section, Encoded)], status: &str, reason: &str) {
    for (name, source) in SOURCES {
        let found = outcome(sections, name, source);
        let (found_status, found_reason) =
            found.unwrap_or_else(|| panic_without(name, source, sections));
        assert_eq!(found_status, status, "{name} {source}");
        assert!(found_reason.contains(reason), "{name} {source}: {found_reason}");
    }
}

#[expect(clippy::panic, reason = "a helper of tests")]
fn panic_without(name: &str, source: &str, sections: &[(Section, Encoded)]) -> (String, String) {
    let found = sections.iter().find(|(section, _)| section::name(section.kind()) == name);
    panic!("{name} says nothing about {source}: {found:?}")
}

#[test]
fn an_empty_root() {
    let root = TempDir::new().unwrap();
    let sections = run(root.path());
    for (name, source) in SOURCES {
        // Firmware, services and protection have nothing to miss in an empty root.
        if !["firmware", "services", "protection"].contains(name) {
            let found = outcome(&sections, name, source).map(|(status, _)| status);
            assert_eq!(found.as_deref(), Some("OUTCOME_STATUS_ABSENT"), "{name}");
        }
    }
}

#[test]
fn endless_devices() {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("dev")).unwrap();
    // A device inside the root, as an attacker with mknod could make it.
    let zero = root.path().join("dev/zero");
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        &zero,
        rustix::fs::FileType::CharacterDevice,
        rustix::fs::Mode::from_raw_mode(0o666),
        rustix::fs::makedev(1, 5),
    );
    made.expect("run this test as root: it makes a device");
    fill(root.path(), |path| symlink("/dev/zero", path).unwrap());
    all_failed(&run(root.path()), "OUTCOME_STATUS_FAILED", "not a regular file");
}

#[test]
fn links_out_of_the_root_lead_nowhere() {
    let root = TempDir::new().unwrap();
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret"), "root:x:0:0::/:/bin/sh\n").unwrap();
    fill(root.path(), |path| symlink(outside.path().join("secret"), path).unwrap());
    let sections = run(root.path());
    let found = outcome(&sections, "accounts", "/etc/passwd").map(|(status, _)| status);
    assert_eq!(found.as_deref(), Some("OUTCOME_STATUS_ABSENT"));
}

#[test]
fn pipes_nobody_writes_to() {
    let root = TempDir::new().unwrap();
    fill(root.path(), |path| {
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
    });
    all_failed(&run(root.path()), "OUTCOME_STATUS_FAILED", "not a regular file");
}

#[test]
fn links_in_a_circle() {
    let root = TempDir::new().unwrap();
    fill(root.path(), |path| symlink(path.file_name().unwrap(), path).unwrap());
    all_failed(&run(root.path()), "OUTCOME_STATUS_FAILED", "too many symbolic links");
}

#[test]
fn directories_in_the_place_of_files() {
    let root = TempDir::new().unwrap();
    fill(root.path(), |path| fs::create_dir(path).unwrap());
    all_failed(&run(root.path()), "OUTCOME_STATUS_FAILED", "not a regular file");
}

#[test]
fn huge_files_are_not_read() {
    let root = TempDir::new().unwrap();
    // Sparse: 1 GiB each, without a byte on disk.
    fill(root.path(), |path| fs::File::create(path).unwrap().set_len(1 << 30).unwrap());
    all_failed(&run(root.path()), "OUTCOME_STATUS_FAILED", "larger than");
}

#[test]
fn bytes_that_are_no_text() {
    let root = TempDir::new().unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    fill(root.path(), |path| fs::write(path, &bytes).unwrap());
    run(root.path());
    let root = TempDir::new().unwrap();
    fill(root.path(), |path| fs::write(path, vec![0xff; 60_000]).unwrap());
    run(root.path());
    let root = TempDir::new().unwrap();
    fill(root.path(), |path| fs::write(path, vec![b'\n'; 60_000]).unwrap());
    run(root.path());
}

#[test]
fn long_values_are_cut() {
    let root = TempDir::new().unwrap();
    let long = "\u{e9}".repeat(10_000);
    let content = format!(
        "PRETTY_NAME={long}\nmodel name\t: {long}\nsearch {long}\nDescription={long}\n{long}:x:0:0:\n\
         Package: {long}\nStatus: install ok installed\nVersion: {long}\n[Unit]\nDescription={long}\n"
    );
    fill(root.path(), |path| fs::write(path, &content).unwrap());
    run(root.path());
}

#[test]
fn directories_full_of_names() {
    let root = TempDir::new().unwrap();
    fill(root.path(), |path| fs::write(path, "x").unwrap());
    let units = root.path().join("usr/lib/systemd/system");
    for number in 0..70_000 {
        symlink("x", units.join(format!("{number}.service"))).unwrap();
    }
    let sections = run(root.path());
    let found = outcome(&sections, "services", "/usr/lib/systemd/system");
    assert_eq!(found.map(|(status, _)| status).as_deref(), Some("OUTCOME_STATUS_FAILED"));
}

/// Lists of packages are looked for by names that sources give, so those and the database of dpkg have
/// to be good for lists to be read at all.
#[test]
fn lists_of_packages_that_hurt() {
    use std::io::Write as _;
    let list = "var/lib/apt/lists/deb.example_dists_a_main_binary-amd64_Packages";
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..300 {
        bomb.write_all(&[b"x".repeat(1 << 20), b"\n\n".to_vec()].concat()).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let many = "Package: a\nVersion: 1\nArchitecture: amd64\n\n".repeat(300_000);
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for (end, content, reason) in [
        (".zst", bomb.as_slice(), "a paragraph of more than 131072 bytes"),
        ("", many.as_bytes(), "bytes on packages that are installed"),
        ("", &bytes, "a paragraph of more than 131072 bytes"),
        (".gz", &bytes, "damaged"),
        (".lz4", b"\x04\x22\x4d\x18\x40\x40\xc0", "cut short"),
        (".xz", b"\xfd7zXZ\0", "compression xz is not read"),
    ] {
        let root = TempDir::new().unwrap();
        let write = |path: &str, content: &[u8]| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        let package = |name| {
            format!(
                "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0\n\n"
            )
        };
        write("var/lib/dpkg/status", [package("dpkg"), package("a")].concat().as_bytes());
        write("etc/apt/sources.list", b"deb http://deb.example a main\n");
        let file = format!("{list}{end}");
        write(&file, content);
        let found = outcome(&run(root.path()), "updates", &format!("/{file}"));
        let (status, said) = found.unwrap_or_default();
        assert_eq!(status, "OUTCOME_STATUS_FAILED", "{end}");
        assert!(said.contains(reason), "{end}: {said}");
    }
}
