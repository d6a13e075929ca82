//! Enrolment: a token for a certificate, and an expired certificate for a new one.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use belfort_model::agent::{Agent, AgentStatus};
use belfort_model::asset::{
    Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::id::{AgentId, AssetId};
use belfort_model::time::Timestamp;
use belfort_proto::enrolment::v1::enrolment_service_server::EnrolmentService;
use belfort_proto::enrolment::v1::{
    EnrolRequest, EnrolResponse, Identity, RecoverRequest, RecoverResponse,
};
use belfort_store::record::{Enrolled, Enrolment, TokenRefusal};
use belfort_store::{Store, StoreError};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::Workers;
use super::limiter::Limiter;
use super::listener::Remote;
use crate::ca::{self, Authority, Csr, CsrError, Issued};
use crate::ingest::convert;
use crate::{clock, secret};

/// What a refused token is told, whatever was wrong with it: nothing to learn from.
const TOKEN_REFUSED: &str =
    "the enrolment token is not valid: ask for a new one (`belfort-collector token create`)";
/// What a refused recovery is told.
const RECOVERY_REFUSED: &str =
    "this key cannot be recovered: enrol again with a new token (`belfort-agent enroll --again`)";

/// The service.
pub struct Enrolments {
    store: Arc<dyn Store>,
    authority: Arc<Authority>,
    report_endpoint: String,
    workers: Workers,
    /// Wrong tokens by address.
    wrong: Arc<Limiter<IpAddr>>,
    /// Refused recoveries by address: counted apart, so that old laptops behind one address keep nobody
    /// from enrolling.
    lost: Arc<Limiter<IpAddr>>,
}

impl Enrolments {
    /// A service that tells devices to report to `report_endpoint`.
    pub fn new(
        store: Arc<dyn Store>,
        authority: Arc<Authority>,
        report_endpoint: String,
        workers: Workers,
    ) -> Self {
        // A wrong token a minute is a typing error; twenty in five minutes are somebody guessing.
        let limiter = || Arc::new(Limiter::new(20, Duration::from_mins(5)));
        let (wrong, lost) = (limiter(), limiter());
        Self { store, authority, report_endpoint, workers, wrong, lost }
    }

    fn guard<T>(request: &Request<T>, refused: &Limiter<IpAddr>) -> Result<IpAddr, Status> {
        let remote = request.extensions().get::<Remote>();
        let address = remote
            .map(|remote| remote.0.ip())
            .ok_or_else(|| Status::internal("the address of the caller is not known"))?;
        if refused.is_over(&address) {
            return Err(Status::resource_exhausted(
                "too many refused attempts from this address: wait five minutes",
            ));
        }
        Ok(address)
    }
}

#[tonic::async_trait]
impl EnrolmentService for Enrolments {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> Result<Response<EnrolResponse>, Status> {
        let address = Self::guard(&request, &self.wrong)?;
        let (store, authority) = (self.store.clone(), self.authority.clone());
        let (wrong, endpoint) = (self.wrong.clone(), self.report_endpoint.clone());
        self.workers
            .run(move || {
                let request = request.into_inner();
                let csr = Csr::parse(&request.certificate_signing_request).map_err(malformed)?;
                check_texts(&request)?;
                let now = clock::now();
                match store.enrol(&enrolment(&request, &csr, now)).map_err(store_status)? {
                    Enrolled::Refused(refusal) => {
                        tracing::warn!(%address, ?refusal, "enrolment refused");
                        if refusal == TokenRefusal::Unknown {
                            wrong.count(address);
                        }
                        Err(Status::unauthenticated(TOKEN_REFUSED))
                    }
                    Enrolled::Admitted { agent, recognised, doubtful } => {
                        tracing::info!(
                            agent = %agent.id, asset = %agent.asset, recognised,
                            doubtful = doubtful.len(), "device enrolled"
                        );
                        let identity = issue(&*store, &authority, &csr, agent.id, &endpoint, now)?;
                        Ok(Response::new(EnrolResponse { identity: Some(identity) }))
                    }
                }
            })
            .await
    }

    async fn recover(
        &self,
        request: Request<RecoverRequest>,
    ) -> Result<Response<RecoverResponse>, Status> {
        let address = Self::guard(&request, &self.lost)?;
        let (store, authority) = (self.store.clone(), self.authority.clone());
        let (lost, endpoint) = (self.lost.clone(), self.report_endpoint.clone());
        self.workers
            .run(move || {
                let csr = Csr::parse(&request.into_inner().certificate_signing_request)
                    .map_err(malformed)?;
                let now = clock::now();
                let known = store.agent_by_key(csr.key_sha256).map_err(store_status)?;
                let recoverable = known.filter(|agent| {
                    agent.status == AgentStatus::Active
                        && now.days_since(agent.certificate_not_after) <= ca::RECOVER_DAYS
                });
                let Some(agent) = recoverable else {
                    tracing::warn!(%address, "recovery refused");
                    lost.count(address);
                    return Err(Status::unauthenticated(RECOVERY_REFUSED));
                };
                tracing::info!(agent = %agent.id, "certificate recovered");
                let identity = issue(&*store, &authority, &csr, agent.id, &endpoint, now)?;
                Ok(Response::new(RecoverResponse { identity: Some(identity) }))
            })
            .await
    }
}

/// Issues a certificate, notes it, and only then hands it out.
pub(super) fn issue(
    store: &dyn Store,
    authority: &Authority,
    csr: &Csr,
    agent: AgentId,
    report_endpoint: &str,
    now: Timestamp,
) -> Result<Identity, Status> {
    let Issued { chain, serial, not_after } =
        authority.issue_agent(csr, agent, now, ca::AGENT_DAYS).map_err(|error| {
            tracing::error!(%error, "cannot issue a certificate");
            Status::internal("the collector cannot issue a certificate; its log says why")
        })?;
    store.agent_certificate_set(agent, csr.key_sha256, &serial, not_after).map_err(store_status)?;
    Ok(Identity {
        certificate_chain: chain,
        trust_bundle: vec![authority.certificate().to_vec()],
        report_endpoint: report_endpoint.to_owned(),
    })
}

fn enrolment(request: &EnrolRequest, csr: &Csr, now: Timestamp) -> Enrolment {
    let asset = AssetId(Uuid::now_v7());
    let sent = request.evidence.clone().unwrap_or_default();
    Enrolment {
        token_sha256: secret::sha256(&request.token),
        now,
        agent: Agent {
            id: AgentId(Uuid::now_v7()),
            asset,
            status: AgentStatus::Active,
            key_sha256: csr.key_sha256.to_vec(),
            certificate_serial: String::new(),
            certificate_not_after: now,
            version: request.agent_version.clone(),
            platform: request.platform.clone(),
            enrolled_at: now,
            last_seen: None,
            sequence: 0,
            clock_offset_ms: 0,
        },
        // The unit it is proposed for is filled in by the store from the token.
        new_asset: Asset::new(
            asset,
            AssetKind::Device,
            request.host_name.clone(),
            Source::Agent,
            now,
        ),
        evidence: convert::enrolment_evidence(&sent),
    }
}

/// Bounds what a device says of itself before anything is done with it.
fn check_texts(request: &EnrolRequest) -> Result<(), Status> {
    let plain = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
    let evidence = request.evidence.clone().unwrap_or_default();
    let single = [
        &evidence.smbios_uuid,
        &evidence.system_serial,
        &evidence.board_serial,
        &evidence.machine_id,
    ];
    let many = evidence.disk_serials.iter().chain(&evidence.mac_addresses);
    let fits = plain(&request.host_name, 255)
        && !request.host_name.is_empty()
        && plain(&request.agent_version, 64)
        && plain(&request.token, 256)
        && matches!(request.platform.as_str(), "linux" | "windows" | "macos")
        && evidence.disk_serials.len() + evidence.mac_addresses.len() <= 256
        && evidence.tpm_endorsement_key_sha256.len() <= 32
        && single.into_iter().chain(many).all(|text| plain(text, 256));
    if fits {
        Ok(())
    } else {
        Err(Status::invalid_argument(
            "enrolment has a field that is empty, too long, or has control characters",
        ))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` takes")]
pub(super) fn malformed(error: CsrError) -> Status {
    Status::invalid_argument(error.to_string())
}

/// How a failure of the store looks to an agent: it is told to come back, the log says why.
pub(super) fn store_status(error: StoreError) -> Status {
    match error {
        StoreError::Refused(_) | StoreError::NotFound { .. } => {
            Status::unauthenticated("this identity is not honoured: enrol again with a new token")
        }
        StoreError::Conflict { .. } => super::busy(),
        error => {
            tracing::error!(%error, "store failed");
            let mut status =
                Status::unavailable("the collector cannot store anything now, try again later");
            status.metadata_mut().insert("retry-after-ms", 30_000.into());
            status
        }
    }
}
