//! Interfaces, addresses and routes as the kernel tells them. Source of the format: rtnetlink(7).

use std::net::IpAddr;

pub mod neighbour;

/// Message types: asking for links, addresses and routes.
pub const GET_LINK: u16 = 18;
/// Asks for addresses.
pub const GET_ADDRESS: u16 = 22;
/// Asks for routes.
pub const GET_ROUTE: u16 = 26;
/// A link in an answer.
pub const NEW_LINK: u16 = 16;
/// An address in an answer.
pub const NEW_ADDRESS: u16 = 20;
/// A route in an answer.
pub const NEW_ROUTE: u16 = 24;

/// Hardware type of the loopback interface (`ARPHRD_LOOPBACK`).
pub const HARDWARE_LOOPBACK: u16 = 772;
/// Hardware type of Ethernet (`ARPHRD_ETHER`).
pub const HARDWARE_ETHERNET: u16 = 1;

const FLAG_UP: u32 = 1;
/// An address that the kernel made up for privacy and changes by itself.
const ADDRESS_TEMPORARY: u32 = 1;
const TABLE_MAIN: u32 = 254;

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Number of the interface.
    pub index: i32,
    /// Name.
    pub name: Vec<u8>,
    /// Hardware type (`ARPHRD_*`).
    pub hardware: u16,
    /// Whether it is switched on.
    pub up: bool,
    /// Largest packet, bytes.
    pub mtu: u32,
    /// Hardware address; permanent where the kernel tells it.
    pub mac: Vec<u8>,
    /// Kind of a virtual link, for example `bridge`; empty for others.
    pub kind: Vec<u8>,
}

/// An address of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Number of the interface.
    pub index: i32,
    /// The address.
    pub address: IpAddr,
    /// Length of its prefix, bits.
    pub length: u8,
}

/// Attributes: length and type, then the value, aligned to four bytes.
pub fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (header, _) = rest.split_first_chunk::<4>()?;
        let [l0, l1, t0, t1] = *header;
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        // The two highest bits say how to read the value; they are no part of the type.
        Some((u16::from_ne_bytes([t0, t1]) & 0x3fff, value))
    })
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_ne_bytes)
}

fn text(bytes: &[u8]) -> Vec<u8> {
    bytes.strip_suffix(b"\0").unwrap_or(bytes).to_vec()
}

/// Parses a `RTM_NEWLINK` payload.
pub fn link(payload: &[u8]) -> Option<Link> {
    let (header, rest) = payload.split_first_chunk::<16>()?;
    let [_, _, h0, h1, i0, i1, i2, i3, f0, f1, f2, f3, ..] = *header;
    let mut link = Link {
        index: i32::from_ne_bytes([i0, i1, i2, i3]),
        hardware: u16::from_ne_bytes([h0, h1]),
        up: u32::from_ne_bytes([f0, f1, f2, f3]) & FLAG_UP != 0,
        ..Link::default()
    };
    let mut permanent = Vec::new();
    for (kind, value) in attributes(rest) {
        match kind {
            1 => link.mac = value.to_vec(),
            3 => link.name = text(value),
            4 => link.mtu = word(value)?,
            // IFLA_LINKINFO holds IFLA_INFO_KIND.
            18 => {
                let info = attributes(value).find(|(kind, _)| *kind == 1);
                link.kind = info.map(|(_, name)| text(name)).unwrap_or_default();
            }
            // IFLA_PERM_ADDRESS: what is burnt in, also under a bond or with a random address.
            54 => permanent = value.to_vec(),
            _ => {}
        }
    }
    if permanent.iter().any(|byte| *byte != 0) {
        link.mac = permanent;
    }
    (!link.name.is_empty()).then_some(link)
}

/// Parses a `RTM_NEWADDR` payload; temporary addresses are left out, they change by themselves.
pub fn address(payload: &[u8]) -> Option<Address> {
    let (address, flags) = any_address(payload)?;
    let temporary = address.address.is_ipv6() && flags & ADDRESS_TEMPORARY != 0;
    (!temporary).then_some(address)
}

/// The address of a `RTM_NEWADDR` payload, temporary or not.
pub fn local_address(payload: &[u8]) -> Option<IpAddr> {
    any_address(payload).map(|(address, _)| address.address)
}

/// The address and its flags.
fn any_address(payload: &[u8]) -> Option<(Address, u32)> {
    let (header, rest) = payload.split_first_chunk::<8>()?;
    let [_, length, flags, _, i0, i1, i2, i3] = *header;
    let mut flags = u32::from(flags);
    let (mut local, mut peer) = (None, None);
    for (kind, value) in attributes(rest) {
        match kind {
            1 => peer = ip(value),
            2 => local = ip(value),
            8 => flags = word(value)?,
            _ => {}
        }
    }
    // On point-to-point links IFA_ADDRESS is the other end's.
    let address = local.or(peer)?;
    Some((Address { index: i32::from_ne_bytes([i0, i1, i2, i3]), address, length }, flags))
}

/// The gateways of a `RTM_NEWROUTE` payload when it is a default route of the main table.
pub fn default_gateways(payload: &[u8]) -> Vec<IpAddr> {
    let Some((header, rest)) = payload.split_first_chunk::<12>() else {
        return Vec::new();
    };
    let [_, destination_length, _, _, table, ..] = *header;
    if destination_length != 0 {
        return Vec::new();
    }
    let mut table = u32::from(table);
    let mut gateways = Vec::new();
    for (kind, value) in attributes(rest) {
        match kind {
            5 => gateways.extend(ip(value)),
            // Several next hops: each an 8-byte header whose first two bytes are its length.
            9 => gateways.extend(next_hops(value)),
            15 => table = word(value).unwrap_or(table),
            _ => {}
        }
    }
    if table == TABLE_MAIN { gateways } else { Vec::new() }
}

fn next_hops(mut rest: &[u8]) -> Vec<IpAddr> {
    let mut gateways = Vec::new();
    while let Some((header, _)) = rest.split_first_chunk::<8>() {
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let Some(hop) = rest.get(8..length) else {
            break;
        };
        let gateway = attributes(hop).find(|(kind, _)| *kind == 5);
        gateways.extend(gateway.and_then(|(_, value)| ip(value)));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    gateways
}

/// An address of either family.
fn ip(value: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(value).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An attribute as bytes, for tests.
    pub(crate) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = u16::try_from(value.len() + 4).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn the_prefix_of_an_ipv6_loopback_is_128() {
        let mut payload = vec![10, 128, 0x80, 254];
        payload.extend(1_i32.to_ne_bytes());
        let mut one = [0; 16];
        one[15] = 1;
        payload.extend(attribute(1, &one));
        let found = address(&payload).unwrap();
        assert_eq!((found.address.to_string().as_str(), found.length), ("::1", 128));
    }

    #[test]
    fn temporary_addresses_are_left_out() {
        let mut payload = vec![10, 64, 1, 0];
        payload.extend(2_i32.to_ne_bytes());
        payload.extend(attribute(1, &[0xfd; 16]));
        assert_eq!(address(&payload), None);
        // But they are this machine's own.
        assert_eq!(local_address(&payload), Some(IpAddr::from([0xfd; 16])));
    }

    #[test]
    fn links_have_kind_and_permanent_address() {
        let mut payload = vec![0, 0];
        payload.extend(1_u16.to_ne_bytes());
        payload.extend(7_i32.to_ne_bytes());
        payload.extend(1_u32.to_ne_bytes());
        payload.extend(0_u32.to_ne_bytes());
        payload.extend(attribute(3, b"bond0\0"));
        payload.extend(attribute(1, &[2; 6]));
        payload.extend(attribute(54, &[4; 6]));
        payload.extend(attribute(4, &1500_u32.to_ne_bytes()));
        payload.extend(attribute(18, &attribute(1, b"bond\0")));
        let found = link(&payload).unwrap();
        assert_eq!((found.name.as_slice(), found.kind.as_slice()), (&b"bond0"[..], &b"bond"[..]));
        assert_eq!((found.mtu, found.up, found.mac), (1500, true, vec![4; 6]));
    }

    #[test]
    fn gateways_of_the_main_table_only() {
        let route = |length: u8, table: u8| {
            let mut payload = vec![2, length, 0, 0, table, 0, 0, 0, 0, 0, 0, 0];
            payload.extend(attribute(5, &[10, 0, 0, 1]));
            default_gateways(&payload)
        };
        assert_eq!(route(0, 254), vec!["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert!(route(24, 254).is_empty());
        assert!(route(0, 100).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (link(&bytes), address(&bytes), default_gateways(&bytes), next_hops(&bytes));
        }
    }
}
