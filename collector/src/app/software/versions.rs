//! The versions of a catalogue entry: their order, filters on them, and who has which.

use std::cmp::Ordering;

use belfort_assess::version::Order;
use belfort_model::id::SoftwareId;
use belfort_store::record::{
    InstalledFilter, InstalledOn, Page, Paged, SoftwareSummary, VersionCount,
};

use super::unknown;
use crate::app::access::{Actor, Right};
use crate::app::{App, AppError, Result};

/// A filter on versions, as people type it: `<3.0.15`, `>=2`, or one version exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionFilter {
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

    fn from_str(text: &str) -> std::result::Result<Self, String> {
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
    /// Those of these versions that are meant. What cannot be compared is refused: an empty list would be no
    /// answer.
    pub(in crate::app) fn of(
        &self,
        ecosystem: &str,
        versions: &[VersionCount],
    ) -> Result<Vec<String>> {
        let order = Order::of_package_type(ecosystem);
        if order.is_none() && self.wanted != Wanted::Equal {
            let reason = format!("versions of `{ecosystem}` have no order that is known");
            return Err(AppError::Invalid(reason));
        }
        let versions = versions.iter().map(|one| &one.version);
        Ok(versions.filter(|version| self.holds(order, version)).cloned().collect())
    }

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

/// A catalogue entry with its versions and who has it.
#[derive(Debug)]
pub struct SoftwareShown {
    /// The entry.
    pub summary: SoftwareSummary,
    /// Its versions on assets in service, newest first; those that cannot be compared follow.
    pub versions: Vec<VersionCount>,
    /// Whether versions of this ecosystem can be compared.
    pub is_ordered: bool,
    /// The part that was asked for of the installations that were asked for, by name of the asset.
    pub installed: Paged<InstalledOn>,
}

impl App {
    /// One catalogue entry, with who has it, or has a version that is meant; within what the actor may see.
    pub fn software(
        &self,
        actor: &Actor,
        id: SoftwareId,
        wanted: Option<&VersionFilter>,
        page: Page,
    ) -> Result<SoftwareShown> {
        actor.require(Right::Read)?;
        let scope = actor.scope(Right::Read);
        let summary = self.store.software_get(id, &scope)?.ok_or_else(|| unknown(id))?;
        let mut versions = self.store.software_versions(id, &scope)?;
        let ecosystem = &summary.software.ecosystem;
        let wanted = wanted.map(|wanted| wanted.of(ecosystem, &versions)).transpose()?;
        let filter = InstalledFilter { scope, versions: wanted };
        let installed = self.store.software_installed(id, &filter, page)?;
        let order = Order::of_package_type(ecosystem);
        newest_first(&mut versions, order);
        Ok(SoftwareShown { summary, versions, is_ordered: order.is_some(), installed })
    }
}

/// Only what the ecosystem can compare is ordered by it; the rest follows, in the order of text.
fn newest_first(versions: &mut Vec<VersionCount>, order: Option<Order>) {
    let is_known = |one: &VersionCount| {
        order.is_some_and(|order| order.compare(&one.version, &one.version).is_some())
    };
    let (mut known, mut rest): (Vec<_>, Vec<_>) = versions.drain(..).partition(is_known);
    known.sort_by(|a, b| {
        let compared = order.and_then(|order| order.compare(&b.version, &a.version));
        compared.unwrap_or(Ordering::Equal)
    });
    rest.reverse();
    known.append(&mut rest);
    *versions = known;
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
