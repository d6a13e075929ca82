//! Reads the `workloads` section on Linux.

use belfort_proto::inventory::v1::WorkloadsSection;

use crate::probe::Host;
use crate::probe::outcome::Sources;

pub(super) fn read(host: &Host) -> WorkloadsSection {
    let sources = Sources::new(&host.root);
    WorkloadsSection { outcomes: sources.outcomes.into_vec(), ..WorkloadsSection::default() }
}
