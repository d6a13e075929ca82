//! Who decides on a risk, and who never does, on the command line.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::path::PathBuf;

use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::Device;
use serde_json::Value;

/// A file with the API token of a new user with these roles.
fn user(collector: &Collector, name: &str, roles: &[&str]) -> String {
    let mut arguments = vec!["user", "add", name];
    for role in roles {
        arguments.extend(["--role", role]);
    }
    collector.say(&arguments);
    let made = collector.json(&["api-token", "create", "--user", name, "--label", "test"]);
    let path: PathBuf = collector.scratch().join(format!("{name}.token"));
    std::fs::write(&path, made["secret"].as_str().unwrap()).unwrap();
    path.display().to_string()
}

fn by<'a>(token: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [["--token-file", token].as_slice(), arguments].concat()
}

fn risk(collector: &Collector, reference: &str) -> Value {
    collector.json(&["risk", "show", reference])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dpo_is_refused_and_the_head_decides() {
    let collector = Collector::start(Backend::Sqlite);
    collector.say(&["unit", "add", "BZ", "Dienst Burgerzaken"]);
    let device = Device::enrolled(&collector, "srv-1").await;
    let mut session = device.connect(&collector).await;
    session.report(&device.inventory("srv-1").with_firewall(false)).await.unwrap();
    collector.say(&["owner", "set", "srv-1", "BZ"]);
    collector.say(&["evaluate"]);
    let listed = collector.json(&["risk", "list", "--unit", "BZ", "--open"]);
    let of_network = |one: &&Value| one["scenario"] == "network_intrusion";
    let found = listed["items"].as_array().unwrap().iter().find(of_network).unwrap().clone();
    let reference = found["reference"].as_str().unwrap();

    let officer = user(&collector, "ivv", &["security_officer"]);
    let head = user(&collector, "departementshoofd", &["department_head@BZ"]);
    let dpo = user(&collector, "dpo", &["dpo", "department_head"]);
    collector.say(&by(&officer, &["risk", "analyse", reference]));
    collector.say(&by(&officer, &["risk", "assess", reference, "--reason", "zoals voorgesteld"]));
    collector.say(&by(&head, &["risk", "evaluate", reference]));
    collector.say(&by(&officer, &["meeting", "add", "CI-2026-11", "--held", "2020-01-01"]));

    let mut decide = vec!["risk", "decide", reference, "--treatment", "accept"];
    decide.extend(["--reason", "tot de vervanging", "--meeting", "CI-2026-11"]);
    let said = collector.fails(&by(&dpo, &decide), 7);
    assert!(said.contains("a data protection officer (dpo) advises and never decides"), "{said}");
    // Neither does the machine's administrator, who decides no risks.
    collector.fails(&decide, 7);
    let said = collector.fails(&by(&head, &decide), 7);
    assert!(said.contains("accepted until a date within 365 days"), "{said}");
    collector.say(&by(&dpo, &["risk", "advise", reference, "--text", "eerst een GEB"]));
    let until = day_in(30);
    let accept = [decide.as_slice(), &["--until", &until]].concat();
    let tried = [accept.as_slice(), &["--dry-run"]].concat();
    assert!(collector.say(&by(&head, &tried)).contains("nothing is written"));
    assert_eq!(risk(&collector, reference)["state"], "evaluated");
    collector.say(&by(&head, &accept));
    let decided = risk(&collector, reference);
    assert_eq!((&decided["state"], &decided["treatment"]), (&"monitored".into(), &"accept".into()));
    assert_eq!(decided["decision"]["by"], "departementshoofd");
    assert_eq!(decided["advice"][0]["role"], "dpo");

    let past = collector.json(&["risk", "list", "--as-of", "2020-01-01"]);
    assert_eq!(past["total"], 0);
    let history = collector.json(&["risk", "history", reference]);
    assert_eq!(history["items"][0]["event"], "monitored");
    let csv = collector.say(&["export", "csv", "--what", "risks"]);
    assert!(csv.contains("tot de vervanging") && csv.contains("eerst een GEB"), "{csv}");
    assert!(collector.say(&["audit", "verify"]).contains("the chain holds"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_one_unit_sees_that_unit() {
    let collector = Collector::start(Backend::Sqlite);
    for (code, name) in [("BZ", "srv-1"), ("FIN", "srv-2")] {
        collector.say(&["unit", "add", code, code]);
        let device = Device::enrolled(&collector, name).await;
        let mut session = device.connect(&collector).await;
        session.report(&device.inventory(name).with_firewall(false)).await.unwrap();
        collector.say(&["owner", "set", name, code]);
    }
    collector.say(&["evaluate"]);
    let head = user(&collector, "hoofd", &["department_head@BZ"]);
    for (what, all) in [("assets", 2), ("findings", 2), ("risks", 2)] {
        let rows = |arguments: &[&str]| {
            let text = collector.say(arguments);
            serde_json::from_str::<Vec<Value>>(&text).unwrap()
        };
        let whole = rows(&["export", "json", "--what", what]);
        assert!(whole.len() >= all, "{what}: {whole:#?}");
        let own = rows(&by(&head, &["export", "json", "--what", what]));
        assert!(!own.is_empty() && own.len() < whole.len(), "{what}: {own:#?}");
        assert!(!serde_json::to_string(&own).unwrap().contains("FIN"), "{what}: {own:#?}");
    }
    collector.say(&by(&head, &["finding", "list", "--asset", "srv-1"]));
    for what in ["finding", "risk", "exception"] {
        let said = collector.fails(&by(&head, &[what, "list", "--asset", "srv-2"]), 8);
        assert!(said.contains("srv-2"), "{said}");
    }
    let reader = user(&collector, "lezer", &["reader"]);
    collector.fails(&by(&reader, &["export", "json"]), 7);
}

/// The day so many days from now.
fn day_in(days: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let moment = i64::try_from(now.as_millis()).unwrap();
    let moment = belfort_model::time::Timestamp(moment);
    moment.plus_days(i64::try_from(days).unwrap()).day()
}
