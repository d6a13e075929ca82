//! Messages by their descriptors: JSON for people and programs, and the count of fields a message
//! has that the schema does not.

use std::sync::OnceLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions, Value};

use crate::inventory::v1::SectionKind;
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
