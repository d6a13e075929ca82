//! The command line: exit codes, and what the user is told.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn agent(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_belfort-agent"))
        .arg("--state")
        .arg(state)
        .args(arguments)
        .env_remove("BELFORT_TOKEN")
        .output()
        .unwrap()
}

/// Runs the agent and compares its exit code; gives what it said.
fn fails(state: &Path, arguments: &[&str], code: i32) -> String {
    let output = agent(state, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
    said
}

fn state() -> (TempDir, std::path::PathBuf) {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("state");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    (parent, dir)
}

fn file(dir: &Path, name: &str, content: &str, mode: u32) {
    let path = dir.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

const TOKEN: &str =
    "bft1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE.AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";

#[test]
fn wrong_usage_is_2() {
    let (_parent, dir) = state();
    fails(&dir, &["show", "--unknown"], 2);
    fails(&dir, &[], 2);
    let said = fails(&dir, &["show", "--section", "nothing"], 2);
    assert!(said.contains("operating_system"), "{said}");
}

#[test]
fn an_unknown_key_in_the_configuration_is_3() {
    let (parent, dir) = state();
    let config = parent.path().join("agent.toml");
    fs::write(&config, "section_off = [\"accounts\"]\n").unwrap();
    let said = fails(&dir, &["show", "--config", config.to_str().unwrap()], 3);
    assert!(said.contains("section_off") && said.contains("agent.toml"), "{said}");
    fails(&dir, &["show", "--config", "/nonexistent/agent.toml"], 3);
}

#[test]
fn insecure_state_is_4_with_how_to_mend_it() {
    let (_parent, dir) = state();
    file(&dir, "identity.json", "{}", 0o640);
    let said = fails(&dir, &["status"], 4);
    assert!(said.contains("chmod 0600") && said.contains("identity.json"), "{said}");
    fs::remove_file(dir.join("identity.json")).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    let said = fails(&dir, &["status"], 4);
    assert!(said.contains("chmod 0700"), "{said}");
}

#[test]
fn damaged_state_is_4_and_left_alone() {
    let (_parent, dir) = state();
    for content in ["not json", "{}", "{\"key\": \"x\"}"] {
        file(&dir, "identity.json", content, 0o600);
        for command in ["status", "once", "run"] {
            let said = fails(&dir, &[command], 4);
            assert!(said.contains("identity.json") && said.contains("backup"), "{said}");
        }
        let arguments = ["enroll", "--collector", "https://127.0.0.1:1", "--token", TOKEN];
        fails(&dir, &arguments, 4);
        assert_eq!(fs::read_to_string(dir.join("identity.json")).unwrap(), content);
    }
}

#[test]
fn commands_that_need_an_identity_are_5_without() {
    let (_parent, dir) = state();
    let said = fails(&dir, &["once"], 5);
    assert!(said.contains("belfort-agent enroll"), "{said}");
    fails(&dir, &["run"], 5);
    let missing = dir.join("missing");
    fails(&missing, &["once"], 5);
    assert!(!missing.exists(), "a failure made a state directory");
}

#[test]
fn a_collector_that_does_not_answer_is_6() {
    let (_parent, dir) = state();
    // A port that was free a moment ago: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let collector = format!("https://127.0.0.1:{port}");
    let said = fails(&dir, &["enroll", "--collector", &collector, "--token", TOKEN], 6);
    assert!(said.contains(&collector), "{said}");
    assert!(dir.join("enrolling.pem").exists(), "the key must outlive a lost answer");
}

#[test]
fn a_server_without_tls_is_6() {
    use std::io::Write as _;
    let (_parent, dir) = state();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let collector = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
    });
    fails(&dir, &["enroll", "--collector", &collector, "--token", TOKEN], 6);
    server.join().unwrap();
}

#[test]
fn malformed_values_are_8() {
    let (parent, dir) = state();
    let good = "https://127.0.0.1:1";
    fails(&dir, &["enroll", "--collector", good, "--token", "bft1.x.y"], 8);
    fails(&dir, &["enroll", "--collector", good], 8);
    fails(&dir, &["enroll", "--collector", "127.0.0.1:1", "--token", TOKEN], 8);
    fails(&dir, &["enroll", "--collector", good, "--token-file", "/nonexistent"], 8);
    let token = parent.path().join("token");
    fs::write(&token, "secret-that-is-no-token\n").unwrap();
    let said =
        fails(&dir, &["enroll", "--collector", good, "--token-file", token.to_str().unwrap()], 8);
    assert!(!said.contains("secret-that-is-no-token"), "the token is shown: {said}");
}

#[test]
fn status_without_identity_says_so() {
    let (_parent, dir) = state();
    let output = agent(&dir, &["status", "--json"]);
    assert!(output.status.success());
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status, serde_json::json!({"enrolled": false}));
}

#[test]
fn what_needs_attention_is_9_and_explained() {
    let (_parent, dir) = state();
    let output = agent(&dir, &["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(9), "{}", String::from_utf8_lossy(&output.stderr));
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["verdict"], "attention");
    let findings = shown["findings"].as_array().unwrap();
    let about = |subject: &str| findings.iter().find(|finding| finding["subject"] == subject);
    let enrolment = about("enrolment").unwrap();
    assert!(enrolment["remedy"].as_str().unwrap().contains("belfort-agent enroll"), "{enrolment}");
    assert!(about("watching").unwrap()["text"].as_str().unwrap().contains("directories"));
    assert!(about("inotify limits").is_some() && about("service").is_some());
    assert_eq!(shown["sections"]["packages"]["runs"], 1);
    // The database of packages is read by whoever needs it first.
    let sections = shown["sections"].as_object().unwrap().values();
    let bytes = sections.filter_map(|section| section["bytes"].as_u64()).sum::<u64>();
    assert!(bytes > 10_000, "{bytes}");
    let text = String::from_utf8(agent(&dir, &["doctor"]).stdout).unwrap();
    assert!(text.starts_with("! ") && text.contains("\nsection "), "{text}");
    // A state that cannot be used is a finding, not the end.
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    let output = agent(&dir, &["doctor"]);
    assert_eq!(output.status.code(), Some(9));
    assert!(String::from_utf8(output.stdout).unwrap().contains("chmod 0700"));
}

#[test]
fn every_command_has_help_with_examples() {
    let (_parent, dir) = state();
    for command in ["show", "enroll", "once", "run", "status", "doctor", "completion", "man"] {
        let output = agent(&dir, &[command, "--help"]);
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && help.contains("Example"), "{command}: {help}");
    }
    let help = String::from_utf8(agent(&dir, &["--help"]).stdout).unwrap();
    assert!(help.contains("5  the device is not enrolled") && help.contains("9  "), "{help}");
    assert!(help.contains("ip_prefixes") && help.contains("sections_off"), "{help}");
}

#[test]
fn completion_and_manual_are_printed() {
    let (_parent, dir) = state();
    let script = agent(&dir, &["completion", "bash"]).stdout;
    assert!(String::from_utf8(script).unwrap().contains("complete -F"));
    let page = agent(&dir, &["man"]).stdout;
    assert!(String::from_utf8(page).unwrap().contains(".TH belfort-agent"));
}

#[test]
fn the_device_can_switch_sections_off() {
    let (parent, dir) = state();
    let config = parent.path().join("agent.toml");
    fs::write(&config, "sections_off = [\"accounts\", \"services\"]\nip_prefixes = []\n").unwrap();
    let output = agent(&dir, &["show", "--json", "--config", config.to_str().unwrap()]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sections = shown["sections"].as_object().unwrap();
    assert!(!sections.contains_key("accounts") && !sections.contains_key("services"));
    assert!(sections.contains_key("system"));
    let network = &sections["network"]["content"];
    for interface in network["interfaces"].as_array().unwrap() {
        for address in interface["addresses"].as_array().unwrap() {
            assert_eq!(address["address"], "remote");
        }
    }
}

#[test]
fn another_root_is_shown_and_never_sent() {
    let (parent, dir) = state();
    let root = parent.path().join("root");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("etc/os-release"), "ID=of-another-root\n").unwrap();
    let root = root.to_str().unwrap();
    let output = agent(&dir, &["show", "--root", root, "--section", "operating_system"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("of-another-root"));
    fails(&dir, &["once", "--root", root], 2);
    fails(&dir, &["run", "--root", root], 2);
    fails(&dir, &["show", "--root", "/nonexistent/root"], 8);
}
