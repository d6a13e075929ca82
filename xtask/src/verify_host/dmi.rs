//! SMBIOS against dmidecode: the machine's own table, or one made here where it has none.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::{Run, Shown, list, output, text, write};

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("dmidecode");
    if Path::new("/sys/firmware/dmi/tables/DMI").exists() {
        let shown = run.show()?;
        compare(run, &shown, &output(&["dmidecode"])?);
    } else {
        let reason = "no SMBIOS on this machine; compared over tables made here instead";
        run.table.unavailable("this machine", "every field", reason);
    }
    for (name, table) in [("server", server()), ("old laptop", laptop())] {
        run.table.tool(format!("dmidecode ({name}, made)"));
        let root = run.directory(&format!("dmi-{}", name.replace(' ', "-")))?;
        let dump = run.scratch.join(format!("dmi-{name}.bin"));
        write(&dump, [entry_point(&table), table.clone()].concat())?;
        let said = output(&["dmidecode", "--from-dump", &dump.to_string_lossy()])?;
        write(&root.join("sys/firmware/dmi/tables/DMI"), &table)?;
        write(&root.join("proc/meminfo"), "MemTotal: 1024 kB\n")?;
        id_files(&root, &said)?;
        let shown = run.show_root(&root)?;
        compare(run, &shown, &said);
    }
    Ok(())
}

/// The small files the kernel makes of the table, filled with what dmidecode reads in it.
fn id_files(root: &Path, said: &str) -> Result<()> {
    let blocks = blocks(said);
    for (file, kind, key) in [
        ("bios_vendor", 0, "Vendor"),
        ("bios_version", 0, "Version"),
        ("bios_date", 0, "Release Date"),
        ("sys_vendor", 1, "Manufacturer"),
        ("product_name", 1, "Product Name"),
        ("product_version", 1, "Version"),
        ("product_serial", 1, "Serial Number"),
        ("product_uuid", 1, "UUID"),
        ("product_sku", 1, "SKU Number"),
        ("board_vendor", 2, "Manufacturer"),
        ("board_name", 2, "Product Name"),
        ("board_serial", 2, "Serial Number"),
        ("chassis_asset_tag", 3, "Asset Tag"),
    ] {
        let value = first(&blocks, kind, key);
        write(&root.join("sys/class/dmi/id").join(file), format!("{value}\n"))?;
    }
    let chassis = if first(&blocks, 3, "Type") == "Notebook" { 10 } else { 23 };
    write(&root.join("sys/class/dmi/id/chassis_type"), format!("{chassis}\n"))
}

type Blocks = Vec<(u8, BTreeMap<String, String>)>;

/// The structures that dmidecode prints: type, and values by key.
fn blocks(said: &str) -> Blocks {
    let block = |text: &str| {
        let kind = text.split("DMI type ").nth(1)?.split(',').next()?.parse().ok()?;
        let values = text
            .lines()
            .filter_map(|line| line.strip_prefix('\t')?.split_once(':'))
            .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
            .collect();
        Some((kind, values))
    };
    said.split("Handle 0x").filter_map(block).collect()
}

fn first(blocks: &Blocks, kind: u8, key: &str) -> String {
    let found = blocks.iter().find(|(other, _)| *other == kind);
    let value = found.and_then(|(_, values)| values.get(key)).cloned().unwrap_or_default();
    if value == "Not Specified" { String::new() } else { value }
}

fn compare(run: &mut Run, shown: &Shown, said: &str) {
    let blocks = blocks(said);
    let (system, firmware) = (shown.section("system"), shown.section("firmware"));
    for (section, field, kind, key) in [
        (firmware, "vendor", 0, "Vendor"),
        (firmware, "version", 0, "Version"),
        (system, "manufacturer", 1, "Manufacturer"),
        (system, "model", 1, "Product Name"),
        (system, "model_version", 1, "Version"),
        (system, "serial", 1, "Serial Number"),
        (system, "smbios_uuid", 1, "UUID"),
        (system, "sku", 1, "SKU Number"),
        (system, "board_manufacturer", 2, "Manufacturer"),
        (system, "board_model", 2, "Product Name"),
        (system, "board_serial", 2, "Serial Number"),
        (system, "asset_tag", 3, "Asset Tag"),
    ] {
        let subject = format!("type {kind}");
        run.table.same(&subject, field, text(&section[field]), first(&blocks, kind, key));
    }
    // MM/DD/YYYY.
    let date = first(&blocks, 0, "Release Date");
    let parts: Vec<&str> = date.split('/').collect();
    let date = match parts[..] {
        [month, day, year] => format!("{year}-{month}-{day}"),
        _ => String::new(),
    };
    run.table.same("type 0", "release_date", text(&firmware["release_date"]), date);
    processor(run, shown, &blocks);
    memory(run, shown, &blocks);
}

fn processor(run: &mut Run, shown: &Shown, blocks: &Blocks) {
    let speed = first(blocks, 4, "Current Speed");
    let speed = speed.strip_suffix(" MHz").unwrap_or("0");
    let base = text(&shown.section("processor")["base_mhz"]);
    run.table.same("type 4", "base_mhz", base, speed);
}

/// Bytes of `16 GB` and the like; dmidecode counts in powers of two.
fn bytes(size: &str) -> u64 {
    let mut words = size.split(' ');
    let number = words.next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
    let shift = match words.next() {
        Some("kB") => 10,
        Some("MB") => 20,
        Some("GB") => 30,
        Some("TB") => 40,
        _ => 0,
    };
    number << shift
}

fn memory(run: &mut Run, shown: &Shown, blocks: &Blocks) {
    let memory = shown.section("memory");
    let slots: Vec<_> = blocks.iter().filter(|(kind, _)| *kind == 17).map(|(_, one)| one).collect();
    let value = |slot: &BTreeMap<String, String>, key: &str| {
        let value = slot.get(key).cloned().unwrap_or_default();
        if ["Not Specified", "Unknown"].contains(&value.as_str()) { String::new() } else { value }
    };
    let filled: Vec<_> = slots.iter().filter(|slot| bytes(&value(slot, "Size")) > 0).collect();
    let installed: u64 = filled.iter().map(|slot| bytes(&value(slot, "Size"))).sum();
    run.table.same("type 17", "slots", text(&memory["slots"]), slots.len());
    run.table.same("type 17", "modules", list(&memory["modules"]).len(), filled.len());
    run.table.same("type 17", "installed", text(&memory["installed_bytes"]), installed);
    for slot in filled {
        let name = value(slot, "Locator");
        let module = list(&memory["modules"]).iter().find(|module| module["slot"] == name.as_str());
        run.table.same(&name, "listed", module.is_some(), true);
        let Some(module) = module else { continue };
        run.table.same(&name, "size", text(&module["size_bytes"]), bytes(&value(slot, "Size")));
        run.table.same(&name, "type", text(&module["type"]), value(slot, "Type"));
        let speed = value(slot, "Configured Memory Speed");
        let speed = if speed.is_empty() { value(slot, "Speed") } else { speed };
        let speed = speed.split(' ').next().filter(|one| !one.is_empty()).unwrap_or("0").to_owned();
        run.table.same(&name, "speed", text(&module["speed_mts"]), speed);
        for (field, key) in [
            ("manufacturer", "Manufacturer"),
            ("part_number", "Part Number"),
            ("serial", "Serial Number"),
        ] {
            run.table.same(&name, field, text(&module[field]), value(slot, key));
        }
    }
}

/// One structure: its header, its formatted part and its strings. Source: SMBIOS specification, 6.1.
fn structure(kind: u8, handle: u8, body: &[u8], strings: &[&str]) -> Vec<u8> {
    let length = u8::try_from(body.len() + 4).unwrap_or(u8::MAX);
    let mut bytes = vec![kind, length, handle, kind];
    bytes.extend_from_slice(body);
    for string in strings {
        bytes.extend_from_slice(string.as_bytes());
        bytes.push(0);
    }
    if strings.is_empty() {
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

/// The entry point of version 3 and the table after it, as `dmidecode --dump-bin` lays them out.
/// Source: SMBIOS specification, 5.2.2.
fn entry_point(table: &[u8]) -> Vec<u8> {
    let mut entry = b"_SM3_\0\x18\x03\x06\x00\x01\0".to_vec();
    entry.extend(u32::try_from(table.len()).unwrap_or(0).to_le_bytes());
    entry.extend(32_u64.to_le_bytes());
    let sum = entry.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if let Some(check) = entry.get_mut(5) {
        *check = sum.wrapping_neg();
    }
    entry.resize(32, 0);
    entry
}

/// BIOS, system, board and chassis. Source: SMBIOS specification, 7.1 to 7.4.
fn machine(vendor: &str, model: &str, chassis: u8) -> Vec<u8> {
    let mut bios = vec![1, 2, 0, 0xe0, 3, 0xff];
    bios.extend([0; 8]);
    bios.extend([0, 0, 1, 7, 0xff, 0xff]);
    let mut all = structure(0, 0, &bios, &["Example BIOS", "E1.07 ", "02/29/2024"]);
    let mut system = vec![1, 2, 3, 4];
    system.extend([
        0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
        0xff,
    ]);
    system.extend([6, 5, 6]);
    all.extend(structure(1, 1, &system, &[vendor, model, "Rev 2", "SN-0001", "SKU-77", "Family"]));
    let board = [1, 2, 3, 4, 5, 9, 6, 3, 3, 10, 0];
    all.extend(structure(2, 2, &board, &[vendor, "Board X", "1.0", "BS-42", "AT-2", "Here"]));
    let case = [1, chassis, 2, 3, 4, 3, 3, 3, 3, 0, 0, 0, 0, 0, 1, 0, 0, 5];
    all.extend(structure(3, 3, &case, &[vendor, "Rev C", "CS-1", "GEM-00123", "SKU"]));
    all
}

/// One processor of a speed in MHz. Source: SMBIOS specification, 7.5.
fn socket(handle: u8, speed: u16) -> Vec<u8> {
    let mut body = vec![1, 3, 0xfe, 2];
    body.extend([0; 8]);
    body.extend([3, 0x8c]);
    body.extend(100_u16.to_le_bytes());
    body.extend(4000_u16.to_le_bytes());
    body.extend(speed.to_le_bytes());
    body.extend([0x41, 1]);
    body.extend([0xff; 6]);
    body.extend([0, 0, 0, 8, 8, 16]);
    body.extend([0xfc, 0, 0xfe, 0, 8, 0, 8, 0, 16, 0]);
    structure(4, handle, &body, &["CPU0", "Example", "Processor Model 1"])
}

/// One slot of memory. Source: SMBIOS specification, 7.18.
struct Slot {
    /// Size in MiB; beyond 32,767 in the extended field.
    size: u32,
    kind: u8,
    /// Speed it could have and speed it has, MT/s; 65,535 means the extended field.
    speeds: (u32, u32),
    locator: &'static str,
}

impl Slot {
    fn bytes(&self, handle: u8) -> Vec<u8> {
        let mut body = vec![0x10, 0x10, 0xfe, 0xff, 72, 0, 64, 0];
        let short = u16::try_from(self.size).ok().filter(|size| *size < 0x7fff);
        body.extend(short.unwrap_or(0x7fff).to_le_bytes());
        body.extend([9, 0, 1, 2, self.kind, 0x80, 0x20]);
        let speed = |value: u32| u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes();
        body.extend(speed(self.speeds.0));
        body.extend([3, 4, 5, 6, 2]);
        body.extend(if short.is_some() { 0 } else { self.size }.to_le_bytes());
        body.extend(speed(self.speeds.1));
        body.extend([0; 6]);
        body.extend([3]);
        body.extend(8_u16.to_le_bytes());
        body.extend([7]);
        body.extend([0; 40]);
        let extended = |value: u32| if value > 0xfffe { value } else { 0 }.to_le_bytes();
        body.extend(extended(self.speeds.0));
        body.extend(extended(self.speeds.1));
        let empty = self.size == 0;
        let or = |value: &'static str| if empty { "NO DIMM" } else { value };
        let strings =
            [self.locator, "BANK 0", or("Example"), or("SER-7"), "TAG", or("PN-16G-X "), "FW"];
        structure(17, handle, &body, &strings)
    }
}

/// Memory array. Source: SMBIOS specification, 7.17.
fn array(slots: u16) -> Vec<u8> {
    let mut body = vec![3, 3, 6];
    body.extend(0x8000_0000_u32.to_le_bytes());
    body.extend([0xfe, 0xff]);
    body.extend(slots.to_le_bytes());
    body.extend((1_u64 << 42).to_le_bytes());
    structure(16, 16, &body, &[])
}

fn whole(mut table: Vec<u8>, slots: &[Slot]) -> Vec<u8> {
    table.extend(array(u16::try_from(slots.len()).unwrap_or(0)));
    for (slot, handle) in slots.iter().zip(20..) {
        table.extend(slot.bytes(handle));
    }
    table.extend(structure(127, 127, &[], &[]));
    table
}

fn server() -> Vec<u8> {
    let mut table = machine("Example Corporation", "Server 9", 23);
    table.extend(socket(8, 2600));
    let slot = |size, locator| Slot { size, kind: 0x22, speeds: (5600, 4800), locator };
    whole(
        table,
        &[
            slot(65_536, "DIMM_A1"),
            slot(65_536, "DIMM_B1"),
            slot(0, "DIMM_C1"),
            slot(131_072, "DIMM_D1"),
        ],
    )
}

fn laptop() -> Vec<u8> {
    let mut table = machine("Example Corporation", "Laptop 3", 10);
    table.extend(socket(8, 1800));
    let fast = Slot { size: 8192, kind: 0x23, speeds: (70_000, 66_000), locator: "Onboard" };
    whole(
        table,
        &[fast, Slot { size: 8192, kind: 0x1a, speeds: (3200, 2667), locator: "ChannelB-DIMM0" }],
    )
}
