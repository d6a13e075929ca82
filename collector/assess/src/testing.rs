//! Small assets for the tests of this crate.

use belfort_model::agent::{Agent, AgentStatus};
use belfort_model::asset::{
    Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::classification::{
    Classification, ClassificationStatus, DEFAULT_SCHEME, EffectiveClass, Inherited,
};
use belfort_model::data_set::{PersonalData, Relation};
use belfort_model::facts::DeviceFacts;
use belfort_model::id::{AgentId, AssetId, UnitId};
use belfort_model::ownership::{Method, Ownership, OwnershipRole};
use belfort_model::scale::{Biv, Level};
use belfort_model::time::Timestamp;
use belfort_model::unit::{OrgUnit, UnitKind};
use uuid::Uuid;

use crate::catalogue::Catalogue;
use crate::evaluate::{Records, Subject, evaluate};

pub(crate) struct Fixture {
    pub(crate) asset: Asset,
    pub(crate) facts: DeviceFacts,
    class: EffectiveClass,
}

impl Fixture {
    pub(crate) fn device() -> Self {
        let asset = Asset {
            id: AssetId(Uuid::from_u128(1)),
            kind: AssetKind::Device,
            subtype: Subtype::Server,
            name: "srv-1".to_owned(),
            legal_entity: String::new(),
            lifecycle: Lifecycle::InUse,
            source: Source::Agent,
            authorised: Authorised::Unknown,
            environment: Environment::Production,
            exposure: Exposure::Unknown,
            site: String::new(),
            labels: vec![],
            proposed_unit: None,
            first_seen: Timestamp(0),
            last_seen: Timestamp(0),
            verified_at: None,
            verify_due: None,
            disposal: None,
        };
        let class = EffectiveClass::of(None, &[]);
        Self { asset, facts: DeviceFacts::default(), class }
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            asset: &self.asset,
            facts: Some(&self.facts),
            owner: None,
            unit: None,
            classification: None,
            links: &[],
            class: &self.class,
            agent: None,
            shares_evidence_with: &[],
            software: None,
            decisions: &[],
            records: Records::default(),
            advised: None,
            now: Timestamp(0),
        }
    }

    pub(crate) fn agent(&self) -> Agent {
        Agent {
            id: AgentId(Uuid::from_u128(2)),
            asset: self.asset.id,
            status: AgentStatus::Active,
            key_sha256: vec![],
            certificate_serial: String::new(),
            certificate_not_after: Timestamp(0),
            version: String::new(),
            platform: "linux".to_owned(),
            enrolled_at: Timestamp(0),
            last_seen: None,
            sequence: 0,
            clock_offset_ms: 0,
        }
    }

    pub(crate) fn ownership(&self) -> Ownership {
        Ownership {
            asset: self.asset.id,
            unit: UnitId(Uuid::from_u128(3)),
            role: OwnershipRole::Owner,
            function: String::new(),
            valid_from: Timestamp(0),
            valid_to: None,
            confirmed_at: None,
            confirmed_by: String::new(),
            method: Method::Manual,
        }
    }

    pub(crate) fn unit(&self) -> OrgUnit {
        OrgUnit {
            id: UnitId(Uuid::from_u128(3)),
            code: "BZ".to_owned(),
            name: "Burgerzaken".to_owned(),
            kind: UnitKind::Service,
            parent: None,
            active_from: Timestamp(0),
            active_to: None,
        }
    }

    pub(crate) fn classification(&self) -> Classification {
        Classification {
            method: Method::Manual,
            subject: self.asset.id,
            scheme: DEFAULT_SCHEME.to_owned(),
            biv: Biv::new(Level::TWO, Level::TWO, Level::TWO),
            basis: String::new(),
            decided_by: String::new(),
            decided_at: Timestamp(0),
            review_due: Timestamp(0).plus_days(365),
            status: ClassificationStatus::Confirmed,
        }
    }

    /// A data set with these levels on every dimension.
    pub(crate) fn link(level: i64) -> Inherited {
        let level = Level::clamped(level);
        Inherited {
            from: AssetId(Uuid::from_u128(4)),
            from_name: "gegevens".to_owned(),
            relation: Relation::Stores,
            biv: Some(Biv::new(level, level, level)),
            personal_data: PersonalData::None,
        }
    }
}

/// What one shipped check says about an asset.
pub(crate) fn result(code: &str, subject: &Subject<'_>) -> &'static str {
    let catalogue = Catalogue::shipped().unwrap();
    evaluate(&catalogue, subject).results[code].as_str()
}
