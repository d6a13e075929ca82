//! What people do with findings and risks: triage, exceptions, meetings, actions, incidents, and the
//! register as of any day.

use belfort_model::access::Scope;
use belfort_model::exception::Exception;
use belfort_model::finding::Finding;
use belfort_model::id::{ActionId, ExceptionId, FindingId};
use belfort_model::incident::Incident;
use belfort_model::meeting::Meeting;
use belfort_model::risk::Risk;
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::Driver;
use crate::record::{
    ActionFilter, ActionSummary, Audit, ExceptionFilter, ExceptionSummary, FindingSummary, Page,
    Paged, RiskFilter, RiskSummary,
};
use crate::sql::{SqlStore, exception, finding, incident, meeting, methods, risk};

/// The part of the store that people work with. What holds for [`crate::Store`] holds here.
pub trait WorkflowStore {
    // -- findings ---------------------------------------------------------------------------------

    /// One finding.
    fn finding_get(&self, id: FindingId) -> Result<Option<FindingSummary>>;
    /// Writes what somebody made of a finding; its asset and its unit's risks become due. `Conflict` unless
    /// the finding is at the version before.
    fn finding_triage(&self, finding: &Finding, audit: &Audit) -> Result<()>;

    // -- exceptions -------------------------------------------------------------------------------

    /// Adds an exception. `NotFound` for an unknown asset or unit.
    fn exception_insert(&self, exception: &Exception, audit: &Audit) -> Result<()>;
    /// Writes a changed exception; what it concerns becomes due. `Conflict` unless it is at the version
    /// before.
    fn exception_update(&self, exception: &Exception, audit: &Audit) -> Result<()>;
    /// One exception.
    fn exception_get(&self, id: ExceptionId) -> Result<Option<ExceptionSummary>>;
    /// Exceptions that match: what ends first comes first.
    fn exception_list(
        &self,
        filter: &ExceptionFilter,
        page: Page,
    ) -> Result<Paged<ExceptionSummary>>;

    // -- meetings and incidents -------------------------------------------------------------------

    /// Adds a meeting. `Exists` when the reference is taken, whatever its case.
    fn meeting_insert(&self, meeting: &Meeting, audit: &Audit) -> Result<()>;
    /// All meetings, newest first.
    fn meeting_list(&self, page: Page) -> Result<Paged<Meeting>>;
    /// The meeting with this reference, whatever its case.
    fn meeting_get(&self, reference: &str) -> Result<Option<Meeting>>;
    /// Adds an incident, or writes it anew, together with the risks it was linked to — all or nothing.
    /// `Conflict` unless the incident is as in `before`: not there yet, or as it was read.
    fn incident_put(
        &self,
        incident: &Incident,
        before: Option<&Incident>,
        risks: &[Risk],
        audit: &Audit,
    ) -> Result<()>;
    /// Incidents that concern an asset or a risk within the scope, newest first, without what lies beyond
    /// it.
    fn incident_list(&self, scope: &Scope, page: Page) -> Result<Paged<Incident>>;
    /// The incident with this reference, whatever its case, without the assets and risks beyond the scope.
    fn incident_get(&self, reference: &str, scope: &Scope) -> Result<Option<Incident>>;

    // -- risks ------------------------------------------------------------------------------------

    /// Writes versions of one risk, one after the other — all or nothing. `Conflict` unless the register
    /// has the version before the first.
    fn risk_change(&self, versions: &[Risk], audit: &Audit) -> Result<()>;
    /// The versions of a risk, newest first.
    fn risk_history(&self, reference: &str, page: Page) -> Result<Paged<Risk>>;
    /// As [`crate::Store::risk_list`], with every entry, its unit and its owner as of a moment.
    fn risk_list_as_of(
        &self,
        filter: &RiskFilter,
        at: Timestamp,
        page: Page,
    ) -> Result<Paged<RiskSummary>>;
    /// As [`crate::Store::risk_get`], as of a moment.
    fn risk_get_as_of(&self, reference: &str, at: Timestamp) -> Result<Option<RiskSummary>>;
    /// Actions that match: what is due first comes first.
    fn action_list(&self, filter: &ActionFilter, page: Page) -> Result<Paged<ActionSummary>>;
    /// One action.
    fn action_get(&self, id: ActionId) -> Result<Option<ActionSummary>>;
}

impl<D: Driver> WorkflowStore for SqlStore<D> {
    methods! {
        read finding::finding_get(id: FindingId) -> Option<FindingSummary>;
        write finding::finding_triage(finding: &Finding, audit: &Audit) -> ();

        write exception::exception_insert(exception: &Exception, audit: &Audit) -> ();
        write exception::exception_update(exception: &Exception, audit: &Audit) -> ();
        read exception::exception_get(id: ExceptionId) -> Option<ExceptionSummary>;
        read exception::exception_list(
            filter: &ExceptionFilter,
            page: Page
        ) -> Paged<ExceptionSummary>;

        write meeting::meeting_insert(meeting: &Meeting, audit: &Audit) -> ();
        read meeting::meeting_list(page: Page) -> Paged<Meeting>;
        read meeting::meeting_get(reference: &str) -> Option<Meeting>;
        write incident::incident_put(
            incident: &Incident, before: Option<&Incident>, risks: &[Risk], audit: &Audit
        ) -> ();
        read incident::incident_list(scope: &Scope, page: Page) -> Paged<Incident>;
        read incident::incident_get(reference: &str, scope: &Scope) -> Option<Incident>;

        write risk::risk_change(versions: &[Risk], audit: &Audit) -> ();
        read risk::risk_history(reference: &str, page: Page) -> Paged<Risk>;
        read risk::risk_list_as_of(
            filter: &RiskFilter,
            at: Timestamp,
            page: Page
        ) -> Paged<RiskSummary>;
        read risk::risk_get_as_of(reference: &str, at: Timestamp) -> Option<RiskSummary>;
        read risk::action_list(filter: &ActionFilter, page: Page) -> Paged<ActionSummary>;
        read risk::action_get(id: ActionId) -> Option<ActionSummary>;
    }
}
