//! Who made the machine, by the SMBIOS table itself: for kernels that do not spread it over
//! /sys/class/dmi/id, and for what is not found there. Source: DSP0134, 7.1 to 7.4, 7.5 and 7.44.

use std::fmt::Write as _;

use super::structures;

/// Where Linux keeps the entry point, which tells the version of the table.
pub const ENTRY_PATH: &str = "/sys/firmware/dmi/tables/smbios_entry_point";

/// What the first structure of each kind says; empty or nothing where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Firmware, type 0: vendor.
    pub firmware_vendor: String,
    /// Firmware: version.
    pub firmware_version: String,
    /// Firmware: date as it is written.
    pub firmware_date: String,
    /// Whether the firmware says that the machine is virtual; nothing when it is too old to say.
    pub virtual_machine: Option<bool>,
    /// System, type 1: manufacturer.
    pub manufacturer: String,
    /// System: product.
    pub model: String,
    /// System: version.
    pub model_version: String,
    /// System: serial number.
    pub serial: String,
    /// System: UUID, as 16 bytes.
    pub uuid: Option<[u8; 16]>,
    /// System: SKU number.
    pub sku: String,
    /// Board, type 2: manufacturer.
    pub board_manufacturer: String,
    /// Board: product.
    pub board_model: String,
    /// Board: serial number.
    pub board_serial: String,
    /// Chassis, type 3: type.
    pub chassis_type: u8,
    /// Chassis: asset tag.
    pub asset_tag: String,
}

/// Reads the identity from a table.
pub fn identity(table: &[u8]) -> Identity {
    let mut found = Identity::default();
    let mut seen = [false; 4];
    for structure in structures(table) {
        // Servers have several boards and chassis: the first is the machine's own.
        match seen.get_mut(usize::from(structure.kind)) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        let string = |offset| structure.string(offset);
        match structure.kind {
            0 => {
                found.firmware_vendor = string(4);
                found.firmware_version = string(5);
                found.firmware_date = string(8);
                found.virtual_machine = structure.byte(0x13).map(|byte| byte & 0x10 != 0);
            }
            1 => {
                found.manufacturer = string(4);
                found.model = string(5);
                found.model_version = string(6);
                found.serial = string(7);
                found.uuid = structure.bytes(8);
                found.sku = string(0x19);
            }
            2 => {
                found.board_manufacturer = string(4);
                found.board_model = string(5);
                found.board_serial = string(7);
            }
            _ => {
                // The highest bit says that the chassis has a lock.
                found.chassis_type = structure.byte(5).map_or(0, |byte| byte & 0x7f);
                found.asset_tag = string(8);
            }
        }
    }
    found
}

/// Whether the table is of version 2.6 or later, by its entry point: from there on the first three parts
/// of a UUID are little-endian. A table without entry point counts as one: older ones are from before
/// 2006. Source: DSP0134, 5.2 and 7.2.1.
pub fn is_little_endian(entry: &[u8]) -> bool {
    let version = match entry {
        [b'_', b'S', b'M', b'3', b'_', _, _, major, minor, ..]
        | [b'_', b'S', b'M', b'_', _, _, major, minor, ..] => (*major, *minor),
        _ => return true,
    };
    version >= (2, 6)
}

/// A UUID in its usual form; empty for the two that say there is none.
pub fn uuid_text(bytes: [u8; 16], little_endian: bool) -> String {
    if [[0; 16], [0xff; 16]].contains(&bytes) {
        return String::new();
    }
    let order: [usize; 16] = if little_endian {
        [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    } else {
        std::array::from_fn(|place| place)
    };
    let mut text = String::with_capacity(36);
    for (place, from) in order.into_iter().enumerate() {
        if [4, 6, 8, 10].contains(&place) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{:02x}", bytes.get(from).copied().unwrap_or(0));
    }
    text
}

/// Vendor of the TPM: four characters, type 43.
pub fn tpm_vendor(table: &[u8]) -> String {
    let device = structures(table).find(|structure| structure.kind == 43);
    device.and_then(|device| device.bytes::<4>(4)).map(vendor_text).unwrap_or_default()
}

/// A vendor as the Trusted Computing Group registers it: up to four characters, filled with blanks or
/// zeros. Source: TCG Vendor ID Registry.
pub fn vendor_text(bytes: [u8; 4]) -> String {
    let plain: Vec<u8> = bytes.into_iter().take_while(|byte| *byte != 0).collect();
    let readable = plain.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if readable { super::text::clean(&plain) } else { String::new() }
}

/// Current speed of the first processor that is there, MHz; nothing when it is unknown. Firmware sets
/// the processor to its speed without boost and writes that down.
pub fn processor_mhz(table: &[u8]) -> Option<u32> {
    structures(table)
        // Bit 6 of the status: the socket is populated; the kind: a central processor.
        .find(|structure| {
            structure.kind == 4
                && structure.byte(0x05) == Some(3)
                && structure.byte(0x18).is_some_and(|status| status & 0x40 != 0)
        })
        .and_then(|processor| processor.word(0x16))
        .map(u32::from)
        .filter(|speed| *speed > 0)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::super::tests::structure;
    use super::*;

    /// A table of a laptop, for tests.
    pub(crate) fn table() -> Vec<u8> {
        let mut firmware = vec![1, 2, 0, 0, 3, 0];
        firmware.extend([0; 10]);
        let mut table = structure(0, &firmware, &["Acme", "N32 1.5", "03/07/2024"]);
        let mut system = vec![1, 2, 3, 4];
        system.extend([0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
        system.extend([0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 6, 5, 0]);
        let strings = ["Acme", "Book", "Book 3", "SER1", "SKU1"];
        table.extend(structure(1, &system, &strings));
        table.extend(structure(2, &[1, 2, 0, 3, 0], &["Acme", "Board", "BRD1"]));
        table.extend(structure(2, &[1, 2, 0, 3, 0], &["Other", "Riser", "BRD2"]));
        table.extend(structure(3, &[1, 0x8a, 0, 2, 3], &["Acme", "CH1", "TAG1"]));
        table.extend(structure(43, b"INTC\x02\x00", &[]));
        table
    }

    #[test]
    fn of_a_laptop() {
        let found = identity(&table());
        assert_eq!((&*found.firmware_vendor, &*found.firmware_version), ("Acme", "N32 1.5"));
        assert_eq!((&*found.firmware_date, found.virtual_machine), ("03/07/2024", Some(false)));
        assert_eq!((&*found.model, &*found.model_version), ("Book", "Book 3"));
        assert_eq!((&*found.serial, &*found.sku), ("SER1", "SKU1"));
        assert_eq!((&*found.board_model, &*found.board_serial), ("Board", "BRD1"));
        assert_eq!((found.chassis_type, &*found.asset_tag), (10, "TAG1"));
        assert_eq!(tpm_vendor(&table()), "INTC");
        assert_eq!(identity(&[]), Identity::default());
    }

    #[test]
    fn order_of_the_bytes_of_a_uuid() {
        let bytes = identity(&table()).uuid.unwrap();
        assert_eq!(uuid_text(bytes, true), "33221100-5544-7766-8899-aabbccddeeff");
        assert_eq!(uuid_text(bytes, false), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(uuid_text([0; 16], true), "");
        assert_eq!(uuid_text([0xff; 16], true), "");
        assert!(is_little_endian(b"_SM3_\x00\x18\x03\x02\x00"));
        assert!(is_little_endian(b"_SM_\x00\x1f\x02\x08"));
        assert!(!is_little_endian(b"_SM_\x00\x1f\x02\x05"));
        assert!(is_little_endian(b""));
    }

    #[test]
    fn vendors_of_a_tpm() {
        for (bytes, expected) in
            [(*b"IFX\0", "IFX"), (*b"STM ", "STM"), (*b"AMD\0", "AMD"), ([0xff; 4], "")]
        {
            assert_eq!(vendor_text(bytes), expected);
        }
        assert_eq!(tpm_vendor(&structure(43, b"INT", &[])), "");
    }

    #[test]
    fn speed_of_the_first_processor_that_is_there() {
        let processor = |kind: u8, status: u8, speed: u16| {
            let mut body = vec![0; 0x30];
            body[1] = kind;
            body[0x16 - 4..0x18 - 4].copy_from_slice(&speed.to_le_bytes());
            body[0x18 - 4] = status;
            structure(4, &body, &[])
        };
        let table = [processor(5, 0x41, 900), processor(3, 0, 1000), processor(3, 0x41, 2800)];
        assert_eq!(processor_mhz(&table.concat()), Some(2800));
        assert_eq!(processor_mhz(&processor(3, 0x41, 0)), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0_u8..5) {
            let table = structure(kind, bytes.get(..200).unwrap_or(&bytes), &["a"]);
            for table in [&bytes, &table] {
                let _ = (identity(table), tpm_vendor(table), processor_mhz(table));
            }
            let _ = is_little_endian(&bytes);
        }
    }
}
