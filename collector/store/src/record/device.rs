//! What devices say: enrolment, check-ins, reports and what changed.

use belfort_model::agent::Agent;
use belfort_model::asset::Asset;
use belfort_model::evidence::Evidence;
use belfort_model::facts::DeviceFacts;
use belfort_model::id::{AgentId, AssetId};
use belfort_model::time::Timestamp;

/// A device that wants in.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// SHA-256 of the token's secret.
    pub token_sha256: [u8; 32],
    /// When.
    pub now: Timestamp,
    /// The agent as it will be, when it is admitted; its `asset` is filled in by the store.
    pub agent: Agent,
    /// The asset as it will be, when the machine is not known yet.
    pub new_asset: Asset,
    /// What tells the machine apart.
    pub evidence: Vec<Evidence>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// Admitted.
    Admitted {
        /// The agent, with its asset. For a repeated call it is the one admitted before.
        agent: Box<Agent>,
        /// Whether the machine was known already.
        recognised: bool,
        /// Assets it resembles, but not surely.
        doubtful: Vec<AssetId>,
    },
    /// There is no such token, or it does not admit any more. The log may know which; the caller is
    /// told only this.
    Refused(TokenRefusal),
}

/// Why a token did not admit. For the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// Nobody made it.
    Unknown,
    /// Its time is over.
    Expired,
    /// It admitted all it may.
    UsedUp,
    /// Somebody revoked it.
    Revoked,
}

/// A check-in.
#[derive(Clone, Debug)]
pub struct CheckIn {
    /// When.
    pub now: Timestamp,
    /// Version of the agent; kept as it is when empty.
    pub version: String,
    /// The agent's sequence number.
    pub sequence: u64,
    /// Difference between its clock and ours, milliseconds; kept as it is when nothing.
    pub clock_offset_ms: Option<i64>,
}

/// Which section, by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionKey {
    /// Kind of section: its number in the schema.
    pub kind: i32,
    /// Hash over kind, schema version and content.
    pub hash: [u8; 32],
}

/// The content of one section, stored once for all machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionBlob {
    /// Which.
    pub key: SectionKey,
    /// Version of its schema.
    pub schema_version: u32,
    /// Size before compression, bytes.
    pub size: u32,
    /// Content, compressed with zstd.
    pub zstd: Vec<u8>,
}

/// A section an asset holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetSection {
    /// Which.
    pub key: SectionKey,
    /// Version of its schema.
    pub schema_version: u32,
    /// Since when the asset has had this content.
    pub since: Timestamp,
}

/// What a report changes.
#[derive(Clone, Debug)]
pub struct ReportCommit {
    /// Which agent sent it.
    pub agent: AgentId,
    /// Its asset.
    pub asset: AssetId,
    /// When.
    pub now: Timestamp,
    /// The agent's sequence number.
    pub sequence: u64,
    /// The root the report was compared with: what [`super::Store::asset_sections`] gave.
    pub previous_root: Option<[u8; 32]>,
    /// The root it leads to.
    pub root: [u8; 32],
    /// All sections the asset will hold: key and schema version, by kind.
    pub manifest: Vec<(SectionKey, u32)>,
    /// Those that are new to the store.
    pub new_sections: Vec<SectionBlob>,
    /// Facts from all sections.
    pub facts: DeviceFacts,
    /// Name for the asset.
    pub name: String,
    /// Form for the asset.
    pub subtype: belfort_model::asset::Subtype,
    /// Hardware evidence from all sections; replaces what was known.
    pub evidence: Vec<Evidence>,
    /// What changed, compared with the sections before.
    pub changes: Vec<ChangeRecord>,
}

/// What came of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    /// It is durable.
    Committed,
    /// Another report came first: compare again.
    Superseded,
    /// The manifest names sections that nobody sent.
    Missing(Vec<SectionKey>),
    /// The agent is not active any more.
    NotActive,
}

/// One change on an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// When the collector learnt of it.
    pub at: Timestamp,
    /// Section it belongs to, by name; or `asset` for what people changed.
    pub section: String,
    /// What changed, for example `package openssl`.
    pub subject: String,
    /// Value before; nothing when it was added.
    pub before: Option<String>,
    /// Value after; nothing when it was removed.
    pub after: Option<String>,
}
