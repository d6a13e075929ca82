//! Conditions: what findings and assignment rules say about an asset, in the Common Expression Language
//! (CEL, <https://github.com/google/cel-spec>).
//!
//! ```text
//! device.hostname.startsWith("FIN-") && "nginx" in device.packages
//! ```
//!
//! [`RECORDS`] lists what can be named. A condition is checked when it is compiled: every name exists,
//! every operator fits its values, the whole is true or false. What is left to fail is a value that is not
//! known, and then the condition is *unknown*: neither true nor false, unless the part that is known
//! decides (`false && unknown` is false). `has(device.hostname)` asks whether a value is known.
//!
//! A condition cannot loop but over one list at a time, and its text is bounded: it costs microseconds.

use std::sync::{Arc, OnceLock};

use belfort_model::finding::EvidenceItem;
use cel::{Env, Program, Value};

use crate::evaluate::{Subject, item};

mod check;
mod fields;
mod network;
mod value;

pub use fields::{Field, RECORDS, Sort};

/// Most characters of a condition.
pub const LONGEST: usize = 2000;

/// A compiled condition.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Condition {
    text: String,
    program: Arc<Program>,
    named: Vec<(&'static str, &'static Field)>,
}

/// Why a condition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Nothing, or more than [`LONGEST`] characters.
    #[error("a condition has 1 to {LONGEST} characters, this one has {0}")]
    Length(usize),
    /// Not an expression.
    #[error("condition `{text}` cannot be read: {reason}")]
    Syntax {
        /// The condition.
        text: String,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A name that does not exist, or an operator that does not fit its values.
    #[error("condition `{text}`: {reason}")]
    Meaning {
        /// The condition.
        text: String,
        /// What is wrong and what would do.
        reason: String,
    },
}

impl Condition {
    /// Reads and checks a condition.
    pub fn compile(text: &str) -> Result<Self, ConditionError> {
        let text = text.trim();
        let length = text.chars().count();
        if !(1..=LONGEST).contains(&length) {
            return Err(ConditionError::Length(length));
        }
        let program = environment().compile(text).map_err(|errors| {
            let reasons = errors.errors.iter().map(|error| {
                let (line, column) = error.pos;
                format!("line {line}, column {column}: {}", error.msg)
            });
            let reason = reasons.take(3).collect::<Vec<_>>().join("; ");
            ConditionError::Syntax { text: text.to_owned(), reason }
        })?;
        let named = check::check(program.expression())
            .map_err(|reason| ConditionError::Meaning { text: text.to_owned(), reason })?;
        Ok(Self { text: text.to_owned(), program: Arc::new(program), named })
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it names, each once, in the order of the text: record and field.
    pub fn names(&self) -> &[(&'static str, &'static Field)] {
        &self.named
    }

    /// What it names, with the values that are known of an asset, for people.
    pub fn evidence(&self, subject: &Subject<'_>) -> Vec<EvidenceItem> {
        let known = self.named.iter().filter_map(|(record, field)| {
            let value = (field.value)(subject)?.shown()?;
            Some(item(&format!("{record}.{}", field.name), value))
        });
        known.collect()
    }

    /// Whether it holds for one asset; nothing when that is unknown. For many conditions on one asset make
    /// a [`Context`] once.
    pub fn holds(&self, subject: &Subject<'_>) -> Option<bool> {
        self.holds_in(&Context::of(subject))
    }

    /// Whether it holds for the asset of a context; nothing when that is unknown.
    pub fn holds_in(&self, context: &Context<'_>) -> Option<bool> {
        match self.program.execute(&context.variables) {
            Ok(Value::Bool(holds)) => Some(holds),
            // The check at compile time leaves values that are not known, and numbers out of bounds.
            Ok(_) | Err(_) => None,
        }
    }
}

impl TryFrom<String> for Condition {
    type Error = ConditionError;

    fn try_from(text: String) -> Result<Self, ConditionError> {
        Self::compile(&text)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Condition {}

/// One asset, ready for conditions. Values are read only when a condition asks for them.
pub struct Context<'a> {
    variables: cel::Context<'a, 'a>,
}

impl<'a> Context<'a> {
    /// The context of an asset.
    pub fn of(subject: &Subject<'a>) -> Self {
        let mut variables = cel::Context::with_env(Arc::clone(environment()));
        for (name, fields) in RECORDS {
            let record = value::Record { subject: *subject, fields };
            variables.add_variable_as_val(*name, Box::new(record));
        }
        Self { variables }
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// Functions and macros of the language; the same for all.
fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Env::stdlib().with_optional_support(false);
        network::declare(&mut environment);
        Arc::new(environment)
    })
}

#[cfg(test)]
mod tests;
