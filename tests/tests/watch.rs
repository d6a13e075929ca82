//! What changes on a device is in the register moments later, without waiting for a check-in: the real
//! agent runs as its service does, in namespaces of this test's own, and what is measured is printed.
//!
//! The promises are 10 s for a package and 30 s for the rest. The test waits longer before it fails, so
//! that it says something about Belfort and not about a busy machine.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use belfort_tests::agent::Agent;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::package::{Probe, alone, run};
use belfort_tests::{programs, wait};
use serde_json::Value;

/// Set for the test that was started again inside its namespaces.
const INSIDE: &str = "BELFORT_TEST_INSIDE";
/// How long a busy machine may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// The agent as its service runs it; ends with the test.
struct Service(Child);

impl Service {
    fn start(agent: &Agent, log: &Path) -> Self {
        let child = Command::new(programs::agent())
            .arg("--state")
            .arg(agent.state())
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(log).unwrap())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Changes of the asset since the beginning: section, subject, after.
fn changes(collector: &Collector, asset: &str) -> Vec<[String; 3]> {
    let history = collector.json(&["asset", "history", asset, "--limit", "1000"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = history["items"].as_array().unwrap().iter();
    items.map(|one| ["section", "subject", "after"].map(|key| text(&one[key]))).collect()
}

/// Waits until the register knows; prints how long that took since `start`.
fn known(
    collector: &Collector,
    asset: &str,
    what: &str,
    start: Instant,
    is_it: impl Fn(&[String; 3]) -> bool,
) {
    wait::until(what, PATIENCE, || changes(collector, asset).iter().any(&is_it).then_some(()));
    let seconds = start.elapsed().as_secs_f64();
    let said = format!("{what}: in the register after {seconds:.1} s\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}

/// Starts this test again in a network and a mount namespace of its own, with a copy of /etc.
fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let output = Command::new("unshare")
        .args(["--net", "--mount", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare of util-linux");
    let mut err = std::io::stderr();
    err.write_all(&output.stdout).unwrap();
    err.write_all(&output.stderr).unwrap();
    assert!(output.status.success(), "the test failed in its namespaces: run it as root");
    false
}

#[test]
fn what_changes_is_in_the_register_moments_later() {
    let _alone = std::env::var_os(INSIDE).is_none().then(alone);
    if !inside("what_changes_is_in_the_register_moments_later") {
        return;
    }
    run("mount", &["--make-rprivate", "/"]);
    run("ip", &["link", "set", "lo", "up"]);
    let collector = Collector::start(Backend::Sqlite);
    let etc = collector.scratch().join("etc").display().to_string();
    run("cp", &["-a", "/etc", &etc]);
    run("mount", &["--bind", &etc, "/etc"]);
    let agent = Agent::enrolled(&collector, "agent", &collector.token(1));
    let _service = Service::start(&agent, &collector.scratch().join("agent.log"));
    wait::until("first report", PATIENCE, || {
        agent.status()["acknowledged_root"].is_string().then_some(())
    });
    let asset = agent.asset(&collector);

    let package = Probe::new();
    let file = package.build(collector.scratch(), "1.0");
    run("env", &["DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q", &file]);
    known(
        &collector,
        &asset,
        "a package installed with apt",
        Instant::now(),
        |[kind, subject, after]| {
            kind == "packages" && subject.contains(&package.name) && after == "1.0"
        },
    );

    let start = Instant::now();
    run("ip", &["link", "add", "belfort0", "type", "veth", "peer", "name", "belfort1"]);
    run("ip", &["addr", "add", "192.0.2.7/25", "dev", "belfort0"]);
    run("ip", &["link", "set", "belfort0", "up"]);
    known(&collector, &asset, "a new address", start, |[kind, subject, after]| {
        kind == "network" && subject.contains("belfort0") && after.contains("192.0.2.7")
    });
    let start = Instant::now();
    // In another network: with the first address of one, the others of it go, too.
    run("ip", &["addr", "add", "192.0.2.200/25", "dev", "belfort0"]);
    run("ip", &["addr", "del", "192.0.2.7/25", "dev", "belfort0"]);
    known(&collector, &asset, "a changed address", start, |[kind, _, after]| {
        kind == "network" && after.contains("192.0.2.200") && !after.contains("192.0.2.7")
    });

    let start = Instant::now();
    run("groupadd", &["--force", "--system", "sudo"]);
    run("useradd", &["--no-create-home", "--groups", "sudo", "belfort-test"]);
    known(&collector, &asset, "a new administrator", start, |[kind, subject, after]| {
        kind == "accounts" && subject.starts_with("administrators p:") && after.contains("sudo")
    });

    let start = Instant::now();
    let listener = TcpListener::bind(("192.0.2.200", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    known(&collector, &asset, "a new listener", start, |[kind, subject, after]| {
        kind == "services" && subject.contains(&port) && !after.is_empty()
    });
    drop(package);
}
