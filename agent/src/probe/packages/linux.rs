//! Reads the `packages` section on Linux.

use belfort_proto::inventory::v1::PackagesSection;
use belfort_proto::limits;

use super::sort;
use crate::probe::outcome::Outcomes;
use crate::probe::{Host, dpkg};

pub(super) fn read(host: &Host) -> PackagesSection {
    let mut outcomes = Outcomes::default();
    let mut packages = Vec::new();
    match host.dpkg_status() {
        Ok(status) => {
            let mut found = dpkg::packages(status);
            packages.reserve(dpkg::estimate(status).min(limits::ELEMENTS));
            packages.extend(found.by_ref().take(limits::ELEMENTS));
            if found.next().is_some() {
                outcomes.failed(dpkg::STATUS_PATH, "more packages than can be reported");
            }
        }
        Err(error) => outcomes.unread(dpkg::STATUS_PATH, error),
    }
    sort(&mut packages);
    PackagesSection { outcomes: outcomes.into_vec(), packages }
}
