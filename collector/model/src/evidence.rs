//! Which machine is this? Weighs hardware evidence so that a re-imaged, renamed or re-docked machine
//! stays the same asset, and cloned or placeholder identities never merge two.

use serde::{Deserialize, Serialize};

use crate::id::AssetId;

crate::text_enum! {
    /// A kind of hardware evidence, strongest first.
    EvidenceKind {
        /// SHA-256 of the TPM endorsement key.
        TpmEndorsementKey = "tpm_endorsement_key",
        /// SMBIOS system UUID.
        SmbiosUuid = "smbios_uuid",
        /// SMBIOS system serial number.
        SystemSerial = "system_serial",
        /// SMBIOS board serial number.
        BoardSerial = "board_serial",
        /// Serial number of a fixed disk.
        DiskSerial = "disk_serial",
        /// Operating-system machine id: changes on re-imaging, is copied with an image.
        MachineId = "machine_id",
        /// Burnt-in address of a physical interface: docks and cards move.
        MacAddress = "mac_address",
    }
}

impl EvidenceKind {
    /// How much a match on this kind says. [`SAME`] together make two machines the same.
    pub fn weight(self) -> u32 {
        match self {
            Self::TpmEndorsementKey => 100,
            Self::SmbiosUuid => 70,
            Self::SystemSerial => 60,
            Self::BoardSerial => 50,
            Self::DiskSerial | Self::MachineId => 40,
            Self::MacAddress => 30,
        }
    }

    /// Whether a machine has only one value of this kind, so that two different ones contradict.
    pub fn is_single(self) -> bool {
        !matches!(self, Self::DiskSerial | Self::MacAddress)
    }

    /// Whether the value belongs to the hardware: a difference then means another machine (or another
    /// board), while a machine id changes with every new installation.
    pub fn is_hardware(self) -> bool {
        self != Self::MachineId
    }
}

/// Weight from which two machines are the same.
pub const SAME: u32 = 70;

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind.
    pub kind: EvidenceKind,
    /// The value, normalised by [`Evidence::new`].
    pub value: String,
}

impl Evidence {
    /// Normalises a value, or gives nothing for an empty or placeholder value.
    pub fn new(kind: EvidenceKind, value: &str) -> Option<Self> {
        let value = value.trim().to_lowercase();
        if is_placeholder(kind, &value) {
            return None;
        }
        Some(Self { kind, value })
    }
}

/// Values that makers leave in firmware, seen in public inventories; compared in lower case.
const PLACEHOLDERS: &[&str] = &[
    "to be filled by o.e.m.",
    "to be filled by o.e.m",
    "default string",
    "system serial number",
    "system product name",
    "base board serial number",
    "chassis serial number",
    "serial number",
    "not specified",
    "not applicable",
    "not available",
    "not provided",
    "unknown",
    "none",
    "null",
    "n/a",
    "na",
    "o.e.m.",
    "oem",
    "invalid",
    "empty",
    "xxxxxxxx",
    "123456789",
    "1234567890",
    "0123456789",
    "03000200-0400-0500-0006-000700080009",
    "12345678-1234-5678-90ab-cddeefaabbcc",
    "uninitialized",
    "b08dfa6083e7567a1921a715000001fb",
];

/// Whether a value tells nothing: too short, one repeated character, a maker's placeholder, or a MAC
/// address that is not burnt in.
fn is_placeholder(kind: EvidenceKind, value: &str) -> bool {
    let significant: Vec<char> = value.chars().filter(|c| c.is_alphanumeric()).collect();
    let repeated =
        significant.first().is_none_or(|first| significant.iter().all(|other| other == first));
    significant.len() < 4
        || repeated
        || PLACEHOLDERS.contains(&value)
        || (kind == EvidenceKind::MacAddress && is_local_mac(value))
}

/// Whether a MAC address is locally administered or multicast (IEEE 802, second and first bit of the
/// first octet): made by software, so it may repeat.
fn is_local_mac(value: &str) -> bool {
    let first = value.get(..2).and_then(|octet| u8::from_str_radix(octet, 16).ok());
    first.is_none_or(|octet| octet & 0b11 != 0)
}

/// A known asset that shares evidence with the machine in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The asset.
    pub asset: AssetId,
    /// All its evidence.
    pub evidence: Vec<Evidence>,
}

/// Which machine it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// No known machine.
    New,
    /// This one, with the weight of the match.
    Same {
        /// The asset.
        asset: AssetId,
        /// Sum of the matching weights.
        weight: u32,
    },
    /// It shares evidence with these, but not enough or with contradictions: a new asset, and
    /// somebody has to look.
    Doubtful(Vec<AssetId>),
}

/// Decides which machine the evidence belongs to.
///
/// `common` tells how many assets carry a piece of evidence: what more than one carries says nothing,
/// it is a placeholder nobody listed yet or a cloned image.
pub fn resolve(
    evidence: &[Evidence],
    candidates: &[Candidate],
    common: impl Fn(&Evidence) -> usize,
) -> Resolution {
    let mut same = Vec::new();
    let mut doubtful = Vec::new();
    for candidate in candidates {
        let shared: u32 = evidence
            .iter()
            .filter(|piece| candidate.evidence.contains(piece) && common(piece) <= 1)
            .map(|piece| piece.kind.weight())
            .sum();
        let touches = evidence.iter().any(|piece| candidate.evidence.contains(piece));
        let against: u32 = contradictions(evidence, &candidate.evidence);
        if shared >= SAME && shared > against {
            same.push((candidate.asset, shared));
        } else if touches {
            doubtful.push(candidate.asset);
        }
    }
    match same.as_slice() {
        [(asset, weight)] => Resolution::Same { asset: *asset, weight: *weight },
        [] if doubtful.is_empty() => Resolution::New,
        [] => Resolution::Doubtful(doubtful),
        several => Resolution::Doubtful(several.iter().map(|(asset, _)| *asset).collect()),
    }
}

/// Weight of what speaks against it: hardware values of which a machine has only one and that differ, and
/// kinds of which it has several and that have nothing in common.
fn contradictions(a: &[Evidence], b: &[Evidence]) -> u32 {
    let single = |evidence: &[Evidence], kind| {
        evidence.iter().find(|piece| piece.kind == kind).map(|piece| piece.value.clone())
    };
    EvidenceKind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.is_hardware())
        .filter(|kind| match (single(a, *kind), single(b, *kind)) {
            (Some(one), Some(other)) if kind.is_single() => one != other,
            (Some(_), Some(_)) => !a.iter().any(|piece| piece.kind == *kind && b.contains(piece)),
            _ => false,
        })
        .map(EvidenceKind::weight)
        .sum()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use EvidenceKind::{BoardSerial, DiskSerial, MacAddress, MachineId, SmbiosUuid, SystemSerial};

    fn evidence(pieces: &[(EvidenceKind, &str)]) -> Vec<Evidence> {
        pieces.iter().filter_map(|(kind, value)| Evidence::new(*kind, value)).collect()
    }

    fn candidate(number: u128, pieces: &[(EvidenceKind, &str)]) -> Candidate {
        Candidate { asset: AssetId(Uuid::from_u128(number)), evidence: evidence(pieces) }
    }

    const LAPTOP: &[(EvidenceKind, &str)] = &[
        (SmbiosUuid, "4c4c4544-0042-3510-8052-b4c04f4d3132"),
        (SystemSerial, "5B5RM12"),
        (DiskSerial, "S4EWNX0N"),
        (MachineId, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
    ];

    #[test]
    fn a_reimaged_machine_stays_the_same_asset() {
        let mut now = LAPTOP.to_vec();
        now.pop();
        now.push((MachineId, "ffffeeeeddddccccbbbbaaaa99998888"));
        let known = candidate(1, LAPTOP);
        assert_eq!(
            resolve(&evidence(&now), std::slice::from_ref(&known), |_| 1),
            Resolution::Same { asset: known.asset, weight: 70 + 60 + 40 }
        );
    }

    #[test]
    fn placeholders_never_merge() {
        for value in ["To be filled by O.E.M.", "Default string", "0", "00000000", "FFFFFFFF", ""] {
            assert_eq!(Evidence::new(SystemSerial, value), None, "{value}");
        }
        let zero = "00000000-0000-0000-0000-000000000000";
        let all_f = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF";
        assert_eq!(Evidence::new(SmbiosUuid, zero), None);
        assert_eq!(Evidence::new(SmbiosUuid, all_f), None);
        assert_eq!(Evidence::new(MacAddress, "02:fc:00:00:00:01"), None);
        assert!(Evidence::new(MacAddress, "00:1b:21:aa:bb:cc").is_some());
    }

    #[test]
    fn a_clone_with_another_uuid_is_not_merged() {
        // The image was copied: machine id and disk serial are the same, the hardware is not.
        let clone = evidence(&[
            (SmbiosUuid, "aaaabbbb-cccc-dddd-eeee-ffff00001111"),
            (SystemSerial, "OTHER99"),
            (DiskSerial, "S4EWNX0N"),
            (MachineId, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ]);
        let known = candidate(1, LAPTOP);
        assert_eq!(
            resolve(&clone, std::slice::from_ref(&known), |_| 1),
            Resolution::Doubtful(vec![known.asset])
        );
    }

    #[test]
    fn a_copied_virtual_machine_that_kept_its_uuid_is_not_merged() {
        let uuid = (SmbiosUuid, "4c4c4544-0042-3510-8052-b4c04f4d3132");
        let known =
            candidate(1, &[uuid, (DiskSerial, "VD-0001"), (MacAddress, "00:0c:29:aa:bb:01")]);
        let copy = [uuid, (DiskSerial, "VD-0002"), (MacAddress, "00:0c:29:aa:bb:02")];
        assert_eq!(
            resolve(&evidence(&copy), std::slice::from_ref(&known), |_| 1),
            Resolution::Doubtful(vec![known.asset])
        );
        // A replaced disk alone speaks less than board, serial and network card together.
        let repaired = [uuid, (DiskSerial, "VD-0002"), (MacAddress, "00:0c:29:aa:bb:01")];
        assert!(matches!(
            resolve(&evidence(&repaired), std::slice::from_ref(&known), |_| 1),
            Resolution::Same { .. }
        ));
    }

    #[test]
    fn what_several_machines_carry_says_nothing() {
        let shared = [(SystemSerial, "SAME-1"), (BoardSerial, "SAME-2")];
        let known = [candidate(1, &shared), candidate(2, &shared)];
        let resolution = resolve(&evidence(&shared), &known, |_| 2);
        assert_eq!(resolution, Resolution::Doubtful(known.map(|known| known.asset).to_vec()));
    }

    #[test]
    fn two_strong_matches_are_a_doubt_and_no_match_is_new() {
        let known = [
            candidate(1, &[(SmbiosUuid, "4c4c4544-0042-3510-8052-b4c04f4d3132")]),
            candidate(2, &[(SystemSerial, "5B5RM12"), (DiskSerial, "S4EWNX0N")]),
        ];
        let resolution = resolve(&evidence(LAPTOP), &known, |_| 1);
        assert!(matches!(resolution, Resolution::Doubtful(assets) if assets.len() == 2));
        assert_eq!(resolve(&evidence(LAPTOP), &[], |_| 0), Resolution::New);
    }

    #[test]
    fn a_dock_does_not_make_two_laptops_one() {
        let dock = [(MacAddress, "00:1b:21:aa:bb:cc")];
        let known = candidate(1, &dock);
        let resolution = resolve(&evidence(&dock), std::slice::from_ref(&known), |_| 1);
        assert_eq!(resolution, Resolution::Doubtful(vec![known.asset]));
    }
}
