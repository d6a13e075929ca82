//! The floors: every crate imports only what lies below it, and what a room may not know it does not
//! name. Read off cargo's own metadata and the source, so that it cannot drift from ARCHITECTURE.md.

#![expect(clippy::indexing_slicing, reason = "what JSON does not have is null, not a panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The floor of each crate. Crates of one floor do not know each other.
const FLOORS: &[(&str, u8)] = &[
    ("belfort-proto", 0),
    ("belfort-agent-sys", 0),
    ("belfort-model", 0),
    ("belfort-advisories", 1),
    ("belfort-assess", 1),
    ("belfort-store", 1),
    ("belfort-agent", 2),
    ("belfort-collector", 2),
    ("belfort-tests", 3),
    ("xtask", 3),
];

/// What a crate may not depend on: what it must not be able to do.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("belfort-model", &["axum", "hyper", "postgres", "prost", "rusqlite", "tokio", "tonic"]),
    ("belfort-assess", &["axum", "hyper", "postgres", "prost", "rusqlite", "tokio", "tonic"]),
    ("belfort-advisories", &["axum", "hyper", "postgres", "prost", "rusqlite", "tokio", "tonic"]),
    ("belfort-store", &["axum", "hyper", "prost", "tonic"]),
    ("belfort-agent", &["axum", "postgres", "rusqlite"]),
];

/// A text that only these places of the collector may name, and why.
const NAMED_ONLY_IN: &[(&str, &[&str], &str)] = &[
    ("axum::", &["rest", "web"], "only rest and web name axum"),
    (
        "::v1::",
        &["grpc", "ingest", "agent_settings", "serve"],
        "only grpc, ingest, agent_settings and serve name protobuf types",
    ),
    ("\"SELECT ", &[], "only the store contains SQL"),
    ("\"INSERT ", &[], "only the store contains SQL"),
    ("process::exit", &[], "only main ends the process"),
];

/// Checks everything and names every breach.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut breaches = crates(root)?;
    breaches.extend(texts(root)?);
    if breaches.is_empty() {
        return Ok(());
    }
    bail!("the floors do not hold:\n  {}", breaches.join("\n  "));
}

fn crates(root: &Path) -> Result<Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()
        .context("run cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut breaches = Vec::new();
    for package in list(&metadata["packages"]) {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(floor) = floors.get(name) else {
            breaches.push(format!("{name} stands on no floor: add it to xtask/src/floors.rs"));
            continue;
        };
        let forbidden = FORBIDDEN.iter().find(|(other, _)| *other == name).map(|(_, list)| *list);
        for dependency in list(&package["dependencies"]) {
            let other = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if floors.get(other).is_some_and(|below| below >= floor)
                && !for_tests
                && name != "xtask"
            {
                breaches.push(format!("{name} may not import {other}"));
            }
            if forbidden.is_some_and(|list| list.contains(&other)) && !for_tests {
                breaches.push(format!("{name} may not depend on {other}"));
            }
        }
    }
    Ok(breaches)
}

fn texts(root: &Path) -> Result<Vec<String>> {
    let source = root.join("collector/src");
    let mut breaches = Vec::new();
    for file in files(&source)? {
        let text = fs::read_to_string(&file)?;
        let place = file.strip_prefix(&source).unwrap_or(&file);
        let room = place
            .components()
            .next()
            .map(|first| first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned());
        let room = room.unwrap_or_default();
        for (word, rooms, rule) in NAMED_ONLY_IN {
            if text.contains(word) && !rooms.contains(&room.as_str()) {
                breaches.push(format!("collector/src/{}: {rule}", place.display()));
            }
        }
    }
    Ok(breaches)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}
