//! `cargo xtask demo`: from nothing to a risk on this machine, on loopback, under `target/demo`.
//!
//! What an earlier run left is used again; `--reset` throws it away.

#![expect(clippy::indexing_slicing, reason = "what JSON does not have is null, not a panic")]

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::collector::{self, end, is_healthy, output};
use crate::steps;

const UNIT: &str = "BZ";
const UNIT_NAME: &str = "Dienst Burgerzaken";
const DATA_SET: &str = "Bevolkingsregister";
/// Seconds between check-ins of the demo's agent, so that changes show while one watches.
const CHECK_IN: &str = "15";

/// Runs the demo.
pub(crate) fn run(root: &Path, once: bool, reset: bool) -> Result<()> {
    let demo = Demo::new(root)?;
    if reset && demo.directory.exists() {
        say("throwing away target/demo");
        fs::remove_dir_all(&demo.directory).context("remove target/demo")?;
    }
    say("building the collector and the agent");
    steps::build(root)?;
    demo.set_up()?;
    let web = demo.web()?;
    let collector = demo.serve(web)?;
    let result = demo.tell(web).and_then(|()| {
        if once {
            return Ok(());
        }
        demo.serve_on(web)
    });
    if let Some(collector) = collector {
        end(collector)?;
    }
    result
}

struct Demo {
    directory: PathBuf,
    collector: PathBuf,
    agent: PathBuf,
}

impl Demo {
    fn new(root: &Path) -> Result<Self> {
        // This program lies beside those that are built: target/<profile>.
        let programs = std::env::current_exe().context("find this program")?;
        let programs = programs.parent().context("find the target folder")?;
        Ok(Self {
            directory: root.join("target/demo"),
            collector: programs.join("belfort-collector"),
            agent: programs.join("belfort-agent"),
        })
    }

    fn data(&self) -> PathBuf {
        self.directory.join("collector")
    }

    fn collector(&self, arguments: &[&str]) -> Result<String> {
        output(Command::new(&self.collector).arg("--data").arg(self.data()).args(arguments))
    }

    fn collector_json(&self, arguments: &[&str]) -> Result<Value> {
        let mut all = vec!["--json"];
        all.extend(arguments);
        let text = self.collector(&all)?;
        serde_json::from_str(&text).with_context(|| format!("read what {arguments:?} printed"))
    }

    fn agent_command(&self) -> Command {
        let mut command = Command::new(&self.agent);
        command.arg("--state").arg(self.directory.join("agent"));
        command
    }

    /// Makes keys, configuration and database where there are none.
    fn set_up(&self) -> Result<()> {
        fs::create_dir_all(&self.directory).context("make target/demo")?;
        if self.data().join("collector.toml").exists() {
            say("using the collector of an earlier demo (--reset starts anew)");
            return Ok(());
        }
        say("setting up a collector: keys, authority, SQLite database, first administrator");
        let mut all = vec!["init".to_owned(), "--name".to_owned(), "127.0.0.1".to_owned()];
        all.extend(collector::free_addresses()?);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let made = self.collector_json(&all)?;
        let token = made["api_token"].as_str().context("the first API token")?;
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.api_token_file())
            .and_then(|mut file| writeln!(file, "{token}"))
            .context("keep the first API token")
    }

    fn api_token_file(&self) -> PathBuf {
        self.directory.join("api-token")
    }

    fn web(&self) -> Result<SocketAddr> {
        let text = fs::read_to_string(self.data().join("collector.toml"))?;
        let config: toml::Table = text.parse().context("read collector.toml")?;
        let listen = config.get("web").and_then(|web| web.get("listen"));
        let listen =
            listen.and_then(toml::Value::as_str).context("web.listen of collector.toml")?;
        listen.parse().context("web.listen of collector.toml")
    }

    /// Starts the collector, unless one of another demo is serving here.
    fn serve(&self, web: SocketAddr) -> Result<Option<Child>> {
        if is_healthy(web) {
            say("a collector of another demo is serving already: using it");
            return Ok(None);
        }
        let log = self.directory.join("collector.log");
        let child = collector::serve(&self.collector, &self.data(), web, &log)?;
        say(&format!("the collector serves on http://{web}/"));
        Ok(Some(child))
    }

    /// Enrols this machine, reports, gives it an owner and data, and shows what came of it.
    fn tell(&self, web: SocketAddr) -> Result<()> {
        self.enrol()?;
        say("reporting this machine's hardware and software");
        println!("{}", output(self.agent_command().arg("once"))?.trim_end());
        let asset = self.asset()?;
        self.assign(&asset)?;
        self.collector(&["evaluate"])?;
        for (title, arguments) in [
            ("the asset", vec!["asset", "show", asset.as_str()]),
            ("what was found", vec!["finding", "list", "--asset", asset.as_str(), "--open"]),
            ("the risk register", vec!["risk", "list", "--open"]),
        ] {
            say(title);
            println!("{}", self.collector(&arguments)?.trim_end());
        }
        self.explain_first_risk()?;
        self.next(web, &asset)
    }

    fn enrol(&self) -> Result<()> {
        let status = output(self.agent_command().args(["status", "--json"]));
        let enrolled = status.is_ok_and(|text| {
            serde_json::from_str::<Value>(&text).is_ok_and(|status| status["enrolled"] == true)
        });
        if enrolled {
            say("this machine is enrolled already");
            return Ok(());
        }
        say("enrolling this machine with a token that admits one device");
        let token =
            self.collector_json(&["token", "create", "--label", "demo", "--expires", "1h"])?;
        let secret = token["secret"].as_str().context("the token")?;
        let text = fs::read_to_string(self.data().join("collector.toml"))?;
        let config: toml::Table = text.parse().context("read collector.toml")?;
        let listen = config.get("enrolment").and_then(|table| table.get("listen"));
        let listen = listen.and_then(toml::Value::as_str).context("enrolment.listen")?;
        // The token goes through the environment: a command line can be read by everybody.
        output(
            self.agent_command()
                .args(["enroll", "--collector", &format!("https://{listen}")])
                .env("BELFORT_TOKEN", secret),
        )?;
        Ok(())
    }

    /// The id of this machine's asset.
    fn asset(&self) -> Result<String> {
        let status = output(self.agent_command().args(["status", "--json"]))?;
        let status: Value = serde_json::from_str(&status).context("read the agent's status")?;
        let agents = self.collector_json(&["agent", "list"])?;
        let agents = agents["items"].as_array().cloned().unwrap_or_default();
        let own = agents.iter().find(|agent| agent["id"] == status["agent_id"]);
        let asset = own.and_then(|agent| agent["asset"].as_str());
        Ok(asset.context("the collector does not know this machine's agent")?.to_owned())
    }

    /// Gives the asset an owner and a data set, where it has none.
    fn assign(&self, asset: &str) -> Result<()> {
        let full = self.collector_json(&["asset", "show", asset])?;
        if full["owner"].is_null() {
            say(&format!("making {UNIT_NAME} its owner"));
            let units = self.collector_json(&["unit", "list"])?;
            if !units.to_string().contains(&format!("\"{UNIT}\"")) {
                self.collector(&["unit", "add", UNIT, UNIT_NAME, "--kind", "service"])?;
            }
            let function = "dienstchef Burgerzaken";
            self.collector(&["owner", "set", asset, UNIT, "--function", function])?;
        }
        if full["data_sets"].as_array().is_none_or(Vec::is_empty) {
            say(&format!("linking it to the data set {DATA_SET} of class B3 I4 V4"));
            let sets = self.collector_json(&["asset", "list", "--kind", "data_set"])?;
            let known = sets["items"]
                .as_array()
                .and_then(|sets| sets.iter().find(|set| set["name"] == DATA_SET)?["id"].as_str());
            let id = if let Some(id) = known { id.to_owned() } else { self.data_set()? };
            self.collector(&["dataset", "link", asset, &id, "--relation", "stores"])?;
        }
        Ok(())
    }

    /// Adds the data set, classifies it and gives it an owner.
    fn data_set(&self) -> Result<String> {
        let add = ["dataset", "add", DATA_SET, "--personal-data", "national_register"];
        let made = self.collector_json(&add)?;
        let id = made["id"].as_str().context("the data set's id")?.to_owned();
        let class = ["--b", "3", "--i", "4", "--v", "4", "--basis", "example of the demo"];
        let mut classify = vec!["classify", &id];
        classify.extend(class);
        self.collector(&classify)?;
        self.collector(&["owner", "set", &id, UNIT])?;
        Ok(id)
    }

    fn explain_first_risk(&self) -> Result<()> {
        let risks = self.collector_json(&["risk", "list", "--open"])?;
        let Some(first) = risks["items"][0]["reference"].as_str() else {
            say("no risk: nothing that counts was found on this machine");
            return Ok(());
        };
        say("the first risk, and how it came about");
        println!("{}", self.collector(&["risk", "show", first])?.trim_end());
        Ok(())
    }

    fn next(&self, web: SocketAddr, asset: &str) -> Result<()> {
        let token = fs::read_to_string(self.api_token_file()).context("read the API token")?;
        let token = token.trim();
        let collector = format!("{} --data {}", self.collector.display(), self.data().display());
        say("where to look next");
        println!(
            "  in a browser        http://{web}/ with the API token {token}\n  \
             what changed        {collector} asset history {asset}\n  \
             who did what        {collector} audit list\n  \
             as a spreadsheet    {collector} export csv --what risks\n  \
             over REST           curl -H 'Authorization: Bearer {token}' http://{web}/api/v1/risks\n  \
             what is sent        {} show",
            self.agent.display()
        );
        Ok(())
    }

    /// Lets agent and collector run until Ctrl-C.
    fn serve_on(&self, web: SocketAddr) -> Result<()> {
        let log = fs::File::create(self.directory.join("agent.log")).context("make agent.log")?;
        let agent = self
            .agent_command()
            .args(["run", "--interval", CHECK_IN])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("start the agent")?;
        say(&format!(
            "serving on http://{web}/, the agent checks in every {CHECK_IN} s; Ctrl-C ends both"
        ));
        let waited = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("wait for Ctrl-C")?
            .block_on(tokio::signal::ctrl_c())
            .context("wait for Ctrl-C");
        println!();
        end(agent)?;
        waited
    }
}

fn say(what: &str) {
    println!("\n\u{25b8} {what}");
}
