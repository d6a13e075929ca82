//! What a search finds.

use belfort_model::evidence::EvidenceKind;
use belfort_model::id::AssetId;

/// An asset, and what of it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedBy {
    /// The asset.
    pub asset: AssetId,
    /// Its name.
    pub asset_name: String,
    /// What kind of evidence it is; nothing for an IP address.
    pub kind: Option<EvidenceKind>,
    /// Its value.
    pub value: String,
}
