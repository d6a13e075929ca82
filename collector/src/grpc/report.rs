//! Check-in, report and renewal of enrolled agents.

use std::sync::Arc;
use std::time::Duration;

use belfort_model::agent::Agent;
use belfort_model::id::AgentId;
use belfort_proto::report::v1::report_service_server::ReportService;
use belfort_proto::report::v1::{
    CheckInRequest, CheckInResponse, RenewRequest, RenewResponse, ReportRequest, ReportResponse,
    Verdict,
};
use belfort_proto::section::{Hash, Manifest};
use belfort_store::Store;
use belfort_store::record::CheckIn;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use super::Workers;
use super::enrolment::{issue, malformed, store_status};
use super::limiter::Limiter;
use super::listener::Caller;
use super::revocation::Revocations;
use super::told::Told;
use crate::agent_settings::AgentSettings;
use crate::ca::{Authority, Csr};
use crate::clock;
use crate::ingest::off::Off;
use crate::ingest::{self, IngestError};

/// The service.
pub struct Reports {
    inner: Arc<Inner>,
    workers: Workers,
    calls: Limiter<AgentId>,
}

struct Inner {
    store: Arc<dyn Store>,
    authority: Arc<Authority>,
    settings: AgentSettings,
    report_endpoint: String,
    revocations: Revocations,
    evaluate: Arc<Notify>,
    /// What the settings switch off.
    off: Off,
    told: Told,
}

impl Reports {
    /// A service that wakes `evaluate` after every report.
    pub fn new(
        store: Arc<dyn Store>,
        authority: Arc<Authority>,
        settings: AgentSettings,
        report_endpoint: String,
        revocations: Revocations,
        evaluate: Arc<Notify>,
        workers: Workers,
    ) -> Self {
        let (off, told) = (settings.off(), Told::default());
        let inner =
            Inner { store, authority, settings, report_endpoint, revocations, evaluate, off, told };
        // An agent makes three calls per check-in; a hundred a minute is no agent of ours.
        Self { inner: Arc::new(inner), workers, calls: Limiter::new(100, Duration::from_mins(1)) }
    }

    /// Who calls: from the connection's certificate, never from the message.
    fn caller<T>(&self, request: &Request<T>) -> Result<AgentId, Status> {
        let Some(Caller(agent)) = request.extensions().get::<Caller>().copied() else {
            return Err(Status::unauthenticated("this call needs a client certificate"));
        };
        if self.inner.revocations.contains(agent) {
            return Err(not_active(agent));
        }
        if !self.calls.count(agent) {
            return Err(Status::resource_exhausted("too many calls: wait a minute"));
        }
        Ok(agent)
    }

    async fn run<Q: Send + 'static, A: Send + 'static>(
        &self,
        request: Request<Q>,
        work: impl FnOnce(&Inner, AgentId, Q) -> Result<A, Status> + Send + 'static,
    ) -> Result<Response<A>, Status> {
        let agent = self.caller(&request)?;
        let (inner, request) = (self.inner.clone(), request.into_inner());
        let answer = self.workers.run(move || work(&inner, agent, request)).await?;
        Ok(Response::new(answer))
    }
}

#[tonic::async_trait]
impl ReportService for Reports {
    async fn check_in(
        &self,
        request: Request<CheckInRequest>,
    ) -> Result<Response<CheckInResponse>, Status> {
        self.run(request, |inner, agent, request| inner.check_in(agent, &request)).await
    }

    async fn report(
        &self,
        request: Request<ReportRequest>,
    ) -> Result<Response<ReportResponse>, Status> {
        self.run(request, |inner, agent, request| inner.report(agent, &request)).await
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        self.run(request, |inner, agent, request| inner.renew(agent, &request)).await
    }
}

impl Inner {
    fn check_in(&self, id: AgentId, request: &CheckInRequest) -> Result<CheckInResponse, Status> {
        let root = Hash::try_from(request.root_hash.as_slice())
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let version = &request.agent_version;
        if version.len() > 64 || version.chars().any(char::is_control) {
            return Err(Status::invalid_argument("agent version is too long or not plain text"));
        }
        let agent = self.active(id)?;
        self.told.note(id, request.settings_version == self.settings.version());
        let now = clock::now();
        let clock_offset_ms = Some(request.clock_unix_ms.saturating_sub(now.0));
        let (version, sequence) = (version.clone(), request.sequence);
        let check_in = CheckIn { now, version, sequence, clock_offset_ms };
        let held = self.store.check_in(id, &check_in).map_err(store_status)?;
        // What is held of an agent may be from before it had these settings, or be what was left of it.
        let look = !self.off.is_empty() && self.told.is_unproven(id);
        let (verdict, wanted) = if held == Some(root.0) && !look {
            (Verdict::InSync, vec![])
        } else if request.manifest.is_empty() {
            (Verdict::SendManifest, vec![])
        } else {
            self.compare(id, root, request)?
        };
        let settings = (request.settings_version != self.settings.version())
            .then(|| self.settings.for_asset(agent.asset));
        Ok(CheckInResponse {
            verdict: verdict.into(),
            wanted: wanted.into_iter().map(Into::into).collect(),
            settings,
            next_check_in_seconds: self.settings.spread_seconds(),
            trust_bundle: vec![],
        })
    }

    /// What of a manifest nobody has sent yet. When nothing is missing the manifest itself is the
    /// report: a thousand machines of one image upload their packages once.
    fn compare(
        &self,
        agent: AgentId,
        root: Hash,
        request: &CheckInRequest,
    ) -> Result<(Verdict, Vec<belfort_proto::inventory::v1::SectionKind>), Status> {
        let manifest = Manifest::from_wire(&request.manifest)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        if manifest.root() != root {
            return Err(Status::invalid_argument("root hash does not match the manifest"));
        }
        let manifest = self.off(agent).manifest(&manifest);
        let wanted = ingest::wanted(&*self.store, &manifest).map_err(|e| ingest_status(&e))?;
        if !wanted.is_empty() {
            return Ok((Verdict::SendSections, wanted));
        }
        let report = ReportRequest {
            manifest: request.manifest.clone(),
            sections: vec![],
            sequence: request.sequence,
        };
        self.report(agent, &report)?;
        Ok((Verdict::InSync, vec![]))
    }

    fn report(&self, agent: AgentId, request: &ReportRequest) -> Result<ReportResponse, Status> {
        let ingested = ingest::report(&*self.store, agent, request, &self.off(agent), clock::now())
            .map_err(|error| {
                tracing::warn!(%agent, error = %chain(&error), "report refused");
                ingest_status(&error)
            })?;
        self.told.measured(agent, ingested.sent_although_off.is_empty());
        if !ingested.sent_although_off.is_empty() {
            let sections = ingested.sent_although_off.join(", ");
            tracing::warn!(%agent, sections, "what the settings switch off was dropped");
        }
        if ingested.dropped_fields > 0 {
            let fields = ingested.dropped_fields;
            tracing::warn!(%agent, fields, "fields outside the schema were dropped");
        }
        tracing::debug!(
            %agent, new_sections = ingested.new_sections, changes = ingested.changes, "report taken"
        );
        self.evaluate.notify_one();
        Ok(ReportResponse { root_hash: ingested.root.0.to_vec() })
    }

    fn renew(&self, id: AgentId, request: &RenewRequest) -> Result<RenewResponse, Status> {
        let csr = Csr::parse(&request.certificate_signing_request).map_err(malformed)?;
        self.active(id)?;
        // A key that is another agent's, past or present, is refused: one key, one agent.
        let holder = self.store.agent_by_key(csr.key_sha256).map_err(store_status)?;
        if holder.is_some_and(|holder| holder.id != id) {
            return Err(Status::invalid_argument("this key belongs to another agent"));
        }
        let endpoint = &self.report_endpoint;
        let identity = issue(&*self.store, &self.authority, &csr, id, endpoint, clock::now())?;
        tracing::info!(agent = %id, "certificate renewed");
        Ok(RenewResponse { identity: Some(identity) })
    }

    /// What an agent does not send. One that has not said here that it has the present settings is not
    /// measured by them: it asks for them first, and reads anew.
    fn off(&self, agent: AgentId) -> Off {
        if self.told.has(agent) { self.off.clone() } else { Off::default() }
    }

    /// The agent, as the store has it at this moment: a revocation holds at once on this call, not
    /// only after the next refresh.
    fn active(&self, id: AgentId) -> Result<Agent, Status> {
        ingest::active_agent(&*self.store, id).map_err(|error| ingest_status(&error))
    }
}

fn not_active(agent: AgentId) -> Status {
    tracing::info!(%agent, "call of an agent that is not active");
    Status::unauthenticated("this identity is not honoured: enrol again with a new token")
}

fn ingest_status(error: &IngestError) -> Status {
    match error {
        IngestError::NotActive(agent) => not_active(*agent),
        IngestError::Manifest(_) | IngestError::Section(_) => {
            Status::invalid_argument(chain(error))
        }
        IngestError::Missing(kinds) => {
            let names: Vec<_> =
                kinds.iter().map(|kind| belfort_proto::section::name(*kind)).collect();
            Status::failed_precondition(format!("check in again: missing {}", names.join(", ")))
        }
        IngestError::Busy => super::busy(),
        IngestError::Stored(_) | IngestError::Store(_) => {
            tracing::error!(error = %chain(error), "report could not be stored");
            let mut status =
                Status::unavailable("the collector cannot store anything now, try again later");
            status.metadata_mut().insert("retry-after-ms", 30_000.into());
            status
        }
    }
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
