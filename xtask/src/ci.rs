//! What continuous integration checks, step by step, with the time each took.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{api, codegen, floors, packages, steps};

/// The version every machine checks licences with.
const CARGO_DENY: &str = "0.20.2";

/// Runs every step; stops at the first that fails.
pub(crate) fn run(root: &Path) -> Result<()> {
    let steps: &[(&str, &dyn Fn() -> Result<()>)] = &[
        ("packages the tests need", &packages::ensure),
        ("packages of the tests from npm", &|| packages::modules(root)),
        ("format", &|| steps::run(root, "cargo", &["fmt", "--all", "--check"])),
        ("floors", &|| floors::check(root)),
        ("lints", &|| {
            let lints = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--",
                "-D",
                "warnings",
            ];
            steps::run(root, "cargo", &lints)
        }),
        ("tests", &|| steps::test(root, &[])),
        ("REST API against its description", &|| api::run(root, 10, 1)),
        ("generated files", &|| codegen::check(root)),
        ("licences, sources and bans", &|| deny(root)),
    ];
    let mut times = Vec::new();
    for (name, step) in steps {
        println!("==> {name}");
        let start = Instant::now();
        step().with_context(|| format!("continuous integration: {name}"))?;
        times.push(format!("{:>6} s  {name}", start.elapsed().as_secs()));
    }
    println!("\nall steps passed\n{}", times.join("\n"));
    Ok(())
}

/// Runs cargo-deny, built here once in the version above.
fn deny(root: &Path) -> Result<()> {
    let program = tool(root)?;
    let program = program.to_string_lossy();
    steps::run(root, &program, &["--all-features", "check", "bans", "licenses", "sources"])?;
    // The database of advisories is fetched from the network. Where that cannot be reached, it is said
    // and nothing is claimed.
    let fetched = Command::new(&*program)
        .args(["fetch", "db"])
        .current_dir(root)
        .output()
        .context("start cargo-deny")?
        .status
        .success();
    if fetched {
        return steps::run(root, &program, &["--all-features", "check", "advisories"]);
    }
    println!(
        "NOT CHECKED: advisories against dependencies; the RustSec database cannot be reached from \
         this machine. Run `cargo deny check advisories` where it can."
    );
    Ok(())
}

fn tool(root: &Path) -> Result<PathBuf> {
    let home = root.join("target/tools");
    let program = home.join("bin/cargo-deny");
    let version = Command::new(&program).arg("--version").output();
    let current =
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY));
    if !current {
        println!("building cargo-deny {CARGO_DENY}, once");
        let home = home.to_string_lossy();
        let build = root.join("target/tools-build");
        let arguments = [
            "install",
            "--locked",
            "--quiet",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--root",
            &home,
            "--target-dir",
            &build.to_string_lossy(),
        ];
        steps::run(root, "cargo", &arguments)?;
    }
    Ok(program)
}
