//! Agents: identities on devices, and the tokens that admit them.

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, AssetId, TokenId, UnitId};
use crate::time::Timestamp;

crate::text_enum! {
    /// Whether an agent's key is honoured.
    AgentStatus {
        /// It is.
        Active = "active",
        /// Another enrolment of the same machine took its place.
        Superseded = "superseded",
        /// Somebody revoked it.
        Revoked = "revoked",
    }
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its id: the one in its certificate.
    pub id: AgentId,
    /// The asset it reports.
    pub asset: AssetId,
    /// Whether its key is honoured.
    pub status: AgentStatus,
    /// SHA-256 of its public key (DER `SubjectPublicKeyInfo`).
    pub key_sha256: Vec<u8>,
    /// Serial number of its newest certificate, lower-case hexadecimal.
    pub certificate_serial: String,
    /// When that certificate ends.
    pub certificate_not_after: Timestamp,
    /// Version of the program; as the agent says.
    pub version: String,
    /// Operating-system family; as the agent says.
    pub platform: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Its last check-in or report.
    pub last_seen: Option<Timestamp>,
    /// The highest sequence number it used.
    pub sequence: u64,
    /// Difference between its clock and the collector's at the last check-in, milliseconds; positive
    /// when its clock is ahead.
    pub clock_offset_ms: i64,
}

/// One enrolment token. The secret is not here: only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentToken {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub label: String,
    /// Unit proposed as the owner of what it admits.
    pub unit: Option<UnitId>,
    /// How many devices it may admit.
    pub uses_allowed: u32,
    /// How many it has admitted.
    pub uses: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

crate::text_enum! {
    /// Whether a token admits a device.
    TokenStatus {
        /// It does.
        Valid = "valid",
        /// Its time is over.
        Expired = "expired",
        /// It has admitted all it may.
        UsedUp = "used_up",
        /// Somebody revoked it.
        Revoked = "revoked",
    }
}

impl EnrolmentToken {
    /// Whether it admits a device now.
    pub fn status(&self, now: Timestamp) -> TokenStatus {
        if self.revoked_at.is_some() {
            TokenStatus::Revoked
        } else if now >= self.expires_at {
            TokenStatus::Expired
        } else if self.uses >= self.uses_allowed {
            TokenStatus::UsedUp
        } else {
            TokenStatus::Valid
        }
    }
}
