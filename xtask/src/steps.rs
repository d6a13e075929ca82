//! Running programs, visibly.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs a program of the workspace and fails with what was run.
pub(crate) fn run<A: AsRef<OsStr>>(root: &Path, program: &str, arguments: &[A]) -> Result<()> {
    let shown: Vec<_> = arguments.iter().map(|a| a.as_ref().to_string_lossy()).collect();
    let shown = format!("{program} {}", shown.join(" "));
    let program = if program == "cargo" { env!("CARGO") } else { program };
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Builds the two programs, with cargo's own progress.
pub(crate) fn build(root: &Path) -> Result<()> {
    run(root, "cargo", &["build", "--package", "belfort-collector", "--package", "belfort-agent"])
}

/// Runs the whole test suite.
pub(crate) fn test(root: &Path, arguments: &[String]) -> Result<()> {
    // The end-to-end tests run the programs themselves.
    build(root)?;
    let mut all: Vec<&str> = vec!["test", "--workspace", "--no-fail-fast"];
    if !arguments.is_empty() {
        all.push("--");
        all.extend(arguments.iter().map(String::as_str));
    }
    run(root, "cargo", &all)
}
