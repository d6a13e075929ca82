//! A made-up machine: it has a key and evidence of its own, and can be told to do wrong.

use std::net::Ipv4Addr;

use belfort_collector::ca::{self, Csr};
use belfort_collector::clock;
use belfort_model::id::AgentId;
use belfort_proto::enrolment::v1::enrolment_service_client::EnrolmentServiceClient;
use belfort_proto::enrolment::v1::{EnrolRequest, HardwareEvidence, Identity, RecoverRequest};
use belfort_proto::inventory::v1::{
    FirewallProfile, Package, PackageState, PackagesSection, ProtectionSection, SystemSection,
    Tristate,
};
use belfort_proto::report::v1::report_service_client::ReportServiceClient;
use belfort_proto::report::v1::{
    CheckInRequest, CheckInResponse, RenewRequest, ReportRequest, SectionContent,
};
use belfort_proto::section::{Entry, Hash, Manifest, SCHEMA_VERSION, Section, section_hash};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, SanType};
use rustls_pki_types::CertificateDer;
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::collector::{Collector, TRUST_DOMAIN};
use crate::wire::{self, Credentials};

/// A machine.
pub struct Device {
    /// Its private key.
    pub key: KeyPair,
    /// Its host name.
    pub name: String,
    /// What tells it apart.
    pub evidence: HardwareEvidence,
    /// What it was given.
    pub identity: Option<Identity>,
}

impl Device {
    /// A machine like no other.
    pub fn new(name: &str) -> Self {
        let evidence = HardwareEvidence {
            smbios_uuid: Uuid::now_v7().to_string(),
            system_serial: Uuid::now_v7().simple().to_string(),
            ..HardwareEvidence::default()
        };
        let key = KeyPair::generate().unwrap();
        Self { key, name: name.to_owned(), evidence, identity: None }
    }

    /// The same machine with a new installation: another key.
    #[must_use]
    pub fn reinstalled(&self) -> Self {
        Self { evidence: self.evidence.clone(), ..Self::new(&self.name) }
    }

    /// A machine that a new token admitted.
    pub async fn enrolled(collector: &Collector, name: &str) -> Self {
        let mut device = Self::new(name);
        device.enrol(collector, &collector.token(1).secret()).await.unwrap();
        device
    }

    /// A signing request without names.
    pub fn signing_request(&self) -> Vec<u8> {
        self.signing_request_with(&[])
    }

    /// A signing request that asks for these URIs as its names.
    pub fn signing_request_with(&self, names: &[&str]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let names = names.iter().map(|name| SanType::URI((*name).try_into().unwrap()));
        params.subject_alt_names = names.collect();
        params.serialize_request(&self.key).unwrap().der().to_vec()
    }

    /// What it sends to be enrolled.
    pub fn enrol_request(&self, secret: &str) -> EnrolRequest {
        EnrolRequest {
            token: secret.to_owned(),
            certificate_signing_request: self.signing_request(),
            evidence: Some(self.evidence.clone()),
            agent_version: "0.1.0".to_owned(),
            host_name: self.name.clone(),
            platform: "linux".to_owned(),
        }
    }

    /// Enrols with the secret part of a token.
    pub async fn enrol(&mut self, collector: &Collector, secret: &str) -> Result<(), Status> {
        let mut client = enrolment(collector, None).await;
        let answer = client.enrol(self.enrol_request(secret)).await?.into_inner();
        self.identity = answer.identity;
        Ok(())
    }

    /// Asks for a new certificate on its key, without showing one.
    pub async fn recover(&mut self, collector: &Collector) -> Result<(), Status> {
        let certificate_signing_request = self.signing_request();
        let request = RecoverRequest { certificate_signing_request };
        let answer = enrolment(collector, None).await.recover(request).await?.into_inner();
        self.identity = answer.identity;
        Ok(())
    }

    /// What it holds, with its evidence and a mark.
    pub fn inventory(&self, mark: &str) -> Inventory {
        let mut inventory = Inventory::marked(mark);
        for section in &mut inventory.sections {
            if let Section::System(system) = section {
                system.smbios_uuid.clone_from(&self.evidence.smbios_uuid);
                system.serial.clone_from(&self.evidence.system_serial);
            }
        }
        inventory
    }

    /// What it was given, as it shows it.
    pub fn credentials(&self) -> Credentials {
        let identity = self.identity.as_ref().expect("an enrolled device");
        let chain = identity.certificate_chain.iter().cloned().map(CertificateDer::from);
        Credentials { chain: chain.collect(), key: self.key.serialize_der() }
    }

    /// The agent its certificate names.
    pub fn agent(&self) -> AgentId {
        let chain = self.credentials().chain;
        ca::agent_of(chain.first().expect("a certificate"), TRUST_DOMAIN).expect("an agent's name")
    }

    /// Gets a certificate on its key from the collector's own authority, made so many days ago and
    /// lasting so many; nobody notes it.
    pub fn reissue(&mut self, collector: &Collector, days_ago: i64, days: i64) {
        let csr = Csr::parse(&self.signing_request()).unwrap();
        let made = clock::now().plus_days(-days_ago);
        let issued = collector.authority().issue_agent(&csr, self.agent(), made, days).unwrap();
        let identity = self.identity.as_mut().expect("an enrolled device");
        identity.certificate_chain = issued.chain;
    }

    /// Opens a connection to report over, which must succeed.
    pub async fn connect(&self, collector: &Collector) -> Session {
        self.try_connect(collector).await.expect("a connection")
    }

    /// Opens a connection to report over.
    pub async fn try_connect(&self, collector: &Collector) -> Result<Session, String> {
        let authority = collector.authority().certificate().clone();
        let config = wire::tls(&authority, Some(&self.credentials()));
        let channel = wire::channel(collector.report, None, config).await?;
        Ok(Session::over(channel))
    }
}

/// A client of the enrolment listener, from 127.0.0.1 or another address of this machine.
pub async fn enrolment(
    collector: &Collector,
    from: Option<Ipv4Addr>,
) -> EnrolmentServiceClient<Channel> {
    let config = wire::tls(collector.authority().certificate(), None);
    let channel = wire::channel(collector.enrolment, from, config).await.expect("a connection");
    EnrolmentServiceClient::new(channel)
}

/// An open connection of a machine.
pub struct Session {
    /// The connection.
    pub channel: Channel,
    /// The service over it.
    pub client: ReportServiceClient<Channel>,
    sequence: u64,
}

impl Session {
    /// Speaks over this connection.
    pub fn over(channel: Channel) -> Self {
        Self { client: ReportServiceClient::new(channel.clone()), channel, sequence: 0 }
    }

    /// Says what it holds; with the manifest or only its root.
    pub async fn check_in(
        &mut self,
        inventory: &Inventory,
        with_manifest: bool,
    ) -> Result<CheckInResponse, Status> {
        self.sequence += 1;
        let mut request = inventory.check_in(self.sequence);
        if !with_manifest {
            request.manifest.clear();
        }
        Ok(self.client.check_in(request).await?.into_inner())
    }

    /// Sends everything; gives the root that was acknowledged.
    pub async fn report(&mut self, inventory: &Inventory) -> Result<Hash, Status> {
        self.sequence += 1;
        let answer = self.client.report(inventory.report(self.sequence)).await?.into_inner();
        Ok(Hash::try_from(answer.root_hash.as_slice()).expect("a hash"))
    }

    /// Renews with a signing request.
    pub async fn renew(
        &mut self,
        certificate_signing_request: Vec<u8>,
    ) -> Result<Identity, Status> {
        let request = RenewRequest { certificate_signing_request };
        let answer = self.client.renew(request).await?.into_inner();
        Ok(answer.identity.expect("an identity"))
    }
}

/// What a machine holds.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Its sections, by kind.
    pub sections: Vec<Section>,
}

impl Inventory {
    /// Two sections that both carry a mark: the host name, and the only package.
    pub fn marked(mark: &str) -> Self {
        let system = SystemSection { host_name: mark.to_owned(), ..SystemSection::default() };
        let package = Package {
            ecosystem: "deb".to_owned(),
            name: mark.to_owned(),
            version: "1.0".to_owned(),
            architecture: "all".to_owned(),
            state: PackageState::Installed.into(),
            ..Package::default()
        };
        let packages = PackagesSection { packages: vec![package], ..PackagesSection::default() };
        Self { sections: vec![Section::System(system), Section::Packages(packages)] }
    }

    /// The same, and a firewall that is on or off.
    #[must_use]
    pub fn with_firewall(mut self, on: bool) -> Self {
        let on = if on { Tristate::Yes } else { Tristate::No };
        let profile = FirewallProfile {
            name: "input".to_owned(),
            on: on.into(),
            ..FirewallProfile::default()
        };
        let protection =
            ProtectionSection { firewall: vec![profile], ..ProtectionSection::default() };
        self.sections.push(Section::Protection(protection));
        self
    }

    /// The hashes of all sections.
    pub fn manifest(&self) -> Manifest {
        let entries = self.sections.iter().map(|section| {
            let (kind, bytes) = (section.kind(), section.encode_to_vec());
            let hash = section_hash(kind, SCHEMA_VERSION, &bytes);
            Entry { kind, schema_version: SCHEMA_VERSION, hash }
        });
        Manifest::new(entries.collect()).unwrap()
    }

    /// All sections, compressed.
    pub fn contents(&self) -> Vec<SectionContent> {
        let sections = self.sections.iter();
        sections.map(|section| content(section.kind().into(), &section.encode_to_vec())).collect()
    }

    /// A check-in with the manifest.
    pub fn check_in(&self, sequence: u64) -> CheckInRequest {
        CheckInRequest {
            root_hash: self.manifest().root().0.to_vec(),
            agent_version: "0.1.0".to_owned(),
            clock_unix_ms: clock::now().0,
            manifest: self.manifest().to_wire(),
            sequence,
            ..CheckInRequest::default()
        }
    }

    /// A report of everything.
    pub fn report(&self, sequence: u64) -> ReportRequest {
        let manifest = self.manifest().to_wire();
        ReportRequest { manifest, sections: self.contents(), sequence }
    }
}

/// Any bytes as a section on the wire.
pub fn content(kind: i32, bytes: &[u8]) -> SectionContent {
    SectionContent {
        kind,
        schema_version: SCHEMA_VERSION,
        uncompressed_size: u32::try_from(bytes.len()).unwrap(),
        zstd: zstd::bulk::compress(bytes, 3).unwrap(),
    }
}
