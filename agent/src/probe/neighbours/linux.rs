//! Reads the `neighbours` section on Linux.

use belfort_proto::inventory::v1::NeighboursSection;

use crate::probe::Host;
use crate::probe::outcome::Sources;

pub(super) fn read(host: &Host) -> NeighboursSection {
    let sources = Sources::new(&host.root);
    NeighboursSection { outcomes: sources.outcomes.into_vec(), ..NeighboursSection::default() }
}
