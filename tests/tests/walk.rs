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
use serde_json::{Value, json};

/// A made-up vulnerability of a made-up package.
const CVE: &str = "CVE-2026-99999";
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
        let list = ["finding", "list", "--asset", asset, "--code", "vuln.known_exploited"];
        let found = self.collector.json(&list);
        assert_eq!(found["total"], 1, "{found:#}");
        found["items"][0].clone()
    }

    /// The risk that rests on it.
    fn risk(&self, asset: &str) -> Value {
        let found = self.collector.json(&["risk", "list", "--asset", asset]);
        let all = found["items"].as_array().unwrap();
        let about = |risk: &&Value| risk["scenario"] == "outdated_software";
        all.iter().find(about).unwrap().clone()
    }
}

#[test]
fn the_policys_cycle_on_the_command_line() {
    let _alone = alone();
    let city = City { collector: Collector::start(Backend::Sqlite) };
    city_and_people(&city);
    rules_assign_owners(&city);
    let probe = Probe::new();
    let (old, new) = (
        probe.build(city.collector.scratch(), "1.0-1"),
        probe.build(city.collector.scratch(), "2.0-1"),
    );
    run("dpkg", &["--install", &old]);
    let agent = Agent::enrolled(&city.collector, "first", &city.collector.token(1));
    agent.once();
    let asset = agent_asset(&city, &agent);
    data_is_classified_and_linked(&city, &asset);
    advisories_become_a_finding(&city, &probe, &asset);
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
    for (name, role) in [
        ("veiligheid", "security_officer"),
        ("hoofd", "department_head@DMT"),
        ("ander-hoofd", "department_head@DFIN"),
        ("functionaris", "dpo"),
    ] {
        city.user(name, role);
    }
}

fn rules_assign_owners(city: &City) {
    let unowned = || city.total(&["asset", "list", "--unowned", "--limit", "1"]);
    assert_eq!(unowned(), city::ASSETS as u64);
    for code in city::SERVICES {
        let condition = format!("asset.name.startsWith(\"{code}-\")");
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
    let function = "dienstchef Burgerzaken";
    city.as_user("veiligheid", &["owner", "set", &asset, "BZ", "--function", function]);
    asset
}

fn data_is_classified_and_linked(city: &City, asset: &str) {
    for (name, personal, v) in
        [("Bevolkingsregister", "national_register", "4"), ("Wegennet", "none", "1")]
    {
        city.as_user("veiligheid", &["dataset", "add", name, "--personal-data", personal]);
        let basis = "collegebesluit 2026/12";
        let class = ["classify", name, "--b", "3", "--i", "3", "--v", v, "--basis", basis];
        city.as_user("veiligheid", &class);
        city.as_user("veiligheid", &["dataset", "link", asset, name, "--relation", "stores"]);
    }
    city.collector.say(&["evaluate"]);
    let class = &city.collector.json(&["asset", "show", asset])["class"];
    assert_eq!((&class["v"], &class["assumed"]), (&json!(4), &json!(false)), "{class:#}");
}

fn advisories_become_a_finding(city: &City, probe: &Probe, asset: &str) {
    let release = run("sh", &["-c", ". /etc/os-release && printf %s \"$VERSION_ID\""]);
    let osv = json!({
        "schema_version": "1.7.0", "id": "DSA-9999-1", "modified": "2026-11-20T00:00:00Z",
        "aliases": [CVE], "summary": "made up",
        "severity": [{ "type": "CVSS_V3",
                       "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
        "affected": [{
            "package": { "ecosystem": format!("Debian:{release}"), "name": probe.name },
            "ranges": [{ "type": "ECOSYSTEM",
                         "events": [{ "introduced": "0" }, { "fixed": "2.0-1" }] }]
        }]
    });
    let kev = json!({
        "title": "made up", "catalogVersion": "2026.11.20",
        "dateReleased": "2026-11-20T00:00:00.000Z", "count": 1,
        "vulnerabilities": [{
            "cveID": CVE, "vendorProject": "Example", "product": "Probe",
            "vulnerabilityName": "made up", "dateAdded": "2026-11-20",
            "shortDescription": "made up", "requiredAction": "upgrade", "dueDate": "2026-12-11",
            "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": []
        }]
    });
    let osv = city.file("osv.json", &osv.to_string());
    let kev = city.file("kev.json", &kev.to_string());
    city.collector.say(&["advisories", "import", &osv, &kev]);
    city.collector.say(&["evaluate"]);
    let finding = city.finding(asset);
    assert_eq!((&finding["status"], &finding["likelihood"]), (&json!("open"), &json!(5)));
    let evidence = finding["evidence"].to_string();
    for told in [CVE, probe.name.as_str(), "1.0-1", "2.0-1"] {
        assert!(evidence.contains(told), "{told} is missing in {evidence}");
    }
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
    city.as_user("functionaris", &["risk", "advise", &reference, "--text", "eerst een GEB"]);
    let due = run("date", &["-u", "-d", "+60 days", "+%Y-%m-%d"]);
    let function = "dienstchef Burgerzaken";
    let action = ["action", "add", &reference, "pakket bijwerken", "--unit", "BZ"];
    let action = [&action[..], &["--function", function, "--due", due.trim()]].concat();
    city.as_user("veiligheid", &action);

    let reason = "bijwerken binnen de maand";
    let decide = ["risk", "decide", &reference, "--treatment", "mitigate", "--reason", reason];
    let said = city.refused("functionaris", &decide);
    assert!(said.contains("advises and never decides"), "{said}");
    let said = city.refused("hoofd", &decide);
    assert!(said.contains("meeting"), "severity 5 takes a meeting: {said}");
    let meeting = ["meeting", "add", "CI-2026-11", "--held", "2026-11-20"];
    city.as_user("veiligheid", &meeting);
    let decide = [&decide[..], &["--meeting", "CI-2026-11"]].concat();
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
    // Other findings of this machine may keep the risk alive; its own is gone either way.
    city.collector.say(&["evaluate"]);
    let risk = city.collector.json(&["risk", "show", reference]);
    let codes = risk["codes"].to_string();
    let supported = !risk["findings"].as_array().unwrap().is_empty();
    assert!(!supported || !codes.contains("vuln.known_exploited"), "{risk:#}");
    if !supported {
        assert!(!risk["closure_proposed_at"].is_null(), "closure is proposed: {risk:#}");
        assert_ne!(risk["state"], "closed", "the system closes no decided risk");
    }
    // The fix is taken away again.
    run("dpkg", &["--install", "--force-downgrade", old]);
    agent.once();
    city.collector.say(&["evaluate"]);
    assert_eq!(city.finding(asset)["status"], "reopened");
    let risk = city.collector.json(&["risk", "show", reference]);
    assert_eq!(risk["state"], "reassess", "{risk:#}");
    assert_eq!(risk["decision"]["by"], "hoofd", "what people decided stays");
}

fn the_report_is_reproducible(city: &City) {
    let today = run("date", &["-u", "+%Y-%m-%d"]);
    let today = today.trim();
    let render = |format: &str, name: &str| {
        let path = city.collector.scratch().join(name);
        let file = path.display().to_string();
        let preview = ["report", "preview", "--cut-off", today, "--format", format, "-o", &file];
        city.collector.say(&preview);
        fs::read(path).unwrap()
    };
    for format in ["html", "pdf", "csv", "json"] {
        let first = render(format, "report-first");
        assert!(first.len() > 500, "{format}");
        assert!(first == render(format, "report-second"), "{format} differs the second time");
    }
    let page = String::from_utf8(render("html", "report-page")).unwrap();
    assert!(page.contains("lang=\"nl-BE\"") && page.contains("eerst een GEB"), "advice is told");
}

fn tampering_shows(mut city: City) {
    city.collector.say(&["audit", "verify"]);
    city.collector.stop();
    let database = city.collector.data().join("belfort.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER audit_no_update;
             UPDATE audit SET actor = 'iemand anders' WHERE seq = 5;",
        )
        .unwrap();
    drop(connection);
    let said = city.collector.fails(&["audit", "verify"], DAMAGED);
    assert!(said.contains("broken at record 5"), "{said}");
}
