//! What pages cost when the register is large: 100,000 assets with 800 packages each. Run by
//! `cargo xtask bench --pages`; it prints the 95th percentile of each page as the server answers it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a measurement: what goes wrong ends it, and it prints"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use belfort_assess::catalogue::Catalogue;
use belfort_collector::app::App;
use belfort_collector::app::access::Actor;
use belfort_collector::app::assets::NewUnit;
use belfort_collector::app::log_in::{Credentials, Visitor};
use belfort_collector::config::login::{LoginConfig, SecondFactor};
use belfort_collector::login::Login;
use belfort_collector::rest::session::COOKIE;
use belfort_collector::rest::{Api, EnrolmentAddress};
use belfort_collector::{clock, web};
use belfort_model::access::{Role, RoleGrant};
use belfort_model::unit::UnitKind;
use belfort_tests::fleet::{NOW, PACKAGES, enrol, report};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// Devices that report, and copies of each with the same packages.
const REPORTING: u32 = 2_000;
const COPIES: u32 = 50;
const UNITS: u32 = 40;
/// How many of them are departments, with the others below.
const DEPARTMENTS: u32 = 8;
/// Times each page is asked for.
const TIMES: usize = 20;
/// A page that takes so long, in ms, is not asked for as often.
const SLOW_MS: f64 = 500.0;
const PASSWORD: &str = "vier gewone woorden samen";

/// Lists with their filters and orders, as people use them.
const PAGES: &[&str] = &[
    "/",
    "/assets",
    "/assets?pagina=1500",
    "/assets?q=srv-1234",
    "/assets?eigenaar=geen",
    "/assets?dienst=U7",
    "/assets?dienst=U7&vorm=server&biv=geen",
    "/assets?biv=geen",
    "/assets?biv=4",
    "/assets?gezien=30",
    "/assets?status=in_use&bron=agent&omgeving=production",
    "/assets?locatie=AC+Zuid",
    "/assets?label=balie",
    "/assets?sort=-naam",
    "/assets?sort=gezien",
    "/assets?sort=-gezien",
    "/assets?sort=-bevindingen",
    "/assets?sort=-biv",
    "/assets?dienst=U7&sort=-bevindingen",
    "/assets?departement=U1",
    "/assets?vorm=server&vorm=laptop",
    "/assets?software=openssl",
    "/assets?software=openssl&versie=%3C3.0.15",
    "/assets?software=openssl&versie=%3C3.0.11&dienst=U7",
    "/assets?risico=ja",
    "/assets?risico=geen",
    "/assets?risico=ja&dienst=U7&sort=-gezien",
    "/assets?risico=ja&sort=-gezien",
    "/assets?software=openssl&sort=-gezien",
    "/assets?cve=CVE-2024-3094",
    "/werklijst",
    "/werklijst/zonder-eigenaar",
    "/software",
    "/software?q=openssl",
    "/eigenaars",
    "/gegevens",
    "/bevindingen",
    "/bevindingen?dienst=U7",
    "/risicos",
    "/zoeken?q=srv-1234",
    "/zoeken?q=SERIAL-000123",
    "/zoeken?q=openssl",
    "/agents",
    "/audit",
];

fn main() {
    tokio::runtime::Runtime::new().unwrap().block_on(measure());
}

async fn measure() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("belfort.db");
    let url = format!("sqlite:{}", data.display());
    drop(belfort_store::create(&url).unwrap());
    let config = LoginConfig { totp: SecondFactor::Optional, ..LoginConfig::default() };
    let app = App::new(belfort_store::open(&url).unwrap().into(), Catalogue::shipped().unwrap())
        .with_login(Login::new(&config, [7; 32], None));
    let start = Instant::now();
    fill(&app, &data);
    let size = std::fs::metadata(&data).unwrap().len() >> 20;
    println!(
        "made {} assets of {PACKAGES} packages in {:.0} s, {size} MB",
        REPORTING * COPIES,
        start.elapsed().as_secs_f64()
    );

    let secret = log_in(&app);
    let enrolment = EnrolmentAddress {
        endpoint: "https://collector.example:7441".to_owned(),
        fingerprint: [7; 32],
    };
    let spool = directory.path().join("spool");
    let router = web::with_headers(web::router(Api {
        app: app.clone(),
        enrolment,
        wake: Arc::default(),
        spool,
    }));
    for path in PAGES {
        page(&router, &secret, path).await;
    }
    let openssl = software(&router, &secret).await;
    page(&router, &secret, &openssl).await;
    page(&router, &secret, &format!("{openssl}?versie=%3C3.0.15")).await;
    page(&router, &secret, &format!("{openssl}?versie=%3C3.0.15&pagina=20")).await;
    for path in ["/assets.csv", "/assets.json"] {
        export(&router, &secret, path).await;
    }
}

async fn ask(router: &Router, secret: &str, path: &str) -> http::Response<Body> {
    let request = Request::builder()
        .uri(path)
        .header("cookie", format!("{COOKIE}={secret}"))
        .header("accept", "text/html")
        .body(Body::empty());
    router.clone().oneshot(request.unwrap()).await.unwrap()
}

async fn page(router: &Router, secret: &str, path: &str) {
    let mut times = Vec::new();
    let mut bytes = 0;
    for done in 0..TIMES {
        // Far over the bound is known after a few.
        if done == 3 && times.iter().all(|time| *time > SLOW_MS) {
            break;
        }
        let start = Instant::now();
        let answer = ask(router, secret, path).await;
        let status = answer.status();
        bytes = answer.into_body().collect().await.unwrap().to_bytes().len();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if status != StatusCode::OK {
            println!("{path:60} {status}");
            return;
        }
    }
    times.sort_by(f64::total_cmp);
    let (median, late) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!("{path:60} median {median:>8.1} ms  p95 {late:>8.1} ms  {:>5} kB", bytes >> 10);
}

/// The page of `openssl`.
async fn software(router: &Router, secret: &str) -> String {
    let answer = ask(router, secret, "/software?q=openssl").await;
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut links = text.split("href=\"/software/").filter_map(|rest| rest.split('"').next());
    let found = links.find(|id| id.len() == 36);
    format!("/software/{}", found.unwrap_or("unknown"))
}

async fn export(router: &Router, secret: &str, path: &str) {
    let (before, start) = (memory(), Instant::now());
    let answer = ask(router, secret, path).await;
    let mut body = answer.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame.unwrap().data_ref().map_or(0, bytes::Bytes::len);
    }
    let time = start.elapsed().as_secs_f64();
    println!("{path:60} {time:.2} s  {} kB  memory {before} to {} kB", bytes >> 10, memory());
}

/// Resident memory at most so far, kB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

fn root() -> Actor {
    Actor::with_roles("bench", &[Role::Admin, Role::SecurityOfficer])
}

fn log_in(app: &App) -> String {
    let now = clock::now();
    let grants = [Role::Admin, Role::SecurityOfficer].map(|role| RoleGrant { role, unit: None });
    let user = app.user_create(&root(), "veiligheid", &grants, now).unwrap();
    app.user_password_set(&root(), user.id, PASSWORD, now).unwrap();
    let (name, password) = ("veiligheid".to_owned(), PASSWORD.to_owned());
    let given = Credentials { name, password, code: String::new() };
    let from = Visitor { address: [192, 0, 2, 1].into(), browser: "bench".to_owned() };
    app.log_in(&given, &from, None, now).unwrap().unwrap().secret
}

/// Some devices report and are evaluated; the others are copies of them, each with a name, an owner, a
/// moment and a class of its own.
fn fill(app: &App, data: &Path) {
    for unit in 0..UNITS {
        let code = format!("U{unit}");
        let new = if unit < DEPARTMENTS {
            let (name, kind) = (format!("Departement {unit}"), UnitKind::Department);
            NewUnit { name, code, kind, parent: None }
        } else {
            let (name, kind) = (format!("Dienst {unit}"), UnitKind::Service);
            NewUnit { name, code, kind, parent: Some(format!("U{}", unit % DEPARTMENTS)) }
        };
        app.unit_create(&root(), &new, NOW).unwrap();
    }
    for number in 0..REPORTING {
        let agent = enrol(app, number);
        report(app, &agent, None, number, 0);
        // One in ten has no owner.
        if number % 10 != 0 {
            app.owner_set(&root(), agent.asset, &format!("U{}", number % UNITS), "dienstchef", NOW)
                .unwrap();
        }
    }
    let done = app.evaluate_due(NOW.plus_seconds(60)).unwrap();
    assert_eq!(done.failed, 0);
    let database = rusqlite::Connection::open(data).unwrap();
    database.execute_batch(&copies()).unwrap();
    drop(database);
    // As the collector does every half hour.
    app.store.refresh_statistics().unwrap();
}

/// The statements that copy.
fn copies() -> String {
    let columns = |table: &str, id: &str, others: &str| {
        format!(
            "INSERT INTO {table} ({id}, {others}) SELECT copy.new, {others} FROM {table} JOIN copy ON \
             copy.old = {table}.{id};\n"
        )
    };
    let mut sql = format!(
        "BEGIN;
         CREATE TEMP TABLE copy AS
         WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {last})
         SELECT id AS old, randomblob(16) AS new, n FROM asset CROSS JOIN number;
         CREATE INDEX temp.copy_by_old ON copy (old);
         INSERT INTO asset (id, kind, subtype, name, name_folded, legal_entity, lifecycle, in_service,
           source, authorised, environment, exposure, site, labels, first_seen, last_seen, os_name,
           owner_unit, owner_confirmed, class, class_assumed, class_b, class_i, class_v, open_findings, generation,
           evaluate_at)
         SELECT copy.new, kind,
           CASE n % 5 WHEN 0 THEN 'server' WHEN 1 THEN 'desktop' ELSE 'laptop' END,
           'dev-' || n || '-' || name, 'dev-' || n || '-' || name_folded, legal_entity, lifecycle,
           in_service, source, authorised, environment, exposure,
           CASE n % 7 WHEN 0 THEN 'AC Zuid' WHEN 1 THEN 'De Krook' ELSE '' END,
           CASE n % 11 WHEN 0 THEN '[\"balie\"]' ELSE labels END,
           first_seen, last_seen - (n * 7919 % 5000000) * 1000, os_name, owner_unit, owner_confirmed, class, n % 3 <> 0,
           1 + n % 4, 1 + n % 5, 2 + n % 3, open_findings, generation, evaluate_at
         FROM asset JOIN copy ON copy.old = asset.id;\n",
        last = COPIES - 1
    );
    sql += &columns("asset_section", "asset", "kind, section, since");
    sql += &columns("device_facts", "asset", "document");
    sql += &columns("check_results", "asset", "document");
    sql += &columns(
        "ownership",
        "asset",
        "role, seq, unit, function, valid_from, valid_to, confirmed_at, method",
    );
    sql += &columns("package_counted", "asset", "list, unit");
    let counts = format!(
        "UPDATE package_count SET installations = installations * {COPIES},
           of_version = of_version * {COPIES};
         UPDATE software_count SET assets = assets * {COPIES};\n"
    );
    sql += &counts;
    sql += "INSERT INTO evidence (asset, kind, value)
            SELECT copy.new, kind, value || '-' || n FROM evidence JOIN copy ON copy.old = evidence.asset;
            INSERT INTO finding (id, asset, code, key, status, is_open, first_observed, last_observed,
              resolved_at, likelihood, dimensions, evidence)
            SELECT randomblob(16), copy.new, code, key, status, is_open, first_observed - n * 1000,
              last_observed, resolved_at, likelihood, dimensions, finding.evidence
            FROM finding JOIN copy ON copy.old = finding.asset;
            INSERT INTO risk_asset (risk, asset)
            SELECT risk, copy.new FROM risk_asset JOIN copy ON copy.old = risk_asset.asset;
            COMMIT;\n";
    sql
}
