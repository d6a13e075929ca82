//! Typed identifiers, all UUIDs (RFC 9562), never reused. What people and devices bring in gets version 7,
//! so that its order is the order of creation. What an evaluation derives, findings and risks, gets
//! version 8, made from its key alone: two evaluations of the same data give the same ids.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
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
    /// An assignment rule.
    RuleId;
    /// One run of assignment rules: what it assigned can be undone together.
    BatchId;
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
    /// An action against a risk.
    ActionId;
    /// An exception.
    ExceptionId;
    /// A meeting.
    MeetingId;
    /// An incident.
    IncidentId;
    /// An entry of the software catalogue.
    SoftwareId;
    /// A vulnerability that is passed over for a reason.
    SuppressionId;
    /// A session of somebody who logged in.
    SessionId;
    /// A frozen report.
    ReportId;
    /// A saved view.
    ViewId;
}

/// The id that follows from a name, version 8: the first bytes of the SHA-256 of the parts, each with its
/// length before it so that none can run into the next.
fn derived(kind: &str, parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in [kind.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl FindingId {
    /// The id of the finding with this code and key on an asset.
    pub fn of(asset: AssetId, code: &str, key: &str) -> Self {
        let parts: [&[u8]; 3] = [asset.0.as_bytes(), code.as_bytes(), key.as_bytes()];
        Self(derived("belfort finding", &parts))
    }
}

impl RiskId {
    /// The id of the entry with this key, in its text form.
    pub fn of(key: &str) -> Self {
        Self(derived("belfort risk", &[key.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_depends_on_every_part_and_nothing_else() {
        let asset = AssetId(Uuid::from_u128(1));
        let id = FindingId::of(asset, "disk.unencrypted", "/");
        assert_eq!(id, FindingId::of(asset, "disk.unencrypted", "/"));
        assert_eq!(id.0.get_version_num(), 8);
        assert_eq!(id.to_string(), "f69dcf43-d47d-87b1-ba1d-baf19cb4ba0c");
        let others = [
            FindingId::of(AssetId(Uuid::from_u128(2)), "disk.unencrypted", "/"),
            FindingId::of(asset, "disk.unencrypted/", ""),
            FindingId::of(asset, "disk.unencrypted", "/home"),
        ];
        assert!(!others.contains(&id));
        assert_ne!(RiskId::of("a").0, RiskId::of("b").0);
    }
}
