//! `cargo xtask api`: asks the REST API everything its description allows, and much it does not, with
//! schemathesis. What must not come: an error of the server, an answer the description does not name, or
//! one of another form.

#![expect(clippy::indexing_slicing, reason = "what JSON does not have is null, not a panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::collector::{self, end, output};
use crate::steps;

/// The version every machine asks with.
const SCHEMATHESIS: &str = "4.32.5";

/// What is checked on every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// Every role that decides something: with `dpo` beside them, all of that would be refused.
const ROLES: [&str; 5] = ["admin", "security_officer", "ciso", "department_head", "auditor"];

/// Sets up a collector on loopback, asks it, and ends it.
pub(crate) fn run(root: &Path, examples: u32, seed: u32) -> Result<()> {
    steps::build(root)?;
    let schemathesis = tool(root)?;
    let scratch = tempfile::tempdir().context("make a directory")?;
    let program = std::env::current_exe().context("find this program")?;
    let program = program.with_file_name("belfort-collector");
    let data = scratch.path().join("collector");
    let run = |arguments: &[&str]| -> Result<Value> {
        let text =
            output(Command::new(&program).arg("--data").arg(&data).arg("--json").args(arguments))?;
        serde_json::from_str(&text).with_context(|| format!("read what {arguments:?} printed"))
    };
    let addresses = collector::free_addresses()?;
    let web = addresses[2].split_once('=').map(|(_, web)| web).context("a free port")?.parse()?;
    let mut init = vec!["init", "--name", "127.0.0.1"];
    init.extend(addresses.iter().map(String::as_str));
    run(&init)?;
    // Something to find: a unit, a data set and a user who may do almost everything.
    run(&["unit", "add", "BZ", "Dienst Burgerzaken"])?;
    run(&["dataset", "add", "Bevolkingsregister", "--personal-data", "national_register"])?;
    let mut user = vec!["user", "add", "alles"];
    user.extend(ROLES.iter().flat_map(|role| ["--role", role]));
    run(&user)?;
    let token = run(&["api-token", "create", "--user", "alles", "--label", "api"])?;
    let token = token["secret"].as_str().context("the API token")?.to_owned();

    let server = collector::serve(&program, &data, web, &scratch.path().join("log"))?;
    let asked = Command::new(&schemathesis)
        .arg("run")
        .arg(format!("http://{web}/api/v1/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", &examples.to_string(), "--seed", &seed.to_string()])
        // One worker: CPython 3.11 counts the depth of its parser once for all threads
        // (python/cpython#106905), and Hypothesis parses lambdas, so two workers fail now and then.
        .args(["--no-color", "--generation-database", "none", "--workers", "1"])
        .current_dir(scratch.path())
        .status()
        .context("start schemathesis");
    end(server)?;
    if !asked?.success() {
        let log = std::fs::read_to_string(scratch.path().join("log")).unwrap_or_default();
        let errors: Vec<_> = log.lines().filter(|line| line.contains("ERROR")).take(20).collect();
        bail!("the API did not answer as it says it does\n{}", errors.join("\n"));
    }
    Ok(())
}

/// The program, installed here once in the version above.
fn tool(root: &Path) -> Result<PathBuf> {
    let home = root.join("target/tools/schemathesis");
    let program = home.join("bin/schemathesis");
    let version = Command::new(&program).arg("--version").output();
    let current =
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(SCHEMATHESIS));
    if !current {
        println!("installing schemathesis {SCHEMATHESIS}, once");
        let path = home.to_string_lossy();
        steps::run(root, "python3", &["-m", "venv", &path])?;
        let pip = home.join("bin/pip");
        let package = format!("schemathesis=={SCHEMATHESIS}");
        let arguments = ["install", "--quiet", "--disable-pip-version-check", &package];
        steps::run(root, &pip.to_string_lossy(), &arguments)?;
    }
    Ok(program)
}
