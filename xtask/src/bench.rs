//! What the agent costs: processor time, memory, size, traffic and wake-ups, against its limits and
//! against the floor under them, which is asking the system the same and doing nothing with the answers.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use belfort_agent_sys::process;
use serde_json::{Value, json};

mod idle;
mod pass;
mod trace;

const LIMIT_CPU_MS: f64 = 40.0;
const LIMIT_FLOORS: f64 = 2.0;
const LIMIT_PEAK_MB: f64 = 12.0;
const LIMIT_IDLE_MB: f64 = 8.0;
const LIMIT_SIZE_MB: f64 = 8.0;
const LIMIT_DAY_S: f64 = 1.0;
const LIMIT_WAKE_UPS: f64 = 2.0;
const LIMIT_RULES_MS: f64 = 2000.0;

/// One measured figure with its limit, if it has one.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
}

impl Figure {
    fn new(name: &str, value: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, unit, limit: None }
    }

    fn at_most(mut self, limit: f64) -> Self {
        self.limit = Some(limit);
        self
    }

    fn is_over(&self) -> bool {
        self.limit.is_some_and(|limit| self.value > limit)
    }
}

/// Measures the agent; fails when a limit is broken.
pub(crate) fn bench(root: &Path, as_json: bool, idle_minutes: u64) -> Result<()> {
    let agent = build(root)?;
    let nothing_kept = pass::anew(&agent)?;
    // Where a pass keeps for the next what it read of large sources that seldom change.
    let state = tempfile::tempdir()?;
    fs::set_permissions(state.path(), fs::Permissions::from_mode(0o700))?;
    pass::pass(&agent, state.path())?;
    let show = pass::show(&agent, state.path())?;
    let trace = trace::trace(&agent, state.path())?;
    let [pass, floor] = pass::and_floor(root, &agent, state.path(), &trace.questions)?;
    let size = fs::metadata(&agent)?.len();
    let mut figures = vec![
        Figure::new("full pass: CPU", pass.total, "ms").at_most(LIMIT_CPU_MS),
        Figure::new("  of that in the program", pass.user, "ms"),
        Figure::new("  of that in the kernel", pass.system, "ms"),
        Figure::new("floor: the same questions: CPU", floor.total, "ms"),
        Figure::new("  of that in the program", floor.user, "ms"),
        Figure::new("  of that in the kernel", floor.system, "ms"),
        Figure::new("full pass against the floor", pass.total / floor.total, "times")
            .at_most(LIMIT_FLOORS),
        Figure::new("full pass: peak memory", pass.peak, "MB").at_most(LIMIT_PEAK_MB),
        Figure::new("pass with nothing kept: CPU", nothing_kept.total, "ms"),
        Figure::new("pass with nothing kept: peak memory", nothing_kept.peak, "MB")
            .at_most(LIMIT_PEAK_MB),
        Figure::new("show --json: CPU", show.total, "ms").at_most(LIMIT_CPU_MS),
        Figure::new("show --json: peak memory", show.peak, "MB").at_most(LIMIT_PEAK_MB),
        Figure::new("full pass: files opened", count(trace.opens), ""),
        Figure::new("full pass: system calls", count(trace.calls), ""),
        Figure::new("full pass: processes started", count(trace.processes), "").at_most(0.0),
        Figure::new("full pass: sockets not netlink", count(trace.sockets), "").at_most(0.0),
        Figure::new("size of the program", megabytes(size), "MB").at_most(LIMIT_SIZE_MB),
        Figure::new("report: all sections", pass.bytes, "bytes"),
        Figure::new("report: compressed", pass.compressed, "bytes"),
    ];
    figures.extend(idle::figures(root, &agent, idle_minutes, pass.total)?);
    print(&figures, as_json)?;
    let over: Vec<_> =
        figures.iter().filter(|one| one.is_over()).map(|one| one.name.as_str()).collect();
    ensure!(over.is_empty(), "over the limit: {}", over.join(", "));
    Ok(())
}

/// Measures assignment rules by processor time; fails when their limit is broken.
pub(crate) fn rules(root: &Path) -> Result<()> {
    cargo(root, &["build", "--release", "--package", "belfort-assess", "--example", "rules"])?;
    let mut child = Command::new(target(root)?.join("release/examples/rules")).spawn()?;
    let (time, succeeded) = process::wait_cpu_time(&mut child)?;
    ensure!(succeeded, "the rules were not run");
    let value = time.total().as_secs_f64() * 1000.0;
    let figure = Figure::new("100 rules over 10,000 assets: CPU", value, "ms");
    let figure = figure.at_most(LIMIT_RULES_MS);
    let is_over = figure.is_over();
    print(&[figure], false)?;
    ensure!(!is_over, "assignment rules are over their limit");
    Ok(())
}

/// Measures importing advisory data and evaluating by it; the measurement itself is in `tests/benches`.
pub(crate) fn advisories(root: &Path) -> Result<()> {
    cargo(root, &["bench", "--package", "belfort-tests", "--bench", "register"])
}

/// Measures pages of a large register; the measurement itself is in `tests/benches`.
pub(crate) fn pages(root: &Path) -> Result<()> {
    cargo(root, &["bench", "--package", "belfort-tests", "--bench", "pages"])
}

fn print(figures: &[Figure], as_json: bool) -> Result<()> {
    let mut text = String::new();
    if as_json {
        let figures: Vec<_> = figures
            .iter()
            .map(|one| {
                json!({
                    "name": one.name.trim_start(),
                    "value": one.value,
                    "unit": one.unit,
                    "limit": one.limit,
                })
            })
            .collect();
        text = serde_json::to_string_pretty(&figures)?;
        text.push('\n');
    } else {
        writeln!(text, "{:44} {:>10} {:5} {:>7}", "", "measured", "", "limit")?;
        for one in figures {
            let limit = one.limit.map(|limit| format!("{limit:.0}")).unwrap_or_default();
            let over = if one.is_over() { "  OVER" } else { "" };
            let decimals = if ["", "bytes"].contains(&one.unit) { 0 } else { 2 };
            let Figure { name, value, unit, .. } = one;
            let line = format!("{name:44} {value:10.decimals$} {unit:5} {limit:>7}{over}");
            writeln!(text, "{}", line.trim_end())?;
        }
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO")).args(arguments).current_dir(root).status()?;
    ensure!(status.success(), "`cargo {}` failed", arguments.join(" "));
    Ok(())
}

/// Builds the agent as it is given out, except that the system's own linker does it, and gives the path
/// of its program.
fn build(root: &Path) -> Result<PathBuf> {
    shipped(root, &["--package", "belfort-agent"], "belfort-agent")
}

/// Builds with the profile of what is given out, apart from where `dist` lays that out. A copy is measured, as
/// an installation makes one: what the linker wrote here and there lies in the system's cache in smaller
/// pieces, and is slower to start.
fn shipped(root: &Path, what: &[&str], program: &str) -> Result<PathBuf> {
    let folder = target(root)?.join("shipped");
    let folder_name = folder.to_string_lossy();
    let options = ["build", "--profile", "dist", "--target-dir", &folder_name];
    cargo(root, &[&options, what].concat())?;
    let built = folder.join("dist").join(program);
    let installed = folder.join("installed").join(built.file_name().context("a program")?);
    fs::create_dir_all(folder.join("installed"))?;
    // Anew, since a program that still runs somewhere cannot be written to.
    if installed.exists() {
        fs::remove_file(&installed)?;
    }
    fs::copy(&built, &installed)?;
    Ok(installed)
}

/// Where the workspace is built.
fn target(root: &Path) -> Result<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let target = metadata.get("target_directory").and_then(Value::as_str);
    Ok(PathBuf::from(target.context("cargo metadata names no target directory")?))
}

#[expect(clippy::cast_precision_loss, reason = "what is measured is far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "what is counted is far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}
