//! Services and timers from the unit files of systemd.

use std::collections::{BTreeMap, BTreeSet};

use belfort_agent_sys::files::{EntryKind, ReadError, Root};
use belfort_proto::inventory::v1::Tristate;

use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::services::{Found, Units, start_mode};
use crate::probe::units::{self, Unit};

/// Unit directories, strongest first. Source: systemd.unit(5).
const DIRECTORIES: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];
const UNIT_BYTES_MAX: usize = 1 << 20;
/// Most services; a machine has some hundred.
const UNITS_MAX: usize = 4096;

/// What lies in the unit directories.
#[derive(Default)]
struct Files {
    /// Unit by name: the strongest file, and whether it is a link.
    units: BTreeMap<String, (String, bool)>,
    /// Drop-in directories of a unit, strongest first.
    drop_ins: BTreeMap<String, Vec<String>>,
    /// Units that something in the configuration links to.
    linked: BTreeSet<String>,
    /// Timers, and whether something in the configuration links to them.
    timers: BTreeMap<String, bool>,
}

/// What systemd knows below a root, services in no particular order.
pub(in crate::probe) fn units(root: &Root) -> Units {
    let mut sources = Sources::new(root);
    let mut files = files(&mut sources);
    let services = services(&mut sources, &mut files);
    let templates = files.units.keys().filter_map(|name| name.strip_suffix("@.service"));
    Units {
        services,
        templates: templates.map(str::to_owned).collect(),
        timers: files.timers,
        outcomes: sources.outcomes,
    }
}

/// All services but templates.
fn services(sources: &mut Sources<'_>, files: &mut Files) -> Vec<Found> {
    let instances: Vec<_> = files
        .linked
        .iter()
        .filter(|name| !files.units.contains_key(*name))
        .filter_map(|name| Some((name.clone(), files.units.get(&units::template(name)?)?.clone())))
        .collect();
    files.units.extend(instances);
    let running = running(sources);
    let mut found = Vec::new();
    for (name, (path, is_link)) in &files.units {
        let Some(short) = name.strip_suffix(".service").filter(|short| !short.ends_with('@'))
        else {
            continue;
        };
        let masked = match is_link.then(|| sources.link(path)).flatten() {
            Some(target) if target == "/dev/null" => true,
            Some(target) if is_alias(&target, name) => continue,
            _ => false,
        };
        let mut unit = Unit::default();
        let mut empty = false;
        if !masked && let Some(content) = sources.optional(path, UNIT_BYTES_MAX) {
            empty = content.is_empty();
            units::apply(&content, &mut unit);
            drop_ins(sources, files, name, &mut unit);
            if let Some((_, instance)) = short.split_once('@') {
                for text in [&mut unit.description, &mut unit.user] {
                    *text = text.replace("%I", instance).replace("%i", instance);
                }
            }
        }
        let running = match &running {
            // Whether such a one runs right now says nothing about the machine.
            _ if units::is_transient(&unit) => Tristate::Unspecified,
            None => Tristate::Unspecified,
            Some(names) if names.contains(name) => Tristate::Yes,
            Some(_) => Tristate::No,
        };
        found.push(Found {
            name: crate::probe::text::clean(short.as_bytes()),
            start_mode: start_mode(masked || empty, files.linked.contains(name), unit.installable),
            unit,
            running,
        });
    }
    found
}

fn files(sources: &mut Sources<'_>) -> Files {
    let mut files = Files::default();
    let merged = sources.link("/lib").is_some();
    let mut any = false;
    for directory in DIRECTORIES {
        if merged && directory.starts_with("/lib/") {
            continue;
        }
        let entries = match sources.root.list(directory) {
            Ok(entries) => entries,
            Err(ReadError::Absent) => continue,
            Err(error) => {
                sources.outcomes.unread(directory, error);
                continue;
            }
        };
        any = true;
        let configuration = directory.starts_with("/etc/") || directory.starts_with("/run/");
        for entry in entries {
            let path = format!("{directory}/{}", entry.name);
            if entry.name.ends_with(".service") {
                let is_link = entry.kind == EntryKind::Link;
                if is_link && configuration {
                    alias(sources, &path, &entry.name, &mut files.linked);
                }
                if files.units.len() < UNITS_MAX {
                    files.units.entry(entry.name).or_insert((path, is_link));
                } else if !files.units.contains_key(&entry.name) {
                    sources.outcomes.failed(directory, "more services than can be reported");
                }
            } else if let Some(timer) = entry.name.strip_suffix(".timer") {
                files.timers.entry(timer.to_owned()).or_insert(false);
            } else if let Some(unit) = entry.name.strip_suffix(".d") {
                if unit.ends_with(".service") {
                    files.drop_ins.entry(unit.to_owned()).or_default().push(path);
                }
            } else if configuration
                && [".wants", ".requires", ".upholds"].iter().any(|end| entry.name.ends_with(end))
            {
                for wanted in sources.list(&path) {
                    if let Some(timer) = wanted.name.strip_suffix(".timer") {
                        files.timers.insert(timer.to_owned(), true);
                    } else if wanted.name.ends_with(".service") {
                        files.linked.insert(wanted.name);
                    }
                }
            }
        }
    }
    if !any {
        sources.outcomes.absent("/usr/lib/systemd/system");
    }
    files
}

/// Whether a link leads to a unit of another name, which is then listed under its own. Instances are
/// links to their template.
fn is_alias(target: &str, name: &str) -> bool {
    let unit = target.rsplit('/').next().unwrap_or_default();
    unit.ends_with(".service") && unit != name && !name.contains('@')
}

/// An alias in the configuration enables the unit it points to.
fn alias(sources: &mut Sources<'_>, path: &str, name: &str, linked: &mut BTreeSet<String>) {
    let target = sources.link(path).unwrap_or_default();
    let unit = target.rsplit('/').next().unwrap_or_default();
    if unit.ends_with(".service") && unit != name {
        linked.insert(unit.to_owned());
    }
}

fn drop_ins(sources: &mut Sources<'_>, files: &Files, name: &str, unit: &mut Unit) {
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    for directory in files.drop_ins.get(name).into_iter().flatten() {
        for entry in sources.list(directory) {
            if entry.name.strip_suffix(".conf").is_some() {
                let path = format!("{directory}/{}", entry.name);
                by_name.entry(entry.name).or_insert(path);
            }
        }
    }
    for path in by_name.values() {
        if let Some(content) = sources.optional(path, UNIT_BYTES_MAX) {
            units::apply(&content, unit);
        }
    }
}

/// Services whose control group has processes; nothing without a running systemd.
fn running(sources: &mut Sources<'_>) -> Option<BTreeSet<String>> {
    if !sources.exists("/run/systemd/private") {
        sources.outcomes.absent("/run/systemd/private");
        return None;
    }
    // Version 2 of the hierarchy, or version 1 with systemd's own.
    let top = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"]
        .into_iter()
        .find(|top| sources.root.exists(&format!("{top}/system.slice")).unwrap_or(false))?;
    let mut running = BTreeSet::new();
    for slice in sources.list(top) {
        if slice.name.strip_suffix(".slice").is_some() && slice.name != "user.slice" {
            walk(sources, &format!("{top}/{}", slice.name), 3, &mut running);
        }
    }
    Some(running)
}

fn walk(sources: &mut Sources<'_>, path: &str, depth: u8, running: &mut BTreeSet<String>) {
    for entry in sources.list(path) {
        let below = format!("{path}/{}", entry.name);
        if entry.name.strip_suffix(".slice").is_some() && depth > 0 {
            walk(sources, &below, depth - 1, running);
        } else if entry.name.ends_with(".service") && populated(sources, &below) {
            running.insert(entry.name);
        }
    }
}

fn populated(sources: &mut Sources<'_>, group: &str) -> bool {
    match sources.optional(&format!("{group}/cgroup.events"), SMALL_BYTES) {
        Some(events) => crate::probe::text::lines(&events).any(|line| line == b"populated 1"),
        None => sources
            .optional(&format!("{group}/cgroup.procs"), SMALL_BYTES)
            .is_some_and(|processes| !processes.is_empty()),
    }
}
