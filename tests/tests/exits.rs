//! What the collector's command line says and how it ends.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{Device, Inventory};
use belfort_tests::programs;
use serde_json::Value;

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
}

#[test]
fn a_wrong_command_line_is_2() {
    let collector = Collector::set_up(Backend::Sqlite);
    has(&collector.fails(&["serve", "--colour"], 2), &["--colour", "Usage"]);
    collector.fails(&["asset", "paint"], 2);
    collector.fails(&["token", "create"], 2);
    collector.fails(&["token", "create", "--label", "x", "--expires", "soon"], 2);
    collector.fails(&["classify", "x", "--b", "6", "--i", "1", "--v", "1", "--basis", "x"], 2);
}

#[test]
fn nothing_set_up_is_5() {
    let empty = tempfile::tempdir().unwrap();
    for arguments in [["serve"].as_slice(), &["check"], &["asset", "list"], &["token", "list"]] {
        let mut command = Command::new(programs::collector());
        let output = command.arg("--data").arg(empty.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(5), "{arguments:?}");
        let said = [output.stdout, output.stderr].concat();
        has(&String::from_utf8(said).unwrap(), &["belfort-collector init"]);
        assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0, "{arguments:?} made something");
    }
}

#[test]
fn a_wrong_configuration_is_3_and_named() {
    let collector = Collector::set_up(Backend::Sqlite);
    let path = collector.data().join("collector.toml");
    let good = fs::read_to_string(&path).unwrap();
    let check_in = "check_in_seconds = 900";
    assert!(good.contains(check_in));
    for (text, named) in [
        (format!("colour = \"blue\"\n{good}"), "colour"),
        (good.replace(check_in, "check_in_seconds = 1"), "agents.check_in_seconds"),
        (good.replace(check_in, "check_in_seconds = \"often\""), "check_in_seconds"),
        (good.replace("127.0.0.1:", "0.0.0.0:"), "web.listen"),
        ("not toml at all".to_owned(), "collector.toml"),
        (String::new(), "collector.toml"),
    ] {
        fs::write(&path, &text).unwrap();
        has(&collector.fails(&["serve"], 3), &[named]);
        has(&collector.fails(&["asset", "list"], 3), &[named]);
        let checked = collector.run(&["check"]);
        assert_eq!(checked.status.code(), Some(3));
        has(&String::from_utf8(checked.stdout).unwrap(), &["FAILED", named]);
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "the file was changed");
    }
}

#[test]
fn a_second_set_up_is_7_and_changes_nothing() {
    let collector = Collector::set_up(Backend::Sqlite);
    let before = files(&collector);
    let said = collector.fails(&["init", "--name", "other.example"], 7);
    has(&said, &["set up already", "nothing was changed"]);
    assert_eq!(files(&collector), before);
}

/// Every file of the data directory with its content.
fn files(collector: &Collector) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(collector.data()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn keys_that_others_can_read_are_4() {
    let collector = Collector::set_up(Backend::Sqlite);
    for name in ["ca.key.pem", "pseudonym.key"] {
        let key = collector.data().join(name);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        has(&collector.fails(&["serve"], 4), &[name, "chmod 600"]);
        let checked = collector.run(&["check"]);
        assert_eq!(checked.status.code(), Some(4), "{name}");
        has(&String::from_utf8(checked.stdout).unwrap(), &["FAILED", name]);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let key = collector.data().join("ca.key.pem");
    let good = fs::read(&key).unwrap();
    fs::write(&key, "not a key").unwrap();
    has(&collector.fails(&["serve"], 4), &["ca.key.pem", "damaged"]);
    assert_eq!(fs::read(&key).unwrap(), b"not a key");
    fs::write(&key, good).unwrap();
    collector.say(&["check"]);
}

#[test]
fn a_damaged_database_is_refused_and_left_as_it_is() {
    let collector = Collector::set_up(Backend::Sqlite);
    let path = collector.data().join("belfort.db");
    let whole = fs::read(&path).unwrap();
    let mut scribbled = whole.clone();
    scribbled[100..4000].fill(0xa5);
    for damaged in [b"this is no database, it is a letter".repeat(200), scribbled] {
        for name in ["belfort.db-wal", "belfort.db-shm"] {
            let _ = fs::remove_file(collector.data().join(name));
        }
        fs::write(&path, &damaged).unwrap();
        for arguments in [["serve"].as_slice(), &["asset", "list"], &["token", "list"]] {
            let output = collector.run(arguments);
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(matches!(output.status.code(), Some(4 | 6)), "{arguments:?} said: {said}");
            assert!(said.contains("database"), "{said}");
        }
        assert_eq!(fs::read(&path).unwrap(), damaged, "the file was overwritten");
    }
    fs::remove_file(&path).unwrap();
    has(&collector.fails(&["serve"], 6), &["belfort.db", "does not exist"]);
    assert!(!path.exists(), "an empty database was made in place of the lost one");
    fs::write(&path, whole).unwrap();
    collector.say(&["check"]);
}

#[test]
fn a_database_server_that_is_away_is_6() {
    let collector = Collector::set_up(Backend::Sqlite);
    let nobody = format!("postgres:///belfort?user=belfort&host={}", collector.data().display());
    let said = collector.fails(&["--database", &nobody, "serve"], 6);
    has(&said, &["database"]);
    let secret = "postgres://belfort:hunter2@127.0.0.1:1/belfort";
    let said = collector.fails(&["--database", secret, "asset", "list"], 6);
    assert!(!said.contains("hunter2"), "the password is shown: {said}");
}

#[test]
fn a_taken_address_is_3() {
    let collector = Collector::set_up(Backend::Sqlite);
    for address in [collector.enrolment, collector.report, collector.web] {
        let _taken = TcpListener::bind(address).unwrap();
        let said = collector.fails(&["serve"], 3);
        has(&said, &["cannot listen", &address.to_string()]);
    }
}

#[test]
fn what_is_not_there_is_8() {
    let collector = Collector::set_up(Backend::Sqlite);
    let id = "01a20a84-2860-72bb-8be9-da1c596e93f0";
    has(&collector.fails(&["asset", "show", "pc-404"], 8), &["pc-404"]);
    has(&collector.fails(&["asset", "show", id], 8), &[id]);
    has(&collector.fails(&["owner", "set", "pc-404", "BZ"], 8), &["pc-404"]);
    has(&collector.fails(&["asset", "list", "--unit", "XX"], 8), &["XX"]);
    has(&collector.fails(&["risk", "show", "R-1999-0001"], 8), &["R-1999-0001"]);
    has(&collector.fails(&["agent", "revoke", id], 8), &[id]);
    has(&collector.fails(&["token", "revoke", id], 8), &[id]);
    has(&collector.fails(&["user", "add", "x", "--role", "king"], 8), &["king", "auditor"]);
    let short = ["token", "create", "--label", "x", "--expires", "5s"];
    has(&collector.fails(&short, 8), &["expires"]);
}

#[test]
fn check_says_what_it_looked_at() {
    let collector = Collector::set_up(Backend::Sqlite);
    let said = collector.say(&["check"]);
    for check in ["configuration", "authority", "names", "pseudonym key", "catalogue", "database"] {
        assert!(said.lines().any(|line| line.starts_with("ok") && line.contains(check)), "{said}");
    }
    let checked = collector.json(&["check"]);
    assert_eq!(checked["ok"], true);
    assert!(checked["checks"].as_array().unwrap().iter().all(|line| line["ok"] == true));
}

#[tokio::test]
async fn every_list_can_be_read_by_programs() {
    let collector = Collector::start(Backend::Sqlite);
    collector.json(&["unit", "add", "BZ", "Burgerzaken"]);
    let device = Device::enrolled(&collector, "pc-1").await;
    let inventory = Inventory::marked("pc-1").with_firewall(false);
    device.connect(&collector).await.report(&inventory).await.unwrap();
    collector.say(&["evaluate"]);
    for list in [
        ["asset", "list"],
        ["agent", "list"],
        ["token", "list"],
        ["user", "list"],
        ["api-token", "list"],
        ["unit", "list"],
        ["finding", "list"],
        ["risk", "list"],
        ["audit", "list"],
    ] {
        let shown = collector.json(&list);
        let items = shown["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{list:?} shows nothing");
        assert_eq!(shown["total"], items.len(), "{list:?}");
        let table = collector.say(&list);
        assert!(table.lines().count() > items.len(), "{list:?} has no head: {table}");
    }
    for what in ["assets", "findings", "risks"] {
        let exported: Value =
            serde_json::from_str(&collector.say(&["export", "json", "--what", what])).unwrap();
        assert!(!exported.as_array().unwrap().is_empty(), "{what}");
    }
    collector.json(&["asset", "show", "pc-1"]);
    collector.json(&["asset", "history", "pc-1"]);
    collector.json(&["openapi"]);
    has(&collector.say(&["audit", "verify"]), &["the chain holds"]);
}

#[tokio::test]
async fn no_cell_of_an_export_is_a_formula() {
    let collector = Collector::start(Backend::Sqlite);
    let evil = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", "a;b\"c"];
    for name in evil {
        // A machine can call itself anything.
        let device = Device::enrolled(&collector, name).await;
        device.connect(&collector).await.report(&device.inventory(name)).await.unwrap();
    }
    let path = collector.scratch().join("assets.csv");
    collector.say(&["export", "csv", "--what", "assets", "--output", path.to_str().unwrap()]);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, collector.say(&["export", "csv", "--what", "assets"]));
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), evil.len());
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
    for name in evil {
        let guarded = if name.starts_with('a') { name.to_owned() } else { format!("'{name}") };
        assert!(rows.iter().flatten().any(|cell| cell == guarded), "{name}");
    }
}

#[test]
fn completion_and_manual_page_are_printed() {
    let collector = Collector::set_up(Backend::Sqlite);
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef"), ("fish", "complete -c")] {
        has(&collector.say(&["completion", shell]), &["belfort-collector", mark]);
    }
    has(&collector.say(&["man"]), &[".TH belfort-collector", "Exit codes"]);
    has(&collector.say(&["--help"]), &["Exit codes"]);
    has(&collector.say(&["--version"]), &["belfort-collector 0."]);
}

#[test]
fn asked_to_stop_it_stops() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let mut collector = Collector::start(backend);
        assert_eq!(collector.stop(), Some(0), "{backend:?}");
        collector.serve();
        assert!(collector.is_alive());
    }
}
