//! Who has a piece of software: versions with their number, and the filter on versions.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use belfort_assess::version::Order;
use belfort_model::id::SoftwareId;
use belfort_store::record::{InstalledOn, Page, SoftwareSummary};

use crate::app::App;
use crate::app::access::Actor;
use crate::rest::problem::Problem;

/// Installations read at a time.
const CHUNK: u32 = 1_000;

/// A filter on versions, as people type it: `<3.0.15`, `>=2`, or one version exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VersionFilter {
    wanted: Wanted,
    version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl std::str::FromStr for VersionFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let signs = [
            ("<=", Wanted::LessOrEqual),
            (">=", Wanted::GreaterOrEqual),
            ("<", Wanted::Less),
            (">", Wanted::Greater),
            ("=", Wanted::Equal),
        ];
        let found =
            signs.iter().find_map(|(sign, wanted)| Some((text.strip_prefix(sign)?, *wanted)));
        let (version, wanted) = found.unwrap_or((text, Wanted::Equal));
        match version.trim() {
            "" => Err(format!("`{text}` names no version: write for example <3.0.15")),
            version => Ok(Self { wanted, version: version.to_owned() }),
        }
    }
}

impl VersionFilter {
    /// Whether a version is meant. What the order of the ecosystem cannot compare is not.
    fn holds(&self, order: Option<Order>, version: &str) -> bool {
        if self.wanted == Wanted::Equal && version == self.version {
            return true;
        }
        let compared = order.and_then(|order| order.compare(version, &self.version));
        compared.is_some_and(|compared| match self.wanted {
            Wanted::Less => compared == Ordering::Less,
            Wanted::LessOrEqual => compared != Ordering::Greater,
            Wanted::Equal => compared == Ordering::Equal,
            Wanted::GreaterOrEqual => compared != Ordering::Less,
            Wanted::Greater => compared == Ordering::Greater,
        })
    }
}

/// A version and how many assets have it.
pub(super) struct VersionCount {
    pub(super) version: String,
    pub(super) assets: u64,
}

/// All installations of an entry that somebody may see.
pub(super) struct Installed {
    pub(super) summary: SoftwareSummary,
    pub(super) rows: Vec<InstalledOn>,
}

impl Installed {
    /// Reads them, by name of the asset.
    pub(super) fn read(app: &App, actor: &Actor, id: SoftwareId) -> Result<Self, Problem> {
        let mut rows = Vec::new();
        loop {
            let page = Page { limit: CHUNK, offset: rows.len() as u64 };
            let (summary, part) = app.software(actor, id, page)?;
            let last = part.items.len() < CHUNK as usize;
            rows.extend(part.items);
            if last {
                return Ok(Self { summary, rows });
            }
        }
    }

    fn order(&self) -> Option<Order> {
        Order::of_package_type(&self.summary.software.ecosystem)
    }

    /// Whether versions of this ecosystem can be compared.
    pub(super) fn is_ordered(&self) -> bool {
        self.order().is_some()
    }

    /// Its versions, newest first, each with the number of assets that have it.
    pub(super) fn versions(&self) -> Vec<VersionCount> {
        let mut assets: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        for row in &self.rows {
            assets.entry(&row.installation.version).or_default().insert(row.asset);
        }
        let versions: Vec<_> = assets
            .into_iter()
            .map(|(version, assets)| VersionCount {
                version: version.to_owned(),
                assets: assets.len() as u64,
            })
            .collect();
        // Only what the ecosystem can compare is ordered by it; the rest follows, in the order of text.
        let order = self.order();
        let is_known = |one: &VersionCount| {
            order.is_some_and(|order| order.compare(&one.version, &one.version).is_some())
        };
        let (mut known, mut rest): (Vec<_>, Vec<_>) = versions.into_iter().partition(is_known);
        known.sort_by(|a, b| {
            let compared = order.and_then(|order| order.compare(&b.version, &a.version));
            compared.unwrap_or(Ordering::Equal)
        });
        rest.reverse();
        known.append(&mut rest);
        known
    }

    /// Keeps what the filter means. What cannot be compared is refused: an empty list would be no answer.
    pub(super) fn keep(&mut self, filter: &VersionFilter) -> Result<(), Problem> {
        let order = self.order();
        if order.is_none() && filter.wanted != Wanted::Equal {
            let ecosystem = &self.summary.software.ecosystem;
            let reason = format!("versie: versions of `{ecosystem}` have no order that is known");
            return Err(Problem::bad_request(reason));
        }
        self.rows.retain(|row| filter.holds(order, &row.installation.version));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str, version: &str) -> bool {
        filter.parse::<VersionFilter>().unwrap().holds(Some(Order::Dpkg), version)
    }

    #[test]
    fn versions_compare_as_their_ecosystem_does() {
        assert!(holds("<3.0.15", "3.0.9") && !holds("<3.0.15", "3.0.15"));
        assert!(holds("<=3.0.15", "3.0.15") && holds("> 3.0.15", "1:1.0"));
        assert!(holds(">=3.0.15", "3.0.15") && !holds(">=3.0.15", "3.0.15~rc1"));
        assert!(holds("3.0.15", "3.0.15") && holds("=3.0.15", "3.0.15"));
        assert!(!holds("3.0.15", "3.0.16"));
        assert!("<".parse::<VersionFilter>().is_err());
    }
}
