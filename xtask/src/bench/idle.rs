//! The agent between its passes, enrolled with a collector on loopback that answers, at the settings
//! that collector gives by default.
//!
//! A check-in comes only every quarter of an hour, so a short look meets none. What a day costs is
//! therefore put together: the quiet time as measured, the check-ins of a day at what one costs when
//! they are made to follow each other, and one full pass.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use belfort_agent_sys::process;
use serde_json::Value;

use super::{Figure, LIMIT_DAY_S, LIMIT_IDLE_MB, LIMIT_PEAK_MB, LIMIT_WAKE_UPS, megabytes, target};
use crate::collector::{self, end, output};

/// Check-ins that follow each other for the cost of one, after two that are not counted.
const CHECK_INS: u32 = 12;

/// Sets up a collector, enrols the agent and measures it.
pub(super) fn figures(
    root: &Path,
    agent: &Path,
    minutes: u64,
    pass_ms: f64,
) -> Result<Vec<Figure>> {
    // The collector is only company here: its build for the demo will do.
    super::cargo(root, &["build", "--quiet", "--package", "belfort-collector"])?;
    let program = target(root)?.join("debug/belfort-collector");
    let scratch = tempfile::tempdir().context("make a directory")?;
    let data = scratch.path().join("collector");
    let run = |arguments: &[&str]| -> Result<Value> {
        let mut command = Command::new(&program);
        let text = output(command.arg("--data").arg(&data).arg("--json").args(arguments))?;
        serde_json::from_str(&text).with_context(|| format!("read what {arguments:?} printed"))
    };
    let addresses = collector::free_addresses()?;
    let address = |number: usize| -> Result<&str> {
        let address = addresses.get(number).and_then(|one| one.split_once('='));
        Ok(address.context("a free port")?.1)
    };
    let mut init = vec!["init", "--name", "127.0.0.1"];
    init.extend(addresses.iter().map(String::as_str));
    run(&init)?;
    let token = run(&["token", "create", "--label", "bench", "--expires", "1h"])?;
    let token = token.get("secret").and_then(Value::as_str).context("the token")?;
    let log = scratch.path().join("collector.log");
    let server = collector::serve(&program, &data, address(2)?.parse()?, &log)?;
    let device = Device { agent: agent.to_owned(), state: scratch.path().join("agent") };
    let measured = device
        .enrol(&format!("https://{}", address(0)?), token)
        .and_then(|()| device.measure(minutes, pass_ms));
    end(server)?;
    measured
}

struct Device {
    agent: PathBuf,
    state: PathBuf,
}

impl Device {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.agent);
        command.arg("--state").arg(&self.state);
        command
    }

    fn enrol(&self, collector: &str, token: &str) -> Result<()> {
        let mut command = self.command();
        output(command.args(["enroll", "--collector", collector]).env("BELFORT_TOKEN", token))?;
        Ok(())
    }

    fn once(&self) -> Result<Value> {
        Ok(serde_json::from_str(&output(self.command().args(["once", "--json"]))?)?)
    }

    fn measure(&self, minutes: u64, pass_ms: f64) -> Result<Vec<Figure>> {
        let first = self.once()?;
        let second = self.once()?;
        let number = |told: &Value, field: &str| told.get(field).and_then(Value::as_f64);
        let bytes = |told: &Value| {
            let (up, down) = (number(told, "bytes_up"), number(told, "bytes_down"));
            up.unwrap_or(0.0) + down.unwrap_or(0.0)
        };
        let interval = number(&second, "next_check_in_seconds").context("no time of check-in")?;
        let each = self.check_ins()?;
        let quiet = self.quiet(minutes)?;
        let check_ins = 86_400.0 / interval;
        let quiet_day = quiet.cpu_ms * 1440.0 / 1000.0;
        let day = quiet_day + (check_ins * each.cpu_ms + pass_ms) / 1000.0;
        let of = |what: &str| format!("median of {minutes} quiet min: {what}");
        Ok(vec![
            Figure::new("first report: bytes both ways", bytes(&first), "bytes"),
            Figure::new("unchanged check-in: bytes both ways", bytes(&second), "bytes"),
            Figure::new("time between check-ins", interval, "s"),
            Figure::new("unchanged check-in of run: CPU", each.cpu_ms, "ms"),
            Figure::new("unchanged check-in of run: wake-ups", each.wake_ups, ""),
            Figure::new("run: peak memory", quiet.peak, "MB").at_most(LIMIT_PEAK_MB),
            Figure::new("run: idle memory", quiet.resident, "MB").at_most(LIMIT_IDLE_MB),
            Figure::new(&of("CPU"), quiet.cpu_ms, "ms"),
            Figure::new(&of("wake-ups"), quiet.wake_ups, "").at_most(LIMIT_WAKE_UPS),
            Figure::new("worst of these minutes: CPU", quiet.worst_cpu_ms, "ms"),
            Figure::new("worst of these minutes: wake-ups", quiet.worst_wake_ups, ""),
            Figure::new("changes and check-ins met meanwhile", quiet.met, ""),
            Figure::new("a day: quiet time (extrapolated)", quiet_day, "s"),
            Figure::new(
                &format!("a day: {check_ins:.0} check-ins (extrapolated)"),
                check_ins * each.cpu_ms / 1000.0,
                "s",
            ),
            Figure::new("a day: CPU with one full pass", day, "s").at_most(LIMIT_DAY_S),
        ])
    }

    /// Starts `run`; its log comes line by line.
    fn run(&self, arguments: &[&str]) -> Result<Running> {
        let mut child = self.command().arg("run").args(arguments).stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(child.stderr.take().context("no log")?);
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Running { child, lines })
    }

    /// What one check-in costs when nothing has changed.
    fn check_ins(&self) -> Result<PerCheckIn> {
        let running = self.run(&["--interval", "1"])?;
        running.checked_in(2)?;
        let before = running.usage()?;
        running.checked_in(CHECK_INS)?;
        let used = running.usage()?.since(&before);
        running.end()?;
        let each = |value: f64| value / f64::from(CHECK_INS);
        Ok(PerCheckIn { cpu_ms: each(used.cpu_ms), wake_ups: each(used.wake_ups) })
    }

    /// Minutes in which nothing is to do, after the first check-in. On a machine that is used something
    /// changes now and then, and the agent reads it again: the median minute is the quiet one.
    fn quiet(&self, minutes: u64) -> Result<Quiet> {
        let running = self.run(&[])?;
        running.checked_in(1)?;
        // What follows a check-in, such as handing back memory, belongs to it.
        std::thread::sleep(Duration::from_secs(10));
        while running.lines.try_recv().is_ok() {}
        let (mut cpu_ms, mut wake_ups) = (Vec::new(), Vec::new());
        let mut before = running.usage()?;
        for _ in 0..minutes.max(1) {
            std::thread::sleep(Duration::from_mins(1));
            let now = running.usage()?;
            let used = now.since(&before);
            cpu_ms.push(used.cpu_ms);
            wake_ups.push(used.wake_ups);
            before = now;
        }
        cpu_ms.sort_by(f64::total_cmp);
        wake_ups.sort_by(f64::total_cmp);
        let median = |all: &[f64]| all.get(all.len() / 2).copied().unwrap_or(f64::NAN);
        let worst = |all: &[f64]| all.last().copied().unwrap_or(f64::NAN);
        let met: Vec<String> = running.lines.try_iter().collect();
        for line in &met {
            // What was not quiet is told, so that nobody has to guess.
            eprintln!("met while the agent should have been idle: {line}");
        }
        let process = running.child.id().to_string();
        let quiet = Quiet {
            cpu_ms: median(&cpu_ms),
            wake_ups: median(&wake_ups),
            worst_cpu_ms: worst(&cpu_ms),
            worst_wake_ups: worst(&wake_ups),
            met: super::count(met.len()),
            resident: megabytes(process::resident_bytes_of(&process)),
            peak: megabytes(process::peak_bytes(&process)),
        };
        running.end()?;
        ensure!(quiet.resident > 0.0, "the agent did not stay");
        Ok(quiet)
    }
}

struct PerCheckIn {
    cpu_ms: f64,
    wake_ups: f64,
}

/// Figures of a minute, and of the process at its end.
struct Quiet {
    cpu_ms: f64,
    wake_ups: f64,
    worst_cpu_ms: f64,
    worst_wake_ups: f64,
    /// Lines of the log.
    met: f64,
    resident: f64,
    peak: f64,
}

struct Running {
    child: Child,
    lines: Receiver<String>,
}

/// What all threads of a process have used so far.
struct Usage {
    cpu_ms: f64,
    /// Times it waited for something and was woken. Times at which another was given its place do not
    /// count: they say how busy the machine is.
    wake_ups: f64,
}

impl Usage {
    fn since(&self, before: &Self) -> Self {
        Self { cpu_ms: self.cpu_ms - before.cpu_ms, wake_ups: self.wake_ups - before.wake_ups }
    }
}

impl Running {
    /// Waits for so many check-ins.
    fn checked_in(&self, number: u32) -> Result<()> {
        let mut seen = 0;
        while seen < number {
            let line = self.lines.recv_timeout(Duration::from_mins(2));
            let line = line.context("the agent does not check in")?;
            if line.contains("check-in failed") {
                bail!("the agent says: {line}");
            }
            seen += u32::from(line.contains("checked in"));
        }
        Ok(())
    }

    /// Source of the figures: proc(5), `schedstat` (nanoseconds on a processor) and `status`.
    fn usage(&self) -> Result<Usage> {
        let mut usage = Usage { cpu_ms: 0.0, wake_ups: 0.0 };
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let task = task?.path();
            let schedule = std::fs::read_to_string(task.join("schedstat"))?;
            let nanoseconds = schedule.split(' ').next().and_then(|word| word.parse::<f64>().ok());
            usage.cpu_ms += nanoseconds.context("no time in schedstat")? / 1e6;
            let status = std::fs::read_to_string(task.join("status"))?;
            let switches =
                status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            let switches = switches.and_then(|number| number.trim().parse::<f64>().ok());
            usage.wake_ups += switches.context("no switches in status")?;
        }
        Ok(usage)
    }

    fn end(self) -> Result<()> {
        end(self.child)
    }
}
