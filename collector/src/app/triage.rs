//! Findings that people judge, exceptions they ask for, and incidents they register.

use std::collections::BTreeSet;

use belfort_model::access::Scope;
use belfort_model::exception::{Exception, ExceptionError, ExceptionScope, NewException};
use belfort_model::finding::{FindingError, TriageChange};
use belfort_model::id::{AssetId, ExceptionId, FindingId, IncidentId, UnitId};
use belfort_model::incident::Incident;
use belfort_model::risk::RiskChange;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::{Audit, ExceptionSummary, FindingSummary};
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::risks::{Write, not_found, refused, require_any, same_version, unit_of};
use super::{App, AppError, Result, text};

impl From<FindingError> for AppError {
    fn from(error: FindingError) -> Self {
        match error {
            FindingError::Denied(denied) => denied.into(),
            FindingError::Status { .. } => refused(error.to_string()),
            FindingError::Input(reason) => Self::Invalid(reason),
        }
    }
}

impl From<ExceptionError> for AppError {
    fn from(error: ExceptionError) -> Self {
        match error {
            ExceptionError::Denied(denied) => denied.into(),
            ExceptionError::OwnRequest(_) => Self::Forbidden(error.to_string()),
            ExceptionError::Status(_) | ExceptionError::Guard(_) => refused(error.to_string()),
            ExceptionError::Input(reason) => Self::Invalid(reason),
        }
    }
}

/// What an exception is asked for.
#[derive(Clone, Debug, Default)]
pub struct ExceptionFor {
    /// A finding.
    pub finding: Option<FindingId>,
    /// An asset.
    pub asset: Option<AssetId>,
    /// A unit, by code.
    pub unit: Option<String>,
    /// The code of findings.
    pub code: Option<String>,
}

/// What is done about a request for an exception, or about an exception.
#[derive(Clone, Debug)]
pub enum ExceptionChange {
    /// It is approved.
    Approve {
        /// Reference of the meeting that approved it.
        meeting: Option<String>,
    },
    /// It is not.
    Reject {
        /// Why.
        reason: String,
    },
    /// It ends before its time.
    Close {
        /// Why.
        reason: String,
    },
}

/// What an incident is made from.
#[derive(Clone, Debug, Default)]
pub struct NewIncident {
    /// Its reference.
    pub reference: String,
    /// What happened.
    pub title: String,
    /// Assets it concerns.
    pub assets: Vec<AssetId>,
    /// References of the risks it concerns.
    pub risks: Vec<String>,
}

impl App {
    /// One finding, as the actor may see it.
    pub fn finding(&self, actor: &Actor, id: FindingId) -> Result<FindingSummary> {
        actor.require(Right::Read)?;
        let found = self.store.finding_get(id)?;
        let found = found.ok_or_else(|| not_found("finding", &id.to_string()))?;
        actor.require_for(Right::Read, found.unit.as_ref().map(|unit| unit.id))?;
        Ok(found)
    }

    /// Judges a finding, or gives it to a unit.
    pub fn finding_triage(
        &self,
        actor: &Actor,
        id: FindingId,
        change: &TriageChange,
        write: Write,
        now: Timestamp,
    ) -> Result<FindingSummary> {
        actor.require(Right::Triage)?;
        let found = self.finding(actor, id)?;
        let unit = found.unit.as_ref().map(|unit| unit.id);
        let old = &found.finding;
        same_version("finding", &id.to_string(), write.version, old.triage.version)?;
        let finding = old.triaged(actor, unit, change, now)?;
        if !write.dry_run {
            let detail = json!({
                "code": old.code, "asset": old.asset, "from": old.status, "to": finding.status,
                "assigned": finding.triage.assigned,
            });
            let record = record(actor, change.name(), &id.to_string(), &detail, now);
            self.store.finding_triage(&finding, &record)?;
        }
        Ok(FindingSummary { finding, ..found })
    }

    /// Asks for an exception.
    pub fn exception_request(
        &self,
        actor: &Actor,
        what: &ExceptionFor,
        reason: String,
        compensating: String,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<ExceptionSummary> {
        actor.require(Right::Triage)?;
        let (scope, unit) = self.exception_scope(actor, what)?;
        let new = NewException { scope, reason, compensating, expires_at };
        let id = ExceptionId(Uuid::now_v7());
        let exception = Exception::request(id, actor, unit, new, now)?;
        let detail = json!({ "scope": exception.scope, "expires_at": exception.expires_at });
        let record = record(actor, "exception.request", &id.to_string(), &detail, now);
        self.store.exception_insert(&exception, &record)?;
        self.exception(actor, id)
    }

    /// What an exception is for, and whose it is.
    fn exception_scope(
        &self,
        actor: &Actor,
        what: &ExceptionFor,
    ) -> Result<(ExceptionScope, Option<UnitId>)> {
        let code = what.code.clone();
        if let Some(code) = &code
            && !self.catalogue.findings.contains_key(code)
        {
            return Err(AppError::Invalid(format!("code: there is no kind of finding `{code}`")));
        }
        match (what.finding, what.asset, &what.unit, code) {
            (Some(id), None, None, None) => {
                let found = self.finding(actor, id)?;
                let scope = ExceptionScope::Finding { finding: id, asset: found.finding.asset };
                Ok((scope, found.unit.map(|unit| unit.id)))
            }
            (None, Some(asset), None, code) => {
                Ok((ExceptionScope::Asset { asset, code }, self.owner_of(asset)?))
            }
            (None, None, Some(unit), Some(code)) => {
                let unit = self.unit(unit)?.id;
                Ok((ExceptionScope::Unit { unit, code }, Some(unit)))
            }
            _ => {
                let reason = "an exception is for a finding, for an asset (with a code or without), or \
                    for a unit and a code: give exactly one of these";
                Err(AppError::Invalid(reason.to_owned()))
            }
        }
    }

    fn owner_of(&self, asset: AssetId) -> Result<Option<UnitId>> {
        let found = self.store.asset_get(asset)?;
        let found = found.ok_or_else(|| not_found("asset", &asset.to_string()))?;
        Ok(found.summary.owner_unit.map(|unit| unit.id))
    }

    /// One exception, as the actor may see it.
    pub fn exception(&self, actor: &Actor, id: ExceptionId) -> Result<ExceptionSummary> {
        actor.require(Right::Read)?;
        let found = self.store.exception_get(id)?;
        let found = found.ok_or_else(|| not_found("exception", &id.to_string()))?;
        actor.require_for(Right::Read, found.unit.as_ref().map(|unit| unit.id))?;
        Ok(found)
    }

    /// Approves, rejects or ends an exception.
    pub fn exception_change(
        &self,
        actor: &Actor,
        id: ExceptionId,
        change: &ExceptionChange,
        write: Write,
        now: Timestamp,
    ) -> Result<ExceptionSummary> {
        let rights: &[Right] = match change {
            ExceptionChange::Approve { meeting: Some(_) } => {
                &[Right::ApproveException, Right::RecordMeeting]
            }
            ExceptionChange::Close { .. } => &[Right::Triage],
            _ => &[Right::ApproveException],
        };
        require_any(actor, rights)?;
        let found = self.exception(actor, id)?;
        let unit = found.unit.as_ref().map(|unit| unit.id);
        let old = &found.exception;
        same_version("exception", &id.to_string(), write.version, old.version)?;
        let (action, next) = match change {
            ExceptionChange::Approve { meeting } => {
                let meeting = meeting.as_deref().map(|one| self.meeting(one)).transpose()?;
                ("exception.approve", old.approve(actor, unit, meeting.as_ref(), now)?)
            }
            ExceptionChange::Reject { reason } => {
                ("exception.reject", old.reject(actor, unit, reason, now)?)
            }
            ExceptionChange::Close { reason } => {
                ("exception.close", old.close(actor, unit, reason, now)?)
            }
        };
        if !write.dry_run {
            let detail = json!({
                "from": old.status, "to": next.status, "meeting": next.meeting,
                "expires_at": next.expires_at,
            });
            let record = record(actor, action, &id.to_string(), &detail, now);
            self.store.exception_update(&next, &record)?;
        }
        Ok(ExceptionSummary { exception: next, ..found })
    }

    /// Registers an incident, or links a known one to more assets and risks. Each of these risks has to be
    /// looked at again.
    pub fn incident_add(
        &self,
        actor: &Actor,
        new: &NewIncident,
        occurred_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Incident> {
        actor.require(Right::Analyse)?;
        let reference = text("reference", &new.reference, 64)?;
        let before = self.store.incident_get(&reference, &Scope::All)?;
        let mut incident = before.clone().unwrap_or_else(|| Incident {
            id: IncidentId(Uuid::now_v7()),
            reference,
            title: String::new(),
            occurred_at: occurred_at.unwrap_or(now),
            assets: vec![],
            risks: vec![],
            recorded_by: actor.name.clone(),
            recorded_at: now,
        });
        if !new.title.trim().is_empty() {
            incident.title = text("title", &new.title, 200)?;
        }
        if occurred_at.is_some_and(|at| at > now) {
            let reason = "occurred_at: an incident has happened, this lies ahead";
            return Err(AppError::Invalid(reason.to_owned()));
        }
        incident.occurred_at = occurred_at.unwrap_or(incident.occurred_at);
        for asset in &new.assets {
            actor.require_for(Right::Analyse, self.owner_of(*asset)?)?;
        }
        let assets: BTreeSet<_> = incident.assets.iter().chain(&new.assets).copied().collect();
        incident.assets = assets.into_iter().collect();
        let mut versions = Vec::new();
        let wanted: BTreeSet<String> =
            new.risks.iter().map(|risk| risk.trim().to_uppercase()).collect();
        for reference in wanted {
            let found = self.store.risk_get(&reference)?;
            let found = found.ok_or_else(|| not_found("risk", &reference))?;
            if incident.risks.contains(&found.risk.reference) {
                continue;
            }
            let link = RiskChange::LinkIncident { reference: incident.reference.clone() };
            let matrix = &self.catalogue.matrix;
            versions.push(found.risk.apply(actor, unit_of(&found), &link, matrix, now)?);
            incident.risks.push(found.risk.reference);
        }
        incident.risks.sort();
        let detail = json!({ "assets": incident.assets, "risks": incident.risks });
        let record = record(actor, "incident.put", &incident.reference, &detail, now);
        self.store.incident_put(&incident, before.as_ref(), &versions, &record)?;
        let scope = actor.scope(Right::Read);
        let seen = self.store.incident_get(&incident.reference, &scope)?;
        seen.ok_or_else(|| not_found("incident", &incident.reference))
    }

    /// What time alone does: exceptions end, acceptances and reviews fall due, forgotten proposals close,
    /// closing is proposed. Repeating it at the same moment changes nothing; answers how much changed.
    pub fn pass_time(&self, now: Timestamp) -> Result<usize> {
        let mut changed = 0;
        for exception in self.exceptions_over(now)? {
            let detail = json!({ "expires_at": exception.expires_at });
            let id = exception.id.to_string();
            changed += usize::from(written(
                self.store
                    .exception_update(&exception, &system("exception.expire", &id, &detail, now)),
            )?);
        }
        for risk in self.risks_all()? {
            let versions = super::evaluation::settled(&risk, None, now);
            let Some(last) = versions.last() else { continue };
            let detail =
                json!({ "from": risk.state, "state": last.state, "version": last.version });
            let record = system("risk.follow", &risk.reference, &detail, now);
            changed += usize::from(written(self.store.risk_change(&versions, &record))?);
        }
        Ok(changed)
    }

    fn exceptions_over(&self, now: Timestamp) -> Result<Vec<Exception>> {
        use belfort_model::exception::ExceptionStatus;
        use belfort_store::record::{ExceptionFilter, Page};
        let filter = ExceptionFilter {
            status: Some(ExceptionStatus::Approved),
            ends_before: Some(now),
            ..ExceptionFilter::default()
        };
        let over = self.store.exception_list(&filter, Page::ALL)?.items;
        Ok(over.into_iter().filter_map(|one| one.exception.passed(now)).collect())
    }

    /// Every entry, in the order of references.
    fn risks_all(&self) -> Result<Vec<belfort_model::risk::Risk>> {
        use belfort_store::record::{Page, RiskFilter};
        let all = self.store.risk_list(&RiskFilter::default(), Page::ALL)?.items;
        let mut all: Vec<_> = all.into_iter().map(|one| one.risk).collect();
        all.sort_by(|a, b| (a.created_at, &a.reference).cmp(&(b.created_at, &b.reference)));
        Ok(all)
    }
}

/// Whether something was written; when somebody changed it meanwhile, the next pass sees it.
fn written(result: belfort_store::Result<()>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn record(
    actor: &Actor,
    action: &'static str,
    subject: &str,
    detail: &serde_json::Value,
    at: Timestamp,
) -> Audit {
    let (actor, subject) = (actor.name.clone(), subject.to_owned());
    Audit { at, actor, action, subject, detail: detail.to_string() }
}

fn system(
    action: &'static str,
    subject: &str,
    detail: &serde_json::Value,
    now: Timestamp,
) -> Audit {
    let actor = Actor::with_roles(belfort_model::risk::SYSTEM, &[]);
    record(&actor, action, subject, detail, now)
}
