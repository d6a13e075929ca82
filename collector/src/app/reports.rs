//! Monthly reports: made for a cut-off, frozen as presented, verified later.

mod build;

use belfort_model::id::ReportId;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{FrozenReport, Page, Paged};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit};
use crate::calendar::{Day, Month};
use crate::i18n::Language;
use crate::report::Report;
use crate::report::canonical;

/// Which report.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The month it is about.
    pub month: Month,
    /// The day at whose end the state is shown.
    pub cut_off: Day,
}

impl Asked {
    /// What was asked for: the month of the cut-off, or the end of the month, when only one is given; the
    /// present day when neither is.
    pub fn new(month: Option<Month>, cut_off: Option<Day>, now: Timestamp) -> Result<Self> {
        let today = Day::of(now);
        let month = month.unwrap_or_else(|| cut_off.unwrap_or(today).month());
        if month > today.month() {
            return Err(AppError::Invalid(format!(
                "month: {month} has not begun; today is {today}"
            )));
        }
        let cut_off = cut_off.unwrap_or_else(|| month.last_day().min(today));
        if cut_off > today {
            let reason = format!("cut_off: {cut_off} has not come yet; today is {today}");
            return Err(AppError::Invalid(reason));
        }
        // Until the end of the next month: meetings are held after the month they are about.
        let last = month.next().last_day();
        if cut_off.end() < month.start() || cut_off > last {
            let reason = format!("cut_off: {cut_off} is not from {month}-01 to {last}");
            return Err(AppError::Invalid(reason));
        }
        Ok(Self { month, cut_off })
    }
}

/// A report with its canonical content and hash.
#[derive(Clone, Debug)]
pub struct Made {
    /// The report.
    pub report: Report,
    /// Its canonical JSON.
    pub content: String,
    /// SHA-256 of that.
    pub sha256: [u8; 32],
}

/// A frozen report as it was read back.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// The record.
    pub record: FrozenReport,
    /// The report.
    pub made: Made,
}

/// Whether a frozen report is what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Hash it was frozen with.
    pub stored: [u8; 32],
    /// Hash of the content now.
    pub computed: [u8; 32],
    /// Hash the audit log says it was frozen with.
    pub audited: Option<String>,
}

impl Verified {
    /// Whether all three agree.
    pub fn holds(&self) -> bool {
        let stored = hex::encode(self.stored);
        self.stored == self.computed && self.audited.as_deref() == Some(stored.as_str())
    }
}

impl App {
    /// Makes a report without keeping it. It is about the whole organisation, so the right must be as
    /// wide.
    pub fn report_preview(&self, actor: &Actor, asked: Asked) -> Result<Made> {
        actor.require_for(Right::Export, None)?;
        self.report_make(asked)
    }

    fn report_make(&self, asked: Asked) -> Result<Made> {
        let report = self.report_build(asked)?;
        let content = canonical::text(&report).map_err(|error| corrupt(&error))?;
        let sha256 = canonical::sha256(&content);
        Ok(Made { report, content, sha256 })
    }

    /// Makes a report and keeps it as it is.
    pub fn report_freeze(
        &self,
        actor: &Actor,
        asked: Asked,
        language: Language,
        now: Timestamp,
    ) -> Result<Frozen> {
        actor.require_for(Right::Manage, None)?;
        let made = self.report_make(asked)?;
        let record = FrozenReport {
            id: ReportId(Uuid::now_v7()),
            month: made.report.month.clone(),
            cut_off: made.report.cut_off,
            language: language.code().to_owned(),
            created_at: now,
            created_by: actor.name.clone(),
            sha256: made.sha256,
            content: made.content.clone(),
        };
        let detail = json!({
            "month": record.month, "cut_off": record.cut_off, "language": record.language,
            "sha256": hex::encode(made.sha256),
        });
        let record_of = audit(actor, Right::Manage, "report.freeze", &record.id, &detail, now)?;
        self.store.frozen_report_insert(&record, &record_of)?;
        Ok(Frozen { record, made })
    }

    /// Frozen reports, newest first.
    pub fn report_list(&self, actor: &Actor, page: Page) -> Result<Paged<FrozenReport>> {
        actor.require_for(Right::Export, None)?;
        Ok(self.store.frozen_report_list(page)?)
    }

    /// One frozen report.
    pub fn report_get(&self, actor: &Actor, id: ReportId) -> Result<Frozen> {
        actor.require_for(Right::Export, None)?;
        let record = self.frozen(id)?;
        let report = canonical::read(&record.content).map_err(|error| corrupt(&error))?;
        let (content, sha256) = (record.content.clone(), record.sha256);
        Ok(Frozen { record, made: Made { report, content, sha256 } })
    }

    /// Computes the hash of a frozen report again, and compares it with the one it was frozen with and
    /// the one in the audit log.
    pub fn report_verify(&self, actor: &Actor, id: ReportId) -> Result<Verified> {
        actor.require_for(Right::Export, None)?;
        let record = self.frozen(id)?;
        let detail = self.store.frozen_report_audited(id)?;
        let detail = detail.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        let audited = detail.and_then(|detail| Some(detail.get("sha256")?.as_str()?.to_owned()));
        let computed = canonical::sha256(&record.content);
        Ok(Verified { stored: record.sha256, computed, audited })
    }

    fn frozen(&self, id: ReportId) -> Result<FrozenReport> {
        let found = self.store.frozen_report_get(id)?;
        Ok(found.ok_or_else(|| StoreError::NotFound { what: "report", id: id.to_string() })?)
    }
}

fn corrupt(error: &canonical::NotCanonical) -> AppError {
    let reason = format!(
        "{error}: {}",
        std::error::Error::source(error).map_or_else(String::new, ToString::to_string)
    );
    AppError::Store(StoreError::Corrupt { what: "report", reason })
}
