//! What changed between two reports, subject by subject.

use std::collections::BTreeMap;

use belfort_model::time::Timestamp;
use belfort_proto::inventory::v1::{PackageState, SectionKind};
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
        other => flat(other),
    }
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
        Listener, ListenerScope, Package, PackagesSection, Protocol, ServicesSection, SystemSection,
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
}
