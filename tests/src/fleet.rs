//! A made-up fleet for measurements: devices that enrolled and reported, through the application itself.

use belfort_collector::app::App;
use belfort_model::agent::{Agent, AgentStatus, EnrolmentToken};
use belfort_model::asset::{
    Asset, AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::evidence::{Evidence, EvidenceKind};
use belfort_model::facts::{DeviceFacts, OsFacts};
use belfort_model::id::{AgentId, AssetId, TokenId};
use belfort_model::time::Timestamp;
use belfort_proto::inventory::v1::{Package, PackageState, PackagesSection, SectionKind};
use belfort_proto::section::{Section, section_hash};
use belfort_store::record::{
    Audit, Enrolled, Enrolment, ReportCommit, ReportOutcome, SectionBlob, SectionKey,
};
use uuid::Uuid;

/// Packages of each device.
pub const PACKAGES: u32 = 800;
/// Source packages there are.
pub const SOURCES: u32 = 5_000;
/// When all this happens: 2026-01-01.
pub const NOW: Timestamp = Timestamp(1_767_225_600_000);

/// Enrols a device.
pub fn enrol(app: &App, number: u32) -> Agent {
    let audit = Audit {
        at: NOW,
        actor: "bench".to_owned(),
        action: "token.create",
        subject: String::new(),
        detail: "{}".to_owned(),
    };
    let mut secret = [0; 32];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    let token = EnrolmentToken {
        id: TokenId(Uuid::now_v7()),
        label: "bench".to_owned(),
        unit: None,
        uses_allowed: 1,
        uses: 0,
        created_at: NOW,
        created_by: "bench".to_owned(),
        expires_at: NOW.plus_days(1),
        last_used_at: None,
        revoked_at: None,
    };
    app.store.token_insert(&token, secret, &audit).unwrap();
    let agent = Agent {
        id: AgentId(Uuid::now_v7()),
        asset: AssetId(Uuid::nil()),
        status: AgentStatus::Active,
        key_sha256: secret.to_vec(),
        certificate_serial: String::new(),
        certificate_not_after: NOW.plus_days(30),
        version: "0.1.0".to_owned(),
        platform: "linux".to_owned(),
        enrolled_at: NOW,
        last_seen: None,
        sequence: 0,
        clock_offset_ms: 0,
    };
    let new_asset = Asset {
        id: AssetId(Uuid::now_v7()),
        kind: AssetKind::Device,
        subtype: Subtype::Server,
        name: format!("srv-{number}.example"),
        legal_entity: String::new(),
        lifecycle: Lifecycle::InUse,
        source: Source::Agent,
        authorised: Authorised::Unknown,
        environment: Environment::Production,
        exposure: Exposure::Unknown,
        site: String::new(),
        labels: vec![],
        proposed_unit: None,
        first_seen: NOW,
        last_seen: NOW,
        verified_at: None,
        verify_due: None,
        disposal: None,
    };
    let serial = format!("SERIAL-{number:06}");
    let evidence = Evidence::new(EvidenceKind::SystemSerial, &serial).into_iter().collect();
    let enrolment = Enrolment { token_sha256: secret, now: NOW, agent, new_asset, evidence };
    match app.store.enrol(&enrolment).unwrap() {
        Enrolled::Admitted { agent, .. } => *agent,
        Enrolled::Refused(_) => std::process::exit(1),
    }
}

/// The root of what a device reported.
pub fn root(number: u32, version: u32) -> [u8; 32] {
    let mut root = [7; 32];
    root[..4].copy_from_slice(&number.to_be_bytes());
    root[4..8].copy_from_slice(&version.to_be_bytes());
    root
}

/// No two assets have the same packages, so that nothing is worked out only once. So many are of a newer
/// version than before.
pub fn report(
    app: &App,
    agent: &Agent,
    previous_root: Option<[u8; 32]>,
    number: u32,
    upgraded: u32,
) {
    // Each takes others of all there are; a name is always of one source, as in a distribution.
    let source = |index: u32| if index == 0 { 0 } else { (index * 6 + number) % SOURCES };
    let package = |index: u32| Package {
        ecosystem: "deb".to_owned(),
        name: if index == 0 { "openssl".to_owned() } else { format!("package-{}", source(index)) },
        version: if index == 0 {
            format!("3.0.{}-1+deb12u{}", 10 + number % 8, u32::from(upgraded > 0))
        } else {
            let mended = u32::from(index < upgraded);
            format!("1:2.{}.{}-1+deb12u{mended}", source(index) % 9, number % 3)
        },
        architecture: "amd64".to_owned(),
        source_name: format!("source-{}", source(index)),
        state: PackageState::Installed.into(),
        ..Package::default()
    };
    let packages = (0..PACKAGES).map(package).collect();
    let section = Section::Packages(PackagesSection { packages, ..PackagesSection::default() });
    let bytes = section.encode_to_vec();
    let hash = section_hash(SectionKind::Packages, 1, &bytes);
    let key = SectionKey { kind: SectionKind::Packages as i32, hash: hash.0 };
    let blob = SectionBlob {
        key,
        schema_version: 1,
        size: u32::try_from(bytes.len()).unwrap(),
        zstd: zstd::bulk::compress(&bytes, 3).unwrap(),
    };
    let (family, id, os_version) = ("linux".to_owned(), "debian".to_owned(), "12".to_owned());
    let os = OsFacts { family, id, version: os_version, ..OsFacts::default() };
    let commit = ReportCommit {
        agent: agent.id,
        asset: agent.asset,
        now: NOW.plus_seconds(60),
        sequence: 1 + u64::from(upgraded > 0),
        previous_root,
        root: root(number, upgraded),
        manifest: vec![(key, 1)],
        new_sections: vec![blob],
        facts: DeviceFacts { os, ..DeviceFacts::default() },
        name: format!("srv-{number}.example"),
        subtype: Subtype::Server,
        evidence: vec![],
        changes: vec![],
    };
    assert_eq!(app.store.report_commit(&commit).unwrap(), ReportOutcome::Committed);
}
