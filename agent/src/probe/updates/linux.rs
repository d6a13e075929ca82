//! Reads the `updates` section on Linux: what the caches of the package managers say.

mod apt;
mod dnf;

use belfort_proto::inventory::v1::{PendingUpdate, Tristate, UpdatesSection};

use crate::probe::Host;
use crate::probe::operating_system::day;
use crate::probe::outcome::Sources;

/// What one package manager's caches say.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What waits.
    pub(super) pending: Vec<PendingUpdate>,
    /// When the oldest cache was refreshed, seconds since 1970-01-01 UTC.
    pub(super) refreshed_seconds: Option<i64>,
    /// Whether updates are installed without anybody.
    pub(super) automatic: Tristate,
}

/// Asks one package manager's caches; nothing when it is not installed or has no cache.
type Reader = fn(&Host, &mut Sources<'_>) -> Option<Found>;

/// Every package manager, sorted by name.
const READERS: &[(&str, Reader)] = &[("apt", apt::read), ("dnf", dnf::read)];

pub(super) fn read(host: &Host) -> UpdatesSection {
    let mut sources = Sources::new(&host.root);
    let mut section = UpdatesSection::default();
    let mut refreshed = Vec::new();
    for (manager, reader) in READERS {
        let Some(found) = reader(host, &mut sources) else { continue };
        section.managers.push((*manager).to_owned());
        section.pending.extend(found.pending);
        refreshed.extend(found.refreshed_seconds);
        if found.automatic != Tristate::Unspecified {
            section.automatic = found.automatic.into();
        }
    }
    section.pending.sort_by(|a, b| {
        (&a.ecosystem, &a.name, &a.architecture).cmp(&(&b.ecosystem, &b.name, &b.architecture))
    });
    section.refreshed_on = refreshed.into_iter().min().map(day).unwrap_or_default();
    section.outcomes = sources.outcomes.into_vec();
    section
}
