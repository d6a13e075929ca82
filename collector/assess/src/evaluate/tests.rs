use belfort_model::facts::{
    AccountFacts, AdministratorFacts, ListenerFacts, Replaced, VolumeFacts,
};

use super::*;
use crate::testing::Fixture;

/// A device with much that is not as it should be.
fn troubled() -> (Fixture, Vec<Installation>, Vec<Decision>) {
    let mut fixture = Fixture::device();
    let listener = |port: u16| ListenerFacts {
        protocol: "tcp".to_owned(),
        port,
        remote: true,
        program: format!("/usr/sbin/service-{port}"),
        package: String::new(),
    };
    fixture.facts.listeners = Some([8443, 23, 21, 9000, 23].map(listener).to_vec());
    fixture.facts.volumes = ["/", "/srv"]
        .map(|mount| VolumeFacts {
            mount_point: mount.to_owned(),
            device: "sda".to_owned(),
            size_bytes: 1,
            encrypted: Some(false),
        })
        .to_vec();
    fixture.facts.tpm = Some(false);
    fixture.facts.secure_boot = Some(false);
    fixture.facts.services = Some(vec!["cron".to_owned()]);
    let administrators = ["p:2", "p:1"]
        .map(|name| AdministratorFacts { name: name.to_owned(), through: vec!["sudo".to_owned()] });
    fixture.facts.accounts =
        Some(AccountFacts { administrators: administrators.to_vec(), ..AccountFacts::default() });
    for part in ["tpm", "board"] {
        let (part, before, after) = (part.to_owned(), "1".to_owned(), "2".to_owned());
        fixture.facts.replaced.push(Replaced { part, before, after, at: Timestamp(0) });
    }
    let names = ["teamviewer", "anydesk", "bash"];
    let installed = names.map(|name| Installation {
        ecosystem: "deb".to_owned(),
        name: name.to_owned(),
        ..Installation::default()
    });
    let denied = names.map(|name| Decision {
        ecosystem: "deb".to_owned(),
        name: name.to_owned(),
        approval: belfort_model::software::Approval::Denied,
        reason: String::new(),
    });
    (fixture, installed.to_vec(), denied.to_vec())
}

fn run(trouble: &(Fixture, Vec<Installation>, Vec<Decision>)) -> Evaluation {
    let (fixture, installed, decisions) = trouble;
    let links = [Fixture::link(5)];
    let subject = Subject {
        software: Some(installed),
        decisions,
        links: &links,
        now: Timestamp(0).plus_days(20),
        ..fixture.subject()
    };
    // A catalogue of its own, so that nothing is carried over from the last time.
    evaluate(&Catalogue::shipped().unwrap(), &subject)
}

/// Keys, likelihoods and dimensions; evidence may name things in the order of the report.
fn shape(evaluation: &Evaluation) -> Vec<(String, String, u8, String)> {
    let shape = |hit: &Hit| {
        let dimensions = hit.dimensions.to_string();
        (hit.code.clone(), hit.key.clone(), hit.likelihood.get(), dimensions)
    };
    evaluation.hits.iter().map(shape).collect()
}

#[test]
fn the_same_data_gives_the_same_result() {
    let trouble = troubled();
    let first = run(&trouble);
    assert!(first.hits.len() > 15, "{:#?}", shape(&first));
    for _ in 0..5 {
        assert_eq!(run(&trouble), first);
    }
}

#[test]
fn the_order_of_facts_changes_nothing() {
    let first = run(&troubled());
    let mut other = troubled();
    other.0.facts.listeners.iter_mut().for_each(|list| list.reverse());
    other.0.facts.volumes.reverse();
    other.0.facts.replaced.reverse();
    other.0.facts.accounts.iter_mut().for_each(|facts| facts.administrators.reverse());
    other.1.reverse();
    other.2.reverse();
    let second = run(&other);
    assert_eq!(second.results, first.results);
    assert_eq!(shape(&second), shape(&first));
}

#[test]
fn a_device_that_reported_nothing_passes_no_check_of_its_insides() {
    let fixture = Fixture::device();
    let catalogue = Catalogue::shipped().unwrap();
    let subject = Subject { facts: None, ..fixture.subject() };
    let results = evaluate(&catalogue, &subject).results;
    // What the register itself knows.
    let known = [
        "asset.missing",
        "asset.no_data_link",
        "asset.unclassified",
        "asset.unowned",
        "asset.verify_overdue",
        "agent.stale",
        "hw.unauthorised",
    ];
    for (code, result) in results {
        let knows = known.contains(&code.as_str());
        assert!(knows || result != CheckResult::Pass, "{code} passes without a fact");
    }
}

#[test]
fn empty_facts_pass_nothing_that_nobody_read() {
    let fixture = Fixture::device();
    let results = evaluate(&Catalogue::shipped().unwrap(), &fixture.subject()).results;
    for code in [
        "disk.unencrypted",
        "firewall.off",
        "listener.insecure",
        "listener.unknown",
        "tpm.absent",
        "boot.secure_off",
        "firmware.outdated",
        "patch.overdue",
        "reboot.pending",
        "hw.changed",
        "time_sync.off",
        "logging.absent",
        "malware_protection.absent",
        "malware_protection.outdated",
        "admin.unexpected",
        "software.unauthorised",
        "software.remote_control",
    ] {
        assert_eq!(results[code], CheckResult::Unknown, "{code}");
    }
}
