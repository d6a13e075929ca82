//! One conversation with the collector: check-in, and a report if it asks for one.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use belfort_agent_sys::process;
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::report::v1::report_service_client::ReportServiceClient;
use belfort_proto::report::v1::{
    CheckInRequest, CheckInResponse, RenewRequest, ReportRequest, Settings, Verdict, Vitals,
};
use belfort_proto::section::{Hash, SectionError};
use tonic::Code;
use tonic::transport::Channel;

use crate::enrolment::{self, EnrolmentError, wire_bytes};
use crate::report::{Report, ReportError};
use crate::state::{Identity, IdentityError, LastCheckIn, Progress, State, StateError};
use crate::transport::{self, ANSWER_BYTES_MAX, Address, AddressError, TransportError};

/// How often a report is begun anew when the collector has lost what it said it held.
const ATTEMPTS: u32 = 3;

/// What a conversation came to.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// Whether both sides held the same from the start.
    pub in_sync: bool,
    /// Sections sent.
    pub sent: Vec<SectionKind>,
    /// Bytes of the messages sent.
    pub bytes_up: u64,
    /// Bytes of the messages received.
    pub bytes_down: u64,
    /// The root both sides now hold.
    pub root: Option<Hash>,
    /// When to check in next.
    pub next_check_in: Duration,
    /// Whether the collector gave other settings. Nothing was sent then: it has to be read again.
    pub settings_changed: bool,
}

/// Why a conversation failed.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The device has no identity.
    #[error(
        "this device is not enrolled: run `belfort-agent enroll` with a token from the collector"
    )]
    NotEnrolled,
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The stored endpoint is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no connection.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The certificate has expired and no new one was given.
    #[error("the certificate has expired and could not be recovered")]
    Recover(#[source] Box<EnrolmentError>),
    /// No signing request can be made.
    #[error("the certificate could not be renewed")]
    Renew(#[source] Box<EnrolmentError>),
    /// The identity or trust in the collector's answer cannot be used.
    #[error("the identity in the collector's answer cannot be used")]
    Identity(#[from] IdentityError),
    /// The report cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The machine cannot be read or watched at all.
    #[error("cannot watch this machine")]
    Watch(#[source] std::io::Error),
    /// The collector answered with an error.
    #[error("the collector answered: {}", .0.message())]
    Refused(Box<tonic::Status>),
    /// The collector acknowledged something else than was sent.
    #[error("the collector acknowledged {theirs} instead of {ours}")]
    Root {
        /// What was sent.
        ours: Hash,
        /// What was acknowledged.
        theirs: Hash,
    },
    /// The acknowledgement is no hash.
    #[error("the collector's acknowledgement is not a hash")]
    Acknowledgement(#[source] SectionError),
    /// The collector's answer makes no sense.
    #[error("the collector's answer makes no sense: {0}")]
    Answer(&'static str),
}

impl From<tonic::Status> for ExchangeError {
    fn from(status: tonic::Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// A conversation's partner: the state on this side, the TLS settings kept from one to the next so
/// that sessions can be resumed.
#[derive(Debug)]
pub struct Exchange<'a> {
    state: &'a State,
    identity: Identity,
    tls: Arc<rustls::ClientConfig>,
    /// Whether a fresh certificate seemed old: then the device's clock is wrong, and renewing again and
    /// again would not help. The collector says when the certificate has really expired.
    clock_is_wrong: bool,
}

impl<'a> Exchange<'a> {
    /// Prepares for conversations with the identity in the state.
    pub fn new(state: &'a State) -> Result<Self, ExchangeError> {
        let identity = state.identity()?.ok_or(ExchangeError::NotEnrolled)?;
        let tls = transport::enrolled(&identity)?;
        Ok(Self { state, identity, tls, clock_is_wrong: false })
    }

    fn adopt(&mut self, identity: Identity) -> Result<(), ExchangeError> {
        self.tls = transport::enrolled(&identity)?;
        self.identity = identity;
        Ok(())
    }

    /// Checks in with what the device holds and sends what is asked for. How it went is kept.
    pub async fn deliver(&mut self, report: &Report) -> Result<Delivery, ExchangeError> {
        let result = self.converse(report).await;
        let mut progress = self.state.progress()?;
        let result_text = match &result {
            Ok(delivery) if delivery.settings_changed => "settings".to_owned(),
            Ok(delivery) if delivery.in_sync => "in_sync".to_owned(),
            Ok(_) => "reported".to_owned(),
            Err(error) => error.to_string(),
        };
        progress.last_check_in = Some(LastCheckIn { unix_ms: unix_ms(), result: result_text });
        if let Ok(Delivery { root: Some(root), .. }) = &result {
            progress.acknowledged_root = Some(root.to_string());
        }
        self.state.save_progress(&progress)?;
        result
    }

    /// One conversation, and a second one with a new certificate when the old one has expired. Whether
    /// it has is the collector's to say, since the device's clock may be wrong; but a connection that is
    /// cut may lose its reason, and then the device's clock has to do.
    async fn converse(&mut self, report: &Report) -> Result<Delivery, ExchangeError> {
        let error = match self.talk(report).await {
            Err(error @ (ExchangeError::Refused(_) | ExchangeError::Transport(_))) => error,
            other => return other,
        };
        let own_clock =
            || Ok::<_, ExchangeError>(self.identity.validity()?.expired(unix_seconds()));
        let expired = match &error {
            ExchangeError::Refused(status) if transport::says_expired(status.as_ref()) => true,
            ExchangeError::Refused(status) => is_cut(status) && own_clock()?,
            ExchangeError::Transport(TransportError::Handshake { source, .. }) => {
                transport::says_expired(source) || own_clock()?
            }
            ExchangeError::Transport(TransportError::Http { .. }) => own_clock()?,
            _ => false,
        };
        if !expired {
            return Err(error);
        }
        let recovered = enrolment::recover(self.state, &self.identity)
            .await
            .map_err(|error| ExchangeError::Recover(Box::new(error)))?;
        self.adopt(recovered)?;
        self.talk(report).await
    }

    async fn talk(&mut self, report: &Report) -> Result<Delivery, ExchangeError> {
        let address: Address = self.identity.report_endpoint.parse()?;
        let channel = transport::connect(&address, self.tls.clone()).await?;
        let client = ReportServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
        let mut call = Call { state: self.state, client, delivery: Delivery::default() };
        if !self.clock_is_wrong && self.identity.renewal_is_due(unix_seconds())? {
            let renewed = call.renew(&self.identity).await?;
            self.state.save_identity(&renewed)?;
            self.adopt(renewed)?;
            self.clock_is_wrong = self.identity.renewal_is_due(unix_seconds())?;
        }
        for attempt in 1..=ATTEMPTS {
            match call.attempt(report).await {
                Ok(trust) => {
                    if !trust.is_empty() {
                        let identity = self.identity.trusting(&trust)?;
                        self.state.save_identity(&identity)?;
                        self.adopt(identity)?;
                    }
                    return Ok(call.delivery);
                }
                // The collector no longer holds what it said it held: begin anew.
                Err(ExchangeError::Refused(status))
                    if status.code() == Code::FailedPrecondition && attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
        Err(ExchangeError::Answer("it refused the report again and again"))
    }
}

/// Whether a status was made on this side because the connection ended.
fn is_cut(status: &tonic::Status) -> bool {
    matches!(status.code(), Code::Unknown | Code::Unavailable | Code::Internal)
}

/// An open connection and the account of what went over it.
struct Call<'a> {
    state: &'a State,
    client: ReportServiceClient<Channel>,
    delivery: Delivery,
}

impl Call<'_> {
    /// One check-in with what follows from it; gives the new trust bundle, empty when unchanged.
    async fn attempt(&mut self, report: &Report) -> Result<Vec<Vec<u8>>, ExchangeError> {
        let root = report.root();
        let mut answer = self.check_in(report, false).await?;
        let mut trust = std::mem::take(&mut answer.trust_bundle);
        if answer.verdict() == Verdict::SendManifest && !self.delivery.settings_changed {
            answer = self.check_in(report, true).await?;
            if trust.is_empty() {
                trust = std::mem::take(&mut answer.trust_bundle);
            }
        }
        // What was read under the old settings is not sent under the new ones: the caller reads again.
        if self.delivery.settings_changed {
            return Ok(trust);
        }
        match answer.verdict() {
            Verdict::InSync => {
                self.delivery.in_sync = self.delivery.sent.is_empty();
                self.delivery.root = Some(root);
            }
            Verdict::SendSections => {
                let wanted: Vec<_> = answer.wanted().collect();
                self.delivery.root = Some(self.report(report, &wanted).await?);
            }
            Verdict::SendManifest => {
                return Err(ExchangeError::Answer("it asked for the manifest it was given"));
            }
            Verdict::Unspecified => return Err(ExchangeError::Answer("it gave no verdict")),
        }
        Ok(trust)
    }

    async fn check_in(
        &mut self,
        report: &Report,
        with_manifest: bool,
    ) -> Result<CheckInResponse, ExchangeError> {
        let request = CheckInRequest {
            root_hash: report.root().0.to_vec(),
            vitals: Some(vitals()),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            settings_version: self.state.settings()?.map_or(0, |settings| settings.version),
            clock_unix_ms: i64::try_from(unix_ms()).unwrap_or(i64::MAX),
            manifest: if with_manifest { report.manifest.to_wire() } else { Vec::new() },
            sequence: self.next_sequence()?,
        };
        self.delivery.bytes_up += wire_bytes(&request);
        let answer = self.client.check_in(request).await?.into_inner();
        self.delivery.bytes_down += wire_bytes(&answer);
        self.delivery.next_check_in = Duration::from_secs(answer.next_check_in_seconds.into());
        if let Some(settings) = &answer.settings {
            self.adopt(settings)?;
        }
        Ok(answer)
    }

    fn adopt(&mut self, settings: &Settings) -> Result<(), ExchangeError> {
        if self.state.settings()?.as_ref() != Some(settings) {
            self.state.save_settings(settings)?;
            self.delivery.settings_changed = true;
        }
        Ok(())
    }

    async fn report(
        &mut self,
        report: &Report,
        wanted: &[SectionKind],
    ) -> Result<Hash, ExchangeError> {
        let request = ReportRequest {
            manifest: report.manifest.to_wire(),
            sections: report.contents(wanted)?,
            sequence: self.next_sequence()?,
        };
        self.delivery.bytes_up += wire_bytes(&request);
        let answer = self.client.report(request).await?.into_inner();
        self.delivery.bytes_down += wire_bytes(&answer);
        self.delivery.sent.extend_from_slice(wanted);
        let ours = report.root();
        let theirs =
            Hash::try_from(answer.root_hash.as_slice()).map_err(ExchangeError::Acknowledgement)?;
        if theirs == ours { Ok(ours) } else { Err(ExchangeError::Root { ours, theirs }) }
    }

    async fn renew(&mut self, identity: &Identity) -> Result<Identity, ExchangeError> {
        let certificate_signing_request = enrolment::signing_request(identity.key_pem())
            .map_err(|error| ExchangeError::Renew(Box::new(error)))?;
        let request = RenewRequest { certificate_signing_request };
        self.delivery.bytes_up += wire_bytes(&request);
        let answer = self.client.renew(request).await?.into_inner();
        self.delivery.bytes_down += wire_bytes(&answer);
        let issued = answer.identity.ok_or(ExchangeError::Answer("it renewed to no identity"))?;
        Ok(identity.renewed(&issued)?)
    }

    /// The number of the next call, kept before the call is made: it never goes back.
    fn next_sequence(&mut self) -> Result<u64, ExchangeError> {
        let mut progress: Progress = self.state.progress()?;
        progress.sequence = progress.sequence.saturating_add(1);
        self.state.save_progress(&progress)?;
        Ok(progress.sequence)
    }
}

/// Milliseconds since 1970-01-01 UTC by the device's clock.
pub fn unix_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

fn unix_seconds() -> i64 {
    i64::try_from(unix_ms() / 1000).unwrap_or(i64::MAX)
}

fn vitals() -> Vitals {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Vitals {
        uptime_days: uptime_days(&read("/proc/uptime")),
        load_band: load_band(&read("/proc/loadavg"), u32::try_from(processors).unwrap_or(1)),
        agent_resident_bytes: process::resident_bytes(),
        agent_cpu_ms: u64::try_from(process::cpu_time().as_millis()).unwrap_or(u64::MAX),
    }
}

fn uptime_days(text: &str) -> u32 {
    let seconds = text.split('.').next().and_then(|seconds| seconds.parse::<u64>().ok());
    u32::try_from(seconds.unwrap_or(0) / 86_400).unwrap_or(u32::MAX)
}

fn load_band(text: &str, processors: u32) -> u32 {
    let load = text.split(' ').nth(2).and_then(|load| load.parse::<f64>().ok()).unwrap_or(0.0);
    let share = load / f64::from(processors.max(1));
    [0.25, 0.5, 0.75, 1.0].iter().map(|limit| u32::from(share >= *limit)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitals_are_coarse() {
        assert_eq!(uptime_days("172800.55 1.0\n"), 2);
        assert_eq!(uptime_days(""), 0);
        assert_eq!(load_band("0.1 0.1 0.49 1/1 1\n", 2), 0);
        assert_eq!(load_band("0.1 0.1 0.50 1/1 1\n", 2), 1);
        assert_eq!(load_band("0.1 0.1 9.00 1/1 1\n", 2), 4);
    }
}
