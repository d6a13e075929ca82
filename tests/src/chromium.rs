//! A real browser: Debian's Chromium, driven by the scripts in `tests/browser` over a collector that serves.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::browser::Browser;
use crate::collector::{Backend, Collector};
use crate::package::{Probe, run as run_program};
use crate::{city, scenario};

/// The password of everybody here.
pub const PASSWORD: &str = "vier gewone woorden samen";

/// Who may see everything there is to see.
const ALL: &str = "alles";

/// A collector with people in it, and perhaps a city.
pub struct Scene {
    /// The collector.
    pub collector: Collector,
    /// The agent of this machine, when there is a city.
    pub agent: Option<Agent>,
    /// The vulnerable package on this machine, when there is a city.
    pub probe: Option<Probe>,
}

impl Scene {
    /// People, and nothing else.
    pub fn empty() -> Self {
        let mut collector = Collector::set_up(Backend::Sqlite);
        let path = collector.data().join("collector.toml");
        let text = fs::read_to_string(&path).unwrap();
        // Codes of a second factor are tested elsewhere.
        fs::write(path, format!("{text}\n[login]\ntotp = \"optional\"\n")).unwrap();
        collector.serve();
        let scene = Self { collector, agent: None, probe: None };
        scene.person(ALL, &["admin", "security_officer"]);
        scene
    }

    /// Units, 200 assets, this machine with a real agent, classified data, advisories, findings and risks.
    pub fn filled() -> Self {
        let mut scene = Self::empty();
        let collector = &scene.collector;
        let file = |name: &str, content: &str| {
            let path = collector.scratch().join(name);
            fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        for (what, content) in [("units", city::units_csv()), ("assets", city::assets_csv())] {
            collector.say(&["import", what, &file(what, &content), "--apply"]);
        }
        for (name, role) in scenario::PEOPLE {
            scene.person(name, &[role]);
        }
        for code in &city::SERVICES[1..] {
            let (name, condition) = (code.to_lowercase(), scenario::condition(code));
            collector.say(&["rule", "add", &name, &condition, "--owner", code]);
            collector.say(&["rule", "preview", &name]);
            collector.say(&["rule", "enable", &name]);
        }
        let probe = Probe::new();
        let package = probe.build(collector.scratch(), scenario::OLD);
        run_program("dpkg", &["--install", &package]);
        let agent = Agent::enrolled(collector, "first", &collector.token(1));
        agent.once();
        let id = agent.status()["agent_id"].clone();
        let agents = collector.json(&["agent", "list"]);
        let own = agents["items"].as_array().unwrap().iter().find(|line| line["id"] == id).unwrap();
        let asset = own["asset"].as_str().unwrap();
        collector.say(&["owner", "set", asset, "BZ", "--function", scenario::FUNCTION]);
        for (name, personal, v) in scenario::DATA_SETS {
            collector.say(&["dataset", "add", name, "--personal-data", personal]);
            let (v, basis) = (v.to_string(), scenario::BASIS);
            let class = ["classify", name, "--b", "3", "--i", "3", "--v", &v, "--basis", basis];
            collector.say(&class);
            collector.say(&["dataset", "link", asset, name, "--relation", "stores"]);
        }
        let osv = file("osv.json", &scenario::osv(&probe).to_string());
        let kev = file("kev.json", &scenario::kev().to_string());
        collector.say(&["advisories", "import", &osv, &kev]);
        collector.say(&["evaluate"]);
        (scene.agent, scene.probe) = (Some(agent), Some(probe));
        scene
    }

    /// Lets somebody in, with the password of everybody.
    pub fn person(&self, name: &str, roles: &[&str]) {
        let mut add = vec!["user", "add", name];
        for role in roles {
            add.extend(["--role", role]);
        }
        self.collector.say(&add);
        let code = self.collector.json(&["user", "reset", name]);
        let code = code["code"].as_str().unwrap_or_else(|| panic!("{code}"));
        let url = format!("http://{}/wachtwoord", self.collector.web);
        let form = [("code", code), ("new", PASSWORD), ("again", PASSWORD)];
        let chosen = Browser::default().submit(&url, &form);
        assert!(chosen.location.is_some(), "{}", chosen.body);
    }
}

/// Runs a script; it must find nothing wrong.
pub fn run(script: &str, scene: &Scene, mut task: Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let modules = folder.join("node_modules/playwright-core");
    assert!(
        modules.is_dir(),
        "the tests need `npm ci` in tests/browser (cargo xtask test does it)"
    );
    task["web"] = json!(format!("http://{}", scene.collector.web));
    task["password"] = json!(PASSWORD);
    task["people"] = json!({ "all": ALL, "officer": "veiligheid", "head": "hoofd",
        "other_head": "ander-hoofd", "dpo": "functionaris", "auditor": "nazicht" });
    task["scratch"] = json!(scene.collector.scratch());
    task["pictures"] = json!(std::env::var("BELFORT_PICTURES").ok());
    let path = scene.collector.scratch().join("task.json");
    fs::write(&path, task.to_string()).unwrap();
    // It prints as it goes, so that a run that is ended from outside tells where it was.
    let status = Command::new("node").arg(folder.join(script)).arg(&path).status().unwrap();
    assert!(status.success(), "{script} found something wrong");
}
