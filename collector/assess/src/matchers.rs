//! The matchers that findings name: one file per subject, one function per matcher.
//!
//! A matcher answers for one asset and never guesses: what the report does not say is
//! [`Verdict::Unknown`].

use crate::catalogue::{Catalogue, FindingKind, Params};
use crate::evaluate::{Subject, Verdict};

mod account;
mod agent;
mod asset;
mod boot;
pub(crate) mod disk;
mod governance;
mod hardware;
mod life;
mod network;
mod os;
mod product;
mod provision;
mod software;
mod update;
mod vulnerability;

/// Looks at one asset on behalf of one finding.
pub type Matcher = fn(&Subject<'_>, &FindingKind, &Catalogue) -> Verdict;

/// Every matcher, by name.
pub const ALL: &[(&str, Matcher)] = &[
    ("active_after_decommission", life::active_after_decommission),
    ("admin_unexpected", account::admin_unexpected),
    ("agent_stale", asset::agent_stale),
    ("agent_version_unsupported", agent::version_unsupported),
    ("asset_owner_unconfirmed", asset::owner_unconfirmed),
    ("asset_unclassified", asset::unclassified),
    ("asset_unowned", asset::unowned),
    ("asset_verify_overdue", asset::verify_overdue),
    ("boot_secure_off", boot::secure_off),
    ("certificate_expiring", agent::certificate_expiring),
    ("client_absent", provision::client_absent),
    ("clock_drift", agent::clock_drift),
    ("disk_unencrypted", disk::unencrypted),
    ("disposal_unproven", life::disposal_unproven),
    ("exception_expired", governance::exception_expired),
    ("firewall_off", network::firewall_off),
    ("hardware_changed", hardware::changed),
    ("identity_duplicate", asset::identity_duplicate),
    ("listener_insecure", network::listener_insecure),
    ("listener_unknown", network::listener_unknown),
    ("malware_absent", provision::malware_absent),
    ("malware_outdated", provision::malware_outdated),
    ("os_end_of_life", os::end_of_life),
    ("os_end_of_life_soon", os::end_of_life_soon),
    ("os_extended_only", os::extended_only),
    ("overcollection", governance::overcollection),
    ("patch_overdue", update::patch_overdue),
    ("reboot_pending", os::reboot_pending),
    ("remote_control", software::remote_control),
    ("service_absent", provision::service_absent),
    ("software_unauthorised", software::unauthorised),
    ("software_end_of_life", product::end_of_life),
    ("vulnerability_exploited", vulnerability::exploited),
    ("vulnerability_known", vulnerability::known),
];

/// The matcher with this name.
pub fn by_name(name: &str) -> Option<Matcher> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, matcher)| *matcher)
}

/// What is in order on one asset.
struct Allowed<'a> {
    certain: Vec<&'a str>,
    /// What is in order if a baseline holds of which that is not known.
    perhaps: Vec<&'a str>,
}

impl Allowed<'_> {
    /// Whether one of these is in order; nothing when that is not known.
    fn has(&self, names: &[&str]) -> Option<bool> {
        let any = |list: &[&str]| names.iter().any(|name| !name.is_empty() && list.contains(name));
        match (any(&self.certain), any(&self.perhaps)) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        }
    }
}

/// The baseline of an asset: what is allowed everywhere, and where a condition holds.
fn allowed<'a>(subject: &Subject<'_>, params: &'a Params) -> Allowed<'a> {
    let mut certain: Vec<_> = params.allowed.iter().map(String::as_str).collect();
    let mut perhaps = Vec::new();
    for baseline in &params.baselines {
        let names = baseline.allowed.iter().map(String::as_str);
        match baseline.when.holds(subject) {
            Some(true) => certain.extend(names),
            Some(false) => {}
            None => perhaps.extend(names),
        }
    }
    Allowed { certain, perhaps }
}
