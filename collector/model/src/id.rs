//! Typed identifiers. All are UUIDs version 7 (RFC 9562), given by the collector and never reused, so
//! their order is the order of creation.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// An asset; a data set is one.
    AssetId;
    /// An agent's identity on a device.
    AgentId;
    /// An organisational unit.
    UnitId;
    /// An enrolment token.
    TokenId;
    /// A finding.
    FindingId;
    /// An entry of the risk register.
    RiskId;
    /// A person or program that uses the collector.
    UserId;
    /// An API token.
    ApiTokenId;
    /// A frozen report.
    ReportId;
}
