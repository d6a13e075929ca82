//! What the organisation switches off: agents are told, and what comes all the same is not kept.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::time::Duration;

use belfort_proto::fields;
use belfort_proto::report::v1::Verdict;
use belfort_proto::section::Section;
use belfort_tests::agent::Agent;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{Device, Inventory, Session};
use belfort_tests::wait;
use serde_json::{Value, json};

/// A collector whose settings switch something off.
fn collector(backend: Backend) -> Collector {
    let mut collector = Collector::set_up(backend);
    let path = collector.data().join("collector.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (sections, fields) = ("sections_off = []", "fields_off = []");
    assert!(text.contains(sections) && text.contains(fields), "{text}");
    let text = text
        .replace(sections, "sections_off = [\"packages\"]")
        .replace(fields, "fields_off = [\"system.serial\"]");
    std::fs::write(&path, text).unwrap();
    collector.serve();
    collector
}

fn inventory(name: &str, serial: &str) -> Inventory {
    let mut inventory = Inventory::marked(name);
    for section in &mut inventory.sections {
        if let Section::System(system) = section {
            serial.clone_into(&mut system.serial);
        }
    }
    inventory
}

/// A check-in of an agent that says it has some settings.
async fn check_in(
    session: &mut Session,
    inventory: &Inventory,
    settings_version: u64,
) -> (Verdict, Vec<i32>) {
    let mut request = inventory.check_in(90);
    request.settings_version = settings_version;
    let answer = session.client.check_in(request).await.unwrap().into_inner();
    (answer.verdict(), answer.wanted)
}

fn asset(collector: &Collector) -> Value {
    let list = collector.json(&["asset", "list"]);
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    collector.json(&["asset", "show", &id])
}

fn overcollection(collector: &Collector) -> Vec<Value> {
    let asset = asset(collector);
    let findings = asset["findings"].as_array().unwrap().iter();
    let found = findings.filter(|one| one["code"] == "privacy.overcollection");
    found.map(|one| one["status"].clone()).collect()
}

#[tokio::test]
async fn what_is_switched_off_and_sent_all_the_same_is_not_kept() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let collector = collector(backend);
        let device = Device::enrolled(&collector, "pc-1").await;
        let mut session = device.connect(&collector).await;
        let sent = inventory("pc-1", "SERIAL-1");

        // Before it has the settings it is told them, and not measured by them.
        let answer = session.check_in(&sent, true).await.unwrap();
        let settings = answer.settings.unwrap();
        assert_eq!(settings.fields_off, ["system.serial"]);
        session.report(&sent).await.unwrap();
        assert_eq!(asset(&collector)["facts"]["serial"], "SERIAL-1");
        assert_eq!(asset(&collector)["facts"]["sent_although_off"], json!({}));

        // With them it is, although it holds the same as before.
        let version = settings.version;
        let (verdict, _) = check_in(&mut session, &sent, version).await;
        assert_eq!(verdict, Verdict::InSync, "nothing is wanted of what is held already");
        let shown = asset(&collector);
        assert_eq!(shown["facts"]["sent_although_off"], json!({ "packages": 0, "system": 1 }));
        assert_eq!(shown["facts"]["serial"], "");
        assert_eq!(shown["facts"]["host_name"], "pc-1");
        let sections: Vec<_> =
            shown["sections"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(sections, ["system"]);
        wait::until("the finding", Duration::from_mins(1), || {
            (!overcollection(&collector).is_empty()).then_some(())
        });

        // Other content: the section that is off is never asked for, the other one is cut.
        let other = inventory("pc-2", "SERIAL-1");
        let (verdict, wanted) = check_in(&mut session, &other, version).await;
        assert_eq!((verdict, wanted), (Verdict::SendSections, vec![1]));
        let root = session.report(&other).await.unwrap();
        assert_eq!(root, other.manifest().root(), "what was sent is acknowledged");
        assert_eq!(asset(&collector)["facts"]["host_name"], "pc-2");
        assert_eq!(asset(&collector)["facts"]["serial"], "");

        // An agent that keeps them has the same section.
        let mut honest = inventory("pc-2", "");
        honest.sections.retain(|section| matches!(section, Section::System(_)));
        let off = ["system.serial".parse().unwrap()];
        honest.sections.iter_mut().for_each(|section| fields::note(section, &off));
        let (verdict, _) = check_in(&mut session, &honest, version).await;
        assert_eq!(verdict, Verdict::InSync);
        assert_eq!(asset(&collector)["facts"]["sent_although_off"], json!({}));
        wait::until("the finding to be resolved", Duration::from_mins(1), || {
            let statuses = overcollection(&collector);
            statuses.iter().all(|status| status == "resolved").then_some(())
        });
    }
}

#[tokio::test]
async fn the_real_agent_keeps_the_settings() {
    let collector = collector(Backend::Sqlite);
    let agent = Agent::enrolled(&collector, "pc-1", &collector.token(1));
    agent.once();
    let shown = asset(&collector);
    assert_eq!(shown["facts"]["sent_although_off"], json!({}));
    assert_eq!(shown["facts"]["serial"], "");
    let sections = shown["sections"].as_array().unwrap();
    assert!(!sections.iter().any(|one| one["name"] == "packages"));
    assert!(sections.iter().any(|one| one["name"] == "system"));
}
