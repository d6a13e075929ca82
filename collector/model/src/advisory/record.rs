//! One record of a feed.

use serde::{Deserialize, Serialize};

use super::CveId;

/// One record of a feed.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A package some versions of which are affected.
    Affected(Affected),
    /// What is known about a vulnerability, whoever has it.
    Cve(CveFact),
    /// A release of a product and the end of its support.
    Cycle(ReleaseCycle),
}

crate::text_enum! {
    /// Severity in the vendor's words.
    VendorSeverity {
        /// Low, negligible, unimportant.
        Low = "low",
        /// Medium, moderate.
        Medium = "medium",
        /// High, important.
        High = "high",
        /// Critical.
        Critical = "critical",
    }
}

impl VendorSeverity {
    /// Reads the words vendors use.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        Some(match text.trim_end_matches('*') {
            "low" | "negligible" | "unimportant" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" | "important" => Self::High,
            "critical" | "urgent" => Self::Critical,
            _ => return None,
        })
    }
}

/// Where a range of affected versions begins or ends. `0` comes before every version.
///
/// Source: OSV schema 1.7, `affected[].ranges[].events[]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// First affected version.
    #[serde(rename = "i")]
    Introduced(String),
    /// First version that is not affected any more.
    #[serde(rename = "f")]
    Fixed(String),
    /// Last affected version.
    #[serde(rename = "l")]
    LastAffected(String),
    /// What is not before this version is not spoken of.
    #[serde(rename = "x")]
    Limit(String),
}

/// A package some versions of which are affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// The advisory, for example `DSA-5000-1` or `CVE-2024-3094`.
    pub advisory: String,
    /// Where names and versions come from, with the release: `Debian:12`, `Ubuntu:22.04:LTS`,
    /// `Alpine:v3.20`, `Rocky Linux:9`, `PyPI`, `Windows`.
    pub ecosystem: String,
    /// Source package; for Windows the branch of builds, for example `10.0.19045`.
    pub package: String,
    /// Everything else, as it is kept.
    pub detail: AffectedDetail,
}

/// What an advisory says of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AffectedDetail {
    /// Vulnerabilities it is about.
    pub cves: Vec<CveId>,
    /// Ranges of affected versions, each the events of one line of development.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Vec<Event>>,
    /// Affected versions, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Whether the publisher says that it is of no practical importance.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub informational: bool,
    /// The vendor's severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<VendorSeverity>,
    /// CVSS vector the advisory gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// Updates that mend it, for example `KB5039211`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<String>,
}

/// That a vulnerability is exploited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploited {
    /// Day it was listed, `YYYY-MM-DD`.
    pub listed: String,
    /// Name of the vulnerability, or how it is exploited.
    pub name: String,
    /// Known use by ransomware.
    #[serde(default)]
    pub ransomware: bool,
    /// Day by which agencies of the United States must act: for reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

/// How likely an exploitation within 30 days is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epss {
    /// Probability, in millionths.
    pub score: u32,
    /// Share of vulnerabilities with a lower or equal score, in millionths.
    pub percentile: u32,
}

/// A severity score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cvss {
    /// The vector, for example `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`.
    pub vector: String,
}

/// Decision points of stakeholder-specific vulnerability categorisation, as CISA gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ssvc {
    /// `none`, `poc` or `active`.
    pub exploitation: String,
    /// `yes` or `no`.
    pub automatable: String,
    /// `partial` or `total`.
    pub technical_impact: String,
}

/// What a feed knows about a vulnerability, whoever has it.
#[derive(Clone, Debug, PartialEq)]
pub struct CveFact {
    /// The vulnerability.
    pub cve: CveId,
    /// Its probability of exploitation.
    pub epss: Option<Epss>,
    /// The rest, as it is kept.
    pub detail: CveDetail,
}

/// What a feed knows about a vulnerability, but for its EPSS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CveDetail {
    /// On CISA's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kev: Option<Exploited>,
    /// On ENISA's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eu_kev: Option<Exploited>,
    /// Its score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cvss: Option<Cvss>,
    /// Its decision points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssvc: Option<Ssvc>,
}

/// When something ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ends {
    /// Whether it has ended; the day is not known.
    Known(bool),
    /// Its last day, `YYYY-MM-DD`.
    On(String),
}

/// A release of a product and the end of its support.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCycle {
    /// The product as endoflife.date names it, for example `debian`.
    pub product: String,
    /// The release, for example `12` or `11-24h2-e`.
    pub cycle: String,
    /// Position among the product's releases; 0 is the newest.
    pub position: u32,
    /// Newest version of the release; empty when unknown.
    #[serde(default)]
    pub latest: String,
    /// End of security support; nothing when the feed does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Ends>,
    /// End of active support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_ends: Option<Ends>,
    /// End of extended support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_ends: Option<Ends>,
    /// Whether it is supported for long.
    #[serde(default)]
    pub long_term: bool,
}
