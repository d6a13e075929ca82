//! Inventories of GLPI agents as sections of ours, so that facts, packages and evidence follow from them
//! by the same code as from a report.
//!
//! Format: `inventory_format` of the GLPI project, JSON schema `inventory.schema.json`. Only what our own
//! sections have a place for is read: users, processes, licences and the like are not looked at.

use belfort_model::asset::Subtype;
use belfort_model::evidence::Evidence;
use belfort_model::facts::DeviceFacts;
use belfort_proto::inventory::v1::{
    BlockDevice, BlockDeviceType, FirmwareSection, MemorySection, NetworkInterface, NetworkSection,
    OperatingSystemSection, Package, PackageState, PackagesSection, ProcessorSection,
    StorageSection, SystemSection, Tristate, Volume,
};
use belfort_proto::section::{Entry, Manifest, Section, section_hash};
use belfort_proto::{limits, reflect};
use belfort_store::record::{SectionBlob, SectionKey};
use serde::Deserialize;
use serde_json::Value;

use super::convert;

/// Version of the schema the sections are made in.
const SCHEMA: u32 = 1;

/// One inventory, ready for the store.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Host name, or the device id GLPI gives it.
    pub name: String,
    /// Program that made it.
    pub client: String,
    /// Facts for the findings.
    pub facts: DeviceFacts,
    /// Form of the device.
    pub subtype: Subtype,
    /// What tells the machine apart.
    pub evidence: Vec<Evidence>,
    /// Sections, by kind.
    pub manifest: Vec<(SectionKey, u32)>,
    /// Their contents.
    pub sections: Vec<SectionBlob>,
    /// Root over the sections.
    pub root: [u8; 32],
}

/// What is read of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    deviceid: Text,
    itemtype: Text,
    partial: Option<bool>,
    content: Option<Content>,
}

/// A text, also where a number was written.
#[derive(Clone, Debug, Default)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => text.chars().filter(|c| !c.is_control()).collect(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            // Unknown is empty.
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        }))
    }
}

/// A whole number, also where a text was written.
#[derive(Clone, Copy, Debug, Default)]
struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Number(number) => number.as_u64().unwrap_or(0),
            Value::String(text) => text.trim().parse().unwrap_or(0),
            _ => 0,
        }))
    }
}

macro_rules! parts {
    ($($name:ident { $($field:ident: $type:ty),+ $(,)? })+) => {$(
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default)]
        struct $name { $($field: $type),+ }
    )+};
}

parts! {
    Content {
        versionclient: Text,
        bios: Bios,
        hardware: Hardware,
        operatingsystem: System,
        softwares: Vec<Software>,
        networks: Vec<Interface>,
        storages: Vec<Disk>,
        drives: Vec<Drive>,
        cpus: Vec<Cpu>,
    }
    Bios {
        bmanufacturer: Text,
        bversion: Text,
        bdate: Text,
        smanufacturer: Text,
        smodel: Text,
        skunumber: Text,
        assettag: Text,
        ssn: Text,
        mmanufacturer: Text,
        mmodel: Text,
        msn: Text,
        secure_boot: Text,
    }
    Hardware { name: Text, uuid: Text, memory: Number, swap: Number, vmsystem: Text, chassis_type: Text }
    System { name: Text, full_name: Text, version: Text, kernel_name: Text, kernel_version: Text, arch: Text }
    Software { name: Text, version: Text, arch: Text, publisher: Text, from: Text, userid: Text }
    Interface { description: Text, mac: Text, virtualdev: Option<bool> }
    Disk { name: Text, model: Text, serial: Text, disksize: Number, r#type: Text, interface: Text }
    Drive { volumn: Text, letter: Text, r#type: Text, filesystem: Text, total: Number, encrypt_status: Text }
    Cpu { name: Text, manufacturer: Text, core: Number, thread: Number, arch: Text }
}

/// Reads one inventory or a list of them; each that cannot be taken says why.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<Inventory, String>>, String> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("the file is not JSON: {error}"))?;
    let files = match value {
        Value::Array(files) => files,
        one @ Value::Object(_) => vec![one],
        _ => return Err("the file holds no inventory: a JSON object, or a list of them".to_owned()),
    };
    Ok(files.into_iter().map(one).collect())
}

fn one(value: Value) -> Result<Inventory, String> {
    let file: File = serde_json::from_value(value)
        .map_err(|error| format!("this is no GLPI inventory: {error}"))?;
    let content = file.content.ok_or("this is no GLPI inventory: it has no `content`")?;
    if file.deviceid.0.is_empty() {
        return Err("this is no GLPI inventory: it has no `deviceid`".to_owned());
    }
    if !matches!(file.itemtype.0.as_str(), "" | "Computer") {
        return Err(format!("itemtype `{}` is not imported: only Computer", file.itemtype.0));
    }
    if file.partial == Some(true) {
        return Err("a partial inventory is not imported: it says nothing of the rest".to_owned());
    }
    let sections = sections(&content)?;
    let observed = convert::observe(sections.iter());
    let entries: Vec<(Entry, SectionBlob)> = sections.iter().map(blob).collect::<Result<_, _>>()?;
    let manifest = Manifest::new(entries.iter().map(|(entry, _)| *entry).collect())
        .map_err(|error| error.to_string())?;
    let name = match observed.facts.host_name.as_str() {
        "" => file.deviceid.0.chars().take(200).collect(),
        name => name.to_owned(),
    };
    Ok(Inventory {
        name,
        client: content.versionclient.0,
        facts: observed.facts,
        subtype: observed.subtype,
        evidence: observed.evidence,
        root: manifest.root().0,
        manifest: entries.iter().map(|(_, blob)| (blob.key, SCHEMA)).collect(),
        sections: entries.into_iter().map(|(_, blob)| blob).collect(),
    })
}

/// A section as it is stored.
fn blob(section: &Section) -> Result<(Entry, SectionBlob), String> {
    let kind = section.kind();
    let bytes = section.encode_to_vec();
    if bytes.len() > limits::SECTION_BYTES {
        return Err(format!("section {} is too large", belfort_proto::section::name(kind)));
    }
    reflect::check_elements(kind, &bytes).map_err(|error| error.to_string())?;
    reflect::check_limits(kind, &bytes).map_err(|error| error.to_string())?;
    let hash = section_hash(kind, SCHEMA, &bytes);
    let size = u32::try_from(bytes.len()).map_err(|error| error.to_string())?;
    let zstd = zstd::bulk::compress(&bytes, 3).map_err(|error| error.to_string())?;
    let key = SectionKey { kind: kind as i32, hash: hash.0 };
    let entry = Entry { kind, schema_version: SCHEMA, hash };
    Ok((entry, SectionBlob { key, schema_version: SCHEMA, size, zstd }))
}

/// The sections an inventory fills. What it says nothing of stays unknown.
fn sections(content: &Content) -> Result<Vec<Section>, String> {
    let (bios, hardware, system) = (&content.bios, &content.hardware, &content.operatingsystem);
    let mut sections = vec![
        Section::System(SystemSection {
            host_name: hardware.name.0.clone(),
            manufacturer: bios.smanufacturer.0.clone(),
            model: bios.smodel.0.clone(),
            sku: bios.skunumber.0.clone(),
            serial: bios.ssn.0.clone(),
            smbios_uuid: hardware.uuid.0.to_lowercase(),
            asset_tag: bios.assettag.0.clone(),
            board_manufacturer: bios.mmanufacturer.0.clone(),
            board_model: bios.mmodel.0.clone(),
            board_serial: bios.msn.0.clone(),
            chassis_type: chassis(&hardware.chassis_type.0),
            virtualization: virtualization(&hardware.vmsystem.0),
            ..SystemSection::default()
        }),
        Section::Firmware(FirmwareSection {
            vendor: bios.bmanufacturer.0.clone(),
            version: bios.bversion.0.clone(),
            secure_boot: secure_boot(&bios.secure_boot.0).into(),
            ..FirmwareSection::default()
        }),
        Section::Memory(MemorySection {
            // GLPI counts in MiB.
            usable_bytes: hardware.memory.0.saturating_mul(1 << 20),
            swap_bytes: hardware.swap.0.saturating_mul(1 << 20),
            ..MemorySection::default()
        }),
        Section::OperatingSystem(operating_system(system)),
        Section::Network(network(&content.networks)),
        Section::Storage(storage(content)),
        Section::Packages(packages(content)),
    ];
    if let Some(cpu) = content.cpus.first() {
        let sum =
            |count: fn(&Cpu) -> u64| content.cpus.iter().map(count).fold(0, u64::saturating_add);
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        sections.push(Section::Processor(ProcessorSection {
            packages: narrow(content.cpus.len() as u64),
            cores: narrow(sum(|cpu| cpu.core.0)),
            threads: narrow(sum(|cpu| cpu.thread.0.max(cpu.core.0))),
            model: cpu.name.0.clone(),
            vendor: cpu.manufacturer.0.clone(),
            architecture: cpu.arch.0.clone(),
            ..ProcessorSection::default()
        }));
    }
    sections.sort_by_key(|section| section.kind() as i32);
    if sections.iter().all(|section| section.encode_to_vec().is_empty()) {
        return Err("the inventory says nothing of the device".to_owned());
    }
    Ok(sections)
}

/// The SMBIOS chassis type of a name, as dmidecode and GLPI write it; 0 when unknown.
fn chassis(name: &str) -> u32 {
    match name.to_lowercase().as_str() {
        "desktop" => 3,
        "low profile desktop" => 4,
        "mini tower" => 6,
        "tower" => 7,
        "portable" => 8,
        "laptop" => 9,
        "notebook" => 10,
        "hand held" => 11,
        "all in one" => 13,
        "sub notebook" => 14,
        "main server chassis" | "server" => 17,
        "rack mount chassis" => 23,
        "blade" => 28,
        "tablet" => 30,
        "convertible" => 31,
        "detachable" => 32,
        "mini pc" => 35,
        _ => 0,
    }
}

/// Virtualisation as our agent names it; GLPI says `Physical` on hardware.
fn virtualization(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "physical" => "none".to_owned(),
        "hyper-v" => "microsoft".to_owned(),
        "virtualbox" => "oracle".to_owned(),
        "qemu" | "kvm" => "kvm".to_owned(),
        other => other.to_owned(),
    }
}

fn secure_boot(status: &str) -> Tristate {
    match status.to_lowercase().as_str() {
        "enabled" => Tristate::Yes,
        "disabled" => Tristate::No,
        _ => Tristate::Unspecified,
    }
}

fn operating_system(system: &System) -> OperatingSystemSection {
    let name = system.name.0.to_lowercase();
    let kernel = system.kernel_name.0.to_lowercase();
    let family = if kernel.contains("win") || name.contains("windows") {
        "windows"
    } else if kernel.contains("darwin") || name.contains("mac") {
        "macos"
    } else if kernel.contains("linux") {
        "linux"
    } else {
        ""
    };
    let id = match family {
        "linux" => name.split_whitespace().next().unwrap_or_default().to_owned(),
        family => family.to_owned(),
    };
    let full = if system.full_name.0.is_empty() { &system.name.0 } else { &system.full_name.0 };
    OperatingSystemSection {
        family: family.to_owned(),
        name: full.clone(),
        id,
        // `12 (bookworm)` is version 12.
        version: system.version.0.split_whitespace().next().unwrap_or_default().to_owned(),
        architecture: system.arch.0.clone(),
        kernel_running: system.kernel_version.0.clone(),
        ..OperatingSystemSection::default()
    }
}

fn network(networks: &[Interface]) -> NetworkSection {
    let mut interfaces: Vec<NetworkInterface> = Vec::new();
    for one in networks {
        let mac = one.mac.0.to_lowercase();
        // GLPI lists an interface once per address; addresses are not taken over.
        if mac.is_empty() || interfaces.iter().any(|known| known.mac_address == mac) {
            continue;
        }
        interfaces.push(NetworkInterface {
            name: one.description.0.clone(),
            mac_address: mac,
            physical: one.virtualdev == Some(false),
            ..NetworkInterface::default()
        });
    }
    interfaces.sort_by(|a, b| (&a.name, &a.mac_address).cmp(&(&b.name, &b.mac_address)));
    NetworkSection { interfaces, ..NetworkSection::default() }
}

fn storage(content: &Content) -> StorageSection {
    let is_disk = |disk: &&Disk| {
        let kind = disk.r#type.0.to_lowercase();
        let bus = disk.interface.0.to_lowercase();
        !kind.contains("cd") && !kind.contains("dvd") && !kind.contains("removable") && bus != "usb"
    };
    let mut devices: Vec<_> = content
        .storages
        .iter()
        .filter(is_disk)
        .map(|disk| BlockDevice {
            name: disk.name.0.clone(),
            r#type: BlockDeviceType::Disk.into(),
            size_bytes: disk.disksize.0.saturating_mul(1 << 20),
            model: disk.model.0.clone(),
            serial: disk.serial.0.clone(),
            removable: Tristate::No.into(),
            ..BlockDevice::default()
        })
        .collect();
    devices.sort_by(|a, b| a.name.cmp(&b.name));
    let mut volumes: Vec<_> = content
        .drives
        .iter()
        .map(|drive| Volume {
            mount_point: match (drive.letter.0.as_str(), drive.r#type.0.as_str()) {
                ("", mount) => mount.to_owned(),
                (letter, _) => letter.to_owned(),
            },
            device: drive.volumn.0.clone(),
            file_system: drive.filesystem.0.clone(),
            size_bytes: drive.total.0.saturating_mul(1 << 20),
            encrypted: match drive.encrypt_status.0.to_lowercase().as_str() {
                "yes" => Tristate::Yes,
                "no" => Tristate::No,
                _ => Tristate::Unspecified,
            }
            .into(),
            ..Volume::default()
        })
        .collect();
    volumes.sort_by(|a, b| a.mount_point.cmp(&b.mount_point));
    StorageSection { devices, volumes, ..StorageSection::default() }
}

fn packages(content: &Content) -> PackagesSection {
    let mut packages: Vec<_> = content
        .softwares
        .iter()
        // What one user installed for themselves is not inventoried: machine scope only.
        .filter(|one| !one.name.0.is_empty() && matches!(one.userid.0.as_str(), "" | "0"))
        .map(|one| Package {
            ecosystem: match one.from.0.to_lowercase().as_str() {
                "deb" | "dpkg" => "deb".to_owned(),
                "registry" => "windows".to_owned(),
                other => other.to_owned(),
            },
            name: one.name.0.clone(),
            version: one.version.0.clone(),
            architecture: one.arch.0.clone(),
            publisher: one.publisher.0.split('<').next().unwrap_or_default().trim().to_owned(),
            state: PackageState::Installed.into(),
            ..Package::default()
        })
        .collect();
    packages.sort_by(|a, b| {
        (&a.ecosystem, &a.name, &a.architecture, &a.version).cmp(&(
            &b.ecosystem,
            &b.name,
            &b.architecture,
            &b.version,
        ))
    });
    packages.dedup();
    PackagesSection { packages, ..PackagesSection::default() }
}

#[cfg(test)]
mod tests;
