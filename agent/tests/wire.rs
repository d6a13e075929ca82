//! The agent over the wire, against a collector made for the test: enrolment, check-in, report,
//! settings, renewal, recovery, refusal.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::report::v1::Settings;
use serde_json::Value;
use tempfile::TempDir;

#[path = "wire/collector.rs"]
mod collector;
#[path = "wire/privacy.rs"]
mod privacy;
use collector::{Collector, Held};

struct Device {
    _parent: TempDir,
    state: PathBuf,
}

impl Device {
    fn new() -> Self {
        let parent = TempDir::new().unwrap();
        let state = parent.path().join("state");
        Self { _parent: parent, state }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_belfort-agent"));
        command.arg("--state").arg(&self.state).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn fails(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    fn enrol(&self, collector: &Collector) {
        let output = self
            .command(&["enroll", "--collector", &collector.address])
            .env("BELFORT_TOKEN", collector.token())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn from_enrolment_to_a_check_in_that_sends_nothing() {
    let (collector, device) = (Collector::start(), Device::new());
    device.enrol(&collector);
    let evidence = collector.held(|held| held.evidence.clone().unwrap());
    assert_eq!(evidence.machine_id, std::fs::read_to_string("/etc/machine-id").unwrap().trim());

    // Listeners come and go on a machine that builds: not what this is about.
    collector.hold(|held| held.settings = Some(without_services(1)));
    let first = device.json(&["once", "--json"]);
    assert_eq!(first["verdict"], "reported");
    assert_eq!(first["settings_changed"], true);
    let root = collector.held(|held| held.root.map(|root| root.to_string()));
    assert_eq!(first["acknowledged_root"].as_str(), root.as_deref());

    let second = device.json(&["once", "--json"]);
    assert_eq!(second["verdict"], "in_sync");
    assert_eq!(second["sections_sent"], serde_json::json!([]));
    assert_eq!(second["acknowledged_root"], first["acknowledged_root"]);
    let bytes = second["bytes_up"].as_u64().unwrap() + second["bytes_down"].as_u64().unwrap();
    assert!(bytes <= 300, "an unchanged check-in took {bytes} bytes");

    let status = device.json(&["status", "--json"]);
    assert_eq!(status["enrolled"], true);
    assert_eq!(status["last_check_in"]["result"], "in_sync");
    assert_eq!(status["settings_version"], 1);
    assert_eq!(status["acknowledged_root"], first["acknowledged_root"]);
    let system = collector.held(|held| held.section(SectionKind::System)).unwrap();
    assert_eq!(system.kind(), SectionKind::System);
    let sequences = collector.held(|held| held.sequences.clone());
    assert!(sequences.windows(2).all(|pair| pair[0] < pair[1]), "{sequences:?}");
    assert_eq!(status["sequence"].as_u64(), sequences.last().copied());
}

fn without_services(version: u64) -> Settings {
    Settings {
        version,
        check_in_seconds: 900,
        sections_off: vec![SectionKind::Services.into()],
        ip_prefixes: vec!["10.0.0.0/8".to_owned()],
        pseudonym_key: vec![7; 32],
        ..Settings::default()
    }
}

#[test]
fn new_settings_are_obeyed_at_once() {
    let (collector, device) = (Collector::start(), Device::new());
    device.enrol(&collector);
    collector.hold(|held| held.settings = Some(without_services(3)));
    device.json(&["once", "--json"]);
    let kinds = collector.held(|held| held.manifest_kinds.clone());
    assert!(!kinds.contains(&"services"), "{kinds:?}");
    let ever_sent = collector.held(|held| held.kinds_sent.clone());
    assert!(!ever_sent.contains(&"services"), "sent although switched off: {ever_sent:?}");
    assert_eq!(collector.held(|held| held.settings_versions.clone()).last(), Some(&3));
    // `show` prints what is sent, under the same settings.
    let shown = device.json(&["show", "--json"]);
    assert!(!shown["sections"].as_object().unwrap().contains_key("services"));
    let root = collector.held(|held| held.root.map(|root| root.to_string()));
    assert_eq!(shown["root_hash"].as_str(), root.as_deref());
}

#[test]
fn a_collector_that_lost_a_section_gets_it_again() {
    let (collector, device) = (Collector::start(), Device::new());
    device.enrol(&collector);
    collector.hold(|held| held.refuse_reports = 1);
    let delivery = device.json(&["once", "--json"]);
    assert_eq!(delivery["verdict"], "reported");
    collector.hold(|held| {
        held.refuse_reports = 99;
        held.forget();
    });
    let said = device.fails(&["once"], 7);
    assert!(said.contains("collector"), "{said}");
    // Three times and no more.
    assert_eq!(collector.held(|held| held.refuse_reports), 96);
}

#[test]
fn a_certificate_in_its_last_third_is_renewed() {
    let (collector, device) = (Collector::start(), Device::new());
    collector.hold(|held| held.validity_days = (-25, 5));
    device.enrol(&collector);
    let before = device.json(&["status", "--json"]);
    collector.hold(|held| held.validity_days = (-1, 29));
    device.json(&["once", "--json"]);
    let after = device.json(&["status", "--json"]);
    assert_ne!(before["certificate_expires"], after["certificate_expires"]);
    assert_eq!(before["agent_id"], after["agent_id"]);
    assert_eq!(collector.held(|held| (held.renewals, held.recoveries)), (1, 0));
    device.json(&["once", "--json"]);
    assert_eq!(collector.held(|held| held.renewals), 1);
}

#[test]
fn an_expired_certificate_is_recovered() {
    let (collector, device) = (Collector::start(), Device::new());
    collector.hold(|held| held.validity_days = (-40, -10));
    device.enrol(&collector);
    assert_eq!(device.json(&["status", "--json"])["certificate_expired"], true);
    collector.hold(|held| held.validity_days = (-1, 29));
    device.json(&["once", "--json"]);
    assert_eq!(collector.held(|held| held.recoveries), 1);
    assert_eq!(device.json(&["status", "--json"])["certificate_expired"], false);
}

/// Enrols a device that the collector's clock leaves behind afterwards, or the other way round.
fn with_wrong_clock(days: i64) -> (Collector, Device) {
    let (collector, device) = (Collector::start(), Device::new());
    collector.hold(|held| held.validity_days = (days - 1, days + 29));
    device.enrol(&collector);
    collector.hold(|held| held.clock_days = days);
    (collector, device)
}

#[test]
fn a_clock_that_is_years_behind_is_tolerated() {
    let (collector, device) = with_wrong_clock(3000);
    assert_eq!(device.json(&["once", "--json"])["verdict"], "reported");
    assert_eq!(collector.held(|held| (held.renewals, held.recoveries)), (0, 0));
    // When the certificate has expired only the collector knows.
    collector.hold(|held| {
        held.clock_days = 3040;
        held.validity_days = (3039, 3069);
    });
    assert_eq!(device.json(&["once", "--json"])["next_check_in_seconds"], 900);
    assert_eq!(collector.held(|held| (held.renewals, held.recoveries)), (0, 1));
}

#[test]
fn a_clock_that_is_years_ahead_is_tolerated() {
    let (collector, device) = with_wrong_clock(-3000);
    assert_eq!(device.json(&["status", "--json"])["certificate_expired"], true);
    let mut child =
        device.command(&["run", "--interval", "1"]).stderr(Stdio::null()).spawn().unwrap();
    wait_for_calls(&collector, 4);
    child.kill().unwrap();
    child.wait().unwrap();
    // Renewed once, and not again when that did not help.
    assert_eq!(collector.held(|held| (held.renewals, held.recoveries)), (1, 0));
}

#[test]
fn a_wrong_clock_trusts_no_stranger() {
    let (collector, device) = with_wrong_clock(3000);
    let stranger = Collector::start();
    let path = device.state.join("identity.json");
    let identity = std::fs::read_to_string(&path).unwrap();
    let moved = identity.replace(&collector.address, &stranger.address);
    assert_ne!(identity, moved);
    std::fs::write(&path, moved).unwrap();
    stranger.hold(|held| held.clock_days = 3000);
    let said = device.fails(&["once"], 6);
    assert!(said.contains("no trusted connection"), "{said}");
}

#[test]
fn a_wrong_token_is_refused_and_a_wrong_fingerprint_never_sent() {
    let (collector, device) = (Collector::start(), Device::new());
    let enroll = |token: &str| {
        let arguments = ["enroll", "--collector", &collector.address, "--token", token];
        device.run(&arguments).status.code()
    };
    let good = collector.token();
    let parts: Vec<_> = good.split('.').collect();
    let nothing = "A".repeat(43);
    assert_eq!(enroll(&format!("bft1.{nothing}.{}", parts[2])), Some(7));
    assert_eq!(collector.held(|held| held.enrolments), 1);
    assert_eq!(enroll(&format!("bft1.{}.{nothing}", parts[1])), Some(6));
    assert_eq!(collector.held(|held| held.enrolments), 1, "the token went to a stranger");
    assert_eq!(enroll(&good), Some(0));
    assert_eq!(enroll(&good), Some(2), "a second enrolment needs --again");
}

#[test]
fn enrolling_again() {
    let (collector, device) = (Collector::start(), Device::new());
    device.enrol(&collector);
    let token = collector.token();
    let base = ["enroll", "--collector", &collector.address, "--token", &token];
    let first = device.json(&["status", "--json"])["agent_id"].clone();
    assert!(device.run(&[&base[..], &["--if-needed"]].concat()).status.success());
    assert_eq!(device.json(&["status", "--json"])["agent_id"], first);
    assert!(device.run(&[&base[..], &["--again"]].concat()).status.success());
    assert_ne!(device.json(&["status", "--json"])["agent_id"], first);
}

#[test]
fn a_refused_certificate_is_7() {
    let (collector, device) = (Collector::start(), Device::new());
    device.enrol(&collector);
    collector.hold(|held| held.unauthenticated = true);
    let said = device.fails(&["once"], 7);
    assert!(said.contains("new token"), "{said}");
    let status = device.json(&["status", "--json"]);
    assert!(status["last_check_in"]["result"].as_str().unwrap().contains("collector answered"));
}

fn wait_for_calls(collector: &Collector, wanted: usize) {
    let calls = |held: &Held| held.sequences.len();
    let mut waited = Duration::ZERO;
    while collector.held(calls) < wanted && waited < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(50));
        waited += Duration::from_millis(50);
    }
    assert!(collector.held(calls) >= wanted, "it did not check in again");
}

#[test]
fn the_service_checks_in_again_and_stops_when_told() {
    let (collector, device) = (Collector::start(), Device::new());
    device.enrol(&collector);
    let mut child =
        device.command(&["run", "--interval", "1"]).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_calls(&collector, 4);
    // A second agent on the same state is kept out.
    device.fails(&["once"], 4);
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}
