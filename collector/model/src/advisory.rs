//! Advisory data: what publishers say about vulnerabilities and the end of support, in one form,
//! whatever feed it came from.
//!
//! Source: `feeds.md`, "In: advisory data". A record never says that an asset is affected: that is
//! worked out by `belfort-assess`, from packages and versions.

mod cve;
mod record;
mod suppression;

pub use cve::{CveId, NotACve};
pub use record::{
    Affected, AffectedDetail, CveDetail, CveFact, Cvss, Ends, Epss, Event, Exploited, Record,
    ReleaseCycle, Ssvc, VendorSeverity,
};
pub use suppression::{MAX_DAYS, Suppression, SuppressionScope};

use crate::time::Timestamp;

crate::text_enum! {
    /// The form a feed is published in.
    FeedKind {
        /// Known exploited vulnerabilities, CISA.
        Kev = "kev",
        /// Known exploited vulnerabilities, ENISA.
        EuKev = "eu_kev",
        /// Exploit prediction scores, FIRST.
        Epss = "epss",
        /// End of support per product, endoflife.date.
        EndOfLife = "endoflife",
        /// Open source vulnerabilities: one advisory or an archive of them.
        Osv = "osv",
        /// The security tracker of Debian.
        Debian = "debian",
        /// Security updates of Microsoft, CSAF.
        Msrc = "msrc",
        /// CVE records enriched by CISA.
        Vulnrichment = "vulnrichment",
    }
}

impl FeedKind {
    /// Under which terms the publisher gives the data.
    pub fn licence(self) -> &'static str {
        match self {
            Self::Kev | Self::Vulnrichment => "CC0-1.0",
            Self::EuKev => "CC-BY-4.0",
            Self::Epss => "FIRST.org, free to use with attribution",
            Self::EndOfLife => "MIT",
            Self::Osv => "per advisory database, see osv.dev/data-sources",
            Self::Debian => "Debian project, free to use",
            Self::Msrc => "Microsoft, terms of the Security Update Guide",
        }
    }

    /// Days after which the data is too old to rely on.
    ///
    /// Source: `domain.md`, K16.
    pub fn fresh_days(self) -> i64 {
        match self {
            Self::Kev | Self::EuKev | Self::Epss => 2,
            _ => 7,
        }
    }
}

/// Where imported data comes from: what every finding made of it cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisorySource {
    /// What it is called, for example `kev`, `osv/debian` or `endoflife/debian`. New data of the same
    /// name takes the place of the old.
    pub name: String,
    /// Its form.
    pub kind: FeedKind,
    /// Version its publisher gives, or the day of the data.
    pub version: String,
    /// The moment the data is of: the publisher's, or otherwise when the file was made.
    pub as_of: Timestamp,
    /// When the file was fetched: its time of modification.
    pub retrieved_at: Timestamp,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// SHA-256 of the file; of a folder, over the hashes of its files in order of their names.
    pub sha256: [u8; 32],
    /// Terms of use.
    pub licence: String,
    /// Records taken.
    pub records: u64,
    /// Records passed over because they could not be used.
    pub skipped: u64,
}
