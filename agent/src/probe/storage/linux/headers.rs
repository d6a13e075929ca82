//! What the first bytes of devices say: where nothing else tells what they hold, and how LUKS encrypts.

use std::collections::BTreeSet;

use belfort_agent_sys::files::{Device, ReadError};
use belfort_proto::inventory::v1::{BlockDevice, BlockDeviceType, Bus, Tristate};

use super::Devices;
use crate::probe::outcome::Sources;
use crate::probe::storage::luks::{self, Luks, LuksError};
use crate::probe::storage::stack::{self, Role, Stack};

/// As much as most headers need; one block of a disk.
const START_BYTES: usize = 4096;

/// Whether a disk is fixed and attached to this machine, so that reading it neither spins up a drive
/// somebody is about to unplug nor waits for a network (iSCSI sessions, remote ports of Fibre Channel).
pub(super) fn is_local(device: &BlockDevice, path: &str) -> bool {
    device.r#type() == BlockDeviceType::Disk
        && device.removable() == Tristate::No
        && !matches!(device.bus(), Bus::Unspecified | Bus::Usb)
        && !path.split('/').any(|step| step.starts_with("session") || step.starts_with("rport-"))
}

/// Reads the start of the devices of which nothing else tells what they hold: udev knows no signature,
/// nothing lies on them and no file system on them is mounted; and the headers of LUKS.
pub(super) fn read(sources: &mut Sources<'_>, mounted: &BTreeSet<&str>, devices: &mut Devices) {
    let stack = Stack::new(&devices.layers);
    let below: BTreeSet<&str> = devices
        .layers
        .iter()
        .flat_map(|layer| layer.device.parents.iter().map(String::as_str))
        .collect();
    let mut found = Vec::new();
    for (index, layer) in devices.layers.iter().enumerate() {
        let device = &layer.device;
        let name = device.name.as_str();
        let kind = matches!(
            device.r#type(),
            BlockDeviceType::Disk
                | BlockDeviceType::Partition
                | BlockDeviceType::Lvm
                | BlockDeviceType::Raid
        );
        let holds_luks =
            matches!(device.encryption.as_str(), "luks1" | "luks2") && layer.role != Role::Encrypts;
        let known = !device.encryption.is_empty()
            || devices.told.contains(name)
            || below.contains(name)
            || mounted.contains(name);
        if !holds_luks && (!kind || known) {
            continue;
        }
        // The kernel writes the slashes in a name as exclamation marks.
        let path = format!("/dev/{}", name.replace('!', "/"));
        if !stack.lies_on(name, &devices.local) {
            sources.outcomes.failed(&path, "on a removable or remote disk: not read");
            continue;
        }
        let number = devices.numbers.get(name).map(String::as_str).unwrap_or_default();
        match look(sources, &path, number, &device.encryption) {
            Ok(header) => found.push((index, header)),
            // A root without devices, such as an image.
            Err(ReadError::Absent) if !sources.root.is_system() => {}
            Err(error) => sources.outcomes.unread(&path, error),
        }
    }
    for (index, (encryption, luks)) in found {
        let Some(layer) = devices.layers.get_mut(index) else {
            continue;
        };
        if layer.device.encryption.is_empty() {
            encryption.clone_into(&mut layer.device.encryption);
        }
        layer.device.encryption_cipher = luks.cipher;
        layer.device.protectors = luks.protectors;
    }
}

/// How a device is encrypted, and what its header says when it is LUKS. What is wrong with a header is an
/// outcome.
fn look(
    sources: &mut Sources<'_>,
    path: &str,
    number: &str,
    known: &str,
) -> Result<(&'static str, Luks), ReadError> {
    let device = sources.root.device(path, number)?;
    let start = device.read(0, START_BYTES)?;
    let encryption = stack::header(&start);
    let luks = match (encryption, known) {
        ("luks1", _) => luks::one(&start),
        ("luks2", _) | (_, "luks2") => two(&device, &start)?,
        // Known from the mapping on it: the header lies elsewhere.
        (_, "luks1") => Err(LuksError::NoHeader),
        _ => Ok(Luks::default()),
    };
    let luks = luks.unwrap_or_else(|error| {
        sources.outcomes.failed(path, &error.to_string());
        Luks::default()
    });
    Ok((encryption, luks))
}

/// The header of LUKS2: the first copy, or the second when the first is damaged.
fn two(device: &Device, start: &[u8]) -> Result<Result<Luks, LuksError>, ReadError> {
    let first = match luks::two_bytes(start) {
        Ok(size) => luks::two(&device.read(0, size)?),
        Err(error) => Err(error),
    };
    let Err(damage @ (LuksError::NoHeader | LuksError::Damaged)) = first else {
        return Ok(first);
    };
    for offset in luks::SECOND_OFFSETS {
        let start = device.read(offset, luks::BINARY_BYTES)?;
        let Ok(size) = luks::second_bytes(&start, offset) else {
            continue;
        };
        if let Ok(luks) = luks::two(&device.read(offset, size)?) {
            return Ok(Ok(luks));
        }
    }
    Ok(Err(damage))
}
