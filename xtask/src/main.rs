//! The chores of the workspace. Run `cargo xtask --help`.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a command-line program")]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

mod api;
mod bench;
mod ci;
mod codegen;
mod collector;
mod demo;
mod dist;
mod floors;
mod fuzz;
mod oui;
mod packages;
mod steps;
mod verify_host;

/// The chores of the workspace.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    after_help = "Examples:\n  cargo xtask demo --once\n  cargo xtask test\n  cargo xtask test -- enrol"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build, start a collector on loopback, enrol this machine and show its assets, findings and risks
    Demo {
        /// End when everything was shown, instead of serving until Ctrl-C
        #[arg(long)]
        once: bool,
        /// Throw away what an earlier demo left under target/demo
        #[arg(long)]
        reset: bool,
    },
    /// Run the whole test suite; installs what it needs from outside with apt and npm
    Test {
        /// Passed on to `cargo test`, for example the name of a test
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Everything continuous integration checks: format, lints, floors, generated files, tests, licences
    Ci,
    /// Check that every crate imports only what lies below it
    Floors,
    /// Renew the makers of network hardware, `collector/data/oui.zst`, from the listings of the IEEE
    Oui {
        /// Folder with `oui.csv`, `mam.csv` and `oui36.csv`; Debian's package `ieee-data` has them here
        #[arg(long, default_value = "/usr/share/ieee-data")]
        from: PathBuf,
        /// Day the listings are of, as `YYYY-MM-DD`
        #[arg(long)]
        as_of: String,
    },
    /// Ask the REST API everything its description allows, and much it does not, with schemathesis
    Api {
        /// Cases per operation
        #[arg(long, default_value_t = 30)]
        examples: u32,
        /// The same seed asks the same questions
        #[arg(long, default_value_t = 1)]
        seed: u32,
    },
    /// Measure what the agent costs against its limits
    Bench {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Measure assignment rules instead: 100 rules over 10,000 assets
        #[arg(long, conflicts_with = "json")]
        rules: bool,
        /// Measure instead what advisory data costs the collector; prints figures and judges nothing
        #[arg(long, conflicts_with = "json")]
        advisories: bool,
        /// Measure instead what pages cost with 100,000 assets of 800 packages; prints figures and judges
        /// nothing
        #[arg(long, conflicts_with = "json")]
        pages: bool,
        /// How long to watch the agent do nothing; ten minutes tell more than one
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1440))]
        idle_minutes: u64,
    },
    /// Build the agent as one program for every distribution of Linux, and check it
    Dist {
        /// What it is linked with
        #[arg(long, value_enum, default_value = "gnu")]
        target: dist::Target,
    },
    /// Run every parser of the agent under a fuzzer; goes on where it stopped
    Fuzz {
        /// Minutes of processor time for each run
        #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "seconds")]
        minutes: u64,
        /// Seconds for each run, for a quick look
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
        /// How many parsers, neighbours by name, share a run and its time; each gets every input
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
        together: u8,
        /// Only parsers whose name contains this; can be given several times
        #[arg(long, value_name = "NAME")]
        target: Vec<String>,
        /// Runs at the same time
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Also those that this build has run as long already
        #[arg(long)]
        again: bool,
        /// Take small files of what was found into the committed corpus
        #[arg(long)]
        keep: bool,
    },
    /// Compare what the agent reports of this machine, field by field, with the machine's own tools
    VerifyHost {
        /// As JSON, every row
        #[arg(long)]
        json: bool,
        /// Every row, also those that agree
        #[arg(long)]
        all: bool,
        /// Only this comparison; can be given several times
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
    },
    /// Generate what is committed: protobuf code and the reference of the REST API
    Codegen {
        /// Only check that the committed files are current
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    let root = root()?;
    match Cli::parse().command {
        Command::Demo { once, reset } => demo::run(&root, once, reset),
        Command::Test { arguments } => {
            packages::ensure()?;
            packages::modules(&root)?;
            steps::test(&root, &arguments)
        }
        Command::Ci => ci::run(&root),
        Command::Floors => floors::check(&root),
        Command::Oui { from, as_of } => oui::write(&root, &from, &as_of),
        Command::Api { examples, seed } => {
            packages::ensure()?;
            api::run(&root, examples, seed)
        }
        Command::Bench { rules: true, .. } => bench::rules(&root),
        Command::Bench { advisories: true, .. } => bench::advisories(&root),
        Command::Bench { pages: true, .. } => bench::pages(&root),
        Command::Bench { json, idle_minutes, .. } => bench::bench(&root, json, idle_minutes),
        Command::Dist { target } => dist::run(&root, target),
        Command::Fuzz { minutes, seconds, together, target, jobs, again, keep } => {
            let (seconds, together) = (seconds.unwrap_or(minutes * 60), usize::from(together));
            let targets = target;
            fuzz::run(&root, &fuzz::Options { seconds, together, targets, jobs, again, keep })
        }
        Command::VerifyHost { json, all, only } => verify_host::run(&root, json, all, &only),
        Command::Codegen { check: false } => codegen::write(&root),
        Command::Codegen { check: true } => codegen::check(&root),
    }
}

fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("find the workspace")
}
