//! Neighbours: devices seen on the local networks.

use std::collections::BTreeMap;
use std::net::IpAddr;

use belfort_proto::inventory::v1::{Neighbour, SectionKind};
use belfort_proto::section::Section;

use super::{Host, Probe, network, rtnetlink::neighbour, text};
use crate::policy::Policy;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `neighbours` section.
#[derive(Debug)]
pub struct NeighboursProbe;

impl Probe for NeighboursProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Neighbours
    }

    fn read(&self, host: &Host) -> Section {
        Section::Neighbours(read(host))
    }
}

/// More than any host keeps: the kernel's tables start to drop entries at 1,024 unless told otherwise.
const NEIGHBOURS_MAX: usize = 16_384;

/// The entries of the kernel's tables that may be reported.
#[derive(Debug, Default)]
pub struct Table {
    entries: Vec<neighbour::Neighbour>,
    /// Whether there were more than are kept.
    pub cut: bool,
}

impl Table {
    /// Adds what a message says, when it is a neighbour with an address that may be reported.
    pub fn add(&mut self, policy: &Policy, payload: &[u8]) {
        let found = neighbour::neighbour(payload).filter(|found| policy.shows(found.address));
        let Some(found) = found else {
            return;
        };
        if self.entries.len() < NEIGHBOURS_MAX {
            self.entries.push(found);
        } else {
            self.cut = true;
        }
    }

    /// Numbers of the interfaces that neighbours are behind, sorted.
    pub fn interfaces(&self) -> Vec<i32> {
        let mut indices: Vec<_> = self.entries.iter().map(|entry| entry.index).collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// The neighbours sorted by address and interface, without this machine's own addresses. Interfaces
    /// without a name are gone meanwhile, and what was behind them.
    pub fn neighbours(mut self, own: &[IpAddr], names: &BTreeMap<i32, Vec<u8>>) -> Vec<Neighbour> {
        self.entries.retain(|entry| !own.contains(&entry.address));
        let name = |entry: &neighbour::Neighbour| names.get(&entry.index);
        self.entries.sort_by(|a, b| (a.address, name(a)).cmp(&(b.address, name(b))));
        let neighbours = self.entries.iter().filter_map(|entry| {
            Some(Neighbour {
                address: entry.address.to_string(),
                mac_address: network::mac(&entry.mac),
                interface: text::clean(name(entry)?),
                router: entry.router,
            })
        });
        neighbours.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::probe::rtnetlink::tests::attribute;

    fn entry(index: i32, address: IpAddr) -> Vec<u8> {
        let mut payload = vec![0, 0, 0, 0];
        payload.extend(index.to_ne_bytes());
        payload.extend([4, 0, 0, 1]);
        let address = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        payload.extend(attribute(1, &address));
        payload.extend(attribute(2, &[2, 0, 0, 0, 0, 0xab]));
        payload
    }

    #[test]
    fn only_what_may_be_reported_and_is_not_this_machine() {
        let policy = Policy::new(None, &Config::default());
        let mut table = Table::default();
        for (index, address) in [
            (3, "10.0.0.9"),
            (2, "2001:db8::1"),
            (2, "10.0.0.10"),
            (2, "10.0.0.9"),
            // Outside the prefixes; this machine; behind what is gone.
            (2, "203.0.113.1"),
            (2, "fe80::1"),
            (2, "10.0.0.1"),
            (9, "10.0.0.8"),
        ] {
            table.add(&policy, &entry(index, address.parse().unwrap()));
        }
        assert_eq!(table.interfaces(), [2, 3, 9]);
        let names = BTreeMap::from([(2, b"eth0".to_vec()), (3, b"eth1".to_vec())]);
        let found = table.neighbours(&["10.0.0.1".parse().unwrap()], &names);
        let found: Vec<_> = found.iter().map(|one| (&*one.address, &*one.interface)).collect();
        let expected = [
            ("10.0.0.9", "eth0"),
            ("10.0.0.9", "eth1"),
            ("10.0.0.10", "eth0"),
            ("2001:db8::1", "eth0"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_table_larger_than_any_is_cut() {
        let mut table = Table::default();
        for number in 0..=NEIGHBOURS_MAX {
            let number = u32::try_from(number).unwrap() + 0x0a00_0000;
            table.add(&Policy::everything(), &entry(1, std::net::Ipv4Addr::from(number).into()));
        }
        assert!(table.cut);
        assert_eq!(table.entries.len(), NEIGHBOURS_MAX);
    }
}
