//! Reads the database of dpkg.

use belfort_agent_sys::files::{Directory, ReadError};
use belfort_proto::inventory::v1::{Package, PackageState};

use super::PACKAGES_MAX;
use crate::probe::Host;
use crate::probe::dpkg::{self, Listed};
use crate::probe::operating_system::day;
use crate::probe::outcome::Sources;

pub(super) fn read(host: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    let status = match host.dpkg_status() {
        Ok(status) => status,
        Err(ReadError::Absent) => return,
        Err(error) => return sources.outcomes.unread(dpkg::STATUS_PATH, error),
    };
    let lists = sources.root.directory(dpkg::INFO_PATH).ok();
    // Counted, since a list that grows by doubling would need three times its room.
    packages.reserve_exact(dpkg::paragraphs(status).count().min(PACKAGES_MAX + 1));
    packages.extend(dpkg::packages(status).take(PACKAGES_MAX + 1).map(|listed| {
        let installed_on = installed_on(&listed, lists.as_ref());
        Package { installed_on, ..listed.package }
    }));
}

/// The day of the last installation. What is removed and left its configuration has a list, too, but as
/// old as its removal.
fn installed_on(listed: &Listed, lists: Option<&Directory>) -> String {
    if listed.package.state() != PackageState::Installed {
        return String::new();
    }
    let seconds = lists.and_then(|lists| lists.modified_seconds(&listed.list()));
    seconds.map(day).unwrap_or_default()
}
