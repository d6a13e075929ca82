//! From a finding to a risk whose numbers follow what people decide and what devices report.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{Device, Session};
use serde_json::Value;

/// Likelihood, impact and severity now; degree of control; priority.
type Numbers = ([i64; 3], i64, String);

/// The risk on the agenda of the unit `BZ` that firewalls matter to.
fn risk(collector: &Collector) -> Option<Value> {
    collector.say(&["evaluate"]);
    let risks = collector.json(&["risk", "list", "--unit", "BZ", "--open"]);
    let risks = risks["items"].as_array().unwrap();
    let mut of_scenario = risks.iter().filter(|risk| risk["scenario"] == "network_intrusion");
    let risk = of_scenario.next().cloned();
    assert!(of_scenario.next().is_none(), "two entries for one thing: {risks:#?}");
    risk
}

fn numbers(risk: &Value) -> Numbers {
    let current = ["likelihood", "impact", "severity"];
    (
        current.map(|name| risk["current"][name].as_i64().unwrap()),
        risk["control"].as_i64().unwrap(),
        risk["priority"].as_str().unwrap().to_owned(),
    )
}

fn classify(collector: &Collector, [b, i, v]: [&str; 3]) {
    let levels = ["--b", b, "--i", i, "--v", v, "--basis", "collegebesluit"];
    collector.say(&[["classify", "Bevolkingsregister"].as_slice(), &levels].concat());
}

async fn report(session: &mut Session, device: &Device, firewall: bool) {
    session.report(&device.inventory("srv-1").with_firewall(firewall)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_follow_on_sqlite() {
    numbers_follow(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_follow_on_postgres() {
    numbers_follow(Backend::Postgres).await;
}

async fn numbers_follow(backend: Backend) {
    let collector = Collector::start(backend);
    collector.say(&["unit", "add", "BZ", "Dienst Burgerzaken"]);
    let device = Device::enrolled(&collector, "srv-1").await;
    let mut session = device.connect(&collector).await;
    report(&mut session, &device, false).await;
    assert_eq!(risk(&collector), None, "nobody owns it yet");

    collector.say(&["owner", "set", "srv-1", "BZ"]);
    let register = "Bevolkingsregister";
    collector.say(&["dataset", "add", register, "--personal-data", "national_register"]);
    collector.say(&["dataset", "link", "srv-1", register]);
    classify(&collector, ["3", "4", "4"]);
    // Likelihood 3 of the catalogue; impact 5: class 4 with data of the national register. Class 4 stands
    // apart, so the entry is the asset's own. 3 × 5 is 4 in the matrix; nothing is under control.
    let own = risk(&collector).unwrap();
    assert_eq!(numbers(&own), ([3, 5, 4], 1, "P1".to_owned()));
    assert_eq!(own["biv"], serde_json::json!({ "b": 3, "i": 4, "v": 4 }));
    assert_eq!((&own["codes"], &own["state"]), (&["firewall.off"].into(), &"proposed".into()));

    // A lower class: an entry of the unit, wide-spread there, 4 × 2 is 3.
    classify(&collector, ["1", "1", "1"]);
    let shared = risk(&collector).unwrap();
    assert_eq!(numbers(&shared), ([4, 2, 3], 1, "P2".to_owned()));
    assert_ne!(shared["reference"], own["reference"]);

    // A second device of the unit is in order: half complies, and half is still wide-spread.
    let other = Device::enrolled(&collector, "srv-2").await;
    let inventory = other.inventory("srv-2").with_firewall(true);
    other.connect(&collector).await.report(&inventory).await.unwrap();
    collector.say(&["owner", "set", "srv-2", "BZ"]);
    let shared = risk(&collector).unwrap();
    assert_eq!(shared["assets"].as_array().unwrap().len(), 1);

    // Mended: the finding resolves itself, and the risk leaves the agenda.
    report(&mut session, &device, true).await;
    assert_eq!(risk(&collector), None);
    let findings = collector.json(&["finding", "list", "--code", "firewall.off"]);
    assert_eq!(findings["total"], 1);
    assert_eq!(findings["items"][0]["status"], "resolved");
    assert!(findings["items"][0]["resolved_at"].is_string());

    // And back: the same finding and the same entry, not new ones.
    let id = findings["items"][0]["id"].clone();
    report(&mut session, &device, false).await;
    let again = risk(&collector).unwrap();
    assert_eq!(again["reference"], shared["reference"]);
    let findings = collector.json(&["finding", "list", "--code", "firewall.off"]);
    assert_eq!((&findings["total"], &findings["items"][0]["id"]), (&1.into(), &id));

    let export = |what: &str| collector.say(&["export", "json", "--what", what]);
    collector.say(&["evaluate", "--all"]);
    let before = ["risks", "findings"].map(export);
    collector.say(&["evaluate", "--all"]);
    assert_eq!(["risks", "findings"].map(export), before);
}
