//! `show`: starts nothing, talks to nobody, says the same twice, and works without rights.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn show(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_belfort-agent"));
    command.args(["--state", "/nonexistent/belfort", "show"]).args(arguments);
    command
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Traces `show --json` and gives the traced lines.
fn traced(what: &str) -> Vec<String> {
    let dir = TempDir::new().unwrap();
    let log = dir.path().join("trace");
    let output = Command::new("strace")
        .args(["-f", "-e", &format!("trace={what}"), "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_belfort-agent"))
        .args(["--state", "/nonexistent/belfort", "show", "--json"])
        .output()
        .expect("install strace (cargo xtask test does)");
    json(&output);
    std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn no_program_is_started() {
    let trace = traced("execve,execveat,fork,vfork,clone,clone3");
    let calls: Vec<_> = trace.iter().filter(|line| line.contains('(')).collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("execve("), "{calls:?}");
}

#[test]
fn only_the_kernel_is_talked_to() {
    let trace = traced("network");
    let sockets: Vec<_> = trace.iter().filter(|line| line.contains("socket(")).collect();
    assert!(!sockets.is_empty(), "netlink is used");
    for socket in sockets {
        assert!(socket.contains("AF_NETLINK"), "{socket}");
    }
    assert!(!trace.iter().any(|line| line.contains("connect(")), "{trace:?}");
}

#[test]
fn nothing_is_written() {
    for line in traced("openat,openat2,creat,mkdir,unlink,rename") {
        for word in ["O_WRONLY", "O_RDWR", "O_CREAT", "mkdir(", "unlink(", "rename(", "creat("] {
            assert!(!line.contains(word), "{line}");
        }
    }
}

#[test]
fn two_runs_say_the_same() {
    // Other programs on this machine come and go with their listeners, so only that section may need
    // another try; one that differs every time is not deterministic.
    let mut differences = BTreeMap::new();
    for _ in 0..10 {
        let (first, second) = (
            json(&show(&["--json"]).output().unwrap()),
            json(&show(&["--json"]).output().unwrap()),
        );
        differences.clear();
        for (name, section) in first["sections"].as_object().unwrap() {
            if *section != second["sections"][name] {
                differences
                    .insert(name.clone(), (section.clone(), second["sections"][name].clone()));
            }
        }
        if differences.is_empty() {
            assert_eq!(first["root_hash"], second["root_hash"]);
            return;
        }
        let names: Vec<_> = differences.keys().map(String::as_str).collect();
        assert_eq!(names, ["services"], "{differences:?}");
    }
    panic!("never the same twice: {differences:?}");
}

#[test]
fn the_yaml_says_what_the_json_says() {
    let packages = json(&show(&["--json", "--section", "packages"]).output().unwrap());
    let count = packages["sections"]["packages"]["content"]["packages"].as_array().unwrap().len();
    let yaml = show(&["--section", "packages"]).output().unwrap();
    let yaml = String::from_utf8(yaml.stdout).unwrap();
    assert_eq!(yaml.matches("ecosystem: deb").count(), count);
    assert!(yaml.contains(packages["root_hash"].as_str().unwrap()));
}

#[test]
fn it_works_without_rights_and_says_what_was_denied() {
    const NOBODY: u32 = 65_534;
    // The program lies where only its builder may look: nobody gets a copy.
    let dir = TempDir::new().unwrap();
    let copy = dir.path().join("belfort-agent");
    // By a process of its own: a test beside this one that starts a program at this moment would hold a copy
    // that is written here open, and it could not be run.
    let source = env!("CARGO_BIN_EXE_belfort-agent");
    assert!(Command::new("cp").arg(source).arg(&copy).status().unwrap().success());
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path(), mode).unwrap();
    let private = dir.path().join("state");
    std::fs::create_dir(&private).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&private, mode).unwrap();
    let output = Command::new(&copy)
        .arg("--state")
        .arg(&private)
        .args(["show", "--json"])
        .uid(NOBODY)
        .gid(NOBODY)
        .current_dir("/")
        .output()
        .expect("run this test as root: it becomes another user");
    let shown = json(&output);
    let denied = |section: &str, source: &str| {
        let outcomes = shown["sections"][section]["content"]["outcomes"].as_array().unwrap();
        outcomes.iter().any(|outcome| {
            outcome["source"] == source && outcome["status"] == "OUTCOME_STATUS_DENIED"
        })
    };
    assert!(denied("accounts", "/etc/shadow"), "{}", shown["sections"]["accounts"]);
    assert!(denied("protection", "netlink:nftables"), "{}", shown["sections"]["protection"]);
    let accounts = &shown["sections"]["accounts"]["content"];
    assert_eq!(accounts["without_password_known"], false);
    let firewall = &shown["sections"]["protection"]["content"]["firewall"][0];
    assert_eq!(firewall["on"], "TRISTATE_UNSPECIFIED");
}
