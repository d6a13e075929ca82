//! The whole way, with the real programs on this machine: from probes to the risk register.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;

use belfort_assess::catalogue::Catalogue;
use belfort_model::scale::Level;
use belfort_proto::section::{Section, name};
use belfort_tests::agent::{Agent, Once};
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::package::{Probe, alone, run};
use serde_json::Value;

/// An unchanged check-in takes at most so many bytes each way.
const UNCHANGED: u64 = 300;

/// What other tests change on this machine while this one looks: who listens.
const RESTLESS: &str = "services";

/// Checks in until both sides hold the same; nothing but what is restless may be sent on the way.
fn settled(agent: &Agent) -> Once {
    for _ in 0..20 {
        let once = agent.once();
        let sent = once.sent();
        assert!(sent.iter().all(|section| *section == RESTLESS), "sent again: {sent:?}");
        if once.in_sync() {
            assert!(sent.is_empty(), "{once:?}");
            return once;
        }
    }
    unreachable!("this machine never comes to rest");
}

/// Checks in; gives what was sent, without what is restless.
fn sent(agent: &Agent) -> Vec<String> {
    let once = agent.once();
    let sent = once.sent().into_iter().filter(|section| *section != RESTLESS);
    sent.map(str::to_owned).collect()
}

fn packages_installed() -> usize {
    let states = run("dpkg-query", &["--show", "--showformat", "${db:Status-Status}\\n"]);
    states.lines().filter(|state| *state == "installed").count()
}

/// Changes of packages of an asset, newest first: subject, before, after.
fn package_history(collector: &Collector, asset: &str) -> Vec<[Value; 3]> {
    let history = collector.json(&["asset", "history", asset, "--limit", "1000"]);
    let items = history["items"].as_array().unwrap().iter();
    items
        .filter(|change| change["section"] == "packages")
        .map(|change| ["subject", "before", "after"].map(|key| change[key].clone()))
        .collect()
}

#[test]
fn from_probe_to_register_on_sqlite() {
    spine(Backend::Sqlite);
}

#[test]
fn from_probe_to_register_on_postgres() {
    spine(Backend::Postgres);
}

fn spine(backend: Backend) {
    let _alone = alone();
    let collector = Collector::start(backend);
    let agent = Agent::enrolled(&collector, "first", &collector.token(1));
    let asset = everything_is_sent_once(&collector, &agent);
    a_package_comes_and_goes(&collector, &agent, &asset);
    the_register_follows(&collector, &asset);
    a_second_agent_sends_no_packages(&collector, &agent, &asset);
}

fn everything_is_sent_once(collector: &Collector, agent: &Agent) -> String {
    let first = agent.once();
    assert!(!first.in_sync());
    let all: Vec<_> = Section::KINDS.iter().map(|kind| name(*kind)).collect();
    assert_eq!(first.sent(), all);

    let assets = collector.json(&["asset", "list"]);
    assert_eq!(assets["total"], 1);
    let asset = assets["items"][0]["id"].as_str().unwrap().to_owned();
    let shown = collector.json(&["asset", "show", &asset]);
    assert_eq!(shown["facts"]["package_count"], packages_installed());
    let node = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(shown["name"], node.trim().split('.').next().unwrap());
    assert_eq!(shown["sections"].as_array().unwrap().len(), all.len());

    let (up, down) = settled(agent).bytes();
    assert!(up <= UNCHANGED && down <= UNCHANGED, "{up} bytes up, {down} down");
    assert!(package_history(collector, &asset).is_empty(), "the first report is no change");
    asset
}

fn a_package_comes_and_goes(collector: &Collector, agent: &Agent, asset: &str) {
    let probe = Probe::new();
    let file = probe.build(collector.scratch(), "1.2-3");
    let before = packages_installed();
    run("dpkg", &["--install", &file]);
    assert_eq!(sent(agent), ["packages"]);
    let subject = Value::from(format!("package {} (all)", probe.name));
    let added = [subject.clone(), Value::Null, Value::from("1.2-3")];
    assert_eq!(package_history(collector, asset), std::slice::from_ref(&added));
    let count = |collector: &Collector| {
        collector.json(&["asset", "show", asset])["facts"]["package_count"].clone()
    };
    assert_eq!(count(collector), before + 1);

    probe.purge();
    // The list without it is known already: only its hash crosses the wire.
    assert!(sent(agent).is_empty());
    let removed = [subject, Value::from("1.2-3"), Value::Null];
    assert_eq!(package_history(collector, asset), [removed, added]);
    assert_eq!(count(collector), before);
    settled(agent);
}

fn the_register_follows(collector: &Collector, asset: &str) {
    collector.say(&["unit", "add", "BZ", "Dienst Burgerzaken"]);
    collector.say(&["owner", "set", asset, "BZ", "--function", "dienstchef"]);
    let name = "Bevolkingsregister";
    collector.say(&["dataset", "add", name, "--personal-data", "national_register"]);
    let basis = "collegebesluit 2026/12";
    collector.say(&["classify", name, "--b", "3", "--i", "4", "--v", "4", "--basis", basis]);
    collector.say(&["dataset", "link", asset, name, "--relation", "stores"]);
    collector.say(&["evaluate"]);

    let shown = collector.json(&["asset", "show", asset]);
    assert_eq!(shown["owner"]["unit"], "BZ");
    let class = &shown["class"];
    let levels = ["b", "i", "v"].map(|dimension| class[dimension].clone());
    assert_eq!((levels, &class["assumed"]), ([3, 4, 4].map(Value::from), &false.into()));

    let findings = collector.json(&["finding", "list", "--asset", asset, "--open"]);
    let findings = findings["items"].as_array().unwrap();
    let risks = collector.json(&["risk", "list", "--unit", "BZ", "--open"]);
    let risks = risks["items"].as_array().unwrap();
    let weighty = findings.iter().any(|finding| finding["dimensions"] != "");
    assert_eq!(weighty, !risks.is_empty(), "{findings:?} lead to {risks:?}");
    let matrix = Catalogue::shipped().unwrap().matrix;
    for risk in risks {
        assert_eq!(risk["unit"], "BZ");
        let level =
            |part: &str, name: &str| Level::try_from(risk[part][name].as_i64().unwrap()).unwrap();
        for part in ["inherent", "current"] {
            let severity = matrix.severity(level(part, "likelihood"), level(part, "impact"));
            assert_eq!(level(part, "severity"), severity, "{risk:#}");
        }
        // The worst of what is hit: a dimension has its class or is not hit, facets may lie above.
        let biv = [("b", 3), ("i", 4), ("v", 4)];
        assert!(
            biv.iter().all(|(name, class)| risk["biv"][name] == 1 || risk["biv"][name] == *class)
        );
        let hit = biv.iter().map(|(name, _)| risk["biv"][name].as_i64().unwrap()).max().unwrap();
        assert!(risk["current"]["impact"].as_i64().unwrap() >= hit, "{risk:#}");
        assert!(risk["assets"].as_array().unwrap().contains(&asset.into()));
        let known = |code: &Value| findings.iter().any(|finding| finding["code"] == *code);
        assert!(risk["codes"].as_array().unwrap().iter().all(known), "{risk:#}");
    }
    nothing_new_changes_nothing(collector);
}

/// Evaluating everything anew leaves findings and risks as they are, to the byte.
fn nothing_new_changes_nothing(collector: &Collector) {
    let export = |what: &str| collector.say(&["export", "json", "--what", what]);
    collector.say(&["evaluate", "--all"]);
    let before = ["risks", "findings"].map(export);
    collector.say(&["evaluate", "--all"]);
    collector.say(&["evaluate", "--all"]);
    assert_eq!(["risks", "findings"].map(export), before);
}

fn a_second_agent_sends_no_packages(collector: &Collector, first: &Agent, asset: &str) {
    let second = Agent::enrolled(collector, "second", &collector.token(1));
    let once = second.once();
    assert!(!once.sent().contains(&"packages"), "sent again: {:?}", once.sent());
    let of_second = second.asset(collector);
    let shown = collector.json(&["asset", "show", &of_second]);
    assert_eq!(shown["facts"]["package_count"], packages_installed());
    if of_second == asset {
        // This machine has hardware that tells it apart: the second agent took the first one's place.
        first.fails(&["once"], 7);
    } else {
        // A virtual machine without: two that look alike are never merged.
        first.once();
        assert_eq!(collector.json(&["asset", "list", "--kind", "device"])["total"], 2);
    }
}
