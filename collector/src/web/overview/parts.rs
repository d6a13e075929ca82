//! Parts of the overview: what waits, coverage per department, the trend, and what changed last.

use belfort_model::access::Scope;
use belfort_model::id::AssetId;
use belfort_model::risk::RiskState;
use belfort_model::unit::UnitKind;
use belfort_store::record::{AuditFilter, AuditRecord, Page, RiskSummary, UnitTally};

use super::super::chart::Chart;
use super::super::frame::{Count, Frame};
use super::super::worklist::{Duties, Kind};
use super::LINES;
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::report::TrendPoint;
use crate::rest::problem::Problem;

/// Records looked through for changes of the register.
const RECORDS: Page = Page { limit: 100, offset: 0 };
/// The figures whose trend is shown: owner, class, seen.
const FIGURES: [&str; 3] = ["K1", "K2", "K3"];

/// A worklist with something on it.
pub(super) struct Waiting {
    pub(super) kind: &'static str,
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) detail: String,
}

/// The worklists and how much is on them.
pub(super) fn waiting(frame: &Frame, duties: Duties, risks: &[RiskSummary]) -> Vec<Waiting> {
    let decide = [RiskState::Evaluated, RiskState::Reassess];
    let decisions = risks.iter().filter(|one| decide.contains(&one.risk.state)).count() as u64;
    // Those that the start page shows, of which the figures tell how much there is.
    let kinds =
        [Kind::Unowned, Kind::Unclassified, Kind::Unconfirmed, Kind::Decisions, Kind::Unseen];
    let line = |kind: Kind| Waiting {
        kind: kind.code(),
        number: duties.work(kind).unwrap_or(decisions),
        name: frame.t(&format!("waiting-{}", kind.code())),
        detail: frame.t(&format!("waiting-{}-text", kind.code())),
    };
    kinds.map(line).into()
}

/// How far a department is.
pub(super) struct Coverage {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) assets: u64,
    pub(super) confirmed: u64,
    pub(super) classified: u64,
}

impl Coverage {
    /// The width of a bar, in percent.
    pub(super) fn width(&self, part: impl Count) -> u64 {
        part.count().saturating_mul(100).checked_div(self.assets).unwrap_or(0)
    }
}

/// Every department one may see, with its services.
pub(super) fn coverage(
    app: &App,
    actor: &Actor,
    tallies: &[UnitTally],
) -> Result<Vec<Coverage>, Problem> {
    let units = app.store.unit_list()?;
    let visible = actor.scope(Right::Read);
    let mut lines = Vec::new();
    let departments = units.iter().filter(|unit| {
        unit.kind == UnitKind::Department
            && unit.active_to.is_none()
            && visible.contains(Some(unit.id))
    });
    for department in departments {
        let scope = Scope::below(department.id, &units);
        let below: Vec<_> =
            tallies.iter().filter(|one| one.unit.is_some() && scope.contains(one.unit)).collect();
        let sum = |part: fn(&UnitTally) -> u64| below.iter().map(|one| part(one)).sum::<u64>();
        let assets = sum(|one| one.assets);
        lines.push(Coverage {
            code: department.code.clone(),
            name: department.name.clone(),
            assets,
            confirmed: assets.saturating_sub(sum(|one| one.to_confirm)),
            classified: sum(|one| one.classified),
        });
    }
    Ok(lines)
}

/// Key figures per month.
pub(super) struct Trend {
    /// The drawing; nothing when no figures were kept yet.
    pub(super) svg: Option<String>,
    /// Names of the lines.
    pub(super) names: Vec<String>,
    /// A row per month: the month, the day, and the shares.
    pub(super) rows: Vec<(String, String, Vec<String>)>,
}

impl Trend {
    /// The trend of the points that were kept.
    pub(super) fn of(frame: &Frame, points: &[TrendPoint]) -> Self {
        let value = |point: &TrendPoint, id: &str| point.shares.get(id)?.per_mille();
        let lines = FIGURES.map(|id| points.iter().map(|point| value(point, id)).collect());
        let labels = points.iter().map(|point| point.month.get(5..).unwrap_or_default().to_owned());
        let chart =
            Chart { label: frame.t("trend-label"), labels: labels.collect(), lines: lines.into() };
        let rows = points.iter().map(|point| {
            let shares = FIGURES.map(|id| match point.shares.get(id) {
                Some(share) => frame.share(share.good, share.of),
                None => frame.t("not-kept"),
            });
            let day = point.day.as_deref().map(|day| frame.day(day)).unwrap_or_default();
            (point.month.clone(), day, shares.into())
        });
        Self {
            names: FIGURES.map(|id| frame.t(&format!("kpi-{id}"))).into(),
            rows: rows.collect(),
            svg: points.iter().any(|point| point.day.is_some()).then(|| chart.svg()),
        }
    }
}

/// Something that changed.
pub(super) struct Change {
    pub(super) icon: &'static str,
    pub(super) what: String,
    pub(super) name: String,
    pub(super) href: Option<String>,
    pub(super) actor: String,
    pub(super) at: String,
}

/// What a record of the audit log is about, and its icon; nothing for what changes no register.
fn about(action: &str) -> Option<(&'static str, &'static str)> {
    let group = action.split('.').next().unwrap_or_default();
    Some(match group {
        "asset" => ("asset", "monitor"),
        "owner" => ("owner", "building-2"),
        "classification" => ("classification", "tag"),
        "data_set" | "data_link" | "link" => ("data", "tag"),
        "finding" | "exception" | "suppression" => ("finding", "bug"),
        "risk" | "action" | "meeting" | "incident" => ("risk", "shield-alert"),
        "rule" => ("rule", "sliders-horizontal"),
        "software" => ("software", "package"),
        "unit" => ("unit", "building-2"),
        "report" => ("report", "file-text"),
        "agent" | "token" => ("agent", "plug"),
        "advisories" => ("source", "rss"),
        "user" => ("user", "user-round"),
        _ => return None,
    })
}

/// The newest changes of the register. Logging in and looking are none.
pub(super) fn changes(app: &App, actor: &Actor, frame: &Frame) -> Result<Vec<Change>, Problem> {
    let records = app.audit_search(actor, &AuditFilter::default(), RECORDS)?.items;
    let mut changes = Vec::new();
    for record in records {
        let Some((group, icon)) = about(&record.action) else { continue };
        if changes.len() == LINES {
            break;
        }
        let (name, href) = subject(app, &record)?;
        changes.push(Change {
            icon,
            what: frame.t(&format!("change-of-{group}")),
            name,
            href,
            actor: record.actor,
            at: record.at.to_string(),
        });
    }
    Ok(changes)
}

/// What a record is about: its name when it is an asset, and its page.
fn subject(app: &App, record: &AuditRecord) -> Result<(String, Option<String>), Problem> {
    if record.subject.starts_with("R-") {
        return Ok((record.subject.clone(), Some(format!("/risicos/{}", record.subject))));
    }
    let Ok(id) = record.subject.parse::<AssetId>() else {
        return Ok((record.subject.clone(), None));
    };
    Ok(match app.store.asset_get(id)? {
        Some(asset) => (asset.summary.asset.name, Some(format!("/assets/{id}"))),
        // The id of something else tells nobody anything.
        None => (String::new(), None),
    })
}
