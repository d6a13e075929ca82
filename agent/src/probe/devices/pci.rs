//! PCI devices by their `uevent` files. Source of the format: the kernel's PCI driver core.
//!
//! The `config` file says more, but reading it wakes devices that sleep: 20 ms for six of them.

use belfort_proto::inventory::v1::PciDevice;

use super::{hexadecimal, text, variable};

/// The device in a slot; nothing when its numbers are not told.
pub fn device(slot: &str, uevent: &[u8]) -> Option<PciDevice> {
    let (vendor_id, device_id) = pair(variable(uevent, "PCI_ID")?)?;
    let (subsystem_vendor_id, subsystem_device_id) =
        variable(uevent, "PCI_SUBSYS_ID").and_then(pair).unwrap_or_default();
    Some(PciDevice {
        slot: text::clean(slot.as_bytes()),
        class: hexadecimal(variable(uevent, "PCI_CLASS")?)?,
        vendor_id,
        device_id,
        subsystem_vendor_id,
        subsystem_device_id,
        driver: variable(uevent, "DRIVER").map(text::clean).unwrap_or_default(),
    })
}

/// Two numbers of 16 bits, as in `8086:0D57`.
fn pair(value: &[u8]) -> Option<(u32, u32)> {
    let (first, second) = text::split_once(value, b':')?;
    let numbers = (hexadecimal(first)?, hexadecimal(second)?);
    (numbers.0 <= 0xffff && numbers.1 <= 0xffff).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_driver() {
        let uevent = b"DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:9A49\nPCI_SUBSYS_ID=17AA:22D5\n\
            PCI_SLOT_NAME=0000:00:02.0\nMODALIAS=pci:v00008086d00009A49\n";
        insta::assert_debug_snapshot!(device("0000:00:02.0", uevent), @r#"
        Some(
            PciDevice {
                slot: "0000:00:02.0",
                class: 196608,
                vendor_id: 32902,
                device_id: 39497,
                subsystem_vendor_id: 6058,
                subsystem_device_id: 8917,
                driver: "i915",
            },
        )
        "#);
    }

    #[test]
    fn without_numbers_there_is_no_device() {
        let whole = "PCI_CLASS=60000\nPCI_ID=8086:0D57\n";
        assert_eq!(device("x", whole.as_bytes()).unwrap().driver, "");
        for (from, to) in [("PCI_ID", "ID"), ("PCI_CLASS", "C"), (":0D57", ""), ("8086", "18086")] {
            assert_eq!(device("x", whole.replace(from, to).as_bytes()), None, "{from}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = device("x", &bytes);
            let _ = device("x", &[b"PCI_CLASS=1\nPCI_ID=", bytes.as_slice()].concat());
        }
    }
}
