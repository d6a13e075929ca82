//! Messages by their descriptors: JSON for people and programs, and the count of fields a message
//! has that the schema does not.

use std::sync::OnceLock;

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, SerializeOptions,
    Value,
};

use crate::inventory::v1::SectionKind;
use crate::wire::varint;
use crate::{limits, section};

/// The schema's descriptors.
pub fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    // The descriptors are generated and a test decodes them, so an error here cannot reach a user;
    // an empty pool makes every look-up below answer "not known".
    POOL.get_or_init(|| DescriptorPool::decode(crate::DESCRIPTORS).unwrap_or_default())
}

/// Why a section cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReflectError {
    /// The schema has no such section.
    #[error("section {0:?} is not in the schema")]
    UnknownKind(SectionKind),
    /// The bytes are not this section's message.
    #[error("section {kind:?} cannot be decoded")]
    Decode {
        /// Which section.
        kind: SectionKind,
        /// What was wrong.
        source: prost::DecodeError,
    },
    /// A text or list is longer than the limits allow.
    #[error("section {kind:?} has {what} over the limit")]
    Limit {
        /// Which section.
        kind: SectionKind,
        /// What is too long.
        what: &'static str,
    },
    /// The message cannot be written as JSON.
    #[error("section {kind:?} cannot be written as JSON")]
    Json {
        /// Which section.
        kind: SectionKind,
        /// What was wrong.
        source: serde_json::Error,
    },
}

/// The descriptor of a section's message.
pub fn descriptor(kind: SectionKind) -> Result<MessageDescriptor, ReflectError> {
    pool().get_message_by_name(section::message_name(kind)).ok_or(ReflectError::UnknownKind(kind))
}

/// A section's bytes as a JSON object: every field with its name in the schema, also those that have
/// their default value; enumerations by name, numbers as numbers, bytes as base64.
pub fn section_json(kind: SectionKind, bytes: &[u8]) -> Result<serde_json::Value, ReflectError> {
    let message = DynamicMessage::decode(descriptor(kind)?, bytes)
        .map_err(|source| ReflectError::Decode { kind, source })?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|source| ReflectError::Json { kind, source })
}

/// How many fields a section's bytes have that the schema does not know, at any depth.
pub fn unknown_fields(kind: SectionKind, bytes: &[u8]) -> Result<usize, ReflectError> {
    let message = DynamicMessage::decode(descriptor(kind)?, bytes)
        .map_err(|source| ReflectError::Decode { kind, source })?;
    Ok(count_unknown(&message))
}

/// Refuses a section with more elements than the limits allow, all lists and depths together, before
/// anything of it is decoded: millions of empty messages fit into few bytes and would fill the memory.
///
/// Source of the form: protobuf, "Encoding".
pub fn check_elements(kind: SectionKind, bytes: &[u8]) -> Result<(), ReflectError> {
    let mut left = limits::ELEMENTS;
    match count_elements(&descriptor(kind)?, bytes, &mut left, 0) {
        Some(()) => Ok(()),
        None => Err(ReflectError::Limit { kind, what: "the number of elements" }),
    }
}

/// Deeper than any section.
const DEPTH: usize = 16;

/// Counts repeated and unknown fields; nothing when there are too many, or too deep. What is malformed
/// ends the count: decoding will refuse it.
fn count_elements(
    descriptor: &MessageDescriptor,
    bytes: &[u8],
    left: &mut usize,
    depth: usize,
) -> Option<()> {
    if depth > DEPTH {
        return None;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(tag) = varint(&mut rest) else { return Some(()) };
        let field = u32::try_from(tag >> 3).ok().and_then(|number| descriptor.get_field(number));
        if field.as_ref().is_none_or(FieldDescriptor::is_list) {
            *left = left.checked_sub(1)?;
        }
        let skip = match tag & 7 {
            0 => varint(&mut rest).map(|_| 0),
            1 => Some(8),
            2 => varint(&mut rest).and_then(|length| usize::try_from(length).ok()),
            5 => Some(4),
            _ => None,
        };
        let Some((content, after)) = skip.and_then(|skip| rest.split_at_checked(skip)) else {
            return Some(());
        };
        if tag & 7 == 2
            && let Some(Kind::Message(inner)) = field.map(|field| field.kind())
        {
            count_elements(&inner, content, left, depth + 1)?;
        }
        rest = after;
    }
    Some(())
}

/// Refuses texts and lists over the limits, at any depth and whatever the field, so that none can be
/// forgotten.
pub fn check_limits(kind: SectionKind, bytes: &[u8]) -> Result<(), ReflectError> {
    let message = DynamicMessage::decode(descriptor(kind)?, bytes)
        .map_err(|source| ReflectError::Decode { kind, source })?;
    check_message(&message).map_err(|what| ReflectError::Limit { kind, what })
}

fn check_message(message: &DynamicMessage) -> Result<(), &'static str> {
    message.fields().try_for_each(|(_, value)| check_value(value))
}

fn check_value(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::String(text) if text.len() > limits::STRING_BYTES => Err("a text"),
        Value::Bytes(bytes) if bytes.len() > limits::STRING_BYTES => Err("a byte string"),
        Value::List(list) if list.len() > limits::ELEMENTS => Err("a list"),
        Value::List(list) => list.iter().try_for_each(check_value),
        Value::Message(message) => check_message(message),
        _ => Ok(()),
    }
}

fn count_unknown(message: &DynamicMessage) -> usize {
    let below: usize = message.fields().map(|(_, value)| count_in(value)).sum();
    message.unknown_fields().count() + below
}

fn count_in(value: &Value) -> usize {
    match value {
        Value::Message(message) => count_unknown(message),
        Value::List(list) => list.iter().map(count_in).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::inventory::v1::{Package, PackageState, PackagesSection};

    fn packages() -> PackagesSection {
        let state = PackageState::Installed.into();
        let package = Package { name: "curl".to_owned(), state, ..Package::default() };
        PackagesSection { packages: vec![package], ..PackagesSection::default() }
    }

    #[test]
    fn json_has_schema_names_and_defaults() {
        let bytes = packages().encode_to_vec();
        let json = section_json(SectionKind::Packages, &bytes).unwrap();
        assert_eq!(json["packages"][0]["name"], "curl");
        assert_eq!(json["packages"][0]["source_version"], "");
        assert_eq!(json["packages"][0]["state"], "PACKAGE_STATE_INSTALLED");
        assert_eq!(json["outcomes"], serde_json::json!([]));
    }

    #[test]
    fn too_many_elements_are_refused_before_they_are_decoded() {
        let empty_packages = [0x12, 0x00].repeat(limits::ELEMENTS);
        assert!(check_elements(SectionKind::Packages, &empty_packages).is_ok());
        let one_more = [0x12, 0x00].repeat(limits::ELEMENTS + 1);
        assert!(check_elements(SectionKind::Packages, &one_more).is_err());
        let unknown = [0x98, 0x06, 0x01].repeat(limits::ELEMENTS + 1);
        assert!(check_elements(SectionKind::Packages, &unknown).is_err());
        // One interface with as many addresses.
        let addresses = [0x4a, 0x00].repeat(limits::ELEMENTS);
        let mut interface = vec![0x12];
        prost::encoding::encode_varint(addresses.len() as u64, &mut interface);
        interface.extend(addresses);
        assert!(check_elements(SectionKind::Network, &interface).is_err());
        let many = PackagesSection { packages: vec![Package::default(); 9], outcomes: vec![] };
        assert!(check_elements(SectionKind::Packages, &many.encode_to_vec()).is_ok());
    }

    #[test]
    fn unknown_fields_are_counted_at_any_depth() {
        let mut bytes = packages().encode_to_vec();
        assert_eq!(unknown_fields(SectionKind::Packages, &bytes).unwrap(), 0);
        // Field 99, varint 1, at the top; then a package that has only field 99.
        bytes.extend([0x98, 0x06, 0x01]);
        bytes.extend([0x12, 0x03, 0x98, 0x06, 0x01]);
        assert_eq!(unknown_fields(SectionKind::Packages, &bytes).unwrap(), 2);
    }

    #[test]
    fn no_request_of_an_enrolled_agent_has_a_field_for_an_identity() {
        let service = pool().get_service_by_name("belfort.report.v1.ReportService").unwrap();
        for method in service.methods() {
            for field in method.input().fields() {
                assert!(
                    !field.name().contains("agent_id") && !field.name().contains("asset"),
                    "{} of {} names an identity: it must come from the certificate alone",
                    field.name(),
                    method.input().full_name(),
                );
            }
        }
    }
}
