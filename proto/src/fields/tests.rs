#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::*;
use crate::inventory::v1::{InterfaceAddress, NetworkInterface, NetworkSection, SystemSection};
use crate::reflect::descriptor;

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

#[test]
fn paths_that_cannot_be_switched_off_say_why() {
    let complaint = |text: &str| text.parse::<FieldPath>().unwrap_err().to_string();
    insta::assert_snapshot!(
        ["sistem.serial", "system", "system.", "system.serail", "network.interfaces.mac",
            "system.serial.x", "system.outcomes", "accounts.outcomes.reason", ""]
            .map(complaint)
            .join("\n"),
        @"
    `sistem.serial`: there is no section `sistem`
    `system` is a whole section: name a field of it, or switch the section off
    `system.` is a whole section: name a field of it, or switch the section off
    `system.serail`: `system` has no field `serail`
    `network.interfaces.mac`: `interfaces` has no field `mac`
    `system.serial.x`: `serial` has no fields below it
    `system.outcomes`: outcomes cannot be switched off, they say what was not read
    `accounts.outcomes.reason`: outcomes cannot be switched off, they say what was not read
    ``: there is no section ``
    "
    );
    assert_eq!(
        path("network.interfaces.mac_address").to_string(),
        "network.interfaces.mac_address"
    );
}

#[test]
fn a_field_is_gone_from_every_element() {
    let address = InterfaceAddress { address: "192.0.2.7".to_owned(), prefix_length: 24 };
    let interface = |name: &str, mac: &str| NetworkInterface {
        name: name.to_owned(),
        mac_address: mac.to_owned(),
        addresses: vec![address.clone()],
        ..NetworkInterface::default()
    };
    let section = |first: &str, second: &str| NetworkSection {
        interfaces: vec![interface("eth0", first), interface("eth1", second)],
        gateways: vec!["192.0.2.1".to_owned()],
        ..NetworkSection::default()
    };
    let bytes = section("02:00:00:00:00:01", "02:00:00:00:00:02").encode_to_vec();
    let off = [path("network.interfaces.mac_address"), path("system.serial")];
    let stripped = strip(SectionKind::Network, &bytes, &off).unwrap();
    assert_eq!(stripped, Stripped { bytes: section("", "").encode_to_vec(), removed: 2 });
    // A path above another one takes both.
    let off = [path("network.interfaces.mac_address"), path("network.interfaces")];
    let stripped = strip(SectionKind::Network, &bytes, &off).unwrap();
    let left = NetworkSection { interfaces: vec![], ..section("", "") };
    assert_eq!(stripped, Stripped { bytes: left.encode_to_vec(), removed: 2 });
}

#[test]
fn a_section_says_what_is_off() {
    let mut section = Section::System(SystemSection::default());
    let off = [path("system.serial"), path("system.host_name"), path("network.gateways")];
    note(&mut section, &off);
    note(&mut section, &off);
    let sources: Vec<_> = section.outcomes().iter().map(|one| one.source.as_str()).collect();
    assert_eq!(sources, ["field:host_name", "field:serial"]);
    let off = |names: &[&str], asked: &str| {
        let outcomes: Vec<_> = names
            .iter()
            .map(|names| Outcome {
                source: source(names),
                status: OutcomeStatus::Off.into(),
                reason: String::new(),
            })
            .collect();
        is_off(&outcomes, asked)
    };
    assert!(off(&["listeners"], "listeners") && off(&["listeners.port"], "listeners"));
    assert!(off(&["listeners"], "listeners.port"));
    assert!(!off(&["listeners_more"], "listeners") && !off(&[], "listeners"));
}

/// Every path of a section's schema.
fn all_paths(kind: SectionKind) -> Vec<String> {
    fn below(message: &MessageDescriptor, prefix: &str, into: &mut Vec<String>) {
        for field in message.fields().filter(|field| field.name() != "outcomes") {
            let path = format!("{prefix}.{}", field.name());
            if let Kind::Message(inner) = field.kind() {
                below(&inner, &path, into);
            }
            into.push(path);
        }
    }
    let mut paths = Vec::new();
    below(&descriptor(kind).unwrap(), section::name(kind), &mut paths);
    paths
}

#[test]
fn every_field_of_the_schema_is_found() {
    for kind in Section::KINDS {
        for text in all_paths(*kind) {
            let found = path(&text);
            let mut message = descriptor(*kind).unwrap();
            let names = found.names().split('.');
            for (name, number) in names.zip(&found.numbers) {
                let field = message.get_field_by_name(name).unwrap();
                assert_eq!(field.number(), *number, "{text}");
                if let Kind::Message(inner) = field.kind() {
                    message = inner;
                }
            }
        }
    }
}

/// A message with a value in about three of four fields; which ones and what hangs on the seed.
fn filled(descriptor: &MessageDescriptor, seed: &mut u64) -> DynamicMessage {
    fn next(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *seed >> 33
    }
    fn single(field: &FieldDescriptor, seed: &mut u64) -> Value {
        match field.kind() {
            Kind::String => Value::String("x".repeat(usize::try_from(next(seed) % 200).unwrap())),
            Kind::Bytes => Value::Bytes(vec![7; 3].into()),
            Kind::Bool => Value::Bool(next(seed).is_multiple_of(2)),
            Kind::Uint32 => Value::U32(u32::try_from(next(seed) & 0xffff).unwrap()),
            Kind::Uint64 => Value::U64(next(seed)),
            Kind::Enum(_) => Value::EnumNumber(i32::try_from(next(seed) % 3).unwrap()),
            Kind::Message(inner) => Value::Message(filled(&inner, seed)),
            other => unreachable!("the schema has a field of kind {other:?}: add it here"),
        }
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if next(seed).is_multiple_of(4) {
            continue;
        }
        let value = if field.is_list() {
            Value::List((0..next(seed) % 4).map(|_| single(&field, seed)).collect())
        } else {
            single(&field, seed)
        };
        message.set_field(&field, value);
    }
    message
}

fn clear(message: &mut DynamicMessage, names: &[&str]) {
    let Some((first, below)) = names.split_first() else { return };
    if below.is_empty() {
        message.clear_field_by_name(first);
    } else if message.has_field_by_name(first) {
        match message.get_field_by_name_mut(first) {
            Some(Value::Message(inner)) => clear(inner, below),
            Some(Value::List(list)) => {
                for element in list {
                    if let Value::Message(inner) = element {
                        clear(inner, below);
                    }
                }
            }
            _ => {}
        }
    }
}

proptest! {
    /// Whatever the section and its content: the same as clearing the field and encoding again.
    #[test]
    fn stripped_is_encoded_without_the_field(
        seed in any::<u64>(),
        kind in proptest::sample::select(Section::KINDS),
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let paths = all_paths(kind);
        let picked: Vec<&String> = picks.iter().map(|pick| pick.get(&paths)).collect();
        let off: Vec<FieldPath> = picked.iter().map(|text| path(text)).collect();
        let mut message = filled(&descriptor(kind).unwrap(), &mut seed.clone());
        // Through the generated code, as the agent encodes.
        let bytes = Section::decode(kind, &message.encode_to_vec()).unwrap().encode_to_vec();
        let stripped = strip(kind, &bytes, &off).unwrap();
        for path in &off {
            clear(&mut message, &path.names().split('.').collect::<Vec<_>>());
        }
        let again = Section::decode(kind, &message.encode_to_vec()).unwrap().encode_to_vec();
        prop_assert_eq!(&stripped.bytes, &again);
        prop_assert_eq!(stripped.removed == 0, bytes == again);
        let twice = strip(kind, &stripped.bytes, &off).unwrap();
        prop_assert_eq!(twice, Stripped { bytes: again, removed: 0 });
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let off = [path("network.interfaces.addresses.address"), path("network.gateways")];
        let _ = strip(SectionKind::Network, &bytes, &off);
    }

    #[test]
    fn any_text(text in "\\PC{0,40}") {
        let _ = text.parse::<FieldPath>();
    }
}
