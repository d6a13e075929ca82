//! What leaves the device is what it shows, byte for byte, and nothing that is switched off.

use std::collections::BTreeMap;
use std::process::Stdio;

use belfort_proto::report::v1::Settings;
use belfort_proto::{reflect, section};
use serde_json::Value;

use super::collector::Collector;
use super::{Device, wait_for_calls, without_services};

/// What the collector received: for each section its hash and its bytes.
fn received(collector: &Collector) -> BTreeMap<&'static str, (String, Vec<u8>, Value)> {
    collector.held(|held| {
        let entries = held.manifest.entries().iter();
        let received = entries.map(|entry| {
            let bytes = held.sections.get(&entry.hash).unwrap().clone();
            let content = reflect::section_json(entry.kind, &bytes).unwrap();
            (section::name(entry.kind), (entry.hash.to_string(), bytes, content))
        });
        received.collect()
    })
}

#[test]
fn what_was_sent_is_what_is_shown() {
    let (collector, device) = (Collector::start(), Device::new());
    let config = device.state.with_file_name("agent.toml");
    std::fs::write(&config, "fields_off = [\"system.machine_id\"]\n").unwrap();
    let with = |arguments: &[&'static str]| {
        let mut all = vec!["--config", config.to_str().unwrap()];
        all.extend(arguments);
        device.json(&all)
    };
    device.enrol(&collector);
    let off = ["system.host_name", "network.interfaces.mac_address", "system.not_yet_invented"];
    let settings = Settings { fields_off: off.map(str::to_owned).to_vec(), ..without_services(1) };
    collector.hold(|held| held.settings = Some(settings));

    let delivery = with(&["once", "--json"]);
    let shown = with(&["show", "--json"]);
    assert_eq!(shown["root_hash"], delivery["acknowledged_root"]);
    let sections = shown["sections"].as_object().unwrap();
    let received = received(&collector);
    assert_eq!(sections.len(), received.len());
    for (name, (hash, bytes, content)) in &received {
        let section = &sections[*name];
        assert_eq!(section["hash"], **hash, "{name}");
        assert_eq!(section["bytes"], bytes.len(), "{name}");
        assert_eq!(&section["content"], content, "{name}");
    }
    let (_, _, system) = &received["system"];
    assert_eq!((&system["host_name"], &system["machine_id"]), (&"".into(), &"".into()));
    let outcomes = system["outcomes"].as_array().unwrap().iter();
    let outcomes = outcomes.filter(|outcome| outcome["status"] == "OUTCOME_STATUS_OFF");
    let sources: Vec<_> = outcomes.map(|outcome| &outcome["source"]).collect();
    assert_eq!(sources, ["field:host_name", "field:machine_id"]);
    for interface in received["network"].2["interfaces"].as_array().unwrap() {
        assert_eq!(interface["mac_address"], "");
    }

    // The other ways to make a pass give the same.
    let dry = with(&["once", "--dry-run", "--json"]);
    assert_eq!(dry["root_hash"], shown["root_hash"]);
    let before = collector.held(|held| held.sequences.len());
    let arguments = ["--config", config.to_str().unwrap(), "run", "--interval", "1"];
    let mut child = device.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
    wait_for_calls(&collector, before + 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let root = collector.held(|held| held.root.map(|root| root.to_string()));
    assert_eq!(shown["root_hash"].as_str(), root.as_deref());
    let status = with(&["status", "--json"]);
    assert_eq!(status["unknown_fields_off"], serde_json::json!(["system.not_yet_invented"]));
}

#[test]
fn a_device_keeps_its_fields_from_the_enrolment_too() {
    let (collector, device) = (Collector::start(), Device::new());
    let config = device.state.with_file_name("agent.toml");
    let off = ["system.machine_id", "system.host_name", "network.interfaces.mac_address"];
    std::fs::write(&config, format!("fields_off = {off:?}\nsections_off = [\"storage\"]\n"))
        .unwrap();
    let arguments =
        ["--config", config.to_str().unwrap(), "enroll", "--collector", &collector.address];
    let output =
        device.command(&arguments).env("BELFORT_TOKEN", collector.token()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let evidence = collector.held(|held| held.evidence.clone().unwrap());
    assert_eq!(evidence.machine_id, "");
    assert!(evidence.mac_addresses.is_empty() && evidence.disk_serials.is_empty());
    assert_eq!(collector.held(|held| held.host_name.clone()), "unnamed");
}

#[test]
fn a_misspelt_restriction_is_refused() {
    let device = Device::new();
    let config = device.state.with_file_name("agent.toml");
    std::fs::write(&config, "fields_off = [\"system.serail\"]\n").unwrap();
    let said = device.fails(&["--config", config.to_str().unwrap(), "show"], 3);
    assert!(said.contains("`system` has no field `serail`"), "{said}");
}
