//! Records of advisory data.

use belfort_model::advisory::{AdvisorySource, Affected, CveFact};

/// An import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadId(pub u64);

/// A source and the load that holds its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSource {
    /// The source.
    pub source: AdvisorySource,
    /// Its data.
    pub load: LoadId,
}

/// Everything known about a vulnerability.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CveReport {
    /// What feeds say about it, by source.
    pub facts: Vec<(String, CveFact)>,
    /// Packages of advisories about it, by source.
    pub affected: Vec<(String, Affected)>,
}
