//! Entries of the ARP and NDP tables. Source of the format: rtnetlink(7), `ndmsg`.

use std::net::IpAddr;

use super::{attributes, ip};

/// Asks for the tables.
pub const GET_NEIGHBOUR: u16 = 30;
/// An entry in an answer.
pub const NEW_NEIGHBOUR: u16 = 28;

/// States of an entry that was answered for, or set by hand (`NUD_REACHABLE`, `NUD_STALE`, `NUD_DELAY`,
/// `NUD_PROBE`, `NUD_PERMANENT`). The others are not known to be there: incomplete and failed ones, and
/// those that need no answer, such as broadcasts.
const STATES: u16 = 0x02 | 0x04 | 0x08 | 0x10 | 0x80;
/// The entry answers in the name of another (`NTF_PROXY`).
const FLAG_PROXY: u8 = 0x08;
/// The neighbour says that it is a router (`NTF_ROUTER`).
const FLAG_ROUTER: u8 = 0x80;
/// Kind of the address: one host (`RTN_UNICAST`); 0 where the kernel does not say.
const UNICAST: [u8; 2] = [0, 1];

/// A neighbour that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its address.
    pub address: IpAddr,
    /// Number of the interface it is behind.
    pub index: i32,
    /// Its hardware address.
    pub mac: Vec<u8>,
    /// Whether it says that it is a router.
    pub router: bool,
}

/// Parses a `RTM_NEWNEIGH` payload; nothing for an entry that is no neighbour that was seen.
pub fn neighbour(payload: &[u8]) -> Option<Neighbour> {
    let (header, rest) = payload.split_first_chunk::<12>()?;
    let [_, _, _, _, i0, i1, i2, i3, s0, s1, flags, kind] = *header;
    let seen = u16::from_ne_bytes([s0, s1]) & STATES != 0
        && flags & FLAG_PROXY == 0
        && UNICAST.contains(&kind);
    if !seen {
        return None;
    }
    let (mut address, mut mac) = (None, Vec::new());
    for (kind, value) in attributes(rest) {
        match kind {
            // NDA_DST, NDA_LLADDR.
            1 => address = ip(value),
            2 => mac = value.to_vec(),
            _ => {}
        }
    }
    let address = address.filter(|address| {
        !address.is_loopback() && !address.is_multicast() && !address.is_unspecified()
    })?;
    // Loopback has an address of zeros; no hardware address is longer than 32 bytes (MAX_ADDR_LEN).
    let has_mac = mac.len() <= 32 && mac.iter().any(|byte| *byte != 0);
    let index = i32::from_ne_bytes([i0, i1, i2, i3]);
    has_mac.then_some(Neighbour { address, index, mac, router: flags & FLAG_ROUTER != 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::attribute;
    use super::*;

    fn entry(state: u16, flags: u8, kind: u8, address: &[u8], mac: &[u8]) -> Option<Neighbour> {
        let mut payload = vec![2, 0, 0, 0];
        payload.extend(7_i32.to_ne_bytes());
        payload.extend(state.to_ne_bytes());
        payload.extend([flags, kind]);
        payload.extend(attribute(1, address));
        payload.extend(attribute(2, mac));
        payload.extend(attribute(3, &[0; 16]));
        neighbour(&payload)
    }

    #[test]
    fn what_was_seen() {
        let mac = [2, 0, 0, 0, 0, 1];
        let found = entry(0x04, FLAG_ROUTER, 1, &[192, 0, 2, 1], &mac).unwrap();
        assert_eq!((found.address.to_string().as_str(), found.index), ("192.0.2.1", 7));
        assert_eq!((found.mac.as_slice(), found.router), (&mac[..], true));
        // Reachable, stale, delay, probe, permanent; none, incomplete, failed, no ARP.
        for (state, seen) in [
            (0x02, true),
            (0x04, true),
            (0x08, true),
            (0x10, true),
            (0x80, true),
            (0x00, false),
            (0x01, false),
            (0x20, false),
            (0x40, false),
        ] {
            let found = entry(state, 0, 1, &[192, 0, 2, 1], &mac);
            assert_eq!(found.is_some(), seen, "{state:#x}");
        }
    }

    #[test]
    fn what_is_no_neighbour() {
        let mac = [2, 0, 0, 0, 0, 1];
        for address in [[127, 0, 0, 1], [224, 0, 0, 251], [0, 0, 0, 0]] {
            assert_eq!(entry(0x80, 0, 1, &address, &mac), None, "{address:?}");
        }
        let mut all_nodes = [0; 16];
        all_nodes[..2].copy_from_slice(&[0xff, 0x02]);
        assert_eq!(entry(0x80, 0, 1, &all_nodes, &mac), None);
        assert_eq!(entry(0x80, 0, 1, &[192, 0, 2, 1], &[0; 6]), None);
        assert_eq!(entry(0x80, 0, 1, &[192, 0, 2, 1], &[]), None);
        assert_eq!(entry(0x80, 0, 1, &[192, 0, 2, 1], &[1; 33]), None);
        assert_eq!(entry(0x80, 0, 1, &[192, 0, 2], &mac), None);
        assert_eq!(entry(0x80, FLAG_PROXY, 1, &[192, 0, 2, 1], &mac), None);
        // Broadcast and multicast (RTN_BROADCAST, RTN_MULTICAST).
        assert_eq!(entry(0x80, 0, 3, &[192, 0, 2, 255], &mac), None);
        assert_eq!(entry(0x80, 0, 5, &[192, 0, 2, 1], &mac), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = neighbour(&bytes);
            let _ = neighbour(&[&[2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1], bytes.as_slice()].concat());
        }
    }
}
