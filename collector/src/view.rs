//! What the outside sees: the JSON of REST and of `--json`, the same for both.

use std::collections::BTreeMap;

use belfort_assess::catalogue::{Catalogue, FindingKind};
use belfort_model::agent::{Agent, EnrolmentToken};
use belfort_model::classification::{Classification, EffectiveClass, Origin};
use belfort_model::data_set::DataLink;
use belfort_model::facts::DeviceFacts;
use belfort_model::finding::{EvidenceItem, Finding};
use belfort_model::ownership::Ownership;
use belfort_model::risk::Rating as ModelRating;
use belfort_model::scale::Biv as ModelBiv;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;
use belfort_store::record::{
    ApiToken, AssetDetail, AssetSection, AssetSummary, AuditRecord, ChangeRecord, FindingSummary,
    Overview, Paged, RiskSummary,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A part of a list, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The part asked for.
    pub items: Vec<T>,
    /// How many match in all.
    pub total: u64,
}

impl<T> List<T> {
    /// Shows each item of a page.
    pub fn of<S>(page: Paged<S>, show: impl FnMut(S) -> T) -> Self {
        Self { total: page.total, items: page.items.into_iter().map(show).collect() }
    }

    /// Shows all there is.
    pub fn all<S>(items: Vec<S>, show: impl FnMut(S) -> T) -> Self {
        let items: Vec<T> = items.into_iter().map(show).collect();
        Self { total: items.len() as u64, items }
    }
}

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
}

impl From<OrgUnit> for Unit {
    fn from(unit: OrgUnit) -> Self {
        Self {
            id: unit.id.to_string(),
            code: unit.code,
            name: unit.name,
            kind: unit.kind.to_string(),
            parent: unit.parent.map(|parent| parent.to_string()),
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
        method: ownership.method.to_string(),
    })
}

fn text(moment: Timestamp) -> String {
    moment.to_string()
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
}

impl From<AssetSummary> for Asset {
    fn from(summary: AssetSummary) -> Self {
        let AssetSummary { asset, owner: ownership, owner_unit, class, os_name, open_findings } =
            summary;
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
    /// `proposed`, `confirmed` or `expired`.
    pub status: String,
}

impl From<Classification> for GivenClass {
    fn from(class: Classification) -> Self {
        Self {
            biv: class.biv.into(),
            scheme: class.scheme,
            basis: class.basis,
            decided_by: class.decided_by,
            decided_at: text(class.decided_at),
            review_due: text(class.review_due),
            status: class.status.to_string(),
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
    /// For a data set: what personal data it holds.
    pub personal_data: Option<String>,
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
            personal_data: detail.data_set.map(|set| set.personal_data.to_string()),
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

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentView {
    /// Id: the one in its certificate.
    pub id: String,
    /// Id of its asset.
    pub asset: String,
    /// `active`, `superseded` or `revoked`.
    pub status: String,
    /// Version of the program.
    pub version: String,
    /// Operating-system family.
    pub platform: String,
    /// When it was enrolled.
    pub enrolled_at: String,
    /// Its last check-in.
    pub last_seen: Option<String>,
    /// When its certificate ends.
    pub certificate_not_after: String,
    /// How far its clock is ahead of the collector's, milliseconds.
    pub clock_offset_ms: i64,
}

impl From<Agent> for AgentView {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id.to_string(),
            asset: agent.asset.to_string(),
            status: agent.status.to_string(),
            version: agent.version,
            platform: agent.platform,
            enrolled_at: text(agent.enrolled_at),
            last_seen: agent.last_seen.map(text),
            certificate_not_after: text(agent.certificate_not_after),
            clock_offset_ms: agent.clock_offset_ms,
        }
    }
}

/// An enrolment token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    /// Id.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// `valid`, `expired`, `used_up` or `revoked`.
    pub status: String,
    /// How many devices it may admit.
    pub uses_allowed: u32,
    /// How many it admitted.
    pub uses: u32,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

impl TokenView {
    /// Shows a token as it stands now.
    pub fn of(token: EnrolmentToken, now: Timestamp) -> Self {
        Self {
            status: token.status(now).to_string(),
            id: token.id.to_string(),
            label: token.label,
            uses_allowed: token.uses_allowed,
            uses: token.uses,
            created_by: token.created_by,
            created_at: text(token.created_at),
            expires_at: text(token.expires_at),
            last_used_at: token.last_used_at.map(text),
        }
    }
}

/// An enrolment token that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewTokenView {
    /// What it is.
    #[serde(flatten)]
    pub token: TokenView,
    /// The token itself: shown this once.
    pub secret: String,
    /// What to run on a device.
    pub command: String,
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiTokenView {
    /// Id.
    pub id: String,
    /// Id of its user.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

impl From<ApiToken> for ApiTokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id.to_string(),
            user: token.user.to_string(),
            label: token.label,
            created_at: text(token.created_at),
            expires_at: text(token.expires_at),
            revoked_at: token.revoked_at.map(text),
        }
    }
}

/// One fact a finding rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceView {
    /// What it is about.
    pub name: String,
    /// What was seen.
    pub value: String,
}

impl From<EvidenceItem> for EvidenceView {
    fn from(item: EvidenceItem) -> Self {
        Self { name: item.name, value: item.value }
    }
}

/// A finding.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    /// Id.
    pub id: String,
    /// Code in the catalogue.
    pub code: String,
    /// Title, Dutch.
    pub title_nl: String,
    /// Title, English.
    pub title_en: String,
    /// Id of the asset.
    pub asset: String,
    /// Name of the asset.
    pub asset_name: String,
    /// Code of the unit that owns the asset.
    pub unit: Option<String>,
    /// Status.
    pub status: String,
    /// Suggested likelihood, 1 to 5.
    pub likelihood: u8,
    /// Dimensions it touches; none when it is for information.
    pub dimensions: String,
    /// What it rests on.
    pub evidence: Vec<EvidenceView>,
    /// Controls of CyFun 2025.
    pub cyfun_2025: Vec<String>,
    /// Controls of ISO/IEC 27001:2022.
    pub iso_27001: Vec<String>,
    /// What to do about it, Dutch.
    pub remedy_nl: String,
    /// What to do about it, English.
    pub remedy_en: String,
    /// When it was first observed.
    pub first_observed: String,
    /// When it was last observed.
    pub last_observed: String,
    /// When it was resolved.
    pub resolved_at: Option<String>,
}

impl FindingView {
    /// Shows a finding with what the catalogue says of its code.
    pub fn of(summary: FindingSummary, catalogue: &Catalogue) -> Self {
        let unit = summary.unit.map(|unit| unit.code);
        Self::new(summary.finding, summary.asset_name, unit, catalogue)
    }

    fn new(
        finding: Finding,
        asset_name: String,
        unit: Option<String>,
        catalogue: &Catalogue,
    ) -> Self {
        // A code that left the catalogue keeps its findings; they show the code as title.
        let kind = catalogue.findings.get(&finding.code);
        let or_code = |text: Option<&String>| text.unwrap_or(&finding.code).clone();
        Self {
            id: finding.id.to_string(),
            title_nl: or_code(kind.map(|kind| &kind.title.nl)),
            title_en: or_code(kind.map(|kind| &kind.title.en)),
            asset: finding.asset.to_string(),
            asset_name,
            unit,
            status: finding.status.to_string(),
            likelihood: finding.likelihood.get(),
            dimensions: finding.dimensions.to_string(),
            evidence: finding.evidence.into_iter().map(Into::into).collect(),
            cyfun_2025: kind.map(|kind| kind.cyfun_2025.clone()).unwrap_or_default(),
            iso_27001: kind.map(|kind| kind.iso_27001.clone()).unwrap_or_default(),
            remedy_nl: kind.map(|kind| kind.remedy.nl.clone()).unwrap_or_default(),
            remedy_en: kind.map(|kind| kind.remedy.en.clone()).unwrap_or_default(),
            first_observed: text(finding.first_observed),
            last_observed: text(finding.last_observed),
            resolved_at: finding.resolved_at.map(text),
            code: finding.code,
        }
    }
}

/// A kind of finding, as the catalogue has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingKindView {
    /// Code.
    pub code: String,
    /// Title, Dutch.
    pub title_nl: String,
    /// Title, English.
    pub title_en: String,
    /// Suggested likelihood, 1 to 5.
    pub likelihood: u8,
    /// Dimensions it touches.
    pub dimensions: String,
    /// Scenario it counts for.
    pub scenario: String,
    /// Controls of CyFun 2025.
    pub cyfun_2025: Vec<String>,
    /// Controls of ISO/IEC 27001:2022.
    pub iso_27001: Vec<String>,
    /// What to do about it, Dutch.
    pub remedy_nl: String,
    /// What to do about it, English.
    pub remedy_en: String,
}

impl From<FindingKind> for FindingKindView {
    fn from(kind: FindingKind) -> Self {
        Self {
            code: kind.code,
            title_nl: kind.title.nl,
            title_en: kind.title.en,
            likelihood: kind.likelihood.get(),
            dimensions: kind.dimensions.to_string(),
            scenario: kind.scenario,
            cyfun_2025: kind.cyfun_2025,
            iso_27001: kind.iso_27001,
            remedy_nl: kind.remedy.nl,
            remedy_en: kind.remedy.en,
        }
    }
}

/// Likelihood, impact and severity, 1 to 5 each.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Rating {
    /// Likelihood.
    pub likelihood: u8,
    /// Impact.
    pub impact: u8,
    /// Severity by the matrix.
    pub severity: u8,
}

impl From<ModelRating> for Rating {
    fn from(rating: ModelRating) -> Self {
        Self {
            likelihood: rating.likelihood.get(),
            impact: rating.impact.get(),
            severity: rating.severity.get(),
        }
    }
}

/// An entry of the risk register.
#[derive(Debug, Serialize, ToSchema)]
pub struct RiskView {
    /// Reference.
    pub reference: String,
    /// Stable key: scenario and unit or asset.
    pub key: String,
    /// Scenario.
    pub scenario: String,
    /// Title, Dutch.
    pub title_nl: String,
    /// Title, English.
    pub title_en: String,
    /// What could happen, Dutch.
    pub description_nl: String,
    /// What could happen, English.
    pub description_en: String,
    /// Code of the unit.
    pub unit: Option<String>,
    /// State.
    pub state: String,
    /// Treatment.
    pub treatment: String,
    /// Suggested: without controls.
    pub inherent: Rating,
    /// Suggested: with the controls in place.
    pub current: Rating,
    /// Suggested impact per dimension.
    pub biv: Biv,
    /// Suggested impact on operations, citizens, law and reputation.
    pub facets: BTreeMap<String, u8>,
    /// Suggested degree of control, 1 to 5.
    pub control: u8,
    /// Assets in scope that comply.
    pub compliant: u32,
    /// Assets in scope.
    pub in_scope: u32,
    /// Suggested priority.
    pub priority: String,
    /// Version of the matrix.
    pub matrix: String,
    /// Ids of the assets hit.
    pub assets: Vec<String>,
    /// Ids of the findings.
    pub findings: Vec<String>,
    /// Codes of the findings.
    pub codes: Vec<String>,
    /// When it was first proposed.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it is to be looked at again.
    pub next_review: String,
    /// Since when no finding supports it.
    pub unsupported_since: Option<String>,
    /// Version, for optimistic locking.
    pub version: u64,
}

impl RiskView {
    /// Shows a risk with what the catalogue says of its scenario.
    pub fn of(summary: RiskSummary, catalogue: &Catalogue) -> Self {
        let RiskSummary { risk, unit, asset_name } = summary;
        let scenario = catalogue.scenarios.get(&risk.key.scenario);
        let place = asset_name.or_else(|| unit.as_ref().map(|unit| unit.name.clone()));
        let titled = |title: Option<&String>, nobody: &str| {
            let title = title.unwrap_or(&risk.key.scenario);
            format!("{title}: {}", place.as_deref().unwrap_or(nobody))
        };
        let said = |text: Option<&String>| text.cloned().unwrap_or_default();
        let suggestion = &risk.suggestion;
        let facets = suggestion.facets;
        Self {
            reference: risk.reference.clone(),
            key: risk.key.text(),
            title_nl: titled(scenario.map(|s| &s.title.nl), "zonder eigenaar"),
            title_en: titled(scenario.map(|s| &s.title.en), "without an owner"),
            description_nl: said(scenario.map(|s| &s.description.nl)),
            description_en: said(scenario.map(|s| &s.description.en)),
            unit: unit.map(|unit| unit.code),
            state: risk.state.to_string(),
            treatment: risk.treatment.to_string(),
            inherent: suggestion.inherent.into(),
            current: suggestion.current.into(),
            biv: suggestion.biv.into(),
            facets: BTreeMap::from([
                ("operations".to_owned(), facets.operations.get()),
                ("citizens".to_owned(), facets.citizens.get()),
                ("legal".to_owned(), facets.legal.get()),
                ("reputation".to_owned(), facets.reputation.get()),
            ]),
            control: suggestion.control.get(),
            compliant: suggestion.compliant,
            in_scope: suggestion.in_scope,
            priority: suggestion.priority.to_string(),
            matrix: suggestion.matrix.clone(),
            assets: suggestion.assets.iter().map(ToString::to_string).collect(),
            findings: suggestion.findings.iter().map(ToString::to_string).collect(),
            codes: suggestion.codes.clone(),
            created_at: text(risk.created_at),
            updated_at: text(risk.updated_at),
            next_review: text(risk.next_review),
            unsupported_since: risk.unsupported_since.map(text),
            version: risk.version,
            scenario: risk.key.scenario,
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

/// One record of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    /// Number, from 1 without gaps.
    pub sequence: u64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// Hash over the record and the one before.
    pub hash: String,
}

impl From<AuditRecord> for AuditView {
    fn from(record: AuditRecord) -> Self {
        Self {
            sequence: record.sequence,
            at: text(record.at),
            actor: record.actor,
            action: record.action,
            subject: record.subject,
            detail: serde_json::from_str(&record.detail).unwrap_or_default(),
            hash: hex::encode(record.hash),
        }
    }
}

/// Counts for the overview, over assets in service.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverviewView {
    /// Assets.
    pub assets: u64,
    /// Devices among them.
    pub devices: u64,
    /// Assets with an owner.
    pub owned: u64,
    /// Assets with a class that is not assumed.
    pub classified: u64,
    /// Devices seen within seven days.
    pub seen_7d: u64,
    /// Open findings by code.
    pub open_findings: BTreeMap<String, u64>,
    /// Open risks by current severity.
    pub open_risks: BTreeMap<String, u64>,
    /// When the newest report came.
    pub last_report: Option<String>,
}

impl From<Overview> for OverviewView {
    fn from(overview: Overview) -> Self {
        let severities = (1..=5).map(|severity: u8| severity.to_string());
        Self {
            assets: overview.assets,
            devices: overview.devices,
            owned: overview.owned,
            classified: overview.classified,
            seen_7d: overview.seen_7d,
            open_findings: overview.findings.into_iter().collect(),
            open_risks: severities.zip(overview.risks).collect(),
            last_report: overview.last_report.map(text),
        }
    }
}
