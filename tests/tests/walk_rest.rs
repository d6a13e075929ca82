//! The policy's cycle over REST: what `walk.rs` does on the command line, as programs do it, each with the
//! token of its user. The real collector evaluates by itself; nobody asks it to.
//!
//! What is not done over REST: setting the collector up, the agent, the package it sees, and the tampering.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

#[path = "walk_rest/decision.rs"]
mod decision;
#[path = "walk_rest/proof.rs"]
mod proof;
#[path = "walk_rest/registry.rs"]
mod registry;

use std::collections::BTreeMap;
use std::time::Duration;

use belfort_tests::agent::Agent;
use belfort_tests::client::Client;
use belfort_tests::collector::{Backend, Collector, Token};
use belfort_tests::package::{Probe, alone, run};
use belfort_tests::{scenario, wait};
use serde_json::{Value, json};

/// How long the register may take to follow: its job looks at least every five seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// A collector and whoever works with it.
struct City {
    collector: Collector,
    admin: Client,
    people: BTreeMap<&'static str, Client>,
}

impl City {
    /// A program that acts for somebody.
    fn by(&self, name: &str) -> &Client {
        &self.people[name]
    }

    fn officer(&self) -> &Client {
        self.by("veiligheid")
    }

    /// Lets somebody in: the user and an API token.
    fn let_in(&mut self, (name, role): (&'static str, &str)) {
        let new = json!({ "name": name, "roles": [role] });
        self.admin.post("/api/v1/users").json(&new).gives(201);
        let new = json!({ "user": name, "label": "walk", "days": 1 });
        let made = self.admin.post("/api/v1/api-tokens").json(&new).gives(201);
        let client = Client::new(self.collector.web, made["secret"].as_str().unwrap());
        self.people.insert(name, client);
    }

    fn total(&self, path: &str) -> u64 {
        self.officer().get(path)["total"].as_u64().unwrap()
    }

    /// The finding about the vulnerability on an asset, when there is one.
    fn finding(&self, asset: &str) -> Option<Value> {
        let path = format!("/api/v1/findings?asset={asset}&code={}", scenario::CODE);
        self.officer().get(&path)["items"].as_array().unwrap().first().cloned()
    }

    /// Waits until it stands so.
    fn finding_is(&self, asset: &str, status: &str) -> Value {
        wait::until(&format!("{status} finding"), PATIENCE, || {
            self.finding(asset).filter(|finding| finding["status"] == status)
        })
    }

    /// Waits until the risk of the vulnerability is as wanted.
    fn risk(&self, asset: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/risks?asset={asset}");
        wait::until(what, PATIENCE, || {
            let list = self.officer().get(&path);
            let mut all = list["items"].as_array().unwrap().iter();
            all.find(|one| one["scenario"] == scenario::SCENARIO && wanted(one)).cloned()
        })
    }
}

#[test]
fn the_policys_cycle_over_rest_on_sqlite() {
    cycle(Backend::Sqlite);
}

#[test]
fn the_policys_cycle_over_rest_on_postgres() {
    cycle(Backend::Postgres);
}

fn cycle(backend: Backend) {
    let _alone = alone();
    let collector = Collector::start(backend);
    let admin = collector.client();
    let mut city = City { collector, admin, people: BTreeMap::new() };
    registry::units_and_assets_are_imported(&mut city);
    registry::rules_assign_owners(&city);
    let probe = Probe::new();
    let [old, new] = [scenario::OLD, scenario::NEW]
        .map(|version| probe.build(city.collector.scratch(), version));
    run("dpkg", &["--install", &old]);
    let agent = enrolled(&city);
    agent.once();
    let asset = registry::the_device_has_an_owner(&city, &agent);
    registry::data_is_classified_and_linked(&city, &asset);
    advisories_become_a_finding(&city, &probe, &asset);
    let reference = the_vulnerability_is_all_there_is(&city, &asset);
    decision::it_is_analysed_and_evaluated(&city, &reference);
    let action = decision::an_action_is_planned(&city, &reference);
    decision::the_head_decides_and_nobody_else(&city, &reference);

    run("dpkg", &["--install", &new]);
    agent.once();
    city.finding_is(&asset, "resolved");
    decision::the_action_is_done_and_verified(&city, &action);
    decision::closure_is_proposed(&city, &reference);
    run("dpkg", &["--install", "--force-downgrade", &old]);
    agent.once();
    city.finding_is(&asset, "reopened");
    decision::the_decision_stays_and_is_looked_at_again(&city, &reference);

    proof::the_report_is_reproducible_and_freezes(&city);
    proof::tampering_shows(&city);
}

fn enrolled(city: &City) -> Agent {
    let new = json!({ "label": "walk", "uses": 1, "expires_in_seconds": 3600 });
    let made = city.admin.post("/api/v1/enrolment-tokens").json(&new).gives(201);
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    let token = Token { id: text("id"), text: text("secret") };
    Agent::enrolled(&city.collector, "first", &token)
}

fn advisories_become_a_finding(city: &City, probe: &Probe, asset: &str) {
    assert_eq!(city.finding(asset), None);
    for (name, kind, content) in [
        ("DSA-9999-1.json", "osv/DSA-9999-1", scenario::osv(probe)),
        ("known_exploited_vulnerabilities.json", "kev", scenario::kev()),
    ] {
        let path = format!("/api/v1/advisories/import?name={name}");
        let refused = city.officer().post(&path).file(content.to_string()).refused(403);
        assert!(refused.contains("administer"), "{refused}");
        for outcome in ["imported", "unchanged"] {
            let done = city.admin.post(&path).file(content.to_string()).gives(200);
            let one = &done["items"][0];
            assert_eq!((&one["name"], &one["outcome"]), (&json!(kind), &json!(outcome)));
        }
    }
    let known = city.officer().get(&format!("/api/v1/vulnerabilities/{}", scenario::CVE));
    assert_eq!(known["affected"][0]["package"], probe.name.as_str(), "{known:#}");
    scenario::assert_proven(&city.finding_is(asset, "open"), probe);
}

/// Whatever else this machine has would keep the risk alive when the package is upgraded: it is judged
/// first. Answers the reference of the risk.
fn the_vulnerability_is_all_there_is(city: &City, asset: &str) -> String {
    let own = city.finding(asset).unwrap()["id"].clone();
    let has_own = |risk: &Value| risk["findings"].as_array().unwrap().contains(&own);
    let risk = city.risk(asset, "risk of the vulnerability", has_own);
    for other in risk["findings"].as_array().unwrap() {
        if *other != own {
            let path = format!("/api/v1/findings/{}", other.as_str().unwrap());
            let version = city.officer().call(http::Method::GET, &path).answer().version();
            let reason = json!({ "reason": scenario::NOT_OURS });
            let judge = format!("{path}/false-positive");
            city.officer().post(&judge).on(&version).json(&reason).gives(200);
        }
    }
    let alone = |risk: &Value| risk["findings"] == json!([own]);
    let risk = city.risk(asset, "risk of the vulnerability alone", alone);
    assert_eq!((&risk["state"], &risk["severity"]), (&json!("proposed"), &json!(5)), "{risk:#}");
    assert_eq!(risk["codes"], json!([scenario::CODE]));
    assert_eq!(risk["unit"], "BZ");
    risk["reference"].as_str().unwrap().to_owned()
}
