//! Reads the `devices` section on Linux.

use std::collections::BTreeMap;

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{
    Battery, DevicesSection, Display, PciDevice, Printer, UsbDevice,
};

use super::usb::Kind;
use super::{battery, camera, cups, edid, pci, usb};
use crate::probe::Host;
use crate::probe::outcome::{SMALL_BYTES, Sources};

const PCI: &str = "/sys/bus/pci/devices";
const USB: &str = "/sys/bus/usb/devices";
const DISPLAYS: &str = "/sys/class/drm";
const POWER: &str = "/sys/class/power_supply";
const VIDEO: &str = "/sys/class/video4linux";
const PRINTERS: &str = "/etc/cups/printers.conf";
const PRINTCAP: &str = "/etc/printcap";
/// A queue takes about 0.5 kB.
const PRINTERS_BYTES_MAX: usize = 4 << 20;
/// 256 blocks of 128 bytes.
const EDID_BYTES_MAX: usize = 32 << 10;

pub(super) fn read(host: &Host) -> DevicesSection {
    let mut sources = Sources::new(&host.root);
    DevicesSection {
        pci: pci_devices(&mut sources),
        usb: usb_devices(&mut sources),
        displays: displays(&mut sources),
        batteries: batteries(&mut sources),
        printers: printers(&mut sources),
        cameras: cameras(&mut sources),
        outcomes: sources.outcomes.into_vec(),
    }
}

/// Entries are sorted by name, which is the slot.
fn pci_devices(sources: &mut Sources<'_>) -> Vec<PciDevice> {
    let mut devices = Vec::new();
    for entry in sources.list(PCI) {
        let path = format!("{PCI}/{}/uevent", entry.name);
        let Some(uevent) = sources.optional(&path, SMALL_BYTES) else {
            continue;
        };
        match pci::device(&entry.name, &uevent) {
            Some(device) => devices.push(device),
            None => sources.outcomes.failed(&path, "numbers of the device not found"),
        }
    }
    devices
}

fn usb_devices(sources: &mut Sources<'_>) -> Vec<UsbDevice> {
    let entries = sources.list(USB);
    let mut devices = BTreeMap::new();
    // `usb1` is a root hub, `1-2` a device, `1-2:1.0` an interface of it.
    for entry in entries.iter().filter(|entry| !entry.name.contains(':')) {
        if entry.name.starts_with("usb") {
            continue;
        }
        let base = format!("{USB}/{}", entry.name);
        let path = format!("{base}/uevent");
        let Some(uevent) = sources.optional(&path, SMALL_BYTES) else {
            continue;
        };
        let Some(Kind::Device(vendor_id, product_id, class)) = usb::kind(&uevent) else {
            sources.outcomes.failed(&path, "numbers of the device not found");
            continue;
        };
        if class == usb::CLASS_HUB {
            continue;
        }
        let device = UsbDevice {
            vendor_id,
            product_id,
            manufacturer: sources.attribute(&format!("{base}/manufacturer")),
            product: sources.attribute(&format!("{base}/product")),
            ..UsbDevice::default()
        };
        devices.insert(entry.name.as_str(), (class, device));
    }
    for entry in &entries {
        let device = entry.name.split_once(':').and_then(|(device, _)| devices.get_mut(device));
        let Some((_, device)) = device else {
            continue;
        };
        let path = format!("{USB}/{}/uevent", entry.name);
        let uevent = sources.optional(&path, SMALL_BYTES).unwrap_or_default();
        if let Some(Kind::Interface(class)) = usb::kind(&uevent) {
            device.classes.push(class);
        }
    }
    let devices = devices.into_values().map(|(class, mut device)| {
        // Without a configuration there are no interfaces; 0 is no class.
        if device.classes.is_empty() && class != 0 {
            device.classes.push(class);
        }
        device
    });
    usb::counted(devices.collect())
}

fn displays(sources: &mut Sources<'_>) -> Vec<Display> {
    let mut displays = Vec::new();
    for entry in sources.list(DISPLAYS) {
        // `card0-DP-1`; the number of the card may change from one start to the next.
        let connector = entry.name.strip_prefix("card").and_then(|rest| rest.split_once('-'));
        let Some((_, connector)) = connector else {
            continue;
        };
        let path = format!("{DISPLAYS}/{}/edid", entry.name);
        let edid = sources.optional(&path, EDID_BYTES_MAX).unwrap_or_default();
        // Nothing is connected, or what is does not say what it is.
        if edid.is_empty() {
            continue;
        }
        match edid::parse(connector, &edid) {
            Ok(display) => displays.push(display),
            Err(error) => sources.outcomes.failed(&path, &error.to_string()),
        }
    }
    let key = |one: &Display| {
        (one.connector.clone(), one.manufacturer.clone(), one.product_id, one.serial.clone())
    };
    displays.sort_by_cached_key(key);
    displays
}

fn batteries(sources: &mut Sources<'_>) -> Vec<Battery> {
    let mut batteries = Vec::new();
    for entry in sources.list(POWER) {
        let base = format!("{POWER}/{}", entry.name);
        let path = format!("{base}/uevent");
        let uevent = match sources.root.read(&path, SMALL_BYTES) {
            Ok(uevent) => uevent,
            Err(ReadError::Absent) => continue,
            Err(error) => {
                // What is attached may sleep, or be out of reach: not this machine's battery.
                if sources.attribute(&format!("{base}/scope")) != "Device" {
                    sources.outcomes.unread(&path, error);
                }
                continue;
            }
        };
        // Older kernels leave the type out of the file.
        let told = super::variable(&uevent, "POWER_SUPPLY_TYPE").is_some();
        if told || sources.attribute(&format!("{base}/type")) == "Battery" {
            batteries.extend(battery::battery(&entry.name, &uevent));
        }
    }
    batteries
}

fn printers(sources: &mut Sources<'_>) -> Vec<Printer> {
    if let Some(content) = sources.optional(PRINTERS, PRINTERS_BYTES_MAX) {
        return cups::printers(&content);
    }
    let content = sources.optional(PRINTCAP, PRINTERS_BYTES_MAX);
    cups::printcap(&content.unwrap_or_default())
}

fn cameras(sources: &mut Sources<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for entry in sources.list(VIDEO) {
        let base = format!("{VIDEO}/{}", entry.name);
        // Not teletext, radio, or what a program pretends to be.
        let is_virtual = || {
            let target = sources.root.link(&base).unwrap_or_default();
            String::from_utf8_lossy(&target).contains("/virtual/")
        };
        if entry.name.starts_with("video") && !is_virtual() {
            names.push(sources.attribute(&format!("{base}/name")));
        }
    }
    camera::cameras(names)
}
