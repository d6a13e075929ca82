//! Devices seen beside this one.

use belfort_model::facts::{DeviceFacts, NeighbourFacts};
use belfort_proto::inventory::v1::NeighboursSection;

use crate::oui;

/// Hardware addresses that a device made up are left out: a telephone takes another one in every network,
/// so that nobody can follow it.
pub(super) fn neighbours(section: &NeighboursSection, facts: &mut DeviceFacts) {
    let given = section.neighbours.iter().filter(|one| {
        // Without its hardware address, which may be switched off, nobody is told from another.
        !one.mac_address.is_empty() && !oui::is_made_up(&one.mac_address)
    });
    let neighbours = given.map(|one| NeighbourFacts {
        address: one.address.clone(),
        mac_address: one.mac_address.clone(),
        vendor: oui::maker(&one.mac_address).unwrap_or_default().to_owned(),
        router: one.router,
        ..NeighbourFacts::default()
    });
    facts.neighbours = Some(neighbours.collect());
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::Neighbour;
    use belfort_proto::section::Section;

    use super::super::observe;
    use super::*;

    #[test]
    fn only_addresses_that_were_given_to_a_maker_are_kept() {
        let neighbour = |mac: &str| Neighbour {
            address: "192.0.2.9".to_owned(),
            mac_address: mac.to_owned(),
            ..Neighbour::default()
        };
        let all = ["00:1b:63:84:45:e6", "52:54:00:12:34:56", ""];
        let neighbours = all.into_iter().map(neighbour).collect();
        let section = NeighboursSection { neighbours, ..NeighboursSection::default() };
        let kept = observe([Section::Neighbours(section)].iter()).facts.neighbours.unwrap();
        let makers: Vec<_> = kept.iter().map(|one| one.vendor.as_str()).collect();
        assert_eq!(makers, ["Apple, Inc."]);
        assert_eq!(observe([].iter()).facts.neighbours, None);
    }
}
