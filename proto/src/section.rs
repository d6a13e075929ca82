//! Sections: their kinds, their encoding and their hashes.
//!
//! A section's hash covers its kind, schema version and canonical bytes, so equal hashes mean equal
//! content of the same meaning, on any machine. The root hash covers the ordered manifest.

use prost::Message as _;

use crate::inventory::v1::{
    AccountsSection, DevicesSection, FirmwareSection, MemorySection, NeighboursSection,
    NetworkSection, OperatingSystemSection, Outcome, PackagesSection, ProcessorSection,
    ProtectionSection, SectionKind, ServicesSection, StorageSection, SystemSection, UpdatesSection,
    WorkloadsSection,
};
use crate::limits;
use crate::report::v1::ManifestEntry;

/// A BLAKE3 hash of a section or of a manifest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = SectionError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self).map_err(|_| SectionError::HashLength(bytes.len()))
    }
}

/// Why bytes are not a section.
#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    /// A hash must have 32 bytes.
    #[error("hash has {0} bytes instead of 32")]
    HashLength(usize),
    /// A kind this version does not know.
    #[error("section kind {0} is not known")]
    UnknownKind(i32),
    /// A schema version this version does not know.
    #[error("schema version {version} of section {kind:?} is not known")]
    UnknownVersion {
        /// Which section.
        kind: SectionKind,
        /// The version it said.
        version: u32,
    },
    /// The same kind twice, or kinds out of order.
    #[error("manifest is not in ascending order of kind at {0:?}")]
    Order(SectionKind),
    /// More sections than [`limits::SECTIONS`].
    #[error("manifest has {0} sections")]
    TooMany(usize),
    /// The bytes are not this section's message.
    #[error("section {kind:?} cannot be decoded")]
    Decode {
        /// Which section.
        kind: SectionKind,
        /// What was wrong.
        source: prost::DecodeError,
    },
}

macro_rules! sections {
    ($($variant:ident($message:ident) = $name:literal;)+) => {
        /// One section of a report.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Section {
            $(#[doc = concat!("The `", $name, "` section.")] $variant($message),)+
        }

        impl Section {
            /// Every kind, in ascending order.
            pub const KINDS: &[SectionKind] = &[$(SectionKind::$variant),+];

            /// Which section this is.
            pub fn kind(&self) -> SectionKind {
                match self { $(Self::$variant(_) => SectionKind::$variant,)+ }
            }

            /// A section with nothing but outcomes: what could not be collected at all.
            pub fn of_outcomes(kind: SectionKind, outcomes: Vec<Outcome>) -> Option<Self> {
                match kind {
                    SectionKind::Unspecified => None,
                    $(SectionKind::$variant => Some(Self::$variant($message {
                        outcomes,
                        ..Default::default()
                    })),)+
                }
            }

            /// Sources that were not simply read.
            pub fn outcomes(&self) -> &[Outcome] {
                match self { $(Self::$variant(section) => &section.outcomes,)+ }
            }

            /// The same, to add to. They stay sorted by source.
            pub fn outcomes_mut(&mut self) -> &mut Vec<Outcome> {
                match self { $(Self::$variant(section) => &mut section.outcomes,)+ }
            }

            /// How many bytes the section takes when it is encoded.
            pub fn encoded_len(&self) -> usize {
                match self { $(Self::$variant(section) => section.encoded_len(),)+ }
            }

            /// Encodes the section canonically.
            pub fn encode_to_vec(&self) -> Vec<u8> {
                match self { $(Self::$variant(section) => section.encode_to_vec(),)+ }
            }

            /// Decodes a section of the current schema version.
            pub fn decode(kind: SectionKind, bytes: &[u8]) -> Result<Self, SectionError> {
                match kind {
                    SectionKind::Unspecified => Err(SectionError::UnknownKind(0)),
                    $(SectionKind::$variant => $message::decode(bytes)
                        .map(Self::$variant)
                        .map_err(|source| SectionError::Decode { kind, source }),)+
                }
            }
        }

        /// The name of a section: lower case with underscores, as on the command line and in the API.
        pub fn name(kind: SectionKind) -> &'static str {
            match kind {
                SectionKind::Unspecified => "unspecified",
                $(SectionKind::$variant => $name,)+
            }
        }

        /// The full protobuf name of a section's message.
        pub fn message_name(kind: SectionKind) -> &'static str {
            match kind {
                SectionKind::Unspecified => "",
                $(SectionKind::$variant => concat!("belfort.inventory.v1.", stringify!($message)),)+
            }
        }
    };
}

sections! {
    System(SystemSection) = "system";
    Firmware(FirmwareSection) = "firmware";
    Processor(ProcessorSection) = "processor";
    Memory(MemorySection) = "memory";
    Storage(StorageSection) = "storage";
    Devices(DevicesSection) = "devices";
    Network(NetworkSection) = "network";
    OperatingSystem(OperatingSystemSection) = "operating_system";
    Updates(UpdatesSection) = "updates";
    Packages(PackagesSection) = "packages";
    Services(ServicesSection) = "services";
    Accounts(AccountsSection) = "accounts";
    Protection(ProtectionSection) = "protection";
    Workloads(WorkloadsSection) = "workloads";
    Neighbours(NeighboursSection) = "neighbours";
}

/// Schema version of every section this build writes.
pub const SCHEMA_VERSION: u32 = 1;

/// The kind with a name, or nothing.
pub fn kind_by_name(wanted: &str) -> Option<SectionKind> {
    Section::KINDS.iter().copied().find(|kind| name(*kind) == wanted)
}

/// Hash of one section over kind, schema version and bytes.
pub fn section_hash(kind: SectionKind, schema_version: u32, bytes: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("belfort 2026 section hash v1");
    hasher.update(&(kind as i32).to_be_bytes());
    hasher.update(&schema_version.to_be_bytes());
    hasher.update(bytes);
    Hash(*hasher.finalize().as_bytes())
}

/// One checked line of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which section.
    pub kind: SectionKind,
    /// Version of its schema.
    pub schema_version: u32,
    /// Its hash.
    pub hash: Hash,
}

impl From<Entry> for ManifestEntry {
    fn from(entry: Entry) -> Self {
        Self {
            kind: entry.kind.into(),
            schema_version: entry.schema_version,
            hash: entry.hash.0.to_vec(),
        }
    }
}

/// A checked manifest: known kinds, ascending, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(Vec<Entry>);

impl Manifest {
    /// Builds a manifest from entries in ascending order of kind.
    ///
    /// # Errors
    /// When a kind stands twice or out of order, or there are more than [`limits::SECTIONS`].
    pub fn new(entries: Vec<Entry>) -> Result<Self, SectionError> {
        if entries.len() > limits::SECTIONS {
            return Err(SectionError::TooMany(entries.len()));
        }
        for pair in entries.windows(2) {
            if let [before, after] = pair
                && before.kind as i32 >= after.kind as i32
            {
                return Err(SectionError::Order(after.kind));
            }
        }
        Ok(Self(entries))
    }

    /// Checks a manifest that came over the wire.
    pub fn from_wire(entries: &[ManifestEntry]) -> Result<Self, SectionError> {
        if entries.len() > limits::SECTIONS {
            return Err(SectionError::TooMany(entries.len()));
        }
        let entries = entries.iter().map(|entry| {
            let kind = SectionKind::try_from(entry.kind)
                .ok()
                .filter(|kind| *kind != SectionKind::Unspecified)
                .ok_or(SectionError::UnknownKind(entry.kind))?;
            if entry.schema_version != SCHEMA_VERSION {
                let version = entry.schema_version;
                return Err(SectionError::UnknownVersion { kind, version });
            }
            let hash = Hash::try_from(entry.hash.as_slice())?;
            Ok(Entry { kind, schema_version: entry.schema_version, hash })
        });
        Self::new(entries.collect::<Result<_, _>>()?)
    }

    /// The lines, in ascending order of kind.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The line of one section.
    pub fn get(&self, kind: SectionKind) -> Option<Entry> {
        self.0.iter().copied().find(|entry| entry.kind == kind)
    }

    /// Root hash over the ordered section hashes.
    pub fn root(&self) -> Hash {
        let mut hasher = blake3::Hasher::new_derive_key("belfort 2026 root hash v1");
        for entry in &self.0 {
            hasher.update(&(entry.kind as i32).to_be_bytes());
            hasher.update(&entry.schema_version.to_be_bytes());
            hasher.update(&entry.hash.0);
        }
        Hash(*hasher.finalize().as_bytes())
    }

    /// The manifest as it crosses the wire.
    pub fn to_wire(&self) -> Vec<ManifestEntry> {
        self.0.iter().copied().map(ManifestEntry::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: SectionKind, content: &[u8]) -> Entry {
        let hash = section_hash(kind, SCHEMA_VERSION, content);
        Entry { kind, schema_version: SCHEMA_VERSION, hash }
    }

    #[test]
    fn hash_covers_kind_version_and_bytes() {
        let base = section_hash(SectionKind::System, 1, b"x");
        assert_ne!(base, section_hash(SectionKind::Memory, 1, b"x"));
        assert_ne!(base, section_hash(SectionKind::System, 2, b"x"));
        assert_ne!(base, section_hash(SectionKind::System, 1, b"y"));
        assert_eq!(base, section_hash(SectionKind::System, 1, b"x"));
    }

    /// The hash is part of the wire: a change here breaks every agent in the field.
    #[test]
    fn hash_is_frozen() {
        let manifest = Manifest::new(vec![entry(SectionKind::System, b"x")]).unwrap();
        insta::assert_snapshot!(
            format!("{} {}", manifest.entries()[0].hash, manifest.root()),
            @"0cf2a6ac33a448e5f930a855fe3d6ba3bb726c0bc96008a80e84461975556cc2 1deae3d1c4be3f4672c1a2ebf1b744df07698b9286149a541b186117bf017876"
        );
    }

    #[test]
    fn manifest_keeps_one_order() {
        let a = entry(SectionKind::System, b"a");
        let b = entry(SectionKind::Memory, b"b");
        assert!(Manifest::new(vec![a, b]).is_ok());
        assert!(matches!(Manifest::new(vec![b, a]), Err(SectionError::Order(_))));
        assert!(matches!(Manifest::new(vec![a, a]), Err(SectionError::Order(_))));
        let wire = Manifest::new(vec![a, b]).unwrap();
        assert_eq!(Manifest::from_wire(&wire.to_wire()).unwrap(), wire);
    }

    #[test]
    fn manifest_from_the_wire_is_checked() {
        let good = ManifestEntry::from(entry(SectionKind::System, b"a"));
        let kind = ManifestEntry { kind: 99, ..good.clone() };
        assert!(matches!(Manifest::from_wire(&[kind]), Err(SectionError::UnknownKind(99))));
        let version = ManifestEntry { schema_version: 9, ..good.clone() };
        assert!(matches!(
            Manifest::from_wire(&[version]),
            Err(SectionError::UnknownVersion { version: 9, .. })
        ));
        let hash = ManifestEntry { hash: vec![1; 31], ..good.clone() };
        assert!(matches!(Manifest::from_wire(&[hash]), Err(SectionError::HashLength(31))));
        assert!(matches!(Manifest::from_wire(&vec![good; 65]), Err(SectionError::TooMany(65))));
    }

    #[test]
    fn every_kind_of_the_schema_is_a_section() {
        for number in 1..=64 {
            let Ok(kind) = SectionKind::try_from(number) else {
                continue;
            };
            assert!(Section::KINDS.contains(&kind), "{kind:?} is missing from sections!");
            assert_eq!(kind_by_name(name(kind)), Some(kind));
        }
        assert!(Section::KINDS.windows(2).all(|pair| (pair[0] as i32) < pair[1] as i32));
    }
}
