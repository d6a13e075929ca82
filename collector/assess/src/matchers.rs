//! The matchers that findings name: one file per subject, one function per matcher.
//!
//! A matcher answers for one asset and never guesses: what the report does not say is
//! [`Verdict::Unknown`].

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Subject, Verdict};

mod asset;
mod boot;
mod disk;
mod network;
mod os;
mod product;
mod vulnerability;

/// Looks at one asset on behalf of one finding.
pub type Matcher = fn(&Subject<'_>, &FindingKind, &Catalogue) -> Verdict;

/// Every matcher, by name.
pub const ALL: &[(&str, Matcher)] = &[
    ("agent_stale", asset::agent_stale),
    ("asset_unclassified", asset::unclassified),
    ("asset_unowned", asset::unowned),
    ("boot_secure_off", boot::secure_off),
    ("disk_unencrypted", disk::unencrypted),
    ("firewall_off", network::firewall_off),
    ("identity_duplicate", asset::identity_duplicate),
    ("listener_insecure", network::listener_insecure),
    ("os_end_of_life", os::end_of_life),
    ("os_end_of_life_soon", os::end_of_life_soon),
    ("os_extended_only", os::extended_only),
    ("reboot_pending", os::reboot_pending),
    ("software_end_of_life", product::end_of_life),
    ("vulnerability_exploited", vulnerability::exploited),
    ("vulnerability_known", vulnerability::known),
];

/// The matcher with this name.
pub fn by_name(name: &str) -> Option<Matcher> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, matcher)| *matcher)
}
