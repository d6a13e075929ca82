//! Network namespaces for comparisons: made, filled, and gone again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::output;

/// A network namespace that goes away with its value.
pub(super) struct Namespace {
    name: String,
    /// Programs that hold sockets in it.
    children: Vec<Child>,
}

impl Namespace {
    /// Makes one, with nothing in it but a loopback interface that is up.
    pub(super) fn new(what: &str) -> Result<Self> {
        let name = format!("belfort-{what}-{}", std::process::id());
        output(&["ip", "netns", "add", &name])?;
        let made = Self { name, children: Vec::new() };
        made.ip("link set lo up")?;
        Ok(made)
    }

    /// Runs `ip` in it, with arguments divided by blanks.
    pub(super) fn ip(&self, arguments: &str) -> Result<String> {
        let mut all = vec!["ip", "-n", self.name.as_str()];
        all.extend(arguments.split(' '));
        output(&all)
    }

    /// What to put before a command so that it runs inside.
    pub(super) fn prefix(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// Runs a program of Python inside until this value goes away; waits until it has said a line.
    pub(super) fn python(&mut self, program: &str) -> Result<()> {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.name, "/usr/bin/python3", "-c", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start python3")?;
        let mut line = String::new();
        let out = child.stdout.take().context("no output of python3")?;
        self.children.push(child);
        BufReader::new(out).read_line(&mut line)?;
        ensure!(!line.is_empty(), "the program inside the namespace ended");
        Ok(())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        for child in &mut self.children {
            // The program ends when its input does; killing it is for one that does not listen.
            if let Some(mut input) = child.stdin.take() {
                let _ = input.flush();
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = output(&["ip", "netns", "delete", &self.name]);
    }
}
