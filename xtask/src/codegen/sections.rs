//! The page that says what the agent collects: every section with every field, its meaning, its unit and
//! its source, from the comments of the schema. What is not on it is not collected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, Result};
use belfort_proto::section::{Section, message_name, name};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// Numbers of fields in descriptors, which make up the path of a comment. Source: descriptor.proto.
const MESSAGE: i32 = 4;
const ENUM: i32 = 5;
const FIELD: i32 = 2;
const VALUE: i32 = 2;

/// Messages and enumerations of the inventory, each with its comments by place.
#[derive(Default)]
struct Schema<'a> {
    messages: BTreeMap<String, Documented<&'a DescriptorProto>>,
    enums: BTreeMap<String, Documented<&'a EnumDescriptorProto>>,
}

struct Documented<T> {
    item: T,
    about: String,
    /// Comments of its fields or values, in their order.
    parts: Vec<String>,
}

/// The page.
pub(super) fn page(descriptors: &FileDescriptorSet) -> Result<String> {
    let schema = schema(descriptors);
    let mut page = "# What the agent collects\n\nGenerated from the schema in \
        `proto/proto/belfort/inventory/v1` by `cargo xtask codegen`. What is not on this page is not \
        collected: the collector drops what the schema does not know. A section, or a single field by its \
        path (`system.serial`), can be switched off by the organisation and by the device; \
        `belfort-agent show` prints what a device would send.\n\nEvery section begins with `outcomes`: the \
        sources that were not simply read, because they are absent, denied or failed. A field that could \
        not be read is empty, 0 or unspecified.\n"
        .to_owned();
    for kind in Section::KINDS {
        let message = message_name(*kind);
        let short = message.rsplit('.').next().unwrap_or_default();
        let found = schema.messages.get(short).with_context(|| format!("no message {short}"))?;
        write!(page, "\n## `{}`\n\n{}\n", name(*kind), found.about)?;
        table(&mut page, &schema, short, &mut BTreeSet::new())?;
    }
    Ok(page)
}

/// One message, then those it is made of, each once in a section.
fn table(
    page: &mut String,
    schema: &Schema<'_>,
    message: &str,
    seen: &mut BTreeSet<String>,
) -> Result<()> {
    let found = schema.messages.get(message).with_context(|| format!("no message {message}"))?;
    page.push_str("\n| field | type | meaning |\n| --- | --- | --- |\n");
    let mut more = Vec::new();
    for (field, about) in found.item.field.iter().zip(&found.parts) {
        let reference = field.type_name().rsplit('.').next().unwrap_or_default();
        if reference == "Outcome" {
            continue;
        }
        let mut about = about.clone();
        if field.r#type() == Type::Enum && reference != "Tristate" {
            write!(about, " {}", values(schema, reference))?;
        }
        writeln!(page, "| `{}` | {} | {about} |", field.name(), type_text(field, reference))?;
        if field.r#type() == Type::Message && seen.insert(reference.to_owned()) {
            more.push(reference.to_owned());
        }
    }
    for message in more {
        let about = schema.messages.get(&message).map(|found| found.about.as_str());
        write!(page, "\n### {message}\n\n{}\n", about.unwrap_or_default())?;
        table(page, schema, &message, seen)?;
    }
    Ok(())
}

fn type_text(field: &FieldDescriptorProto, reference: &str) -> String {
    let one = match field.r#type() {
        Type::String => "text",
        Type::Bool => "yes or no",
        Type::Enum if reference == "Tristate" => "yes, no or unknown",
        Type::Enum => "one of",
        Type::Message => reference,
        Type::Bytes => "bytes",
        _ => "number",
    };
    if field.label() == Label::Repeated { format!("list of {one}") } else { one.to_owned() }
}

fn values(schema: &Schema<'_>, name: &str) -> String {
    let Some(found) = schema.enums.get(name) else { return String::new() };
    let known = found.item.value.iter().zip(&found.parts).filter(|(value, _)| value.number() != 0);
    let values = known.map(|(value, about)| format!("`{}`: {about}", value.name()));
    values.collect::<Vec<_>>().join(" ")
}

fn schema(descriptors: &FileDescriptorSet) -> Schema<'_> {
    let mut schema = Schema::default();
    for file in descriptors.file.iter().filter(|file| file.package() == "belfort.inventory.v1") {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let comments: BTreeMap<&[i32], String> = locations
            .map(|location| (location.path.as_slice(), one_line(location.leading_comments())))
            .collect();
        let at = |path: &[i32]| comments.get(path).cloned().unwrap_or_default();
        for (index, message) in (0..).zip(&file.message_type) {
            let parts =
                (0..).zip(&message.field).map(|(field, _)| at(&[MESSAGE, index, FIELD, field]));
            let (about, parts) = (at(&[MESSAGE, index]), parts.collect());
            schema
                .messages
                .insert(message.name().to_owned(), Documented { item: message, about, parts });
        }
        for (index, item) in (0..).zip(&file.enum_type) {
            let parts = (0..).zip(&item.value).map(|(value, _)| at(&[ENUM, index, VALUE, value]));
            let (about, parts) = (at(&[ENUM, index]), parts.collect());
            schema.enums.insert(item.name().to_owned(), Documented { item, about, parts });
        }
    }
    schema
}

/// A comment in one line, as a cell of a table can hold it.
fn one_line(comment: &str) -> String {
    let lines = comment.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
