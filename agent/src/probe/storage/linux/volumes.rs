//! Mounted volumes and what they lie on.

use std::collections::BTreeMap;

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{Tristate, Volume};

use super::Devices;
use crate::probe::mountinfo::Mount;
use crate::probe::outcome::Sources;
use crate::probe::storage::free_band;
use crate::probe::storage::stack::{Stack, encrypts_itself};
use crate::probe::{Host, text};

const BTRFS: &str = "/sys/fs/btrfs";
/// More file systems of one kind than any machine has.
const BTRFS_MAX: usize = 256;

/// Says of each loop device on which devices its file lies.
pub(super) fn place_loops(sources: &mut Sources<'_>, mounts: &[Mount], devices: &mut Devices) {
    for (name, file) in &devices.files {
        let holder = holder(mounts, file.trim_ascii_end());
        let parents = holder.and_then(|mount| Some((device_of(sources, mount, devices)?, mount)));
        let Some((parent, mount)) = parents.filter(|(parent, _)| parent != name) else {
            continue;
        };
        let parents = members(sources, &parent, mount);
        if let Some(layer) = devices.layers.iter_mut().find(|layer| layer.device.name == *name) {
            layer.device.parents = parents;
        }
    }
}

/// The mount that holds a file: the last one on the longest mount point above it. A file system that
/// encrypts by itself is not looked into.
fn holder<'a>(mounts: &'a [Mount], file: &[u8]) -> Option<&'a Mount> {
    if file.ends_with(b" (deleted)") {
        return None;
    }
    let above = |point: &[u8]| {
        file.strip_prefix(point).is_some_and(|rest| point.ends_with(b"/") || rest.starts_with(b"/"))
    };
    let mounts = mounts.iter().filter(|mount| above(&mount.point));
    mounts
        .max_by_key(|mount| mount.point.len())
        .filter(|mount| !encrypts_itself(&mount.file_system))
}

/// The device that was mounted.
fn device_of(sources: &mut Sources<'_>, mount: &Mount, devices: &Devices) -> Option<String> {
    if let Some(name) = devices.names.get(&mount.device) {
        return Some(name.clone());
    }
    // File systems over several devices have a number of their own: the source names one of them,
    // directly, by the name of a mapping, or through a link.
    let name = mount.source.strip_prefix("/dev/")?;
    if devices.numbers.contains_key(name) {
        return Some(name.to_owned());
    }
    if let Some(mapped) = name.strip_prefix("mapper/").and_then(|name| devices.mapped.get(name)) {
        return Some(mapped.clone());
    }
    let target = sources.link(&mount.source)?;
    let name = target.rsplit('/').next()?;
    devices.numbers.contains_key(name).then(|| name.to_owned())
}

/// All devices of a mounted file system; none when they are not known.
fn members(sources: &mut Sources<'_>, device: &str, mount: &Mount) -> Vec<String> {
    if mount.file_system != "btrfs" {
        return vec![device.to_owned()];
    }
    for entry in sources.list(BTRFS).into_iter().take(BTRFS_MAX) {
        let names = sources.list(&format!("{BTRFS}/{}/devices", entry.name));
        let names: Vec<_> = names.iter().map(|entry| text::clean(entry.name.as_bytes())).collect();
        if names.iter().any(|name| name == device) {
            return names;
        }
    }
    Vec::new()
}

/// The volumes, one line per device: its shortest mount point.
pub(super) fn volumes(
    host: &Host,
    sources: &mut Sources<'_>,
    mounts: &[Mount],
    devices: &Devices,
) -> Vec<Volume> {
    // By device, or by pool for file systems that manage their devices, which are not looked for.
    let mut chosen: BTreeMap<(String, &str), &Mount> = BTreeMap::new();
    for mount in mounts {
        let key = match device_of(sources, mount, devices) {
            Some(device) => (device, ""),
            None if encrypts_itself(&mount.file_system) => {
                (String::new(), mount.source.split('/').next().unwrap_or_default())
            }
            None => continue,
        };
        let rank = |mount: &Mount| (mount.point.len(), mount.point.clone());
        match chosen.get(&key) {
            Some(before) if rank(before) <= rank(mount) => {}
            _ => {
                chosen.insert(key, mount);
            }
        }
    }
    let stack = Stack::new(&devices.layers);
    let mut volumes: Vec<_> = chosen
        .into_iter()
        .map(|((device, _), mount)| volume(host, sources, device, mount, &stack))
        .collect();
    volumes.sort_by(|a, b| (&a.mount_point, &a.device).cmp(&(&b.mount_point, &b.device)));
    volumes
}

fn volume(
    host: &Host,
    sources: &mut Sources<'_>,
    device: String,
    mount: &Mount,
    stack: &Stack<'_>,
) -> Volume {
    let encrypted = match stack.encrypted(&members(sources, &device, mount)) {
        Tristate::No if encrypts_itself(&mount.file_system) => Tristate::Unspecified,
        known => known,
    };
    let mount_point = text::impersonal_path(&mount.point);
    let mut volume = Volume {
        device,
        file_system: mount.file_system.clone(),
        encrypted: encrypted.into(),
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
