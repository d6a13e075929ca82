//! Reads the `accounts` section on Linux.

use belfort_proto::inventory::v1::{AccountsSection, Administrator};

use super::{administrator_groups, administrators, is_built_in, passwd, without_password};
use crate::policy::PseudonymKey;
use crate::probe::Host;
use crate::probe::outcome::Sources;

/// Room for some 30,000 accounts.
const BYTES_MAX: usize = 2 << 20;
/// Each member of a group that administers takes fifty times its bytes while it is looked at.
const GROUP_BYTES_MAX: usize = 256 << 10;
const KEY: &str = "pseudonym key";

pub(super) fn read(host: &Host) -> AccountsSection {
    let mut sources = Sources::new(&host.root);
    let accounts = passwd(&sources.needed("/etc/passwd", BYTES_MAX).unwrap_or_default());
    let group = sources.needed("/etc/group", GROUP_BYTES_MAX).unwrap_or_default();
    let shadow = sources.needed("/etc/shadow", BYTES_MAX);
    let mut pseudonyms = false;
    let mut administrators: Vec<_> = administrators(&accounts, &administrator_groups(&group))
        .into_iter()
        .map(|(name, through)| {
            let built_in = is_built_in(&name, &accounts);
            pseudonyms |= !built_in;
            let name = if built_in { name } else { host.policy.pseudonym(&name) };
            Administrator { name, through: through.into_iter().collect() }
        })
        .collect();
    administrators.sort_by(|a, b| (&a.name, &a.through).cmp(&(&b.name, &b.through)));
    if pseudonyms {
        match host.policy.pseudonym_key {
            PseudonymKey::Known(_) => {}
            PseudonymKey::Absent => sources.outcomes.absent(KEY),
            PseudonymKey::Denied => sources.outcomes.denied(KEY),
        }
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    AccountsSection {
        count: count(accounts.len()),
        login_count: count(accounts.iter().filter(|account| account.login).count()),
        administrators,
        without_password_count: shadow.as_deref().map_or(0, without_password),
        without_password_known: shadow.is_some(),
        outcomes: sources.outcomes.into_vec(),
        ..AccountsSection::default()
    }
}
