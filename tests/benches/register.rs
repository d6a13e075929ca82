//! What advisory data costs the collector: importing it, and evaluating a register by it. Run by
//! `cargo xtask bench --advisories`; it prints figures and judges nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a measurement: what goes wrong ends it, and it prints"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use belfort_assess::catalogue::Catalogue;
use belfort_collector::app::App;
use belfort_collector::app::access::Actor;
use belfort_collector::app::advisories::Import;
use belfort_collector::app::assets::NewUnit;
use belfort_model::access::Role;
use belfort_model::agent::Agent;
use belfort_model::unit::UnitKind;
use belfort_tests::fleet::{NOW, PACKAGES, SOURCES, enrol, report, root};

const ASSETS: u32 = 1_000;
/// Vulnerabilities of each source package.
const FLAWS: u32 = 20;
/// Units that own them, each as many.
const UNITS: u32 = 20;
/// Assets that change, one after the other.
const CHANGES: u32 = 15;
/// Packages that change on one of them, as on an ordinary day.
const UPGRADED: u32 = 10;
const SCORES: u32 = 300_000;
const EXPLOITED: u32 = 1_400;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [import, data, files @ ..] = arguments.as_slice()
        && import == "import"
    {
        return import_here(Path::new(data), files);
    }
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("belfort.db");
    drop(belfort_store::create(&url(&data)).unwrap());
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (kev, epss) = (file("kev.json", kev()), file("epss.csv", epss()));
    let tracker = file("tracker.json", tracker());
    import(&data, &format!("import {EXPLOITED} KEV and {SCORES} EPSS rows"), &[&kev, &epss]);
    import(&data, &format!("import {} advisories", SOURCES * FLAWS), &[&tracker]);

    let app = app(&data);
    let agents: Vec<Agent> = (0..ASSETS).map(|number| enrol(&app, number)).collect();
    for unit in 0..UNITS {
        let (code, kind) = (format!("U{unit}"), UnitKind::Service);
        let new = NewUnit { name: code.clone(), code, kind, parent: None };
        app.unit_create(&actor(), &new, NOW).unwrap();
    }
    for (number, agent) in (0..).zip(&agents) {
        app.owner_set(&actor(), agent.asset, &format!("U{}", number % UNITS), "", NOW).unwrap();
    }
    for (number, agent) in (0..).zip(&agents) {
        report(&app, agent, None, number, 0);
    }
    timed("load the index", || {
        app.advisories.current(&*app.store).unwrap();
    });
    let evaluate = |what: &str| {
        timed(what, || {
            let done = app.evaluate_due(NOW.plus_seconds(60)).unwrap();
            assert_eq!(done.failed, 0);
        });
    };
    evaluate(&format!("first evaluation of {ASSETS} assets with {PACKAGES} packages"));
    app.store.evaluation_request_all().unwrap();
    evaluate(&format!("evaluate {ASSETS} assets again"));
    let before = app.store.asset_get(agents[0].asset).unwrap().unwrap();
    println!("{:60} {:>10}", "findings of one asset", before.findings.len());
    for (upgraded, first) in [(UPGRADED, 0), (PACKAGES, CHANGES)] {
        let mut each: Vec<f64> = (first..first + CHANGES)
            .map(|number| {
                let agent = &agents[number as usize];
                report(&app, agent, Some(root(number, 0)), number, upgraded);
                let start = Instant::now();
                let done = app.evaluate_due(NOW.plus_seconds(60)).unwrap();
                assert_eq!((done.assets, done.failed), (1, 0));
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        each.sort_by(f64::total_cmp);
        let (median, worst) = (each[each.len() / 2], each[each.len() - 1]);
        let what = format!("evaluate one asset after an upgrade of {upgraded} packages, median");
        println!("{what:60} {median:>10.1} ms");
        println!("{:60} {worst:>10.1} ms", "  slowest");
    }
}

fn actor() -> Actor {
    Actor::with_roles("bench", &[Role::Admin])
}

fn url(data: &Path) -> String {
    format!("sqlite:{}", data.display())
}

fn app(data: &Path) -> App {
    App::new(belfort_store::open(&url(data)).unwrap().into(), Catalogue::shipped().unwrap())
}

fn timed(what: &str, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    println!("{what:60} {:>10.1} ms", start.elapsed().as_secs_f64() * 1e3);
}

/// Imports in a process of its own, so that its memory can be told.
fn import(data: &Path, what: &str, files: &[&PathBuf]) {
    let program = std::env::current_exe().unwrap();
    timed(what, || {
        let done = Command::new(program).arg("import").arg(data).args(files).status().unwrap();
        assert!(done.success());
    });
}

fn import_here(data: &Path, files: &[String]) {
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    app(data).advisories_import(&actor(), &files, Import::default(), &|_, _| {}, NOW).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{:60} {:>10}", "  peak memory", peak.unwrap_or("unknown").trim());
}

fn kev() -> String {
    let about =
        "A flaw of which much is said, as the publisher does, so that the file is as large.";
    let one = |number: u32| {
        format!(
            r#"{{"cveID": "CVE-2024-{:04}", "dateAdded": "2025-01-01", "vulnerabilityName": "{about}",
            "requiredAction": "{about}", "notes": "{about} {about} {about} {about} {about}"}}"#,
            number * 40
        )
    };
    let all: Vec<_> = (0..EXPLOITED).map(one).collect();
    format!(
        r#"{{"catalogVersion": "1", "dateReleased": "2025-12-31T00:00:00Z", "vulnerabilities": [{}]}}"#,
        all.join(",\n")
    )
}

fn epss() -> String {
    let mut text =
        "#model_version:v1,score_date:2025-12-31T00:00:00Z\ncve,epss,percentile\n".to_owned();
    for number in 0..SCORES {
        let score = f64::from(number.wrapping_mul(7919) % 10_000) / 1e5;
        writeln!(text, "CVE-2024-{number:04},{score:.5},0.50000").unwrap();
    }
    text
}

/// Most flaws are mended long before what is installed, as in a distribution.
fn tracker() -> String {
    let mut text = "{".to_owned();
    for source in 0..SOURCES {
        let separator = if source == 0 { "" } else { "," };
        write!(text, "{separator}\n\"source-{source}\": {{").unwrap();
        for flaw in 0..FLAWS {
            let separator = if flaw == 0 { "" } else { "," };
            let number = source * FLAWS + flaw;
            let release = match (source + flaw) % 200 {
                0 => r#""status": "open""#.to_owned(),
                1 => r#""status": "resolved", "fixed_version": "1:2.9.9-1""#.to_owned(),
                minor => {
                    format!(r#""status": "resolved", "fixed_version": "1:1.{minor}-1+deb12u1""#)
                }
            };
            write!(
                text,
                r#"{separator}"CVE-2024-{number:04}": {{"releases": {{"bookworm": {{{release}, "urgency": "not yet assigned"}}}}}}"#
            )
            .unwrap();
        }
        text.push('}');
    }
    text.push('}');
    text
}
