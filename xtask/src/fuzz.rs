//! `cargo xtask fuzz`: every parser of the agent under libFuzzer, each for a time of its own or, with
//! `--together`, several on the same inputs.
//!
//! The parsers are those of `fuzz/src/parsers.rs`. Time is processor time, so that a busy machine does not
//! make a run shorter than it says. What a run finds beyond the committed corpus stays in `target/fuzz`;
//! every finished parser is a line in `target/fuzz/log.jsonl`, so that a run that was ended goes on where
//! it stopped.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::steps;

/// The version every machine builds with.
const CARGO_FUZZ: &str = "0.13.2";
/// Longest input. What is read is larger now and then; what goes wrong goes wrong on less.
const INPUT_BYTES: u32 = 1 << 16;
/// Memory that no parser may need for such an input.
const MEMORY_MB: u32 = 512;
/// Most bytes and files kept of one parser in the committed corpus.
const KEPT_BYTES: u64 = 2500;
const KEPT_FILES: usize = 8;

/// Seconds after which it is known how fast a parser is.
const LOOK: u64 = 3;
/// Inputs a second below which a parser shares its run with none.
const SLOW: u64 = 4_000;

/// What is run.
#[derive(Clone)]
pub(crate) struct Options {
    /// Processor time for each run.
    pub(crate) seconds: u64,
    /// How many parsers, neighbours by name, share a run: each gets every input.
    pub(crate) together: usize,
    /// Only parsers whose name contains one of these.
    pub(crate) targets: Vec<String>,
    /// At the same time.
    pub(crate) jobs: usize,
    /// Also those the log says have run as long as asked, in the same program.
    pub(crate) again: bool,
    /// Afterwards take small files of what was found into the committed corpus.
    pub(crate) keep: bool,
}

/// How the parsers of one run fared.
struct Done {
    names: Vec<String>,
    /// Inputs tried, by each of them.
    executions: u64,
    coverage: u64,
    result: String,
}

/// Runs the parsers; fails when one did not hold.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let fuzzer = Fuzzer::build(root)?;
    let all = names(root)?;
    let wanted: Vec<String> = all
        .into_iter()
        .filter(|name| {
            options.targets.is_empty() || options.targets.iter().any(|one| name.contains(one))
        })
        .collect();
    ensure!(!wanted.is_empty(), "no parser of such a name in fuzz/src/parsers.rs");
    let (done, waiting): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .partition(|name| !options.again && fuzzer.has_run(name, options.seconds));
    let together = options.together.max(1);
    ensure!(together == 1 || !options.keep, "what parsers found together is nobody's corpus");
    println!(
        "{} parsers for {} s a run, {} runs at a time; {} have run already",
        waiting.len(),
        options.seconds,
        options.jobs,
        done.len()
    );
    let mut groups: Vec<Vec<String>> = Vec::new();
    if together == 1 {
        groups.extend(waiting.into_iter().map(|name| vec![name]));
    } else {
        let unknown = waiting.iter().filter(|name| fuzzer.speed(name).is_none());
        let unknown: Vec<_> = unknown.map(|name| vec![name.clone()]).collect();
        if !unknown.is_empty() {
            println!("first each alone for {LOOK} s, to see how fast it is");
            let look = Options { seconds: LOOK, ..options.clone() };
            fail(&fuzzer.fuzz_all(unknown, &look))?;
        }
        // What is slow would take the time of all that share its run.
        let (slow, fast): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|name| fuzzer.speed(name).is_none_or(|speed| speed < SLOW));
        groups.extend(fast.chunks(together).map(<[_]>::to_vec));
        groups.extend(slow.into_iter().map(|name| vec![name]));
    }
    let rounds = groups.len().div_ceil(options.jobs.max(1)) as u64;
    let minutes = (rounds * options.seconds).div_ceil(60);
    println!("{} runs: at least {minutes} min", groups.len());
    let mut results = fuzzer.fuzz_all(groups, options);
    results.sort_by(|one, other| one.names.cmp(&other.names));
    println!("\n{:42} {:>12} {:>9}  result", "parser", "executions", "coverage");
    for one in &results {
        print!("{}", lines(one));
    }
    let inputs: u64 = results.iter().map(|one| one.executions).sum();
    let parsers: usize = results.iter().map(|one| one.names.len()).sum();
    println!("{parsers} parsers in {} runs, {inputs} inputs", results.len());
    fail(&results)
}

/// Says which parsers did not hold.
fn fail(results: &[Done]) -> Result<()> {
    let failed: Vec<_> = results.iter().filter(|one| one.result != "held").collect();
    let failed: Vec<_> = failed.iter().map(|one| one.names.join(" or ")).collect();
    ensure!(failed.is_empty(), "did not hold: {}", failed.join(", "));
    Ok(())
}

/// A line for each parser; the coverage is that of the run.
fn lines(done: &Done) -> String {
    let Done { names, executions, coverage, result } = done;
    let line = |name: &String| format!("{name:42} {executions:12} {coverage:9}  {result}\n");
    names.iter().map(line).collect()
}

/// The parsers by name, out of the table that the fuzzer is built with.
pub(crate) fn names(root: &Path) -> Result<Vec<String>> {
    let table = fs::read_to_string(root.join("fuzz/src/parsers.rs")).context("read the parsers")?;
    let names = table.lines().filter_map(|line| {
        // Either `("name", …` or, where the line was too long, the name on a line of its own.
        let line = line.trim_start();
        let name = line.strip_prefix("(\"").or_else(|| line.strip_prefix('"'))?;
        let name = name.split_once("\",")?.0;
        name.contains("::").then(|| name.to_owned())
    });
    Ok(names.collect())
}

struct Fuzzer {
    root: PathBuf,
    program: PathBuf,
    /// Tells one build from another.
    build: String,
}

impl Fuzzer {
    /// Builds the fuzzer with cargo-fuzz. Instrumentation needs compiler options that a stable compiler
    /// has but does not offer; `RUSTC_BOOTSTRAP` makes it. The address sanitizer watches the few
    /// dependencies that have unsafe code.
    fn build(root: &Path) -> Result<Self> {
        let cargo_fuzz = tool(root)?;
        let status = Command::new(&cargo_fuzz)
            .args(["fuzz", "build", "--fuzz-dir", ".", "parsers"])
            .current_dir(root.join("fuzz"))
            .env("RUSTC_BOOTSTRAP", "1")
            .status()
            .context("start cargo-fuzz")?;
        ensure!(status.success(), "the fuzzer does not build");
        let built = root.join("fuzz/target/x86_64-unknown-linux-gnu/release/parsers");
        let program = root.join("target/fuzz/parsers");
        fs::create_dir_all(root.join("target/fuzz"))?;
        // A later build must not pull the program from under a long run.
        let content = fs::read(&built).with_context(|| format!("read {}", built.display()))?;
        if fs::read(&program).ok().as_deref() != Some(&content) {
            let new = program.with_extension("new");
            fs::copy(&built, &new)?;
            fs::rename(&new, &program)?;
        }
        let sum = crate::collector::output(Command::new("sha256sum").arg(&program))?;
        let build = sum.get(..16).unwrap_or_default().to_owned();
        Ok(Self { root: root.to_owned(), program, build })
    }

    fn log(&self) -> PathBuf {
        self.root.join("target/fuzz/log.jsonl")
    }

    /// Whether this build of a parser has held for so long.
    fn has_run(&self, name: &str, seconds: u64) -> bool {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).any(|line| {
            let text =
                |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let time = line.get("seconds").and_then(Value::as_u64).unwrap_or(0);
            text("parser") == name
                && text("build") == self.build
                && text("result") == "held"
                && time >= seconds
        })
    }

    /// Inputs a second that a parser took alone, in this build.
    fn speed(&self, name: &str) -> Option<u64> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let number = |line: &Value, key: &str| line.get(key)?.as_u64();
        let is = |line: &Value, key: &str, text: &str| line.get(key).is_some_and(|is| is == text);
        lines
            .filter(|line| is(line, "parser", name) && is(line, "build", &self.build))
            .filter(|line| is(line, "result", "held") && number(line, "together") == Some(1))
            .filter_map(|line| {
                let seconds = number(&line, "processor_seconds")?.max(1);
                Some(number(&line, "executions")? / seconds)
            })
            .next_back()
    }

    /// Runs all groups, so many at a time.
    fn fuzz_all(&self, groups: Vec<Vec<String>>, options: &Options) -> Vec<Done> {
        let queue = Mutex::new(VecDeque::from(groups));
        let results = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..options.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                        let Some(names) = next else { break };
                        let one = self.fuzz(&names, options);
                        let one = one.unwrap_or_else(|error| Done {
                            names,
                            executions: 0,
                            coverage: 0,
                            result: format!("did not run: {error:#}"),
                        });
                        print!("{}", lines(&one));
                        results.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                    }
                });
            }
        });
        results.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn fuzz(&self, names: &[String], options: &Options) -> Result<Done> {
        let folder = |name: &str| name.replace("::", ".").replace('#', "-");
        let first = folder(names.first().context("a parser")?);
        let folders: Vec<String> = names.iter().map(|name| folder(name)).collect();
        let run = match names.len() {
            1 => first,
            several => format!("{first}+{}", several - 1),
        };
        let below = |kind: &str, name: &str| self.root.join("target/fuzz").join(kind).join(name);
        let (work, found) = (below("corpus", &run), below("found", &run));
        for directory in [&work, &found] {
            fs::create_dir_all(directory)?;
        }
        let mut command = Command::new(&self.program);
        command.env("BELFORT_PARSER", names.join(","));
        // What the sanitizer keeps of memory that was given back, 256 MB at most unless it is told, would
        // count as needed.
        command.env("ASAN_OPTIONS", "quarantine_size_mb=32");
        command.arg(&work);
        // What each of them found alone is a start as good as what is committed.
        let alone = folders.iter().map(|name| below("corpus", name)).filter(|path| *path != work);
        let seeds = folders.iter().map(|name| self.root.join("fuzz/corpus").join(name));
        command.args(alone.chain(seeds).filter(|path| path.exists()));
        command
            .arg(format!("-max_len={INPUT_BYTES}"))
            .arg(format!("-rss_limit_mb={MEMORY_MB}"))
            .arg(format!("-malloc_limit_mb={MEMORY_MB}"))
            .args(["-timeout=5", "-print_final_stats=1", "-verbosity=1"])
            .arg(format!("-artifact_prefix={}/", found.display()))
            .stdout(Stdio::null());
        let start = Instant::now();
        let asked = Duration::from_secs(options.seconds);
        let mut used = Duration::ZERO;
        let mut done =
            Done { names: names.to_owned(), executions: 0, coverage: 0, result: "held".to_owned() };
        // libFuzzer knows only time that passes: what a busy machine kept from it is asked again.
        while used < asked && done.result == "held" {
            let rest = asked.saturating_sub(used).as_millis().div_ceil(1000);
            let log = self.root.join(format!("target/fuzz/{run}.log"));
            command.arg(format!("-max_total_time={rest}")).stderr(fs::File::create(&log)?);
            let mut child = command.spawn().context("start the fuzzer")?;
            let mut here = Duration::ZERO;
            let status = loop {
                here = processor_time(child.id()).unwrap_or(here);
                if let Some(status) = child.try_wait()? {
                    break status;
                }
                thread::sleep(Duration::from_millis(200));
            };
            used += here.max(Duration::from_millis(100));
            let said = fs::read(&log)?;
            let said = String::from_utf8_lossy(&said);
            done.executions += said
                .lines()
                .find_map(|line| {
                    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
                })
                .unwrap_or(0);
            done.coverage = said
                .lines()
                .rev()
                .find_map(|line| line.split("cov: ").nth(1)?.split(' ').next()?.parse().ok())
                .unwrap_or(0);
            if !status.success() {
                let panic = said.lines().find(|line| {
                    ["panicked at", "ERROR: ", "SUMMARY: "].iter().any(|word| line.contains(word))
                });
                done.result =
                    format!("{} (input in {})", panic.unwrap_or("failed"), found.display());
            }
        }
        self.record(&done, used, start.elapsed(), options)?;
        if let ([name], true, "held") = (names, options.keep, done.result.as_str()) {
            let seeds = self.root.join("fuzz/corpus").join(folder(name));
            self.keep(name, &work, &seeds)?;
        }
        Ok(done)
    }

    fn record(&self, done: &Done, used: Duration, took: Duration, options: &Options) -> Result<()> {
        let mut lines = String::new();
        for name in &done.names {
            let line = json!({
                "parser": name,
                "build": self.build,
                "seconds": options.seconds,
                "processor_seconds": used.as_secs(),
                "took_seconds": took.as_secs(),
                "together": done.names.len(),
                "executions": done.executions,
                "coverage": done.coverage,
                "result": done.result,
            });
            writeln!(lines, "{line}")?;
        }
        let mut log = fs::OpenOptions::new().create(true).append(true).open(self.log())?;
        // One write, so that lines of two runs do not mix.
        log.write_all(lines.as_bytes())?;
        Ok(())
    }

    /// Takes the smallest files that together reach what everything found reaches, up to a bound.
    fn keep(&self, name: &str, work: &Path, seeds: &Path) -> Result<()> {
        let merged = tempfile::tempdir()?;
        let output = Command::new(&self.program)
            .env("BELFORT_PARSER", name)
            .arg("-merge=1")
            .arg(merged.path())
            .arg(work)
            .output()
            .context("start the fuzzer")?;
        ensure!(output.status.success(), "the corpus of {name} does not merge");
        let mut files: Vec<(u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(merged.path())? {
            let path = entry?.path();
            files.push((path.metadata()?.len(), path));
        }
        files.sort();
        fs::create_dir_all(seeds)?;
        let have = fs::read_dir(seeds)?.count();
        let mut bytes = 0;
        for (size, path) in files.into_iter().take(KEPT_FILES.saturating_sub(have)) {
            bytes += size;
            if bytes > KEPT_BYTES {
                break;
            }
            let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
            fs::copy(&path, seeds.join(file.get(..12).unwrap_or(file)))?;
        }
        Ok(())
    }
}

/// What the first thread of a process, the one that runs the parsers, has used: the first number of its
/// `schedstat`, in nanoseconds (`Documentation/scheduler/sched-stats.rst`).
fn processor_time(process: u32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/task/{process}/schedstat")).ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

fn tool(root: &Path) -> Result<PathBuf> {
    let home = root.join("target/tools");
    let program = home.join("bin/cargo-fuzz");
    let version = Command::new(&program).args(["fuzz", "--version"]).output();
    let current =
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_FUZZ));
    if !current {
        println!("building cargo-fuzz {CARGO_FUZZ}, once");
        let (home, build) = (home.to_string_lossy(), root.join("target/tools-build"));
        let arguments = [
            "install",
            "--locked",
            "--quiet",
            "cargo-fuzz",
            "--version",
            CARGO_FUZZ,
            "--root",
            &home,
        ];
        let build = build.to_string_lossy();
        steps::run(root, "cargo", &[&arguments[..], &["--target-dir", &build]].concat())?;
    }
    if !program.exists() {
        bail!("cargo-fuzz was not built");
    }
    Ok(program)
}
