//! The chores of the workspace. Run `cargo xtask --help`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

mod bench;
mod codegen;

/// The chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure what the agent costs against its limits
    Bench {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Generate the protobuf code from the schema
    Codegen {
        /// Only check that the committed code is current
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    let root = root()?;
    match Cli::parse().command {
        Command::Bench { json } => bench::bench(&root, json),
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
