//! Pending updates against `apt list --upgradable`: of this machine, and of a root with the machine's
//! package lists in which many packages are older than they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Run, Shown, output, text, word, write};

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("apt list --upgradable");
    let lists = Path::new("/var/lib/apt/lists");
    let there = std::fs::read_dir(lists).is_ok_and(|entries| {
        entries.flatten().any(|one| one.file_name().to_string_lossy().contains("_Packages"))
    });
    if !there {
        run.table.unavailable(
            "every update",
            "pending",
            "no package lists here: run apt-get update",
        );
        return Ok(());
    }
    let shown = run.show()?;
    compare(run, &shown, &ask(&[])?);
    let root = older(run).context("make a root with older packages")?;
    run.table.tool("apt (older packages)");
    let shown = run.show_root(&root)?;
    let status = format!("Dir::State::status={}", root.join("var/lib/dpkg/status").display());
    let cache = run.directory("apt-cache")?;
    let cache = format!("Dir::Cache={}", cache.display());
    compare(run, &shown, &ask(&["-o", &status, "-o", &cache])?);
    Ok(())
}

fn ask(options: &[&str]) -> Result<String> {
    output(&[&["apt", "-qq"], options, &["list", "--upgradable"]].concat())
}

/// A root with this machine's lists and configuration of apt, and with a database in which every third
/// package has a version that sorts before its own.
fn older(run: &Run) -> Result<std::path::PathBuf> {
    let root = run.directory("apt")?;
    for (from, to) in [("/var/lib/apt", "var/lib"), ("/etc/apt", "etc")] {
        let to = root.join(to);
        std::fs::create_dir_all(&to)?;
        output(&["cp", "-a", from, &to.to_string_lossy()])?;
    }
    let status = std::fs::read_to_string("/var/lib/dpkg/status").context("read dpkg's database")?;
    let mut number = 0;
    let lines = status.lines().map(|line| {
        let Some(version) = line.strip_prefix("Version: ") else { return line.to_owned() };
        number += 1;
        // A tilde sorts before the end.
        let older = if number % 3 == 0 { "~" } else { "" };
        format!("Version: {version}{older}")
    });
    write(&root.join("var/lib/dpkg/status"), lines.collect::<Vec<_>>().join("\n") + "\n")?;
    Ok(root)
}

/// `name/archive,archive version architecture [upgradable from: old]`.
fn compare(run: &mut Run, shown: &Shown, listed: &str) {
    let updates = shown.section("updates");
    let asked =
        updates["managers"].as_array().is_some_and(|all| all.iter().any(|one| one == "apt"));
    run.table.same("apt", "manager", if asked { "read" } else { "not read" }, "read");
    let mut ours: BTreeMap<String, &Value> = BTreeMap::new();
    for update in shown.list("updates", "pending").iter().filter(|one| one["ecosystem"] == "deb") {
        let subject = format!("{}:{}", text(&update["name"]), text(&update["architecture"]));
        ours.insert(subject, update);
    }
    let lines: Vec<_> = listed.lines().filter_map(line).collect();
    let theirs: BTreeSet<String> = lines.iter().map(|one| one.subject.clone()).collect();
    run.table.same_set("pending", &ours.keys().cloned().collect(), &theirs, &|_| None);
    for one in &lines {
        let Some(update) = ours.get(&one.subject) else { continue };
        run.table.same(
            &one.subject,
            "available",
            text(&update["available_version"]),
            one.available,
        );
        run.table.same(
            &one.subject,
            "installed",
            text(&update["installed_version"]),
            one.installed,
        );
        let security = word(&update["security"], "TRISTATE_");
        let theirs = if one.archives.contains("security") { "yes" } else { "no" };
        let between = "a version between the two comes from the archive of security updates";
        let holds = |agent: &str, tool: &str| agent == "yes" && tool == "no";
        run.table.same_unless(&one.subject, "security", security, theirs, &[(&holds, between)]);
    }
}

struct Line<'a> {
    subject: String,
    archives: &'a str,
    available: &'a str,
    installed: &'a str,
}

fn line(line: &str) -> Option<Line<'_>> {
    let (package, rest) = line.split_once(' ')?;
    let (name, archives) = package.split_once('/')?;
    let (available, rest) = rest.split_once(' ')?;
    let (architecture, rest) = rest.split_once(' ')?;
    let installed = rest.rsplit_once("from: ")?.1.trim_end_matches(']');
    Some(Line { subject: format!("{name}:{architecture}"), archives, available, installed })
}
