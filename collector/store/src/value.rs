//! Values that go into a statement and rows that come out of it, the same for every database.

use belfort_model::advisory::FeedKind;
use belfort_model::agent::AgentStatus;
use belfort_model::asset::{
    AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype,
};
use belfort_model::classification::ClassificationStatus;
use belfort_model::data_set::{PersonalData, RecordsBand, Relation};
use belfort_model::evidence::EvidenceKind;
use belfort_model::exception::ExceptionStatus;
use belfort_model::finding::FindingStatus;
use belfort_model::id::{
    ActionId, AgentId, ApiTokenId, AssetId, BatchId, ExceptionId, FindingId, IncidentId, MeetingId,
    ReportId, RiskId, RuleId, SessionId, SoftwareId, SuppressionId, TokenId, UnitId, UserId,
    ViewId,
};
use belfort_model::ownership::{Method, OwnershipRole};
use belfort_model::risk::{ActionStatus, RiskState};
use belfort_model::rule::RuleState;
use belfort_model::scale::{Dimensions, Level};
use belfort_model::software::{Approval, LicenceType};
use belfort_model::time::Timestamp;
use belfort_model::unit::UnitKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Result, StoreError};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// The parameters of a statement, in the order of `$1`, `$2` …
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*][..] };
}
pub(crate) use params;

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        // PostgreSQL keeps no NUL in a text; both databases replace it alike.
        Self::Text(text.replace('\0', "\u{fffd}"))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        // Databases count to 2^63: what lies above is as good as the end.
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Int(moment.0)
    }
}

impl From<Level> for Value {
    fn from(level: Level) -> Self {
        Self::Int(level.get().into())
    }
}

impl From<Dimensions> for Value {
    fn from(dimensions: Dimensions) -> Self {
        Self::Text(dimensions.to_string())
    }
}

impl From<[u8; 32]> for Value {
    fn from(hash: [u8; 32]) -> Self {
        Self::Blob(hash.to_vec())
    }
}

impl From<[u8; 16]> for Value {
    fn from(id: [u8; 16]) -> Self {
        Self::Blob(id.to_vec())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Blob(bytes.to_vec())
    }
}

/// Reads a value of a type out of a column.
pub(crate) trait FromValue: Sized {
    /// The value, or why it is none.
    fn from_value(value: Value) -> std::result::Result<Self, String>;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Int(number) => Ok(number),
            other => Err(format!("{other:?} is not a number")),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(format!("{other:?} is not a text")),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Blob(bytes) => Ok(bytes),
            other => Err(format!("{other:?} is not a byte string")),
        }
    }
}

impl FromValue for [u8; 32] {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        Vec::from_value(value)?
            .try_into()
            .map_err(|bytes: Vec<u8>| format!("a hash has 32 bytes, not {}", bytes.len()))
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        i64::from_value(value).map(Self)
    }
}

impl FromValue for Level {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        Self::try_from(i64::from_value(value)?).map_err(|error| error.to_string())
    }
}

impl FromValue for Dimensions {
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        Self::try_from(String::from_value(value)?).map_err(|error| error.to_string())
    }
}

macro_rules! numbers {
    ($($name:ty),+) => {$(
        impl FromValue for $name {
            fn from_value(value: Value) -> std::result::Result<Self, String> {
                let number = i64::from_value(value)?;
                Self::try_from(number).map_err(|_| format!("{number} is out of range"))
            }
        }
    )+};
}
numbers!(i32, u32, u64);

macro_rules! ids {
    ($($name:ident),+ $(,)?) => {$(
        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Self::Blob(id.0.as_bytes().to_vec())
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> std::result::Result<Self, String> {
                let bytes = Vec::from_value(value)?;
                Uuid::from_slice(&bytes).map(Self).map_err(|error| error.to_string())
            }
        }
    )+};
}
ids!(
    ActionId,
    AgentId,
    ApiTokenId,
    AssetId,
    BatchId,
    ExceptionId,
    FindingId,
    IncidentId,
    MeetingId,
    ReportId,
    RiskId,
    RuleId,
    SessionId,
    SoftwareId,
    SuppressionId,
    TokenId,
    UnitId,
    UserId,
    ViewId,
);

macro_rules! texts {
    ($($name:ident),+ $(,)?) => {$(
        impl From<$name> for Value {
            fn from(value: $name) -> Self {
                Self::Text(value.as_str().to_owned())
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> std::result::Result<Self, String> {
                let text = String::from_value(value)?;
                text.parse().map_err(|error: belfort_model::UnknownValue| error.to_string())
            }
        }
    )+};
}
texts!(
    ActionStatus,
    AgentStatus,
    Approval,
    AssetKind,
    Authorised,
    ClassificationStatus,
    Environment,
    EvidenceKind,
    ExceptionStatus,
    Exposure,
    FeedKind,
    FindingStatus,
    LicenceType,
    Lifecycle,
    Method,
    OwnershipRole,
    PersonalData,
    RecordsBand,
    Relation,
    RiskState,
    RuleState,
    Source,
    Subtype,
    UnitKind,
);

/// Writes a document.
pub(crate) fn document<T: Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })
}

/// One row, read from its first column to its last.
#[derive(Debug)]
pub(crate) struct Row {
    values: std::vec::IntoIter<Value>,
    column: usize,
}

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self { values: values.into_iter(), column: 0 }
    }

    /// The next column.
    pub(crate) fn next<T: FromValue>(&mut self, what: &'static str) -> Result<T> {
        self.column += 1;
        let value = self.values.next().ok_or_else(|| "is missing".to_owned());
        value.and_then(T::from_value).map_err(|reason| StoreError::Corrupt {
            what,
            reason: format!("column {}: {reason}", self.column),
        })
    }

    /// The next column, which is a document.
    pub(crate) fn document<T: DeserializeOwned>(&mut self, what: &'static str) -> Result<T> {
        let text: String = self.next(what)?;
        serde_json::from_str(&text)
            .map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })
    }

    /// The next column, which is a document or nothing.
    pub(crate) fn optional_document<T: DeserializeOwned>(
        &mut self,
        what: &'static str,
    ) -> Result<Option<T>> {
        let text: Option<String> = self.next(what)?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })
    }

    /// Passes over columns, for example those of a joined row that is not there.
    pub(crate) fn skip(&mut self, count: usize) {
        self.column += count;
        self.values.by_ref().take(count).for_each(drop);
    }
}
