//! Reads the `storage` section on Linux.

use std::collections::BTreeMap;

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{
    BlockDevice, BlockDeviceType, StorageSection, Tristate, Volume,
};
use belfort_proto::limits;

use super::{bus, device_type, encrypted, free_band, mapper_encryption, mark_under_mappings, udev};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, mountinfo, text};

const BLOCK: &str = "/sys/class/block";
const MOUNTS: &str = "/proc/self/mountinfo";
const MOUNTS_BYTES_MAX: usize = 4 << 20;

pub(super) fn read(host: &Host) -> StorageSection {
    let mut sources = Sources::new(&host.root);
    let mut numbers = BTreeMap::new();
    let mut devices = Vec::new();
    match host.root.list(BLOCK) {
        Ok(entries) => {
            for entry in entries.into_iter().take(limits::ELEMENTS) {
                if let Some((number, device)) = device(&mut sources, &entry.name) {
                    numbers.insert(number, device.name.clone());
                    devices.push(device);
                }
            }
        }
        Err(error) => sources.outcomes.unread(BLOCK, error),
    }
    mark_under_mappings(&mut devices);
    let volumes = volumes(host, &mut sources, &numbers, &devices);
    StorageSection { outcomes: sources.outcomes.into_vec(), devices, volumes }
}

/// One block device with its number `major:minor`; nothing when it holds no data.
fn device(sources: &mut Sources<'_>, name: &str) -> Option<(String, BlockDevice)> {
    let base = format!("{BLOCK}/{name}");
    let size: u64 = sources.attribute(&format!("{base}/size")).parse().unwrap_or(0);
    if size == 0 {
        return None;
    }
    let event = sources.optional(&format!("{base}/uevent"), SMALL_BYTES).unwrap_or_default();
    let event_value = |key| text::shell_value(&event, key).unwrap_or_default();
    let number = format!("{}:{}", event_value("MAJOR"), event_value("MINOR"));
    let path = sources.link(&base).unwrap_or_default();
    let partition = event_value("DEVTYPE") == "partition";
    let mapper_uuid = if name.starts_with("dm-") {
        sources.attribute(&format!("{base}/dm/uuid"))
    } else {
        String::new()
    };
    let r#type = device_type(name, partition, &mapper_uuid);
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
    if partition {
        device.parents.extend(path.rsplit('/').nth(1).map(|disk| text::clean(disk.as_bytes())));
    } else if !matches!(r#type, BlockDeviceType::Disk | BlockDeviceType::Optical) {
        let parents = sources.list(&format!("{base}/slaves")).into_iter();
        device.parents = parents.map(|entry| text::clean(entry.name.as_bytes())).collect();
    }
    if matches!(r#type, BlockDeviceType::Disk | BlockDeviceType::Optical) {
        disk(sources, &base, &path, &mut device);
        if device.serial.is_empty() {
            device.serial = known.serial;
        }
        if device.model.is_empty() {
            device.model = known.model;
        }
    }
    // A partition spins and moves as its disk does; only the disk has the attributes.
    let whole = if partition { format!("{base}/..") } else { base };
    device.rotational = flag(&sources.attribute(&format!("{whole}/queue/rotational"))).into();
    device.removable = flag(&sources.attribute(&format!("{whole}/removable"))).into();
    Some((number, device))
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

fn volumes(
    host: &Host,
    sources: &mut Sources<'_>,
    numbers: &BTreeMap<String, String>,
    devices: &[BlockDevice],
) -> Vec<Volume> {
    let content = sources.needed(MOUNTS, MOUNTS_BYTES_MAX).unwrap_or_default();
    // One line per device: its shortest mount point.
    let mut chosen: BTreeMap<&str, mountinfo::Mount> = BTreeMap::new();
    for mount in mountinfo::parse(&content) {
        // File systems over several devices have a number of their own: the source names one.
        let by_source = || {
            let name = mount.source.strip_prefix("/dev/")?;
            devices.iter().map(|device| &device.name).find(|device| *device == name)
        };
        let Some(device) = numbers.get(&mount.device).or_else(by_source) else {
            continue;
        };
        let rank = |mount: &mountinfo::Mount| (mount.point.len(), mount.point.clone());
        match chosen.get(device.as_str()) {
            Some(before) if rank(before) <= rank(&mount) => {}
            _ => {
                chosen.insert(device, mount);
            }
        }
    }
    let mut volumes: Vec<_> = chosen
        .into_iter()
        .map(|(device, mount)| volume(host, sources, device, &mount, devices))
        .collect();
    volumes.sort_by(|a, b| (&a.mount_point, &a.device).cmp(&(&b.mount_point, &b.device)));
    volumes
}

fn volume(
    host: &Host,
    sources: &mut Sources<'_>,
    device: &str,
    mount: &mountinfo::Mount,
    devices: &[BlockDevice],
) -> Volume {
    let mount_point = text::impersonal_path(&mount.point);
    let mut volume = Volume {
        device: device.to_owned(),
        file_system: mount.file_system.clone(),
        encrypted: encrypted(device, devices).into(),
        read_only: mount.read_only,
        ..Volume::default()
    };
    // Mount points of another root are none of this system's.
    if host.kernel {
        match host.root.space(&mount.point) {
            Ok(space) => {
                volume.size_bytes = space.size_bytes;
                volume.free_band = free_band(space.size_bytes, space.free_bytes);
            }
            // Unmounted since the list was read.
            Err(ReadError::Absent) => {}
            Err(error) => sources.outcomes.unread(&format!("statvfs:{mount_point}"), error),
        }
    }
    volume.mount_point = mount_point;
    volume
}
