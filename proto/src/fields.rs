//! Fields that are not collected: their paths, and taking them out of the bytes of a section.
//!
//! A path is `section.field` or `section.field.field…`, by the names of the schema. It is taken out of
//! the encoded bytes, so that no probe has to know of it and none can forget it. What remains is again
//! canonical, as if the field had never had a value.
//!
//! Source of the form: protobuf, "Encoding".

use std::fmt;

use prost::encoding::encode_varint;

use crate::inventory::v1::{Outcome, OutcomeStatus, SectionKind};
use crate::section::{self, Section};
use crate::wire::Field;

mod schema;

/// A field that is not collected.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath {
    kind: SectionKind,
    /// Numbers of the fields from the section's message down.
    numbers: Vec<u32>,
    /// Names of the same fields, with dots between them.
    names: String,
}

/// Why a text is no path of a field that can be switched off.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldPathError {
    /// There is no such section.
    #[error("`{path}`: there is no section `{section}`")]
    Section {
        /// The text.
        path: String,
        /// What stands for the section.
        section: String,
    },
    /// A section and no field of it.
    #[error("`{0}` is a whole section: name a field of it, or switch the section off")]
    Whole(String),
    /// There is no such field.
    #[error("`{path}`: `{parent}` has no field `{field}`")]
    Field {
        /// The text.
        path: String,
        /// Where the field was looked for.
        parent: String,
        /// What stands for the field.
        field: String,
    },
    /// Something below a field that has nothing below it.
    #[error("`{path}`: `{parent}` has no fields below it")]
    Leaf {
        /// The text.
        path: String,
        /// The field.
        parent: String,
    },
    /// The outcomes always stay: they say what was not read.
    #[error("`{0}`: outcomes cannot be switched off, they say what was not read")]
    Outcomes(String),
}

impl FieldPath {
    /// Which section it is of.
    pub fn kind(&self) -> SectionKind {
        self.kind
    }

    /// The names of the fields below the section, with dots between them.
    pub fn names(&self) -> &str {
        &self.names
    }
}

impl std::str::FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = || text.to_owned();
        let (section, names) = text.split_once('.').unwrap_or((text, ""));
        let kind = section::kind_by_name(section)
            .ok_or_else(|| FieldPathError::Section { path: path(), section: section.to_owned() })?;
        if names.is_empty() {
            return Err(FieldPathError::Whole(path()));
        }
        let mut message = Some(section::message_name(kind));
        let mut parent = section;
        let mut numbers = Vec::new();
        for name in names.split('.') {
            let Some(here) = message else {
                return Err(FieldPathError::Leaf { path: path(), parent: parent.to_owned() });
            };
            let found = schema::find(crate::DESCRIPTORS, here, name);
            let field = found.ok_or_else(|| FieldPathError::Field {
                path: path(),
                parent: parent.to_owned(),
                field: name.to_owned(),
            })?;
            if numbers.is_empty() && name == "outcomes" {
                return Err(FieldPathError::Outcomes(path()));
            }
            numbers.push(field.number);
            parent = name;
            message = field.message;
        }
        Ok(Self { kind, numbers, names: names.to_owned() })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", section::name(self.kind), self.names)
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Says in a section which of its fields are switched off, whether they had a value or not: who reads
/// it does not take their silence for an answer.
pub fn note<'a>(section: &mut Section, paths: impl IntoIterator<Item = &'a FieldPath>) {
    let kind = section.kind();
    let outcomes = section.outcomes_mut();
    for path in paths.into_iter().filter(|path| path.kind == kind) {
        let (source, status) = (source(&path.names), OutcomeStatus::Off.into());
        if outcomes.iter().all(|outcome| outcome.source != source) {
            outcomes.push(Outcome { source, status, reason: String::new() });
        }
    }
    outcomes.sort_by(|a, b| a.source.cmp(&b.source));
}

/// Source under which a section says that a field is switched off.
fn source(names: &str) -> String {
    format!("field:{names}")
}

/// Whether a section says that a field, one above it or one below it is switched off.
pub fn is_off(outcomes: &[Outcome], names: &str) -> bool {
    outcomes.iter().filter(|outcome| outcome.status() == OutcomeStatus::Off).any(|outcome| {
        let off = outcome.source.strip_prefix("field:").unwrap_or_default();
        let below = |long: &str, short: &str| {
            long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        !off.is_empty() && (below(names, off) || below(off, names))
    })
}

/// What is left of a section's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The bytes without the fields.
    pub bytes: Vec<u8>,
    /// How many fields were taken out; one in every element of a list counts each time.
    pub removed: usize,
}

/// Takes fields out of the bytes of a section; nothing when the bytes are no message.
pub fn strip<'a>(
    kind: SectionKind,
    bytes: &[u8],
    paths: impl IntoIterator<Item = &'a FieldPath>,
) -> Option<Stripped> {
    let paths = paths.into_iter().filter(|path| path.kind == kind);
    let paths: Vec<&[u32]> = paths.map(|path| path.numbers.as_slice()).collect();
    let mut stripped = Stripped { bytes: Vec::with_capacity(bytes.len()), removed: 0 };
    strip_message(bytes, &paths, &mut stripped)?;
    Some(stripped)
}

fn strip_message(bytes: &[u8], paths: &[&[u32]], into: &mut Stripped) -> Option<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let field = Field::next(&mut rest)?;
        let below: Vec<_> = paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| **first == field.number)
            .map(|(_, below)| below)
            .collect();
        if below.iter().any(|path| path.is_empty()) {
            into.removed += 1;
            continue;
        }
        match field.content {
            Some(content) if !below.is_empty() => {
                let bytes = Vec::with_capacity(content.len());
                let mut inner = Stripped { bytes, removed: 0 };
                strip_message(content, &below, &mut inner)?;
                encode_varint(field.tag, &mut into.bytes);
                encode_varint(inner.bytes.len() as u64, &mut into.bytes);
                into.bytes.extend_from_slice(&inner.bytes);
                into.removed += inner.removed;
            }
            _ => into.bytes.extend_from_slice(field.whole),
        }
    }
    Some(())
}

// Against the descriptors in full, which only this feature decodes.
#[cfg(all(test, feature = "reflect"))]
mod tests;
