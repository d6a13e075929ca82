//! USB devices by their `uevent` files. Source of the format: the kernel's USB driver core.

use std::collections::BTreeMap;

use belfort_proto::inventory::v1::UsbDevice;

use super::{hexadecimal, text, variable};

/// Class of hubs. Source: USB-IF, defined class codes.
pub const CLASS_HUB: u32 = 9;

/// What the file of a device tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A device: vendor, product and its own class, 0 when only its interfaces have one.
    Device(u32, u32, u32),
    /// An interface of a device, and its class.
    Interface(u32),
}

/// Parses the file; nothing for what is neither device nor interface.
pub fn kind(uevent: &[u8]) -> Option<Kind> {
    let first = |key| {
        let class = variable(uevent, key)?.split(|byte| *byte == b'/').next()?;
        text::number::<u8>(class).map(u32::from)
    };
    match variable(uevent, "DEVTYPE")? {
        b"usb_device" => {
            // Without leading zeros: `46d/c52b/1211`.
            let mut numbers = variable(uevent, "PRODUCT")?.split(|byte| *byte == b'/');
            let mut number = || hexadecimal(numbers.next()?).filter(|number| *number <= 0xffff);
            Some(Kind::Device(number()?, number()?, first("TYPE")?))
        }
        b"usb_interface" => first("INTERFACE").map(Kind::Interface),
        _ => None,
    }
}

/// The devices by kind: sorted, equal ones counted.
pub fn counted(mut devices: Vec<UsbDevice>) -> Vec<UsbDevice> {
    let mut counts: BTreeMap<_, UsbDevice> = BTreeMap::new();
    for device in &mut devices {
        device.classes.sort_unstable();
        device.classes.dedup();
    }
    for device in devices {
        let key = (
            device.vendor_id,
            device.product_id,
            device.product.clone(),
            device.manufacturer.clone(),
            device.classes.clone(),
        );
        let same = counts.entry(key).or_insert(UsbDevice { count: 0, ..device });
        same.count = same.count.saturating_add(1);
    }
    counts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn devices_and_interfaces() {
        let device =
            b"MAJOR=189\nDEVTYPE=usb_device\nDRIVER=usb\nPRODUCT=46d/c52b/1211\nTYPE=0/0/0\n";
        assert_eq!(kind(device), Some(Kind::Device(0x046d, 0xc52b, 0)));
        let interface =
            b"DEVTYPE=usb_interface\nPRODUCT=46d/c52b/1211\nTYPE=0/0/0\nINTERFACE=3/1/1\n";
        assert_eq!(kind(interface), Some(Kind::Interface(3)));
        for wrong in ["", "DEVTYPE=usb_port\n", "DEVTYPE=usb_device\nPRODUCT=46d\nTYPE=0/0/0\n"] {
            assert_eq!(kind(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn equal_devices_are_counted() {
        let device = |product_id, classes: &[u32]| UsbDevice {
            vendor_id: 1,
            product_id,
            classes: classes.to_vec(),
            ..UsbDevice::default()
        };
        let all = vec![device(2, &[8]), device(1, &[3, 1, 3]), device(1, &[1, 3])];
        let found = counted(all);
        let found: Vec<_> =
            found.iter().map(|one| (one.product_id, one.classes.as_slice(), one.count)).collect();
        assert_eq!(found, [(1, &[1, 3][..], 2), (2, &[8], 1)]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = kind(&bytes);
            let _ = kind(&[b"DEVTYPE=usb_device\nTYPE=0/0\nPRODUCT=", bytes.as_slice()].concat());
            let _ = kind(&[b"DEVTYPE=usb_interface\nINTERFACE=", bytes.as_slice()].concat());
        }
    }
}
