//! How block devices lie on each other, and what that says about encryption.
//!
//! Only the kernel's own stacking decides: data is encrypted where an encrypting mapping lies between
//! the file system and the disk. A signature found on a device says what it holds, not what is mounted.

use std::collections::{BTreeMap, BTreeSet};

use belfort_proto::inventory::v1::{BlockDevice, Tristate};

/// What a device does with the data it hands down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Encrypts it.
    Encrypts,
    /// Passes it on as it is: partitions, logical volumes, RAID, multipath, integrity.
    Passes,
    /// Keeps it: a real disk.
    Keeps,
    /// Nobody knows: a mapping of unknown make, a disk that another machine or program serves.
    Unknown,
}

/// A block device with its place in the stack.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The device as it is reported.
    pub device: BlockDevice,
    /// What it does.
    pub role: Role,
}

/// What a mapping does, by its device-mapper uuid. Sources: cryptsetup, `CRYPT-<type>-…`; LVM2,
/// multipath-tools and kpartx for the other prefixes.
pub fn mapper_role(uuid: &str) -> Role {
    let mut parts = uuid.split('-');
    match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) {
        ("CRYPT", "LUKS1" | "LUKS2" | "BITLK" | "FVAULT2" | "PLAIN" | "TCRYPT" | "LOOPAES") => {
            Role::Encrypts
        }
        // Checked, not hidden.
        ("CRYPT", "VERITY" | "INTEGRITY" | "SUBDEV") | ("LVM" | "mpath" | "DMRAID", _) => {
            Role::Passes
        }
        (part, _) if part.strip_prefix("part").is_some_and(is_number) => Role::Passes,
        _ => Role::Unknown,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How a mapping is encrypted, by its device-mapper uuid.
pub fn mapper_encryption(uuid: &str) -> &'static str {
    match (mapper_role(uuid), uuid.split('-').nth(1)) {
        (Role::Encrypts, Some("LUKS1")) => "luks1",
        (Role::Encrypts, Some("LUKS2")) => "luks2",
        (Role::Encrypts, Some("BITLK")) => "bitlocker",
        (Role::Encrypts, Some("FVAULT2")) => "filevault",
        (Role::Encrypts, _) => "plain",
        _ => "",
    }
}

/// Marks the devices under an encrypting mapping where no signature told.
pub fn mark_under_mappings(layers: &mut [Layer]) {
    let under: Vec<(String, String)> = layers
        .iter()
        .filter(|layer| layer.role == Role::Encrypts)
        .flat_map(|layer| {
            let parents = layer.device.parents.iter();
            parents.map(|parent| (parent.clone(), layer.device.encryption.clone()))
        })
        .collect();
    for (name, encryption) in under {
        let below = layers.iter_mut().find(|layer| layer.device.name == name);
        if let Some(layer) = below.filter(|layer| layer.device.encryption.is_empty()) {
            layer.device.encryption = encryption;
        }
    }
}

/// All devices by name.
pub struct Stack<'a>(BTreeMap<&'a str, &'a Layer>);

/// A stack is never deeper than this, except that of a hostile root.
const DEPTH_MAX: usize = 64;

impl<'a> Stack<'a> {
    /// Puts the devices in order.
    pub fn new(layers: &'a [Layer]) -> Self {
        Self(layers.iter().map(|layer| (layer.device.name.as_str(), layer)).collect())
    }

    /// Whether all data of a file system on these devices is encrypted below it: every way down meets
    /// an encrypting mapping. One way that is known not to makes it a no; otherwise one that nobody
    /// knows makes it unknown.
    pub fn encrypted(&self, names: &'a [String]) -> Tristate {
        self.every_way(names, &mut BTreeMap::new(), 0)
    }

    fn every_way(
        &self,
        names: &'a [String],
        seen: &mut BTreeMap<&'a str, Tristate>,
        depth: usize,
    ) -> Tristate {
        if names.is_empty() || depth > DEPTH_MAX {
            return Tristate::Unspecified;
        }
        let mut all = Tristate::Yes;
        for name in names {
            match self.way(name, seen, depth) {
                Tristate::No => return Tristate::No,
                Tristate::Unspecified => all = Tristate::Unspecified,
                Tristate::Yes => {}
            }
        }
        all
    }

    fn way(&self, name: &'a str, seen: &mut BTreeMap<&'a str, Tristate>, depth: usize) -> Tristate {
        if let Some(known) = seen.get(name) {
            return *known;
        }
        // While it is being walked it is unknown: a circle tells nothing.
        seen.insert(name, Tristate::Unspecified);
        let found = match self.0.get(name) {
            None => Tristate::Unspecified,
            Some(layer) => match layer.role {
                Role::Encrypts => Tristate::Yes,
                Role::Keeps => Tristate::No,
                Role::Unknown => Tristate::Unspecified,
                Role::Passes => self.every_way(&layer.device.parents, seen, depth + 1),
            },
        };
        seen.insert(name, found);
        found
    }

    /// Whether a device lies wholly on some of these disks.
    pub fn lies_on(&self, name: &str, disks: &BTreeSet<String>) -> bool {
        let (mut seen, mut next) = (BTreeSet::new(), vec![name]);
        while let Some(name) = next.pop() {
            let Some(layer) = self.0.get(name) else { return false };
            let fits = match layer.role {
                Role::Keeps => disks.contains(name),
                Role::Encrypts | Role::Passes => !layer.device.parents.is_empty(),
                Role::Unknown => false,
            };
            if !fits {
                return false;
            }
            if seen.insert(name) {
                next.extend(layer.device.parents.iter().map(String::as_str));
            }
        }
        true
    }
}

/// Whether a file system may encrypt by itself, unseen from below.
pub fn encrypts_itself(file_system: &str) -> bool {
    matches!(file_system, "zfs" | "bcachefs")
}

/// How a device's content is encrypted, by how it starts; empty when it is not. Sources: LUKS1
/// On-Disk Format 1.2.3, LUKS2 On-Disk Format 1.1.3, and libbde for BitLocker.
pub fn header(start: &[u8]) -> &'static str {
    match start {
        [b'L', b'U', b'K', b'S', 0xba, 0xbe, 0, 1, ..] => "luks1",
        [b'L', b'U', b'K', b'S', 0xba, 0xbe, 0, 2, ..] => "luks2",
        [_, _, _, b'-', b'F', b'V', b'E', b'-', b'F', b'S', b'-', ..] => "bitlocker",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layer(name: &str, role: Role, parents: &[&str]) -> Layer {
        let parents = parents.iter().map(|&parent| parent.to_owned()).collect();
        let encryption = if role == Role::Encrypts { "luks2" } else { "" }.to_owned();
        let name = name.to_owned();
        Layer { device: BlockDevice { name, parents, encryption, ..BlockDevice::default() }, role }
    }

    fn encrypted(names: &[&str], layers: &[Layer]) -> Tristate {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        Stack::new(layers).encrypted(&names)
    }

    /// Two disks, one with a plain and an encrypted partition, and all that can lie on them.
    fn machine() -> Vec<Layer> {
        vec![
            layer("sda", Role::Keeps, &[]),
            layer("sdb", Role::Keeps, &[]),
            layer("sda1", Role::Passes, &["sda"]),
            layer("sda2", Role::Passes, &["sda"]),
            layer("crypt", Role::Encrypts, &["sda2"]),
            layer("root", Role::Passes, &["crypt"]),
            layer("wide", Role::Passes, &["crypt", "sda1"]),
            layer("md0", Role::Passes, &["crypt", "gone"]),
            layer("md1", Role::Passes, &["gone", "sdb"]),
            layer("odd", Role::Unknown, &["crypt"]),
            layer("on-odd", Role::Passes, &["odd"]),
            layer("bare", Role::Passes, &[]),
            layer("circle", Role::Passes, &["circle"]),
        ]
    }

    #[test]
    fn a_volume_is_encrypted_when_every_way_down_is() {
        let machine = machine();
        for (name, expected) in [
            ("sda1", Tristate::No),
            // What holds LUKS is not what a file system directly on it would be.
            ("sda2", Tristate::No),
            ("crypt", Tristate::Yes),
            ("root", Tristate::Yes),
            ("wide", Tristate::No),
            ("md0", Tristate::Unspecified),
            ("md1", Tristate::No),
            ("odd", Tristate::Unspecified),
            ("on-odd", Tristate::Unspecified),
            ("bare", Tristate::Unspecified),
            ("circle", Tristate::Unspecified),
            ("gone", Tristate::Unspecified),
        ] {
            assert_eq!(encrypted(&[name], &machine), expected, "{name}");
        }
        assert_eq!(encrypted(&["root", "sda1"], &machine), Tristate::No);
        assert_eq!(encrypted(&["root", "gone"], &machine), Tristate::Unspecified);
        assert_eq!(encrypted(&[], &machine), Tristate::Unspecified);
    }

    #[test]
    fn what_a_mapping_is_for() {
        for (uuid, role, encryption) in [
            ("CRYPT-LUKS1-0011-x", Role::Encrypts, "luks1"),
            ("CRYPT-LUKS2-0011-x", Role::Encrypts, "luks2"),
            ("CRYPT-BITLK-0011-x", Role::Encrypts, "bitlocker"),
            ("CRYPT-PLAIN-swap", Role::Encrypts, "plain"),
            ("CRYPT-VERITY-0011-usr", Role::Passes, ""),
            ("CRYPT-INTEGRITY-x", Role::Passes, ""),
            ("CRYPT-SOMETHING-x", Role::Unknown, ""),
            ("LVM-abc", Role::Passes, ""),
            ("mpath-1", Role::Passes, ""),
            ("part1-mpath-1", Role::Passes, ""),
            ("partition-1", Role::Unknown, ""),
            ("", Role::Unknown, ""),
        ] {
            assert_eq!((mapper_role(uuid), mapper_encryption(uuid)), (role, encryption), "{uuid}");
        }
    }

    #[test]
    fn what_holds_an_encrypting_mapping_is_marked() {
        let mut machine = machine();
        mark_under_mappings(&mut machine);
        let marked = machine.iter().filter(|layer| layer.device.encryption == "luks2");
        let marked: Vec<_> = marked.map(|layer| layer.device.name.as_str()).collect();
        assert_eq!(marked, ["sda2", "crypt"]);
    }

    #[test]
    fn on_local_disks_only() {
        let machine = machine();
        let stack = Stack::new(&machine);
        let local: BTreeSet<_> = ["sda".to_owned()].into();
        let there = |name| stack.lies_on(name, &local);
        assert!(there("sda") && there("sda2") && there("wide"));
        assert!(!["sdb", "md0", "md1", "on-odd", "bare", "gone"].into_iter().any(there));
    }

    /// Made by `cryptsetup luksFormat`; digests and salts are zeroed.
    #[test]
    fn real_headers() {
        let first = include_bytes!("../../../tests/fixtures/luks1.header");
        let second = include_bytes!("../../../tests/fixtures/luks2.header");
        assert_eq!((header(first), header(second)), ("luks1", "luks2"));
        assert_eq!(header(b"\xeb\x58\x90-FVE-FS-\0\x02"), "bitlocker");
        assert_eq!(header(b"\xeb\x58\x90mkfs.fat\0"), "");
        assert_eq!(header(b"LUKS\xba\xbe"), "");
    }

    proptest! {
        #[test]
        fn any_stack_comes_to_an_end(
            edges in proptest::collection::vec(proptest::collection::vec(0..12_u8, 0..12), 12),
        ) {
            let layers: Vec<_> = edges.iter().enumerate().map(|(name, below)| {
                let below: Vec<_> = below.iter().map(u8::to_string).collect();
                let below: Vec<_> = below.iter().map(String::as_str).collect();
                layer(&name.to_string(), Role::Passes, &below)
            }).collect();
            prop_assert_eq!(encrypted(&["0"], &layers), Tristate::Unspecified);
            let _ = Stack::new(&layers).lies_on("0", &BTreeSet::new());
        }
    }
}
