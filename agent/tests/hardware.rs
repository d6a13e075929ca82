//! Devices and neighbours against the machine's own tools; neighbours in a network namespace of their
//! own.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use belfort_agent::policy::Policy;
use belfort_agent::probe::devices::DevicesProbe;
use belfort_agent::probe::{Host, Probe as _};
use belfort_agent_sys::files::Root;
use belfort_proto::inventory::v1::DevicesSection;
use belfort_proto::section::Section;
use serde_json::Value;

const AGENT: &str = env!("CARGO_BIN_EXE_belfort-agent");

fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| {
        panic!("install {program} (cargo xtask test does): {error}");
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}; run this test as root");
    output
}

fn devices() -> DevicesSection {
    let host = Host::system(Policy::everything());
    let Section::Devices(section) = DevicesProbe.read(&host) else { panic!("another section") };
    section
}

#[test]
fn pci_as_lspci_sees_it() {
    let listed = String::from_utf8(run("lspci", &["-D", "-n", "-vmm", "-k"]).stdout).unwrap();
    let records = listed.split("\n\n").filter(|record| !record.trim().is_empty());
    let records: Vec<BTreeMap<&str, &str>> = records
        .map(|record| {
            let lines = record.lines().filter_map(|line| line.split_once(":\t"));
            lines.map(|(key, value)| (key, value.trim())).collect()
        })
        .collect();
    let section = devices();
    assert_eq!(section.pci.len(), records.len());
    for (device, record) in section.pci.iter().zip(&records) {
        let number =
            |key: &str| u32::from_str_radix(record.get(key).copied().unwrap_or("0"), 16).unwrap();
        assert_eq!(device.slot, record["Slot"]);
        // Class and subclass, then the interface, which is left out when it is zero.
        assert_eq!(device.class, number("Class") << 8 | number("ProgIf"), "{}", device.slot);
        assert_eq!(device.vendor_id, number("Vendor"), "{}", device.slot);
        assert_eq!(device.device_id, number("Device"), "{}", device.slot);
        assert_eq!(device.subsystem_vendor_id, number("SVendor"), "{}", device.slot);
        assert_eq!(device.subsystem_device_id, number("SDevice"), "{}", device.slot);
        assert_eq!(device.driver, record.get("Driver").copied().unwrap_or(""), "{}", device.slot);
    }
}

#[test]
fn usb_devices_as_the_kernel_lists_them() {
    // One line `P:` and one line `D:` for each device, in the kernel's own list; not everywhere.
    let Ok(entries) = fs::read_dir("/sys/bus/usb/devices") else {
        assert!(devices().usb.is_empty());
        return;
    };
    let attribute = |name: &str, file: &str| {
        let path = format!("/sys/bus/usb/devices/{name}/{file}");
        u32::from_str_radix(fs::read_to_string(path).unwrap_or_default().trim(), 16).ok()
    };
    let mut expected: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for entry in entries {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let (Some(vendor), Some(product)) =
            (attribute(&name, "idVendor"), attribute(&name, "idProduct"))
            && attribute(&name, "bDeviceClass") != Some(9)
        {
            *expected.entry((vendor, product)).or_default() += 1;
        }
    }
    let mut found: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for device in devices().usb {
        *found.entry((device.vendor_id, device.product_id)).or_default() += device.count;
    }
    assert_eq!(found, expected);
}

/// The kernel hands out binary files of sysfs by the page, whatever is asked for.
#[test]
fn files_of_sysfs_larger_than_a_page_are_read_whole() {
    let root = Root::system();
    for path in ["/sys/kernel/btf/vmlinux", "/sys/firmware/dmi/tables/DMI"] {
        if let Ok(expected) = fs::read(path) {
            let found = root.read(path, 64 << 20).unwrap();
            assert!(found == expected, "{path}: {} of {} bytes", found.len(), expected.len());
        }
    }
}

/// A network namespace; it goes with the test.
struct Namespace(String);

impl Namespace {
    fn new(name: &str) -> Self {
        let name = format!("belfort-{name}-{}", std::process::id());
        run("ip", &["netns", "add", &name]);
        Self(name)
    }

    fn ip(&self, arguments: &str) -> Vec<u8> {
        let before = ["-n", &self.0];
        let arguments: Vec<&str> = before.into_iter().chain(arguments.split(' ')).collect();
        run("ip", &arguments).stdout
    }

    fn neighbours(&self) -> Value {
        let show = ["--state", "/nonexistent/belfort", "show", "--section", "neighbours", "--json"];
        let before = ["netns", "exec", &self.0, AGENT];
        let shown = run("ip", &[&before[..], &show].concat()).stdout;
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        let content = &shown["sections"]["neighbours"]["content"];
        assert_eq!(content["outcomes"], Value::Array(Vec::new()));
        content["neighbours"].clone()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

#[test]
fn neighbours_as_ip_sees_them() {
    let namespace = Namespace::new("neigh");
    assert_eq!(namespace.neighbours(), Value::Array(Vec::new()));
    namespace.ip("link set lo up");
    namespace.ip("link add lan0 type veth peer name lan1");
    for link in ["lan0", "lan1"] {
        namespace.ip(&format!("link set {link} up"));
    }
    namespace.ip("addr add 10.9.0.1/16 dev lan0");
    namespace.ip("addr add fd09::1/64 dev lan0 nodad");
    let mac = |number: u8| format!("02:00:00:00:00:{number:02x}");
    // Address, interface, state; whether it is to be told.
    let all = [
        ("10.9.0.20", "lan0", "permanent", true),
        ("10.9.0.3", "lan0", "stale", true),
        ("10.9.0.3", "lan1", "stale", true),
        ("10.9.0.4", "lan0", "reachable", true),
        ("10.9.0.5", "lan0", "noarp", false),
        // This machine itself, and what lies outside the prefixes.
        ("10.9.0.1", "lan1", "stale", false),
        ("203.0.113.7", "lan0", "permanent", false),
        ("fe80::7", "lan0", "permanent", false),
        ("fd09::2", "lan0", "permanent", true),
        ("fd09::3", "lan0", "permanent router", true),
    ];
    for (number, (address, interface, state, _)) in all.iter().enumerate() {
        let mac = mac(u8::try_from(number).unwrap());
        let line = format!("neigh replace {address} lladdr {mac} dev {interface} nud {state}");
        namespace.ip(&line);
    }
    namespace.ip("neigh add proxy 10.9.0.9 dev lan0");
    let found = namespace.neighbours();
    let found: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            let router = one["router"].as_bool().unwrap();
            (text("address"), text("interface"), text("mac_address"), router)
        })
        .collect();
    let mut expected: Vec<_> = all
        .iter()
        .enumerate()
        .filter(|(_, (.., told))| *told)
        .map(|(number, (address, interface, state, _))| {
            let mac = mac(u8::try_from(number).unwrap());
            let router = state.contains("router");
            ((*address).to_owned(), (*interface).to_owned(), mac, router)
        })
        .collect();
    expected.sort_by_key(|(address, interface, ..)| {
        (address.parse::<std::net::IpAddr>().unwrap(), interface.clone())
    });
    assert_eq!(found, expected);
    // Nothing that ip does not know.
    let listed: Value = serde_json::from_slice(&namespace.ip("-j neigh")).unwrap();
    for (address, interface, mac, _) in &found {
        let known = listed.as_array().unwrap().iter().any(|one| {
            one["dst"] == address.as_str()
                && one["dev"] == interface.as_str()
                && one["lladdr"] == mac.as_str()
        });
        assert!(known, "{address} {interface} {mac}");
    }
}
