//! The real agent, with a state directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::collector::{Collector, Token};
use crate::programs;

/// An agent on this machine.
pub struct Agent {
    state: PathBuf,
}

impl Agent {
    /// Enrols one, with its state in the collector's scratch directory.
    pub fn enrolled(collector: &Collector, name: &str, token: &Token) -> Self {
        let agent = Self { state: collector.scratch().join(name) };
        let address = format!("https://{}", collector.enrolment);
        agent.say(&["enroll", "--collector", &address, "--token", &token.text]);
        agent
    }

    /// Its state directory.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Runs a command and gives what came of it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(programs::agent())
            .arg("--state")
            .arg(&self.state)
            .args(arguments)
            .env_remove("BELFORT_TOKEN")
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed; gives what it printed.
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with this exit code; gives its message.
    pub fn fails(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
        said
    }

    /// One pass and one check-in.
    pub fn once(&self) -> Once {
        let shown = serde_json::from_str(&self.say(&["once", "--json"])).unwrap();
        Once(shown)
    }

    /// The asset the collector holds it for.
    pub fn asset(&self, collector: &Collector) -> String {
        let id = self.status()["agent_id"].clone();
        let agents = collector.json(&["agent", "list"]);
        let agents = agents["items"].as_array().unwrap();
        let found = agents.iter().find(|line| line["id"] == id).unwrap();
        found["asset"].as_str().unwrap().to_owned()
    }

    /// Where it stands.
    pub fn status(&self) -> Value {
        serde_json::from_str(&self.say(&["status", "--json"])).unwrap()
    }
}

/// What came of one pass.
#[derive(Debug)]
pub struct Once(pub Value);

impl Once {
    /// Whether both sides held the same.
    pub fn in_sync(&self) -> bool {
        self.0["verdict"] == "in_sync"
    }

    /// Sections that were sent.
    pub fn sent(&self) -> Vec<&str> {
        self.0["sections_sent"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
    }

    /// Bytes of messages sent and received.
    pub fn bytes(&self) -> (u64, u64) {
        (self.0["bytes_up"].as_u64().unwrap(), self.0["bytes_down"].as_u64().unwrap())
    }
}
