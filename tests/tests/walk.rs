//! The policy's cycle as the security officer, the department head and the data protection officer walk it,
//! on the command line, over a city of two hundred assets and with the real agent.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;
use std::path::PathBuf;

use belfort_tests::agent::Agent;
use belfort_tests::city;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::package::{Probe, alone, run};
use belfort_tests::{scenario, tamper};
use serde_json::{Value, json};

/// What a command that is refused ends with.
const REFUSED: i32 = 7;
/// What a command that finds damaged data ends with.
const DAMAGED: i32 = 4;

struct City {
    collector: Collector,
}

impl City {
    /// Runs a command as a user; it must succeed.
    fn as_user(&self, user: &str, arguments: &[&str]) -> Value {
        let token = self.token(user).display().to_string();
        let mut all = vec!["--token-file", &token];
        all.extend(arguments);
        self.collector.json(&all)
    }

    /// Runs a command as a user; it must be refused.
    fn refused(&self, user: &str, arguments: &[&str]) -> String {
        let token = self.token(user).display().to_string();
        let mut all = vec!["--token-file", &token];
        all.extend(arguments);
        self.collector.fails(&all, REFUSED)
    }

    fn token(&self, user: &str) -> PathBuf {
        self.collector.scratch().join(format!("{user}.token"))
    }

    fn user(&self, name: &str, role: &str) {
        self.collector.say(&["user", "add", name, "--role", role]);
        let made = self.collector.json(&["api-token", "create", "--user", name, "--label", "walk"]);
        fs::write(self.token(name), made["secret"].as_str().unwrap()).unwrap();
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.collector.scratch().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn total(&self, arguments: &[&str]) -> u64 {
        self.collector.json(arguments)["total"].as_u64().unwrap()
    }

    /// The finding about the vulnerability on an asset.
    fn finding(&self, asset: &str) -> Value {
        let list = ["finding", "list", "--asset", asset, "--code", scenario::CODE];
        let found = self.collector.json(&list);
        assert_eq!(found["total"], 1, "{found:#}");
        found["items"][0].clone()
    }

    /// The risk that rests on it.
    fn risk(&self, asset: &str) -> Value {
        let found = self.collector.json(&["risk", "list", "--asset", asset]);
        let all = found["items"].as_array().unwrap();
        let about = |risk: &&Value| risk["scenario"] == scenario::SCENARIO;
        all.iter().find(about).unwrap().clone()
    }
}

#[test]
fn the_policys_cycle_on_the_command_line_on_sqlite() {
    cycle(Backend::Sqlite);
}

#[test]
fn the_policys_cycle_on_the_command_line_on_postgres() {
    cycle(Backend::Postgres);
}

fn cycle(backend: Backend) {
    let _alone = alone();
    let city = City { collector: Collector::start(backend) };
    city_and_people(&city);
    rules_assign_owners(&city);
    let probe = Probe::new();
    let [old, new] = [scenario::OLD, scenario::NEW]
        .map(|version| probe.build(city.collector.scratch(), version));
    run("dpkg", &["--install", &old]);
    let agent = Agent::enrolled(&city.collector, "first", &city.collector.token(1));
    agent.once();
    let asset = agent_asset(&city, &agent);
    data_is_classified_and_linked(&city, &asset);
    advisories_become_a_finding(&city, &probe, &asset);
    the_vulnerability_is_all_there_is(&city, &asset);
    let reference = the_head_decides_and_the_dpo_does_not(&city, &asset);
    an_upgrade_resolves_and_a_downgrade_reopens(&city, &agent, &asset, &reference, [&old, &new]);
    the_report_is_reproducible(&city);
    tampering_shows(city);
}

fn city_and_people(city: &City) {
    let collector = &city.collector;
    let units = city.file("diensten.csv", &city::units_csv());
    let preview = collector.say(&["import", "units", &units]);
    assert!(preview.contains("BZ"), "{preview}");
    assert_eq!(city.total(&["unit", "list"]), 0, "a preview writes nothing");
    collector.say(&["import", "units", &units, "--apply"]);
    assert_eq!(city.total(&["unit", "list"]), city::UNITS.len() as u64);
    let assets = city.file("assets.csv", &city::assets_csv());
    collector.say(&["import", "assets", &assets, "--apply"]);
    assert_eq!(city.total(&["asset", "list"]), city::ASSETS as u64);
    // The same file again changes nothing.
    collector.say(&["import", "assets", &assets, "--apply"]);
    assert_eq!(city.total(&["asset", "list"]), city::ASSETS as u64);
    for (name, role) in scenario::PEOPLE {
        city.user(name, role);
    }
}

fn rules_assign_owners(city: &City) {
    let unowned = || city.total(&["asset", "list", "--unowned", "--limit", "1"]);
    assert_eq!(unowned(), city::ASSETS as u64);
    for code in city::SERVICES {
        let condition = scenario::condition(code);
        let name = code.to_lowercase();
        city.as_user("veiligheid", &["rule", "add", &name, &condition, "--owner", code]);
        let preview = city.as_user("veiligheid", &["rule", "preview", &name]);
        assert!(preview["total"].as_u64().unwrap() >= 20, "{preview:#}");
        city.as_user("veiligheid", &["rule", "enable", &name]);
    }
    city.collector.say(&["evaluate"]);
    assert_eq!(unowned(), 0);
    let audit = city.collector.json(&["audit", "list", "--limit", "1000"]);
    let by_rule = audit["items"].as_array().unwrap();
    assert!(by_rule.iter().any(|record| record.to_string().contains("rule")), "the method is told");
}

fn agent_asset(city: &City, agent: &Agent) -> String {
    let id = agent.status()["agent_id"].clone();
    let agents = city.collector.json(&["agent", "list"]);
    let own = agents["items"].as_array().unwrap().iter().find(|line| line["id"] == id).unwrap();
    let asset = own["asset"].as_str().unwrap().to_owned();
    let owner = ["owner", "set", &asset, "BZ", "--function", scenario::FUNCTION];
    city.as_user("veiligheid", &owner);
    asset
}

fn data_is_classified_and_linked(city: &City, asset: &str) {
    for (name, personal, v) in scenario::DATA_SETS {
        city.as_user("veiligheid", &["dataset", "add", name, "--personal-data", personal]);
        let (v, basis) = (v.to_string(), scenario::BASIS);
        let class = ["classify", name, "--b", "3", "--i", "3", "--v", &v, "--basis", basis];
        city.as_user("veiligheid", &class);
        city.as_user("veiligheid", &["dataset", "link", asset, name, "--relation", "stores"]);
    }
    city.collector.say(&["evaluate"]);
    let class = &city.collector.json(&["asset", "show", asset])["class"];
    assert_eq!((&class["v"], &class["assumed"]), (&json!(4), &json!(false)), "{class:#}");
}

fn advisories_become_a_finding(city: &City, probe: &Probe, asset: &str) {
    let osv = city.file("osv.json", &scenario::osv(probe).to_string());
    let kev = city.file("kev.json", &scenario::kev().to_string());
    city.collector.say(&["advisories", "import", &osv, &kev]);
    city.collector.say(&["evaluate"]);
    scenario::assert_proven(&city.finding(asset), probe);
}

/// Whatever else this machine has would keep the risk alive when the package is upgraded.
fn the_vulnerability_is_all_there_is(city: &City, asset: &str) {
    let own = city.finding(asset)["id"].clone();
    for other in city.risk(asset)["findings"].as_array().unwrap() {
        if *other != own {
            let judge = ["finding", "false-positive", other.as_str().unwrap()];
            let judge = [&judge[..], &["--reason", scenario::NOT_OURS]].concat();
            city.as_user("veiligheid", &judge);
        }
    }
    city.collector.say(&["evaluate"]);
    assert_eq!(city.risk(asset)["findings"], json!([own]));
}

fn the_head_decides_and_the_dpo_does_not(city: &City, asset: &str) -> String {
    let risk = city.risk(asset);
    let reference = risk["reference"].as_str().unwrap().to_owned();
    assert_eq!(risk["state"], "proposed", "{risk:#}");
    assert_eq!(risk["current"]["severity"], 5, "{risk:#}");
    city.as_user("veiligheid", &["risk", "analyse", &reference]);
    let assess = ["risk", "assess", &reference, "--likelihood", "5", "--reason", "bereikbaar"];
    city.as_user("veiligheid", &assess);
    city.as_user("veiligheid", &["risk", "evaluate", &reference]);
    city.as_user("functionaris", &["risk", "advise", &reference, "--text", scenario::ADVICE]);
    let due = scenario::day(60);
    let action = ["action", "add", &reference, "pakket bijwerken", "--unit", "BZ"];
    let action = [&action[..], &["--function", scenario::FUNCTION, "--due", &due]].concat();
    city.as_user("veiligheid", &action);

    let decide = ["risk", "decide", &reference, "--treatment", "mitigate"];
    let decide = [&decide[..], &["--reason", scenario::REASON]].concat();
    let said = city.refused("functionaris", &decide);
    assert!(said.contains("advises and never decides"), "{said}");
    let said = city.refused("hoofd", &decide);
    assert!(said.contains("meeting"), "severity 5 takes a meeting: {said}");
    let meeting = ["meeting", "add", scenario::MEETING, "--held", scenario::HELD];
    city.as_user("veiligheid", &meeting);
    let decide = [&decide[..], &["--meeting", scenario::MEETING]].concat();
    city.refused("functionaris", &decide);
    let said = city.refused("ander-hoofd", &decide);
    assert!(said.contains("own unit") || said.contains("does not exist"), "{said}");
    city.as_user("hoofd", &decide);
    city.collector.say(&["evaluate"]);
    let decided = city.collector.json(&["risk", "show", &reference]);
    assert_eq!(decided["treatment"], "mitigate", "{decided:#}");
    assert_eq!(decided["decision"]["by"], "hoofd", "{decided:#}");
    reference
}

fn an_upgrade_resolves_and_a_downgrade_reopens(
    city: &City,
    agent: &Agent,
    asset: &str,
    reference: &str,
    [old, new]: [&str; 2],
) {
    run("dpkg", &["--install", new]);
    agent.once();
    city.collector.say(&["evaluate"]);
    assert_eq!(city.finding(asset)["status"], "resolved");
    let actions = city.collector.json(&["action", "list", "--risk", reference]);
    let action = actions["items"][0]["id"].as_str().unwrap().to_owned();
    for (user, status) in [("hoofd", "running"), ("hoofd", "done"), ("veiligheid", "verified")] {
        city.as_user(user, &["action", "set", &action, "--status", status]);
    }
    city.collector.say(&["evaluate"]);
    let risk = city.collector.json(&["risk", "show", reference]);
    assert_eq!(risk["findings"], json!([]));
    assert!(!risk["closure_proposed_at"].is_null(), "closure is proposed: {risk:#}");
    assert_eq!(risk["state"], "monitored", "the system closes no decided risk");
    // The fix is taken away again.
    run("dpkg", &["--install", "--force-downgrade", old]);
    agent.once();
    city.collector.say(&["evaluate"]);
    assert_eq!(city.finding(asset)["status"], "reopened");
    let risk = city.collector.json(&["risk", "show", reference]);
    assert_eq!(risk["state"], "reassess", "{risk:#}");
    assert!(risk["closure_proposed_at"].is_null(), "nothing is closed now");
    assert_eq!(risk["decision"]["by"], "hoofd", "what people decided stays");
}

fn the_report_is_reproducible(city: &City) {
    let today = scenario::day(0);
    let render = |format: &str, name: &str| {
        let path = city.collector.scratch().join(name);
        let file = path.display().to_string();
        let preview = ["report", "preview", "--cut-off", &today, "--format", format, "-o", &file];
        city.collector.say(&preview);
        fs::read(path).unwrap()
    };
    for format in ["html", "pdf", "csv", "json"] {
        let first = render(format, "report-first");
        assert!(first.len() > 500, "{format}");
        assert!(first == render(format, "report-second"), "{format} differs the second time");
    }
    let page = String::from_utf8(render("html", "report-page")).unwrap();
    assert!(page.contains("lang=\"nl-BE\"") && page.contains(scenario::ADVICE), "advice is told");
}

fn tampering_shows(mut city: City) {
    let verified = city.collector.json(&["audit", "verify"]);
    assert_eq!(verified["holds"], true, "{verified:#}");
    city.collector.stop();
    tamper::audit(&city.collector, 5);
    let said = city.collector.fails(&["audit", "verify"], DAMAGED);
    assert!(said.contains("broken at record 5"), "{said}");
}
