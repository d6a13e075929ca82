//! Things to put into a store.

use std::sync::atomic::{AtomicU64, Ordering};

use belfort_model::agent::{Agent, AgentStatus, EnrolmentToken};
use belfort_model::asset::{
    Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::classification::{Classification, ClassificationStatus, DEFAULT_SCHEME};
use belfort_model::data_set::{DataLink, DataSet, PersonalData, Relation};
use belfort_model::evidence::{Evidence, EvidenceKind};
use belfort_model::facts::DeviceFacts;
use belfort_model::id::{AgentId, AssetId, TokenId, UnitId};
use belfort_model::ownership::{Method, Ownership, OwnershipRole};
use belfort_model::scale::{Biv, Level};
use belfort_model::time::Timestamp;
use belfort_model::unit::{OrgUnit, UnitKind};
use uuid::Uuid;

use crate::Store;
use crate::record::{Audit, Enrolled, Enrolment, ReportCommit, SectionBlob, SectionKey};

/// When the tests happen.
pub(super) const NOW: Timestamp = Timestamp(1_780_000_000_000);

/// An id that no other call gives, in order.
pub(super) fn id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

pub(super) fn hash(text: &str) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(text).into()
}

pub(super) fn audit(action: &'static str) -> Audit {
    Audit {
        at: NOW,
        actor: "els".to_owned(),
        action,
        subject: "subject".to_owned(),
        detail: "{}".to_owned(),
    }
}

pub(super) fn unit(code: &str) -> OrgUnit {
    OrgUnit {
        id: UnitId(id()),
        code: code.to_owned(),
        name: format!("Dienst {code}"),
        kind: UnitKind::Service,
        parent: None,
        active_from: NOW,
        active_to: None,
    }
}

pub(super) fn add_unit(store: &dyn Store, code: &str) -> UnitId {
    let unit = unit(code);
    store.unit_insert(&unit, &audit("unit.add")).unwrap();
    unit.id
}

pub(super) fn asset(kind: AssetKind, name: &str) -> Asset {
    Asset {
        id: AssetId(id()),
        kind,
        subtype: Subtype::Other,
        name: name.to_owned(),
        legal_entity: "STAD".to_owned(),
        lifecycle: Lifecycle::InUse,
        source: Source::Manual,
        authorised: Authorised::Unknown,
        environment: Environment::Production,
        exposure: Exposure::Unknown,
        site: String::new(),
        labels: vec!["balie".to_owned()],
        proposed_unit: None,
        first_seen: NOW,
        last_seen: NOW,
        verified_at: None,
        verify_due: None,
        disposal: None,
    }
}

pub(super) fn add_asset(store: &dyn Store, kind: AssetKind, name: &str) -> AssetId {
    let asset = asset(kind, name);
    store.asset_insert(&asset, &audit("asset.add")).unwrap();
    asset.id
}

pub(super) fn add_data_set(store: &dyn Store, name: &str, personal: PersonalData) -> AssetId {
    let asset = asset(AssetKind::DataSet, name);
    let data_set = DataSet::new(asset.id, personal);
    store.data_set_insert(&asset, &data_set, &audit("data_set.add")).unwrap();
    asset.id
}

pub(super) fn biv(b: i64, i: i64, v: i64) -> Biv {
    Biv::new(Level::clamped(b), Level::clamped(i), Level::clamped(v))
}

pub(super) fn class(subject: AssetId, levels: Biv, status: ClassificationStatus) -> Classification {
    Classification {
        subject,
        scheme: DEFAULT_SCHEME.to_owned(),
        biv: levels,
        basis: "BIA".to_owned(),
        decided_by: "dienstchef Burgerzaken".to_owned(),
        decided_at: NOW,
        review_due: NOW.plus_days(365),
        status,
        method: Method::Manual,
    }
}

pub(super) fn classify(store: &dyn Store, subject: AssetId, levels: Biv) {
    let class = class(subject, levels, ClassificationStatus::Confirmed);
    store.classification_set(&class, &audit("classification.set")).unwrap();
}

pub(super) fn link(store: &dyn Store, asset: AssetId, relation: Relation, data_set: AssetId) {
    let link = DataLink { asset, relation, data_set };
    store.data_link_insert(&link, &audit("link.add")).unwrap();
}

pub(super) fn ownership(asset: AssetId, unit: UnitId, from: Timestamp) -> Ownership {
    Ownership {
        asset,
        unit,
        role: OwnershipRole::Owner,
        function: "dienstchef".to_owned(),
        valid_from: from,
        valid_to: None,
        confirmed_at: Some(from),
        confirmed_by: "dienstchef".to_owned(),
        method: Method::Manual,
    }
}

pub(super) fn own(store: &dyn Store, asset: AssetId, unit: UnitId) {
    let ownership = ownership(asset, unit, NOW);
    store.owner_set(&ownership, &audit("owner.set")).unwrap();
}

pub(super) fn token(uses_allowed: u32) -> EnrolmentToken {
    EnrolmentToken {
        id: TokenId(id()),
        label: "balie".to_owned(),
        unit: None,
        uses_allowed,
        uses: 0,
        created_at: NOW,
        created_by: "els".to_owned(),
        expires_at: NOW.plus_days(2),
        last_used_at: None,
        revoked_at: None,
    }
}

/// Adds a token; answers the hash of its secret.
pub(super) fn add_token(store: &dyn Store, token: &EnrolmentToken) -> [u8; 32] {
    let secret = hash(&token.id.to_string());
    store.token_insert(token, secret, &audit("token.add")).unwrap();
    secret
}

pub(super) fn evidence(pieces: &[(EvidenceKind, &str)]) -> Vec<Evidence> {
    pieces.iter().filter_map(|(kind, value)| Evidence::new(*kind, value)).collect()
}

/// A device with a serial number of its own.
pub(super) fn enrolment(token_sha256: [u8; 32], key: &str) -> Enrolment {
    let new_asset = Asset { source: Source::Agent, ..asset(AssetKind::Device, key) };
    Enrolment {
        token_sha256,
        now: NOW,
        agent: Agent {
            id: AgentId(id()),
            asset: AssetId(Uuid::nil()),
            status: AgentStatus::Active,
            key_sha256: hash(key).to_vec(),
            certificate_serial: "0a1b".to_owned(),
            certificate_not_after: NOW.plus_days(30),
            version: "0.1.0".to_owned(),
            platform: "linux".to_owned(),
            enrolled_at: NOW,
            last_seen: None,
            sequence: 0,
            clock_offset_ms: 0,
        },
        new_asset,
        evidence: evidence(&[
            (EvidenceKind::SystemSerial, &format!("serial {key}")),
            (EvidenceKind::DiskSerial, &format!("disk {key}")),
        ]),
    }
}

pub(super) fn admitted(enrolled: Enrolled) -> (Agent, bool, Vec<AssetId>) {
    match enrolled {
        Enrolled::Admitted { agent, recognised, doubtful } => (*agent, recognised, doubtful),
        other @ Enrolled::Refused(_) => panic!("{other:?}"),
    }
}

/// Admits a device of this name.
pub(super) fn add_agent(store: &dyn Store, name: &str) -> Agent {
    let secret = add_token(store, &token(1));
    let enrolled = store.enrol(&enrolment(secret, name)).unwrap();
    admitted(enrolled).0
}

pub(super) fn section(kind: i32, content: &str) -> SectionBlob {
    SectionBlob {
        key: SectionKey { kind, hash: hash(&format!("{kind}/{content}")) },
        schema_version: 1,
        size: u32::try_from(content.len()).unwrap(),
        zstd: content.as_bytes().to_vec(),
    }
}

/// The root of some sections.
pub(super) fn root(sections: &[SectionBlob]) -> [u8; 32] {
    let all: Vec<String> =
        sections.iter().map(|section| format!("{:?}", section.key.hash)).collect();
    hash(&all.concat())
}

/// A report of an agent that holds these sections and sends all of them.
pub(super) fn report(
    agent: &Agent,
    previous: Option<[u8; 32]>,
    sections: &[SectionBlob],
) -> ReportCommit {
    ReportCommit {
        agent: agent.id,
        asset: agent.asset,
        now: NOW.plus_seconds(60),
        sequence: 1,
        previous_root: previous,
        root: root(sections),
        manifest: sections.iter().map(|section| (section.key, section.schema_version)).collect(),
        new_sections: sections.to_vec(),
        facts: DeviceFacts::default(),
        name: String::new(),
        subtype: Subtype::Laptop,
        evidence: Vec::new(),
        changes: Vec::new(),
    }
}
