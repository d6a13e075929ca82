//! Devices as subject → value.

use std::collections::BTreeMap;

use belfort_proto::inventory::v1::{DevicesSection, Tristate};

/// What is attached to the machine or built into it.
pub(super) fn entries(section: &DevicesSection) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    for one in &section.pci {
        let ids = format!("{:04x}:{:04x}", one.vendor_id, one.device_id);
        entries.insert(format!("PCI {}", one.slot), words(&[&ids, &one.driver]));
    }
    for one in &section.usb {
        let ids = format!("USB {:04x}:{:04x}", one.vendor_id, one.product_id);
        let subject = words(&[&ids, &one.manufacturer, &one.product]);
        entries.insert(subject, one.count.to_string());
    }
    for one in &section.displays {
        let value = words(&[&one.manufacturer, &one.model, &one.serial]);
        entries.insert(format!("display {}", one.connector), value);
    }
    for one in &section.batteries {
        // What it holds sinks by itself; another one has another number.
        let value = words(&[&one.manufacturer, &one.model, &one.serial]);
        entries.insert(format!("battery {}", one.name), value);
    }
    for one in &section.printers {
        let shared = if one.shared() == Tristate::Yes { "shared" } else { "" };
        let value = words(&[&one.model, &one.scheme, shared]);
        entries.insert(format!("printer {}", one.name), value);
    }
    for name in &section.cameras {
        entries.insert(format!("camera {name}"), "yes".to_owned());
    }
    entries
}

fn words(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "yes".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{Battery, Display, PciDevice, Printer, UsbDevice};

    use super::*;

    #[test]
    fn every_device_is_a_subject_of_its_own() {
        let section = DevicesSection {
            pci: vec![PciDevice {
                slot: "0000:00:02.0".to_owned(),
                vendor_id: 0x8086,
                device_id: 0x9a49,
                driver: "i915".to_owned(),
                ..PciDevice::default()
            }],
            usb: ["Receiver", ""]
                .map(|product| UsbDevice {
                    vendor_id: 0x46d,
                    product_id: 0xc52b,
                    product: product.to_owned(),
                    count: 2,
                    ..UsbDevice::default()
                })
                .to_vec(),
            displays: vec![Display {
                connector: "DP-1".to_owned(),
                manufacturer: "DEL".to_owned(),
                ..Display::default()
            }],
            batteries: vec![Battery {
                name: "BAT0".to_owned(),
                health_percent: 80,
                ..Battery::default()
            }],
            printers: vec![Printer {
                name: "hall".to_owned(),
                scheme: "ipp".to_owned(),
                shared: Tristate::Yes.into(),
                ..Printer::default()
            }],
            cameras: vec!["Integrated Camera".to_owned()],
            outcomes: vec![],
        };
        let lines: Vec<_> =
            entries(&section).into_iter().map(|(a, b)| format!("{a}: {b}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        PCI 0000:00:02.0: 8086:9a49 i915
        USB 046d:c52b: 2
        USB 046d:c52b Receiver: 2
        battery BAT0: yes
        camera Integrated Camera: yes
        display DP-1: DEL
        printer hall: ipp shared
        ");
    }
}
