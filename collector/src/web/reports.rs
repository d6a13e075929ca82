//! Monthly reports: a preview, freezing one, and those that were frozen.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use belfort_model::id::ReportId;
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::list::{Asked, Pager};
use super::render;
use super::sent::{Fields, Sent};
use super::sure::Sure;
use crate::app::access::Right;
use crate::app::reports;
use crate::calendar::{Day, Month};
use crate::clock;
use crate::i18n::Language;
use crate::report::document::Kind;
use crate::report::render::{Form, render as write};
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::rest::reports::file;
use crate::view::{List, ReportView, VerifiedView};

/// Months that can be chosen: those whose daily figures are kept.
const MONTHS: i64 = 13;
/// What a report is asked for by.
const KEYS: &[&str] = &["maand", "tot", "taal", "vorm", "soort"];

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    frame: Frame,
    done: Option<String>,
    /// Months that can be chosen, as they are written for programs and for people.
    months: Vec<(String, String)>,
    today: String,
    reports: List<ReportView>,
    pager: Pager,
    may_freeze: bool,
}

impl ReportsPage {
    /// A month in words.
    fn words(&self, month: &str) -> String {
        month_in_words(&self.frame, month)
    }
}

#[derive(Template)]
#[template(path = "report_frozen.html")]
struct FrozenPage {
    frame: Frame,
    done: Option<String>,
    report: ReportView,
    month: String,
    /// What computing its hash again showed, when that was asked.
    verified: Option<VerifiedView>,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/rapporten", get(page))
        .route("/rapporten/voorbeeld", get(preview))
        .route("/rapporten/bevriezen", get(freeze_form).post(freeze))
        .route("/rapporten/{id}", get(show))
        .route("/rapporten/{id}/{form}", get(download))
}

/// A month in words: `november 2026`.
fn month_in_words(frame: &Frame, month: &str) -> String {
    let Some((year, number)) = month.split_once('-') else { return month.to_owned() };
    format!("{} {year}", frame.t(&format!("month-{}", number.trim_start_matches('0'))))
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    // Reports are about the whole organisation.
    actor.require_for(Right::Export, None)?;
    let asked = Asked::of("/rapporten", query.as_deref(), &[])?;
    let page = blocking(move || {
        let reports = api.app.report_list(&actor, asked.page()?)?;
        let reports = List::of(reports, ReportView::from);
        let today = Day::of(clock::now());
        let months = (0..MONTHS).map(|ago| {
            let month = today.month().months_before(ago).to_string();
            let words = month_in_words(&frame, &month);
            (month, words)
        });
        Ok(ReportsPage {
            months: months.collect(),
            today: today.to_string(),
            pager: asked.pager(reports.total, reports.items.len()),
            done: asked.done(&frame),
            may_freeze: actor.require_for(Right::Manage, None).is_ok(),
            frame,
            reports,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// The report that is asked for, and its language.
fn wanted(
    month: Option<Month>,
    cut_off: Option<Day>,
    language: Option<&str>,
) -> Result<(reports::Asked, Language), Problem> {
    let asked = reports::Asked::new(month, cut_off, clock::now())?;
    let language = language
        .map(|text| text.parse().map_err(|error| Problem::bad_request(format!("taal: {error}"))));
    Ok((asked, language.transpose()?.unwrap_or(Language::Nl)))
}

fn wanted_by(asked: &Asked) -> Result<(reports::Asked, Language), Problem> {
    wanted(asked.parse("maand")?, asked.parse("tot")?, asked.get("taal"))
}

fn wanted_by_form(fields: &Fields) -> Result<(reports::Asked, Language), Problem> {
    wanted(fields.parse("maand")?, fields.parse("tot")?, fields.get("taal"))
}

fn form_of(text: Option<&str>) -> Result<Form, Problem> {
    let form = text
        .map(|text| text.parse().map_err(|error| Problem::bad_request(format!("vorm: {error}"))));
    Ok(form.transpose()?.unwrap_or(Form::Html))
}

/// What of a report is shown.
fn kind_of(text: Option<&str>) -> Result<Kind, Problem> {
    match text {
        None | Some("maandrapport") => Ok(Kind::Monthly),
        Some("cyfun") => Ok(Kind::Cyfun),
        Some(other) => {
            Err(Problem::bad_request(format!("soort: `{other}` is not maandrapport or cyfun")))
        }
    }
}

/// The report as it would be frozen now.
async fn preview(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let actor = visitor.actor;
    actor.require_for(Right::Export, None)?;
    let asked = Asked::of("/rapporten/voorbeeld", query.as_deref(), KEYS)?;
    let (report, language) = wanted_by(&asked)?;
    let form = form_of(asked.get("vorm"))?;
    let kind = kind_of(asked.get("soort"))?;
    let (month, bytes) = blocking(move || {
        let made = api.app.report_preview(&actor, report)?;
        let bytes = write(&made, kind, form, language)?;
        Ok((kind.file(&made.report.month), bytes))
    })
    .await?;
    Ok(file(form, &month, bytes))
}

/// Whether one is sure.
async fn freeze_form(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    actor.require_for(Right::Manage, None)?;
    let asked = Asked::of("/rapporten/bevriezen", query.as_deref(), KEYS)?;
    let (report, language) = wanted_by(&asked)?;
    let (month, cut_off) = (report.month.to_string(), report.cut_off.to_string());
    let sure = Sure {
        title: frame.t("reports-freeze"),
        text: frame.t("reports-freeze-text"),
        facts: vec![
            (frame.t("col-month"), month_in_words(&frame, &month)),
            (frame.t("reports-cut-off"), frame.day(&cut_off)),
            (frame.t("reports-language"), frame.code("language", language.code())),
        ],
        action: "/rapporten/bevriezen".to_owned(),
        fields: vec![("maand", month), ("tot", cut_off), ("taal", language.code().to_owned())],
        back: "/rapporten".to_owned(),
        button: frame.t("reports-freeze"),
        frame,
    };
    Ok(sure.show())
}

/// Makes the report and freezes it.
async fn freeze(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let actor = sent.visitor.actor;
    actor.require_for(Right::Manage, None)?;
    let (report, language) = wanted_by_form(&sent.fields)?;
    let frozen =
        blocking(move || Ok(api.app.report_freeze(&actor, report, language, clock::now())?))
            .await?;
    let to = format!("/rapporten/{}?melding=rapport-bevroren", frozen.record.id);
    Ok(Redirect::to(&to).into_response())
}

fn report_id(text: &str) -> Result<ReportId, Problem> {
    text.parse().map_err(|_| Problem::not_found("there is no such report"))
}

/// One frozen report.
async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    actor.require_for(Right::Export, None)?;
    let asked = Asked::of("/rapporten", query.as_deref(), &["nazicht"])?;
    let id = report_id(&id)?;
    let page = blocking(move || {
        let report = ReportView::from(api.app.report_get(&actor, id)?.record);
        let verify = asked.is("nazicht", "ja");
        let verified = verify.then(|| api.app.report_verify(&actor, id)).transpose()?;
        Ok(FrozenPage {
            month: month_in_words(&frame, &report.month),
            done: asked.done(&frame),
            verified: verified.map(VerifiedView::from),
            frame,
            report,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// A frozen report in one of its forms.
async fn download(
    State(api): State<Api>,
    visitor: Visitor,
    Path((id, form)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let actor = visitor.actor;
    actor.require_for(Right::Export, None)?;
    let asked = Asked::of("/rapporten", query.as_deref(), &["taal", "soort"])?;
    let id = report_id(&id)?;
    let form: Form = form.parse().map_err(Problem::not_found)?;
    let language = asked.parse::<Language>("taal")?;
    let kind = kind_of(asked.get("soort"))?;
    let (month, bytes) = blocking(move || {
        let reports::Frozen { record, made } = api.app.report_get(&actor, id)?;
        let presented = record.language.parse().unwrap_or(Language::Nl);
        let bytes = write(&made, kind, form, language.unwrap_or(presented))?;
        Ok((kind.file(&record.month), bytes))
    })
    .await?;
    Ok(file(form, &month, bytes))
}

#[cfg(test)]
mod tests;
