//! Reads the `storage` section on Linux.

mod headers;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};

use belfort_proto::inventory::v1::{BlockDevice, BlockDeviceType, StorageSection, Tristate};
use belfort_proto::limits;

use super::stack::{self, Layer, Role, mapper_encryption};
use super::{bus, device_type, udev};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, mountinfo, text};

const BLOCK: &str = "/sys/class/block";
const MOUNTS: &str = "/proc/self/mountinfo";
/// The same as the machine sees it: a service that systemd confines sees its own read-only view.
const MOUNTS_OF_MACHINE: &str = "/proc/1/mountinfo";
const MOUNTS_BYTES_MAX: usize = 4 << 20;

/// What was found of all block devices, beside what is reported.
#[derive(Default)]
struct Devices {
    layers: Vec<Layer>,
    /// Name by number, `major:minor`.
    names: BTreeMap<String, String>,
    /// Number by name.
    numbers: BTreeMap<String, String>,
    /// Name by the name below /dev/mapper.
    mapped: BTreeMap<String, String>,
    /// Devices of which udev knows what they hold.
    told: BTreeSet<String>,
    /// Disks whose start may be read: fixed, and not behind a network that may not answer.
    local: BTreeSet<String>,
    /// File behind a loop device.
    files: BTreeMap<String, Vec<u8>>,
}

pub(super) fn read(host: &Host) -> StorageSection {
    let mut sources = Sources::new(&host.root);
    let mut devices = Devices::default();
    match host.root.list(BLOCK) {
        Ok(entries) => {
            for entry in entries.into_iter().take(limits::ELEMENTS) {
                device(&mut sources, &entry.name, &mut devices);
            }
        }
        Err(error) => sources.outcomes.unread(BLOCK, error),
    }
    let mounts = sources
        .optional(MOUNTS_OF_MACHINE, MOUNTS_BYTES_MAX)
        .or_else(|| sources.needed(MOUNTS, MOUNTS_BYTES_MAX))
        .unwrap_or_default();
    let mounts: Vec<_> = mountinfo::parse(&mounts).collect();
    volumes::place_loops(&mut sources, &mounts, &mut devices);
    stack::mark_under_mappings(&mut devices.layers);
    let volumes = volumes::volumes(host, &mut sources, &mounts, &devices);
    let mounted: BTreeSet<&str> = volumes.iter().map(|volume| volume.device.as_str()).collect();
    headers::read(&mut sources, &mounted, &mut devices);
    let devices = devices.layers.into_iter().map(|layer| layer.device).collect();
    StorageSection { outcomes: sources.outcomes.into_vec(), devices, volumes }
}

/// Adds one block device, unless it holds no data.
fn device(sources: &mut Sources<'_>, name: &str, devices: &mut Devices) {
    let base = format!("{BLOCK}/{name}");
    let size: u64 = sources.attribute(&format!("{base}/size")).parse().unwrap_or(0);
    if size == 0 {
        return;
    }
    let event = sources.optional(&format!("{base}/uevent"), SMALL_BYTES).unwrap_or_default();
    let event_value = |key| text::shell_value(&event, key).unwrap_or_default();
    let number = format!("{}:{}", event_value("MAJOR"), event_value("MINOR"));
    let path = sources.link(&base).unwrap_or_default();
    let partition = event_value("DEVTYPE") == "partition";
    let mut mapper_uuid = String::new();
    if name.starts_with("dm-") {
        mapper_uuid = sources.attribute(&format!("{base}/dm/uuid"));
        let mapper_name = sources.attribute(&format!("{base}/dm/name"));
        devices.mapped.insert(mapper_name, text::clean(name.as_bytes()));
    }
    let (r#type, role) = device_type(name, partition, &path, &mapper_uuid);
    let known = sources.optional(&format!("/run/udev/data/b{number}"), SMALL_BYTES);
    let known = udev(&known.unwrap_or_default());
    let mut device = BlockDevice {
        name: text::clean(name.as_bytes()),
        r#type: r#type.into(),
        size_bytes: size.saturating_mul(512),
        encryption: match mapper_encryption(&mapper_uuid) {
            "" => known.encryption.to_owned(),
            mapping => mapping.to_owned(),
        },
        ..BlockDevice::default()
    };
    let whole_disk = matches!(r#type, BlockDeviceType::Disk | BlockDeviceType::Optical);
    if partition {
        device.parents.extend(path.rsplit('/').nth(1).map(|disk| text::clean(disk.as_bytes())));
    } else if !whole_disk {
        let parents = sources.list(&format!("{base}/slaves")).into_iter();
        device.parents = parents.map(|entry| text::clean(entry.name.as_bytes())).collect();
    }
    if whole_disk {
        disk(sources, &base, &path, &mut device);
        if device.serial.is_empty() {
            device.serial = known.serial;
        }
        if device.model.is_empty() {
            device.model = known.model;
        }
    } else if name.starts_with("loop") {
        let file = sources.optional(&format!("{base}/loop/backing_file"), SMALL_BYTES);
        devices.files.extend(file.map(|file| (device.name.clone(), file)));
    }
    // A partition spins and moves as its disk does; only the disk has the attributes.
    let whole = if partition { format!("{base}/..") } else { base };
    device.rotational = flag(&sources.attribute(&format!("{whole}/queue/rotational"))).into();
    device.removable = flag(&sources.attribute(&format!("{whole}/removable"))).into();
    if known.signature {
        devices.told.insert(device.name.clone());
    }
    if role == Role::Keeps && headers::is_local(&device, &path) {
        devices.local.insert(device.name.clone());
    }
    devices.numbers.insert(device.name.clone(), number.clone());
    devices.names.insert(number, device.name.clone());
    devices.layers.push(Layer { device, role });
}

fn flag(value: &str) -> Tristate {
    match value {
        "0" => Tristate::No,
        "1" => Tristate::Yes,
        _ => Tristate::Unspecified,
    }
}

fn disk(sources: &mut Sources<'_>, base: &str, path: &str, device: &mut BlockDevice) {
    device.bus = bus(&device.name, path).into();
    device.model = sources.attribute(&format!("{base}/device/model"));
    for attribute in ["device/serial", "serial", "device/wwid"] {
        device.serial = sources.attribute(&format!("{base}/{attribute}"));
        if !device.serial.is_empty() {
            break;
        }
    }
}
