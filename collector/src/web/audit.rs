//! The audit log: who did what, when, from what to what; and whether it is still what was written.

mod detail;
mod lines;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::id::BatchId;
use belfort_model::time::Timestamp;
use belfort_store::record::{AuditFilter, AuditRecord};
use http::StatusCode;

use self::detail::Detail;
use super::export::{self, Head};
use super::frame::{Frame, Visitor};
use super::list::{Asked, Chip, Pager};
use super::render;
use crate::app::access::Right;
use crate::app::audit::may_read;
use crate::app::undo::{is_undoable, may_undo};
use crate::calendar::Day;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{AuditVerifiedView, AuditView};

/// Filters of the list.
const KEYS: &[&str] = &["door", "actie", "onderwerp", "van", "tot"];

struct Row {
    record: AuditView,
    detail: Detail,
    /// The page of the subject, where there is one.
    href: Option<String>,
    /// The page that undoes its batch, for who may.
    undo: Option<String>,
}

impl Row {
    fn of(record: AuditView, may_undo: bool) -> Self {
        let (detail, href) = (Detail::of(&record.detail), page_of(&record));
        let undo = may_undo.then(|| undo_of(&record)).flatten();
        Self { record, detail, href, undo }
    }
}

/// Where the batch of a record is undone; nothing when it has none or undid another.
fn undo_of(record: &AuditView) -> Option<String> {
    let batch: BatchId = record.detail.get("batch")?.as_str()?.parse().ok()?;
    let can_be = is_undoable(&record.action) && record.detail.get("undoes").is_none();
    can_be.then(|| format!("/ongedaan-maken/{batch}"))
}

/// Where the subject of a record is shown.
fn page_of(record: &AuditView) -> Option<String> {
    let subject = &record.subject;
    let is_id = subject.len() == 36 && subject.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    match record.action.split('.').next() {
        Some("asset" | "owner" | "classification") if is_id => Some(format!("/assets/{subject}")),
        Some("risk") if subject.starts_with("R-") => Some(format!("/risicos/{subject}")),
        Some("finding") if is_id => Some(format!("/bevindingen/{subject}")),
        Some("report") if is_id => Some(format!("/rapporten/{subject}")),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    asked: Asked,
    rows: Vec<Row>,
    chips: Vec<Chip>,
    pager: Pager,
    may_export: bool,
}

#[derive(Template)]
#[template(path = "audit_chain.html")]
struct ChainPage {
    frame: Frame,
    chain: AuditVerifiedView,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/audit", get(page))
        .route("/audit.{kind}", get(file))
        .route("/audit/keten", get(verify))
        .route("/audit/bewijs.jsonl", get(lines::file))
}

/// The first moment of a day in Brussels.
fn start(day: Day) -> Timestamp {
    Timestamp(day.days_before(1).end().0 + 1)
}

fn filter(asked: &Asked) -> Result<AuditFilter, Problem> {
    // The day that is named is part of the period; the store takes the moment after it.
    let until = asked.parse::<Day>("tot")?.map(|day| Timestamp(day.end().0 + 1));
    Ok(AuditFilter {
        actor: asked.get("door").map(str::to_owned),
        action: asked.get("actie").map(str::to_owned),
        subject: asked.get("onderwerp").map(str::to_owned),
        from: asked.parse::<Day>("van")?.map(start),
        to: until,
    })
}

fn chips(frame: &Frame, asked: &Asked) -> Vec<Chip> {
    let chip = |(key, value): (&str, &str)| {
        let name = frame.t(&format!("audit-filter-{key}"));
        let text = match key {
            "van" | "tot" => frame.day(value),
            _ => value.to_owned(),
        };
        Chip { text: format!("{name}: {text}"), name, href: asked.without(key, value) }
    };
    asked.filters().map(chip).collect()
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    may_read(&actor)?;
    let asked = Asked::of("/audit", query.as_deref(), KEYS)?;
    let filter = filter(&asked)?;
    let page = blocking(move || {
        let records = api.app.audit_search(&actor, &filter, asked.page()?)?;
        let may_undo = may_undo(&actor).is_ok();
        let row = |record: AuditRecord| Row::of(record.into(), may_undo);
        let rows: Vec<_> = records.items.into_iter().map(row).collect();
        Ok(AuditPage {
            chips: chips(&frame, &asked),
            pager: asked.pager(records.total, rows.len()),
            may_export: actor.may(Right::Export),
            rows,
            frame,
            asked,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// The same list as a file.
async fn file(
    State(api): State<Api>,
    visitor: Visitor,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Export)?;
    may_read(&actor)?;
    let kind = kind.parse()?;
    let filter = filter(&Asked::of("/audit", query.as_deref(), KEYS)?)?;
    let heads: Vec<Head> = vec![
        ("sequence", frame.t("col-number")),
        ("at", frame.t("col-time")),
        ("actor", frame.t("col-actor")),
        ("action", frame.t("col-action")),
        ("subject", frame.t("col-subject")),
        ("detail", frame.t("col-detail")),
        ("hash", frame.t("audit-hash")),
    ];
    Ok(export::send("audit", kind, heads, move |page| {
        let records = api.app.audit_search(&actor, &filter, page)?.items.into_iter();
        let cells = |record: AuditView| {
            vec![
                record.sequence.to_string(),
                record.at,
                record.actor,
                record.action,
                record.subject,
                record.detail.to_string(),
                record.hash,
            ]
        };
        Ok(records.map(|record| cells(record.into())).collect())
    }))
}

/// Whether the log is what was written.
async fn verify(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    may_read(&actor)?;
    let chain = blocking(move || Ok(api.app.audit_verify(&actor)?)).await?;
    Ok(render(StatusCode::OK, &ChainPage { frame, chain: chain.into() }))
}

#[cfg(test)]
mod tests;
