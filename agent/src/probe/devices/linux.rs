//! Reads the `devices` section on Linux.

use belfort_proto::inventory::v1::DevicesSection;

use crate::probe::Host;
use crate::probe::outcome::Sources;

pub(super) fn read(host: &Host) -> DevicesSection {
    let sources = Sources::new(&host.root);
    DevicesSection { outcomes: sources.outcomes.into_vec(), ..DevicesSection::default() }
}
