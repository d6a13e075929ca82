//! What changed between two reports, subject by subject.

mod devices;

use std::collections::BTreeMap;

use belfort_model::time::Timestamp;
use belfort_proto::inventory::v1::{PackageState, SectionKind, Tristate, Workload, WorkloadType};
use belfort_proto::reflect;
use belfort_proto::section::Section;
use belfort_store::record::ChangeRecord;
use serde_json::Value;

use super::{ByKind, change};

/// Most changes kept of one section of one report: a reinstallation is one change, not ten thousand.
const MOST: usize = 5000;

/// Lists the changes between two sets of sections for the kinds that changed.
pub(super) fn between(
    before: &ByKind,
    after: &ByKind,
    kinds: &[SectionKind],
    at: Timestamp,
) -> Vec<ChangeRecord> {
    let mut all = Vec::new();
    for kind in kinds {
        let old = before.get(&(*kind as i32)).map(entries).unwrap_or_default();
        let new = after.get(&(*kind as i32)).map(entries).unwrap_or_default();
        let subjects = old.keys().chain(new.keys().filter(|subject| !old.contains_key(*subject)));
        let changed = subjects.filter(|subject| old.get(*subject) != new.get(*subject));
        all.extend(changed.take(MOST).map(|subject| {
            let (before, after) = (old.get(subject), new.get(subject));
            change(at, *kind, subject, before.map(String::as_str), after.map(String::as_str))
        }));
    }
    all
}

/// A section as subject → value: what people would call one thing that has one value.
fn entries(section: &Section) -> BTreeMap<String, String> {
    match section {
        Section::Packages(section) => {
            let mut entries = BTreeMap::<String, String>::new();
            for package in &section.packages {
                let name = &package.name;
                let subject = if package.architecture.is_empty() {
                    format!("package {name}")
                } else {
                    format!("package {name} ({})", package.architecture)
                };
                let state = match package.state() {
                    PackageState::Installed | PackageState::Unspecified => "",
                    PackageState::ConfigFiles => " (removed, configuration kept)",
                    PackageState::Incomplete => " (incomplete)",
                };
                let version = format!("{}{state}", package.version);
                // Several versions of one name, as rpm allows for kernels, are one value.
                entries
                    .entry(subject)
                    .and_modify(|versions| {
                        versions.push_str(", ");
                        versions.push_str(&version);
                    })
                    .or_insert(version);
            }
            entries
        }
        Section::Devices(section) => devices::entries(section),
        Section::Workloads(section) => section.workloads.iter().map(workload).collect(),
        // Who comes and goes beside the device is no change of it.
        Section::Neighbours(_) => BTreeMap::new(),
        other => {
            let mut entries = flat(other);
            entries.retain(|subject, _| !is_passing(other.kind(), subject));
            entries
        }
    }
}

/// What changes by itself, or would tell when who used the device: updates that wait until the packages say
/// they came, the day lists were renewed, the last user.
fn is_passing(kind: SectionKind, subject: &str) -> bool {
    match kind {
        SectionKind::Updates => subject == "refreshed_on" || subject.starts_with("pending "),
        SectionKind::Accounts => subject == "last_user",
        _ => false,
    }
}

/// The id, which is another one whenever a container is made anew, is no part of it.
fn workload(workload: &Workload) -> (String, String) {
    let what = match workload.r#type() {
        WorkloadType::VirtualMachine => "virtual machine",
        WorkloadType::Container | WorkloadType::Unspecified => "container",
    };
    let mut value = vec![workload.image.clone(), workload.image_digest.clone()];
    for (state, word) in [(workload.running(), "running"), (workload.privileged(), "privileged")] {
        value.push(if state == Tristate::Yes { word } else { "" }.to_owned());
    }
    value.retain(|part| !part.is_empty());
    let value = if value.is_empty() { "yes".to_owned() } else { value.join(", ") };
    (format!("{what} {} ({})", workload.name, workload.runtime), value)
}

/// Any section by its field names: scalars as they are, elements of lists by what identifies them.
fn flat(section: &Section) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    // A section that was just decoded can be written as JSON; if not, there is nothing to compare.
    let Ok(Value::Object(fields)) = reflect::section_json(section.kind(), &section.encode_to_vec())
    else {
        return entries;
    };
    for (field, value) in fields {
        match value {
            Value::Array(elements) => {
                for element in elements {
                    let (subject, value) = element_entry(&field, &element);
                    entries.insert(subject, value);
                }
            }
            scalar => {
                let text = text(&scalar);
                if !text.is_empty() {
                    entries.insert(field, text);
                }
            }
        }
    }
    entries
}

/// Fields that identify an element of a list, in this order; the rest is its value.
const IDENTIFYING: &[&str] =
    &["source", "name", "mount_point", "slot", "protocol", "port", "scope", "program"];

fn element_entry(field: &str, element: &Value) -> (String, String) {
    let Value::Object(fields) = element else {
        return (format!("{field} {}", text(element)), "yes".to_owned());
    };
    let subject: Vec<String> = IDENTIFYING
        .iter()
        .filter_map(|name| fields.get(*name))
        .map(text)
        .filter(|text| !text.is_empty())
        .collect();
    let value: Vec<String> = fields
        .iter()
        .filter(|(name, _)| !IDENTIFYING.contains(&name.as_str()))
        .map(|(name, value)| (name, text(value)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    let value = if value.is_empty() { "yes".to_owned() } else { value.join(", ") };
    (format!("{field} {}", subject.join(" ")), value)
}

/// A value as text; defaults are empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Number(number) if number.as_u64() == Some(0) => String::new(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.ends_with("_UNSPECIFIED") => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(self::text).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields.values().map(self::text).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{
        AccountsSection, Listener, ListenerScope, Neighbour, NeighboursSection, Package,
        PackagesSection, PendingUpdate, Protocol, ServicesSection, SystemSection, UpdatesSection,
        WorkloadsSection,
    };

    use super::*;

    fn lines(before: Section, after: Section) -> Vec<String> {
        let kind = before.kind();
        let by_kind = |section: Section| ByKind::from([(kind as i32, section)]);
        between(&by_kind(before), &by_kind(after), &[kind], Timestamp(0))
            .into_iter()
            .map(|c| format!("{}: {}: {:?} -> {:?}", c.section, c.subject, c.before, c.after))
            .collect()
    }

    fn packages(list: &[(&str, &str)]) -> Section {
        let package = |(name, version): &(&str, &str)| Package {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            architecture: "amd64".to_owned(),
            state: PackageState::Installed.into(),
            ..Package::default()
        };
        let packages = list.iter().map(package).collect();
        Section::Packages(PackagesSection { packages, ..PackagesSection::default() })
    }

    #[test]
    fn packages_are_added_changed_and_removed() {
        let before = packages(&[("curl", "7.88"), ("nano", "7.2"), ("linux", "6.1.0-9")]);
        let after = packages(&[("curl", "8.0"), ("linux", "6.1.0-9"), ("vim", "9.0")]);
        insta::assert_snapshot!(lines(before, after).join("\n"), @r#"
        packages: package curl (amd64): Some("7.88") -> Some("8.0")
        packages: package nano (amd64): Some("7.2") -> None
        packages: package vim (amd64): None -> Some("9.0")
        "#);
    }

    #[test]
    fn other_sections_by_their_fields() {
        let system = |name: &str| {
            let host_name = name.to_owned();
            Section::System(SystemSection { host_name, ..SystemSection::default() })
        };
        insta::assert_snapshot!(lines(system("pc-1"), system("pc-2")).join("\n"), @r#"system: host_name: Some("pc-1") -> Some("pc-2")"#);
        let listeners = |ports: &[u32]| {
            let listener = |port: &u32| Listener {
                protocol: Protocol::Tcp.into(),
                port: *port,
                scope: ListenerScope::Any.into(),
                ..Listener::default()
            };
            let listeners = ports.iter().map(listener).collect();
            Section::Services(ServicesSection { listeners, ..ServicesSection::default() })
        };
        insta::assert_snapshot!(lines(listeners(&[22]), listeners(&[22, 23])).join("\n"), @r#"services: listeners PROTOCOL_TCP 23 LISTENER_SCOPE_ANY: None -> Some("yes")"#);
    }

    #[test]
    fn a_container_that_is_made_anew_is_the_same() {
        let workloads = |id: &str, image: &str, running: Tristate| {
            let web = Workload {
                runtime: "docker".to_owned(),
                name: "web".to_owned(),
                id: id.to_owned(),
                image: image.to_owned(),
                running: running.into(),
                ..Workload::default()
            };
            Section::Workloads(WorkloadsSection { workloads: vec![web], outcomes: vec![] })
        };
        let before = workloads("1", "web:1", Tristate::Yes);
        assert!(lines(before.clone(), workloads("2", "web:1", Tristate::Yes)).is_empty());
        insta::assert_snapshot!(lines(before, workloads("2", "web:2", Tristate::No)).join("\n"), @r#"workloads: container web (docker): Some("web:1, running") -> Some("web:2")"#);
    }

    #[test]
    fn what_passes_by_itself_is_no_change() {
        let updates = |day: &str, names: &[&str], automatic: Tristate| {
            let pending = |name: &&str| PendingUpdate {
                name: (*name).to_owned(),
                ..PendingUpdate::default()
            };
            Section::Updates(UpdatesSection {
                pending: names.iter().map(pending).collect(),
                refreshed_on: day.to_owned(),
                automatic: automatic.into(),
                ..UpdatesSection::default()
            })
        };
        let before = updates("2026-11-26", &["curl"], Tristate::Yes);
        assert!(lines(before.clone(), updates("2026-11-27", &[], Tristate::Yes)).is_empty());
        insta::assert_snapshot!(lines(before, updates("2026-11-26", &["curl"], Tristate::No)).join("\n"), @r#"updates: automatic: Some("TRISTATE_YES") -> Some("TRISTATE_NO")"#);
        let accounts = |last_user: &str| {
            let last_user = last_user.to_owned();
            Section::Accounts(AccountsSection { last_user, ..AccountsSection::default() })
        };
        assert!(lines(accounts("p:1"), accounts("p:2")).is_empty());
        let neighbours = |address: &str| {
            let address = address.to_owned();
            let neighbours = vec![Neighbour { address, ..Neighbour::default() }];
            Section::Neighbours(NeighboursSection { neighbours, ..NeighboursSection::default() })
        };
        assert!(lines(neighbours("192.0.2.1"), neighbours("192.0.2.2")).is_empty());
    }
}
