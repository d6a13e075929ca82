//! What the agent costs: processor time, memory and size, against its limits and against the floor
//! under them, which is reading the same sources and doing nothing with them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use belfort_agent_sys::files::Root;
use belfort_agent_sys::process;
use serde_json::{Value, json};

/// Runs of each measurement; the median counts.
const RUNS: usize = 21;
/// Largest source re-read for the floor.
const SOURCE_BYTES_MAX: usize = 64 << 20;

const LIMIT_CPU_MS: f64 = 60.0;
const LIMIT_PEAK_MB: f64 = 15.0;
const LIMIT_IDLE_MB: f64 = 10.0;
const LIMIT_RULES_MS: f64 = 2000.0;

/// One measured figure with its limit, if it has one.
struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
}

impl Figure {
    fn is_over(&self) -> bool {
        self.limit.is_some_and(|limit| self.value > limit)
    }
}

/// Measures the agent; fails when a limit is broken.
pub(crate) fn bench(root: &Path, as_json: bool) -> Result<()> {
    let agent = build(root)?;
    // Where a pass keeps for the next what it read of large sources that seldom change.
    let state = tempfile::tempdir()?;
    std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o700))?;
    let nowhere = Path::new("/nonexistent/belfort");
    let (first_cpu, first_peak) = repeat(|| pass(&agent, nowhere))?;
    let (pass_cpu, pass_peak) = repeat(|| pass(&agent, state.path()))?;
    let (show_cpu, show_peak) = repeat(|| show(&agent, state.path()))?;
    let floor = floor(&agent, state.path())?;
    let idle = idle(&agent)?;
    let size = std::fs::metadata(&agent)?.len();
    let figure = |name, value, unit, limit| Figure { name, value, unit, limit };
    let figures = [
        figure("full pass: CPU", pass_cpu, "ms", Some(LIMIT_CPU_MS)),
        figure("full pass: peak memory", pass_peak, "MB", Some(LIMIT_PEAK_MB)),
        figure("pass with nothing kept: CPU", first_cpu, "ms", None),
        figure("pass with nothing kept: memory", first_peak, "MB", Some(LIMIT_PEAK_MB)),
        figure("show --json: CPU", show_cpu, "ms", Some(LIMIT_CPU_MS)),
        figure("show --json: peak memory", show_peak, "MB", Some(LIMIT_PEAK_MB)),
        figure("idle memory of run", idle, "MB", Some(LIMIT_IDLE_MB)),
        figure("floor: reading the same sources", floor, "ms", None),
        figure("full pass against the floor", pass_cpu / floor, "times", None),
        figure("size of the program", megabytes(size), "MB", None),
    ];
    print(&figures, as_json)?;
    let over: Vec<_> = figures.iter().filter(|one| one.is_over()).map(|one| one.name).collect();
    ensure!(over.is_empty(), "over the limit: {}", over.join(", "));
    Ok(())
}

/// Measures assignment rules by processor time; fails when their limit is broken.
pub(crate) fn rules(root: &Path) -> Result<()> {
    let arguments = ["build", "--release", "--package", "belfort-assess", "--example", "rules"];
    let status = Command::new(env!("CARGO")).args(arguments).current_dir(root).status()?;
    ensure!(status.success(), "the example does not build");
    let mut child = Command::new(target(root)?.join("release/examples/rules")).spawn()?;
    let (time, succeeded) = process::wait_cpu_time(&mut child)?;
    ensure!(succeeded, "the rules were not run");
    let value = time.as_secs_f64() * 1000.0;
    let name = "100 rules over 10,000 assets: CPU";
    let figure = Figure { name, value, unit: "ms", limit: Some(LIMIT_RULES_MS) };
    let is_over = figure.is_over();
    print(&[figure], false)?;
    ensure!(!is_over, "assignment rules are over their limit");
    Ok(())
}

/// Measures importing advisory data and evaluating by it; the measurement itself is in `tests/benches`.
pub(crate) fn advisories(root: &Path) -> Result<()> {
    let arguments = ["bench", "--package", "belfort-tests", "--bench", "register"];
    let status = Command::new(env!("CARGO")).args(arguments).current_dir(root).status()?;
    ensure!(status.success(), "the measurement failed");
    Ok(())
}

fn print(figures: &[Figure], as_json: bool) -> Result<()> {
    let mut text = String::new();
    if as_json {
        let figures: Vec<_> = figures
            .iter()
            .map(|one| {
                json!({"name": one.name, "value": one.value, "unit": one.unit, "limit": one.limit})
            })
            .collect();
        text = serde_json::to_string_pretty(&figures)?;
        text.push('\n');
    } else {
        writeln!(text, "{:34} {:>9} {:5} {:>7}", "", "measured", "", "limit")?;
        for one in figures {
            let limit = one.limit.map(|limit| format!("{limit:.0}")).unwrap_or_default();
            let over = if one.is_over() { "  OVER" } else { "" };
            writeln!(text, "{:34} {:9.2} {:5} {limit:>7}{over}", one.name, one.value, one.unit)?;
        }
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Builds the agent as it is shipped and gives the path of its program.
fn build(root: &Path) -> Result<PathBuf> {
    let arguments = ["build", "--release", "--package", "belfort-agent"];
    let status = Command::new(env!("CARGO")).args(arguments).current_dir(root).status()?;
    ensure!(status.success(), "the agent does not build");
    Ok(target(root)?.join("release/belfort-agent"))
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

/// Median processor time in ms and highest memory in MB over all runs.
fn repeat(run: impl Fn() -> Result<(Duration, u64)>) -> Result<(f64, f64)> {
    // The first run fills the caches of the system.
    run()?;
    let mut times = Vec::with_capacity(RUNS);
    let mut peak = 0;
    for _ in 0..RUNS {
        let (time, bytes) = run()?;
        times.push(time);
        peak = peak.max(bytes);
    }
    times.sort_unstable();
    let median = times.get(RUNS / 2).context("no runs")?;
    Ok((median.as_secs_f64() * 1000.0, megabytes(peak)))
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn command(agent: &Path, state: &Path) -> Command {
    let mut command = Command::new(agent);
    command.arg("--state").arg(state).stdout(Stdio::piped());
    command
}

/// One run of `show --json`. Its output is larger than a pipe holds, so while the rest waits to be
/// read all work is done and the memory can be looked at. The kernel's own figure for a child would
/// not do: it also counts the memory of the parent before the program was loaded.
fn show(agent: &Path, state: &Path) -> Result<(Duration, u64)> {
    let mut child = command(agent, state).args(["show", "--json"]).spawn()?;
    let mut out = child.stdout.take().context("no output")?;
    let mut start = [0; 64];
    out.read_exact(&mut start)?;
    let peak = process::peak_bytes(&child.id().to_string());
    out.read_to_end(&mut Vec::new())?;
    let (time, succeeded) = process::wait_cpu_time(&mut child)?;
    ensure!(succeeded && peak > 0, "show failed");
    Ok((time, peak))
}

/// One full pass: read, encode, hash and compress everything; the agent tells its own memory.
fn pass(agent: &Path, state: &Path) -> Result<(Duration, u64)> {
    let mut child = command(agent, state).args(["once", "--dry-run", "--json"]).spawn()?;
    let mut out = Vec::new();
    child.stdout.take().context("no output")?.read_to_end(&mut out)?;
    let (time, succeeded) = process::wait_cpu_time(&mut child)?;
    ensure!(succeeded, "the pass failed");
    let told: Value = serde_json::from_slice(&out)?;
    let peak = told.get("peak_memory_bytes").and_then(Value::as_u64);
    Ok((time, peak.context("the agent does not tell its memory")?))
}

/// Milliseconds to read, in this process, what a pass reads: the same files, directories and links.
fn floor(agent: &Path, state: &Path) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let log = dir.path().join("trace");
    let status = Command::new("strace")
        .args(["-f", "-e", "trace=open,openat,readlink,readlinkat", "-o"])
        .arg(&log)
        .arg(agent)
        .arg("--state")
        .arg(state)
        .args(["once", "--dry-run"])
        .stdout(Stdio::null())
        .status()
        .context("install strace")?;
    ensure!(status.success(), "the traced pass failed");
    let sources = sources(&std::fs::read_to_string(&log)?);
    ensure!(sources.len() > 50, "only {} sources", sources.len());
    let root = Root::system();
    let read = || {
        for (is_link, path) in &sources {
            if *is_link {
                let _ = root.link(path);
            } else if root.read(path, SOURCE_BYTES_MAX).is_err() {
                let _ = root.list(path);
            }
        }
    };
    read();
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let before = process::cpu_time();
        read();
        times.push(process::cpu_time().saturating_sub(before));
    }
    times.sort_unstable();
    Ok(times.get(RUNS / 2).context("no runs")?.as_secs_f64() * 1000.0)
}

/// What was opened for reading or followed, out of a trace; programs and libraries aside.
fn sources(trace: &str) -> BTreeSet<(bool, String)> {
    let call = |line: &str| {
        let path = line.split('"').nth(1)?;
        // Only named, to see whether it is there or was changed.
        if line.contains("O_PATH") {
            return None;
        }
        let wanted = ["/proc/", "/sys/", "/etc/", "/var/", "/run/", "/boot", "/usr/lib/systemd/"];
        let library = path.contains(".so") || path.starts_with("/etc/ld.");
        (wanted.iter().any(|start| path.starts_with(start)) && !library)
            .then(|| (line.contains("readlink"), path.to_owned()))
    };
    trace.lines().filter_map(call).collect()
}

/// Resident memory in MB of `run` between check-ins, after its first pass. The collector it knows
/// does not answer.
fn idle(agent: &Path) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700))?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(dir.path().join("identity.json"))?;
    file.write_all(identity()?.to_string().as_bytes())?;
    let mut child = Command::new(agent)
        .arg("--state")
        .arg(dir.path())
        .args(["run", "--interval", "86400"])
        .stderr(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(child.stderr.take().context("no log")?).lines();
    let mut failed = false;
    for line in lines {
        failed = line?.contains("check-in failed");
        if failed {
            break;
        }
    }
    // Memory is handed back right after the line is written.
    std::thread::sleep(Duration::from_millis(500));
    let resident = process::resident_bytes_of(&child.id().to_string());
    child.kill()?;
    child.wait()?;
    if !failed || resident == 0 {
        bail!("the agent did not stay idle");
    }
    Ok(megabytes(resident))
}

/// An identity nobody issued, for a collector that is not there.
fn identity() -> Result<Value> {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut parameters = rcgen::CertificateParams::default();
    let uri = "spiffe://bench.example/agent/00000000-0000-0000-0000-000000000001";
    parameters.subject_alt_names = vec![rcgen::SanType::URI(uri.try_into()?)];
    let certificate = parameters.self_signed(&key)?;
    let certificate = base64::engine::general_purpose::STANDARD.encode(certificate.der());
    // Port 1 is closed everywhere.
    let endpoint = "https://127.0.0.1:1";
    Ok(json!({
        "key": key.serialize_pem(),
        "certificate_chain": [certificate],
        "trust_bundle": [certificate],
        "report_endpoint": endpoint,
        "enrolment_endpoint": endpoint,
    }))
}
