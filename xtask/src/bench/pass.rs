//! Single runs of the agent and of the floor, each a process of its own.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use belfort_agent_sys::process::{self, CpuTime};
use serde_json::Value;

use super::{megabytes, shipped};

/// Runs of each measurement; the median counts.
const RUNS: usize = 31;

/// What runs of one kind cost.
#[derive(Default)]
pub(super) struct Cost {
    /// Median processor time, ms.
    pub(super) total: f64,
    /// Mean in the program and in the kernel, ms: the kernel only estimates the division, so that a
    /// single run says little.
    pub(super) user: f64,
    pub(super) system: f64,
    /// Highest memory, MB.
    pub(super) peak: f64,
    /// Sections of a report, bytes: as they are and compressed.
    pub(super) bytes: f64,
    pub(super) compressed: f64,
}

/// One run.
#[derive(Default)]
pub(super) struct One {
    time: CpuTime,
    peak: u64,
    bytes: f64,
    compressed: f64,
}

/// Measures several programs in turn, so that what the machine does meanwhile slows all of them alike.
fn in_turn<const N: usize>(programs: [&dyn Fn() -> Result<One>; N]) -> Result<[Cost; N]> {
    // The first run fills the caches of the system.
    for run in programs {
        run()?;
    }
    let mut runs = programs.map(|_| Vec::with_capacity(RUNS));
    for _ in 0..RUNS {
        for (run, runs) in programs.iter().zip(&mut runs) {
            runs.push(run()?);
        }
    }
    Ok(runs.map(|runs| Cost::of(&runs)))
}

impl Cost {
    /// Of at least one run.
    fn of(runs: &[One]) -> Self {
        let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
        let mut times: Vec<_> = runs.iter().map(|one| milliseconds(one.time.total())).collect();
        times.sort_by(f64::total_cmp);
        let mean =
            |each: &dyn Fn(&One) -> f64| runs.iter().map(each).sum::<f64>() / super::count(RUNS);
        let last = runs.last();
        Self {
            total: times.get(RUNS / 2).copied().unwrap_or_default(),
            user: mean(&|one| milliseconds(one.time.user)),
            system: mean(&|one| milliseconds(one.time.system)),
            peak: megabytes(runs.iter().map(|one| one.peak).max().unwrap_or(0)),
            bytes: last.map(|one| one.bytes).unwrap_or_default(),
            compressed: last.map(|one| one.compressed).unwrap_or_default(),
        }
    }
}

fn command(agent: &Path, state: &Path) -> Command {
    let mut command = Command::new(agent);
    command.arg("--state").arg(state).stdout(Stdio::piped());
    command
}

/// Runs of `show --json`. Its output is larger than a pipe holds, so while the rest waits to be read
/// all work is done and the memory can be looked at. The kernel's own figure for a child would not do:
/// it also counts the memory of the parent before the program was loaded.
pub(super) fn show(agent: &Path, state: &Path) -> Result<Cost> {
    let show = || {
        let mut child = command(agent, state).args(["show", "--json"]).spawn()?;
        let mut out = child.stdout.take().context("no output")?;
        let mut start = [0; 64];
        out.read_exact(&mut start)?;
        let peak = process::peak_bytes(&child.id().to_string());
        out.read_to_end(&mut Vec::new())?;
        let (time, succeeded) = process::wait_cpu_time(&mut child)?;
        ensure!(succeeded && peak > 0, "show failed");
        Ok(One { time, peak, ..One::default() })
    };
    let [cost] = in_turn([&show])?;
    Ok(cost)
}

/// Full passes for which nothing was kept.
pub(super) fn anew(agent: &Path) -> Result<Cost> {
    let [cost] = in_turn([&|| pass(agent, Path::new("/nonexistent/belfort"))])?;
    Ok(cost)
}

/// Full passes, and the floor, which is a program that asks the same questions, in turn.
pub(super) fn and_floor(
    root: &Path,
    agent: &Path,
    state: &Path,
    questions: &str,
) -> Result<[Cost; 2]> {
    let what = ["--package", "belfort-agent-sys", "--example", "floor"];
    let program = shipped(root, &what, "examples/floor")?;
    let dir = tempfile::tempdir()?;
    let list = dir.path().join("questions");
    fs::write(&list, questions)?;
    in_turn([&|| pass(agent, state), &|| floor(&program, &list)])
}

/// A full pass: reads, encodes, hashes and compresses everything; the agent tells its own memory.
pub(super) fn pass(agent: &Path, state: &Path) -> Result<One> {
    let mut child = command(agent, state).args(["once", "--dry-run", "--json"]).spawn()?;
    let mut out = Vec::new();
    child.stdout.take().context("no output")?.read_to_end(&mut out)?;
    let (time, succeeded) = process::wait_cpu_time(&mut child)?;
    ensure!(succeeded, "the pass failed");
    let told: Value = serde_json::from_slice(&out)?;
    let peak = told.get("peak_memory_bytes").and_then(Value::as_u64);
    let sections = told.get("sections").and_then(Value::as_object).context("no sections")?;
    let sum = |field: &str| {
        let sizes = sections.values().filter_map(|section| section.get(field)?.as_f64());
        sizes.sum::<f64>()
    };
    Ok(One {
        time,
        peak: peak.context("the agent does not tell its memory")?,
        bytes: sum("bytes"),
        compressed: sum("compressed_bytes"),
    })
}

fn floor(program: &Path, questions: &Path) -> Result<One> {
    let mut child = Command::new(program).arg(questions).stdout(Stdio::null()).spawn()?;
    let (time, succeeded) = process::wait_cpu_time(&mut child)?;
    ensure!(succeeded, "the floor failed");
    Ok(One { time, ..One::default() })
}
