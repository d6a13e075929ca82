//! `cargo xtask verify-host`: what the agent reports of this machine, field by field against the
//! machine's own tools.
//!
//! Where the machine is poor, places are made that are not: network namespaces, mount namespaces and
//! root directories, filled by the tools themselves (dpkg, rpm, systemctl, ip), so that a comparison is
//! never with something this program made up. Every difference is a failure, unless its reason stands
//! beside the comparison; what cannot be compared here is said.

#![expect(clippy::indexing_slicing, reason = "what JSON does not have is null, not a panic")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::{packages, steps};

mod accounts;
mod apt;
mod devices;
mod dmi;
mod dpkg;
mod identity;
mod ip;
mod lsblk;
mod lshw;
mod namespace;
mod rpm;
mod ss;
mod sshd;
mod table;
mod units;

use table::Table;

/// One comparison.
type Check = fn(&mut Run) -> Result<()>;

/// Every comparison, by the name that `--only` takes.
const CHECKS: &[(&str, Check)] = &[
    ("identity", identity::check),
    ("dmidecode", dmi::check),
    ("lshw", lshw::check),
    ("devices", devices::check),
    ("lsblk", lsblk::check),
    ("ip", ip::check),
    ("ss", ss::check),
    ("dpkg", dpkg::check),
    ("rpm", rpm::check),
    ("apt", apt::check),
    ("units", units::check),
    ("accounts", accounts::check),
    ("sshd", sshd::check),
];

/// Compares, prints, and fails on a difference without a reason.
pub(crate) fn run(root: &Path, json: bool, whole: bool, only: &[String]) -> Result<()> {
    for name in only {
        let names: Vec<_> = CHECKS.iter().map(|(name, _)| *name).collect();
        ensure!(names.contains(&name.as_str()), "no `{name}`; there are {}", names.join(", "));
    }
    ensure!(
        is_root(),
        "run this as root: it makes namespaces, and a user without rights sees less"
    );
    packages::ensure_for_comparison()?;
    steps::run(root, "cargo", &["build", "--quiet", "--package", "belfort-agent"])?;
    let program = std::env::current_exe().context("find this program")?;
    let scratch = tempfile::tempdir().context("make a directory")?;
    let mut run = Run {
        agent: program.with_file_name("belfort-agent"),
        scratch: scratch.path().to_owned(),
        table: Table::default(),
    };
    let mut broken = Vec::new();
    for (name, check) in CHECKS {
        if !only.is_empty() && !only.iter().any(|one| one == name) {
            continue;
        }
        if let Err(error) = check(&mut run) {
            broken.push(format!("{name}: {error:#}"));
        }
    }
    let text = if json {
        format!("{}\n", serde_json::to_string_pretty(&run.table.json())?)
    } else {
        run.table.text(whole)
    };
    std::io::stdout().write_all(text.as_bytes())?;
    ensure!(broken.is_empty(), "comparisons that did not work:\n  {}", broken.join("\n  "));
    let disagreements = run.table.disagreements();
    ensure!(disagreements == 0, "{disagreements} fields differ and nobody knows why");
    Ok(())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What a comparison works with.
struct Run {
    /// The agent's program.
    agent: PathBuf,
    /// Room for roots and files; goes away at the end.
    scratch: PathBuf,
    table: Table,
}

impl Run {
    /// What the agent shows of this machine.
    fn show(&self) -> Result<Shown> {
        self.show_under(&[], &[])
    }

    /// What the agent shows of a root directory.
    fn show_root(&self, root: &Path) -> Result<Shown> {
        self.show_under(&[], &["--root", &root.to_string_lossy()])
    }

    /// What the agent shows when another program starts it, with further arguments.
    fn show_under(&self, prefix: &[&str], arguments: &[&str]) -> Result<Shown> {
        let agent = self.agent.to_string_lossy();
        let mut all = prefix.to_vec();
        all.extend([agent.as_ref(), "--state", "/nonexistent/belfort", "show", "--json"]);
        all.extend(arguments);
        shown(&output(&all)?)
    }

    /// An empty directory of this name.
    fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.scratch.join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))?;
        Ok(path)
    }
}

/// The sections that the agent shows.
struct Shown(Value);

/// Reads what `show --json` prints.
fn shown(text: &str) -> Result<Shown> {
    let mut all: Value = serde_json::from_str(text).context("read what the agent shows")?;
    Ok(Shown(all["sections"].take()))
}

impl Shown {
    /// One section.
    fn section(&self, name: &str) -> &Value {
        &self.0[name]["content"]
    }

    /// A list of a section.
    fn list(&self, section: &str, field: &str) -> &[Value] {
        self.section(section)[field].as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

/// A value as text: nothing is empty, and what stands for "unknown" stays as it is.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The elements of a list.
fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// An enumeration's name without its prefix: `OUTCOME_STATUS_ABSENT` of `OUTCOME_STATUS_`.
fn word(value: &Value, prefix: &str) -> String {
    let name = value.as_str().unwrap_or_default();
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

/// What a program prints in the language of nobody; fails when it fails.
fn output(arguments: &[&str]) -> Result<String> {
    let [program, rest @ ..] = arguments else { bail!("no program to run") };
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    let ran = Command::new(program)
        .args(rest)
        .env("LC_ALL", "C")
        .env("PATH", path)
        .output()
        .with_context(|| format!("start {program}"))?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        // What went wrong first tells more than what came of it.
        let said: Vec<_> = said.lines().take(8).collect();
        bail!("`{}` failed: {}", arguments.join(" "), said.join("\n"));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}

/// What a program prints as JSON.
fn json(arguments: &[&str]) -> Result<Value> {
    let text = output(arguments)?;
    let text = if text.trim().is_empty() { "null" } else { text.as_str() };
    serde_json::from_str(text).with_context(|| format!("read what `{}` says", arguments.join(" ")))
}

/// Writes a file, with the directories above it.
fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
    }
    std::fs::write(path, content).with_context(|| format!("write {}", path.display()))
}
