//! Assets with owner, class, links, sections and changes.

use belfort_assess::catalogue::Catalogue;
use belfort_model::classification::{Classification, EffectiveClass, Origin};
use belfort_model::data_set::DataLink;
use belfort_model::facts::DeviceFacts;
use belfort_model::ownership::Ownership;
use belfort_model::scale::Biv as ModelBiv;
use belfort_model::unit::OrgUnit;
use belfort_store::record::{AssetDetail, AssetSection, AssetSummary, ChangeRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::registry::{DataSetView, DisposalView, OwnershipView};
use super::{AgentView, FindingView, text};

/// Levels of availability (b), integrity (i) and confidentiality (v), 1 to 5 each.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Biv {
    /// Availability.
    pub b: u8,
    /// Integrity.
    pub i: u8,
    /// Confidentiality.
    pub v: u8,
}

impl From<ModelBiv> for Biv {
    fn from(biv: ModelBiv) -> Self {
        Self { b: biv.b.get(), i: biv.i.get(), v: biv.v.get() }
    }
}

/// The class that counts for an asset, and where each level comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct Class {
    /// The levels.
    #[serde(flatten)]
    pub biv: Biv,
    /// Whether nothing is classified and the default counts.
    pub assumed: bool,
    /// Where b comes from: `own`, `assumed` or the name of a data set.
    pub b_from: String,
    /// Where i comes from.
    pub i_from: String,
    /// Where v comes from.
    pub v_from: String,
    /// The most sensitive personal data among the data sets that count.
    pub personal_data: String,
}

impl From<&EffectiveClass> for Class {
    fn from(class: &EffectiveClass) -> Self {
        let from = |origin: &Origin| match origin {
            Origin::Own => "own".to_owned(),
            Origin::Assumed => "assumed".to_owned(),
            Origin::DataSet { name, .. } => name.clone(),
        };
        Self {
            biv: class.biv.into(),
            assumed: class.is_assumed(),
            b_from: from(&class.b_from),
            i_from: from(&class.i_from),
            v_from: from(&class.v_from),
            personal_data: class.personal_data.to_string(),
        }
    }
}

/// An organisational unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unit {
    /// Id.
    pub id: String,
    /// Short code.
    pub code: String,
    /// Name.
    pub name: String,
    /// `department`, `service`, `team` or `external`.
    pub kind: String,
    /// Id of the unit it is part of.
    pub parent: Option<String>,
    /// Until when it exists; nothing for without end.
    pub active_to: Option<String>,
}

impl From<OrgUnit> for Unit {
    fn from(unit: OrgUnit) -> Self {
        Self {
            id: unit.id.to_string(),
            code: unit.code,
            name: unit.name,
            kind: unit.kind.to_string(),
            parent: unit.parent.map(|parent| parent.to_string()),
            active_to: unit.active_to.map(text),
        }
    }
}

/// The owner of an asset.
#[derive(Debug, Serialize, ToSchema)]
pub struct Owner {
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub unit_name: String,
    /// Function of the holder.
    pub function: String,
    /// Since when.
    pub since: String,
    /// When it was last confirmed.
    pub confirmed_at: Option<String>,
    /// Who confirmed it; empty when nobody did.
    pub confirmed_by: String,
    /// How it came to be: `manual`, `rule` or `import`.
    pub method: String,
}

fn owner(ownership: Option<Ownership>, unit: Option<OrgUnit>) -> Option<Owner> {
    let (ownership, unit) = (ownership?, unit?);
    Some(Owner {
        unit: unit.code,
        unit_name: unit.name,
        function: ownership.function,
        since: ownership.valid_from.to_string(),
        confirmed_at: ownership.confirmed_at.map(text),
        confirmed_by: ownership.confirmed_by,
        method: ownership.method.to_string(),
    })
}

/// One line of the asset list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Asset {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// Form.
    pub subtype: String,
    /// Name.
    pub name: String,
    /// State of life.
    pub lifecycle: String,
    /// How it came into the registry.
    pub source: String,
    /// Operating system.
    pub operating_system: String,
    /// Owner.
    pub owner: Option<Owner>,
    /// The class that counts.
    pub class: Class,
    /// Open findings.
    pub open_findings: u32,
    /// When it was first seen.
    pub first_seen: String,
    /// When it was last seen.
    pub last_seen: String,
    /// Legal entity it belongs to; empty when nobody has said.
    pub legal_entity: String,
    /// Whether it may be there: `yes`, `no`, `unknown` or `exception`.
    pub authorised: String,
    /// `production`, `test` or `development`.
    pub environment: String,
    /// `internal`, `dmz`, `internet` or `unknown`.
    pub exposure: String,
    /// Site code; empty when unknown.
    pub site: String,
    /// Labels, sorted.
    pub labels: Vec<String>,
    /// When somebody last verified the record.
    pub verified_at: Option<String>,
    /// When it is to be verified again.
    pub verify_due: Option<String>,
    /// How its data carriers were disposed of.
    pub disposal: Option<DisposalView>,
    /// Rises with every change people or rules make; what `If-Match` names.
    pub version: u64,
}

impl From<AssetSummary> for Asset {
    fn from(summary: AssetSummary) -> Self {
        let AssetSummary {
            asset,
            version,
            owner: ownership,
            owner_unit,
            class,
            os_name,
            open_findings,
        } = summary;
        Self {
            id: asset.id.to_string(),
            kind: asset.kind.to_string(),
            subtype: asset.subtype.to_string(),
            name: asset.name,
            lifecycle: asset.lifecycle.to_string(),
            source: asset.source.to_string(),
            operating_system: os_name,
            owner: owner(ownership, owner_unit),
            class: (&class).into(),
            open_findings,
            first_seen: text(asset.first_seen),
            last_seen: text(asset.last_seen),
            legal_entity: asset.legal_entity,
            authorised: asset.authorised.to_string(),
            environment: asset.environment.to_string(),
            exposure: asset.exposure.to_string(),
            site: asset.site,
            labels: asset.labels,
            verified_at: asset.verified_at.map(text),
            verify_due: asset.verify_due.map(text),
            disposal: asset.disposal.map(Into::into),
            version,
        }
    }
}

/// A classification somebody gave.
#[derive(Debug, Serialize, ToSchema)]
pub struct GivenClass {
    /// The levels.
    #[serde(flatten)]
    pub biv: Biv,
    /// Scheme and version.
    pub scheme: String,
    /// Why.
    pub basis: String,
    /// Function of who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: String,
    /// When it is to be reviewed.
    pub review_due: String,
    /// `proposed`, `confirmed` or `expired` (its review is past; it still counts).
    pub status: String,
    /// How it came to be: `manual`, `rule` or `import`.
    pub method: String,
}

impl From<Classification> for GivenClass {
    fn from(class: Classification) -> Self {
        let status = class.status_at(crate::clock::now()).to_string();
        Self {
            biv: class.biv.into(),
            scheme: class.scheme,
            basis: class.basis,
            decided_by: class.decided_by,
            decided_at: text(class.decided_at),
            review_due: text(class.review_due),
            status,
            method: class.method.to_string(),
        }
    }
}

/// A link between an asset and a data set.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// Id of the other side.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `stores`, `processes`, `transmits` or `accesses`.
    pub relation: String,
}

/// A section an asset holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Section {
    /// Name.
    pub name: String,
    /// Hash of its content.
    pub hash: String,
    /// Since when the asset has had this content.
    pub since: String,
}

impl From<AssetSection> for Section {
    fn from(section: AssetSection) -> Self {
        Self {
            name: belfort_proto::section::name(crate::ingest::kind_of(section.key)).to_owned(),
            hash: hex::encode(section.key.hash),
            since: text(section.since),
        }
    }
}

/// One asset with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetFull {
    /// As in the list.
    #[serde(flatten)]
    pub asset: Asset,
    /// Its own classification.
    pub classification: Option<GivenClass>,
    /// Facts of the last report.
    #[schema(value_type = Option<Object>)]
    pub facts: Option<DeviceFacts>,
    /// Who answers for it, in every role.
    pub ownerships: Vec<OwnershipView>,
    /// For a data set: what personal data it holds.
    pub personal_data: Option<String>,
    /// For a data set: what else is said of it.
    pub data_set: Option<DataSetView>,
    /// Data sets it is linked to.
    pub data_sets: Vec<Link>,
    /// Assets that are linked to it.
    pub linked_from: Vec<Link>,
    /// Agents, newest first.
    pub agents: Vec<AgentView>,
    /// Sections of the last report.
    pub sections: Vec<Section>,
    /// Findings, open ones first.
    pub findings: Vec<FindingView>,
}

impl AssetFull {
    /// Shows an asset, with the titles of its findings.
    pub fn of(detail: AssetDetail, catalogue: &Catalogue) -> Self {
        let link = |id: String, (link, name): (DataLink, String)| Link {
            id,
            name,
            relation: link.relation.to_string(),
        };
        let findings = detail.findings.into_iter();
        let name = detail.summary.asset.name.clone();
        Self {
            classification: detail.classification.map(Into::into),
            facts: detail.facts,
            ownerships: detail.ownerships.into_iter().map(Into::into).collect(),
            personal_data: detail.data_set.as_ref().map(|set| set.personal_data.to_string()),
            data_set: detail.data_set.map(Into::into),
            data_sets: detail
                .links
                .into_iter()
                .map(|one| link(one.0.data_set.to_string(), one))
                .collect(),
            linked_from: detail
                .linked_from
                .into_iter()
                .map(|one| link(one.0.asset.to_string(), one))
                .collect(),
            agents: detail.agents.into_iter().map(Into::into).collect(),
            sections: detail.sections.into_iter().map(Into::into).collect(),
            findings: findings
                .map(|finding| FindingView::new(finding, name.clone(), None, catalogue))
                .collect(),
            asset: detail.summary.into(),
        }
    }
}

/// One change on an asset.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// When the collector learnt of it.
    pub at: String,
    /// Section it belongs to.
    pub section: String,
    /// What changed.
    pub subject: String,
    /// Value before; nothing when it was added.
    pub before: Option<String>,
    /// Value after; nothing when it was removed.
    pub after: Option<String>,
}

impl From<ChangeRecord> for Change {
    fn from(change: ChangeRecord) -> Self {
        Self {
            at: text(change.at),
            section: change.section,
            subject: change.subject,
            before: change.before,
            after: change.after,
        }
    }
}
