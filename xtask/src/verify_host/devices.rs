//! PCI and USB devices against lspci and lsusb.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::{Run, Shown, output, text};

pub(super) fn check(run: &mut Run) -> Result<()> {
    let shown = run.show()?;
    pci(run, &shown)?;
    usb(run, &shown)
}

fn pci(run: &mut Run, shown: &Shown) -> Result<()> {
    run.table.tool("lspci");
    if !Path::new("/proc/bus/pci/devices").exists() {
        run.table.unavailable("every device", "listed", "this machine has no PCI bus");
        return Ok(());
    }
    let listed = output(&["lspci", "-D", "-vmmnk"])?;
    let mut theirs: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    for block in listed.split("\n\n") {
        let fields: BTreeMap<&str, &str> = block
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key, value.trim()))
            .collect();
        if let Some(slot) = fields.get("Slot") {
            theirs.insert((*slot).to_owned(), fields);
        }
    }
    let devices = shown.list("devices", "pci");
    let ours: BTreeSet<String> = devices.iter().map(|device| text(&device["slot"])).collect();
    run.table.same_set("device", &ours, &theirs.keys().cloned().collect(), &|_| None);
    for device in devices {
        let slot = text(&device["slot"]);
        let Some(fields) = theirs.get(&slot) else { continue };
        let value = |key: &str| fields.get(key).copied().unwrap_or_default();
        let number = |key: &str| u64::from_str_radix(value(key), 16).unwrap_or(0);
        let table = &mut run.table;
        table.same(&slot, "vendor", &device["vendor_id"], number("Vendor"));
        table.same(&slot, "device", &device["device_id"], number("Device"));
        table.same(&slot, "subvendor", &device["subsystem_vendor_id"], number("SVendor"));
        table.same(&slot, "subdevice", &device["subsystem_device_id"], number("SDevice"));
        let class = number("Class") << 8 | number("ProgIf");
        table.same(&slot, "class", &device["class"], class);
        table.same(&slot, "driver", text(&device["driver"]), value("Driver"));
    }
    Ok(())
}

fn usb(run: &mut Run, shown: &Shown) -> Result<()> {
    run.table.tool("lsusb");
    if !Path::new("/sys/bus/usb/devices").exists() {
        let reason = "this machine has no USB; the agent's own tests read a made-up bus";
        run.table.unavailable("every device", "listed", reason);
        run.table.same("devices", "listed", shown.list("devices", "usb").len(), 0);
        return Ok(());
    }
    // Bus 001 Device 002: ID 1234:5678 Name. Hubs are left out: by the kernel's word, not by lsusb's.
    let listed = output(&["lsusb"])?;
    let hubs: BTreeSet<String> = std::fs::read_dir("/sys/bus/usb/devices")?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            std::fs::read_to_string(path.join("bDeviceClass"))
                .is_ok_and(|class| class.trim() == "09")
        })
        .map(|path| {
            let id = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
            format!("{}:{}", id("idVendor").trim(), id("idProduct").trim())
        })
        .collect();
    let mut theirs: BTreeMap<String, usize> = BTreeMap::new();
    for id in listed.lines().filter_map(|line| line.split(" ID ").nth(1)?.split(' ').next()) {
        if !hubs.contains(id) {
            *theirs.entry(id.to_owned()).or_default() += 1;
        }
    }
    let mut ours: BTreeMap<String, usize> = BTreeMap::new();
    for device in shown.list("devices", "usb") {
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let id =
            format!("{:04x}:{:04x}", number(&device["vendor_id"]), number(&device["product_id"]));
        let count = usize::try_from(number(&device["count"])).unwrap_or(0);
        *ours.entry(id).or_default() += count;
    }
    let all: BTreeSet<String> = ours.keys().chain(theirs.keys()).cloned().collect();
    for id in all {
        let count = |all: &BTreeMap<String, usize>| all.get(&id).copied().unwrap_or(0);
        run.table.same(&id, "attached", count(&ours), count(&theirs));
    }
    Ok(())
}
