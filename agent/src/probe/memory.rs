//! Memory.

use belfort_proto::inventory::v1::{MemoryModule, SectionKind};
use belfort_proto::section::Section;

use super::{Host, Probe, dmi, text};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `memory` section.
#[derive(Debug)]
pub struct MemoryProbe;

impl Probe for MemoryProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Memory
    }

    fn read(&self, host: &Host) -> Section {
        Section::Memory(read(host))
    }
}

/// A line of /proc/meminfo, in bytes. Source: `proc_meminfo(5)`.
pub fn meminfo_bytes(content: &[u8], key: &str) -> Option<u64> {
    let line = text::lines(content).find_map(|line| {
        line.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b":"))
    })?;
    let kibibytes: u64 = text::number(line.trim_ascii().strip_suffix(b"kB")?)?;
    kibibytes.checked_mul(1024)
}

/// How many slots there are, and the populated ones, sorted by slot. Slots of memory that is none of the
/// system's, such as that of the firmware, do not count. Sources: SMBIOS 7.17 and 7.18, types 16 and 17.
pub fn slots(table: &[u8]) -> (u32, Vec<MemoryModule>) {
    let foreign: Vec<u16> = dmi::structures(table)
        .filter(|array| array.kind == 16 && array.byte(5).is_some_and(|usage| usage != USE_SYSTEM))
        .filter_map(|array| array.handle())
        .collect();
    let (mut slots, mut modules) = (0_u32, Vec::new());
    for device in dmi::structures(table).filter(|structure| structure.kind == 17) {
        if device.word(4).is_some_and(|array| foreign.contains(&array)) {
            continue;
        }
        slots = slots.saturating_add(1);
        modules.extend(module(&device));
    }
    modules.sort_by(|a, b| (&a.slot, &a.serial).cmp(&(&b.slot, &b.serial)));
    (slots, modules)
}

/// What a memory array is for: the system's memory.
const USE_SYSTEM: u8 = 3;

fn module(device: &dmi::Structure<'_>) -> Option<MemoryModule> {
    // 0: empty slot; 0xffff: unknown; 0x7fff: the size stands in the extended field, in MiB;
    // otherwise bit 15 chooses between KiB and MiB.
    let size_bytes = match device.word(0x0c)? {
        0 | 0xffff => return None,
        0x7fff => u64::from(device.double_word(0x1c)? & 0x7fff_ffff) << 20,
        size if size & 0x8000 != 0 => u64::from(size & 0x7fff) << 10,
        size => u64::from(size) << 20,
    };
    let configured = device.word(0x20).unwrap_or(0);
    let speed_mts = match configured {
        0xffff => device.double_word(0x58).unwrap_or(0) & 0x7fff_ffff,
        speed => u32::from(speed),
    };
    Some(MemoryModule {
        slot: device.string(0x10),
        size_bytes,
        r#type: device.byte(0x12).map(memory_type).unwrap_or_default().to_owned(),
        speed_mts,
        manufacturer: device.string(0x17),
        part_number: device.string(0x1a),
        serial: device.string(0x18),
    })
}

/// SMBIOS 7.18.2; the last two are later than version 3.7.
fn memory_type(number: u8) -> &'static str {
    match number {
        0x03 => "DRAM",
        0x04 => "EDRAM",
        0x05 => "VRAM",
        0x06 => "SRAM",
        0x07 => "RAM",
        0x08 => "ROM",
        0x09 => "Flash",
        0x0a => "EEPROM",
        0x0b => "FEPROM",
        0x0c => "EPROM",
        0x0d => "CDRAM",
        0x0e => "3DRAM",
        0x0f => "SDRAM",
        0x10 => "SGRAM",
        0x11 => "RDRAM",
        0x12 => "DDR",
        0x13 => "DDR2",
        0x14 => "DDR2 FB-DIMM",
        0x18 => "DDR3",
        0x19 => "FBD2",
        0x1a => "DDR4",
        0x1b => "LPDDR",
        0x1c => "LPDDR2",
        0x1d => "LPDDR3",
        0x1e => "LPDDR4",
        0x1f => "non-volatile",
        0x20 => "HBM",
        0x21 => "HBM2",
        0x22 => "DDR5",
        0x23 => "LPDDR5",
        0x24 => "HBM3",
        0x25 => "MRDIMM",
        0x26 => "LPDDR6",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probe::dmi::tests::structure;

    /// The body of a type 17 structure of version 3.3, from offset 4 on.
    fn device(size: u16, extended: u32, speed: u16) -> Vec<u8> {
        let mut body = vec![0_u8; 0x5c - 4];
        body[0x0c - 4..0x0e - 4].copy_from_slice(&size.to_le_bytes());
        body[0x10 - 4] = 1;
        body[0x12 - 4] = 0x1a;
        body[0x17 - 4] = 2;
        body[0x18 - 4] = 3;
        body[0x1a - 4] = 4;
        body[0x1c - 4..0x20 - 4].copy_from_slice(&extended.to_le_bytes());
        body[0x20 - 4..0x22 - 4].copy_from_slice(&speed.to_le_bytes());
        body
    }

    #[test]
    fn modules_by_slot() {
        let mut table = structure(17, &device(8192, 0, 3200), &["DIMM_B1", "Samsung", "S2", "M47"]);
        table.extend(structure(
            17,
            &device(0x7fff, 65536, 4800),
            &["DIMM_A1", "Micron", "S1", "P"],
        ));
        table.extend(structure(17, &device(0, 0, 0), &["DIMM_A2", "NO DIMM", "-", "-"]));
        table.extend(structure(17, &device(0x8200, 0, 0), &["SODIMM", "X", "S3", "Y"]));
        let (slots, modules) = slots(&table);
        assert_eq!(slots, 4);
        insta::assert_debug_snapshot!(modules);
    }

    #[test]
    fn memory_of_the_firmware_is_none_of_the_system() {
        let array = |handle: u16, usage: u8| {
            let mut array = structure(16, &[3, usage, 3, 0, 0, 0, 0, 0, 0, 1, 0], &[]);
            array[2..4].copy_from_slice(&handle.to_le_bytes());
            array
        };
        let device = |array: u16, size: u16| {
            let mut body = device(size, 0, 0);
            body[..2].copy_from_slice(&array.to_le_bytes());
            structure(17, &body, &["A"])
        };
        let table = [array(7, 3), array(8, 5), device(7, 4096), device(7, 0), device(8, 16)];
        let (slots, modules) = slots(&table.concat());
        assert_eq!((slots, modules.len()), (2, 1));
        assert_eq!(modules[0].size_bytes, 4 << 30);
    }

    #[test]
    fn speeds_beyond_a_word() {
        let mut body = device(8192, 0, 0xffff);
        body[0x58 - 4..0x5c - 4].copy_from_slice(&70_400_u32.to_le_bytes());
        let (_, modules) = slots(&structure(17, &body, &["A"]));
        assert_eq!(modules[0].speed_mts, 70_400);
        assert_eq!(modules[0].r#type, "DDR4");
    }

    #[test]
    fn kibibytes_become_bytes() {
        let content = b"MemTotal:       24684084 kB\nMemFree: 1 kB\nSwapTotal:             0 kB\n";
        assert_eq!(meminfo_bytes(content, "MemTotal"), Some(24_684_084 * 1024));
        assert_eq!(meminfo_bytes(content, "SwapTotal"), Some(0));
        assert_eq!(meminfo_bytes(content, "Mem"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = meminfo_bytes(&bytes, "MemTotal");
            let _ = slots(&bytes);
            let _ = slots(&structure(17, bytes.get(..90).unwrap_or_default(), &["a"]));
        }
    }
}
