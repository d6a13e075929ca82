//! The kernel's announcements of interfaces, addresses and routes: which of them matter. Source of
//! the format: netlink(7), rtnetlink(7).

use crate::probe::rtnetlink::attributes;

/// What an announcement is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// It changes nothing that is reported.
    #[default]
    Nothing,
    /// It may be news or only a refreshed lifetime, as router advertisements bring them every few
    /// minutes: to be compared with what is known.
    Compare,
    /// An interface changed.
    Read,
}

const HEADER_BYTES: usize = 16;
const LINKS: [u16; 2] = [16, 17];
const ADDRESSES: [u16; 2] = [20, 21];
const ROUTES: [u16; 2] = [24, 25];
/// What a wireless driver tells on the way, for example that it has scanned (`IFLA_WIRELESS`).
const LINK_WIRELESS: u16 = 11;

/// The highest worth of the messages in a datagram.
pub fn worth(mut datagram: &[u8]) -> Worth {
    let mut highest = Worth::Nothing;
    while let Some((header, _)) = datagram.split_first_chunk::<HEADER_BYTES>() {
        let [l0, l1, l2, l3, t0, t1, ..] = *header;
        let length = u32::from_ne_bytes([l0, l1, l2, l3]);
        let length =
            usize::try_from(length).unwrap_or(usize::MAX).max(HEADER_BYTES).min(datagram.len());
        // One that was cut still tells its beginning.
        let payload = datagram.get(HEADER_BYTES..length).unwrap_or_default();
        highest = highest.max(message(u16::from_ne_bytes([t0, t1]), payload));
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    highest
}

fn message(kind: u16, payload: &[u8]) -> Worth {
    if LINKS.contains(&kind) {
        // Other families tell of ports of a bridge, for example.
        let of_a_link = payload.first() == Some(&0);
        let of_wireless = || {
            let rest = payload.get(16..).unwrap_or_default();
            attributes(rest).any(|(kind, _)| kind == LINK_WIRELESS)
        };
        return if of_a_link && !of_wireless() { Worth::Read } else { Worth::Nothing };
    }
    // Only default routes are reported: those to a destination of no bits.
    let is_default = || payload.get(1) == Some(&0);
    if ADDRESSES.contains(&kind) || ROUTES.contains(&kind) && is_default() {
        return Worth::Compare;
    }
    Worth::Nothing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(kind: u16, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER_BYTES + payload.len()).unwrap();
        [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], payload].concat()
    }

    #[test]
    fn what_matters() {
        let link = [0; 16];
        let mut bridge = link;
        bridge[0] = 7;
        let wireless = [&link[..], &8_u16.to_ne_bytes(), &11_u16.to_ne_bytes(), &[0; 4]].concat();
        assert_eq!(worth(&told(16, &link)), Worth::Read);
        assert_eq!(worth(&told(16, &bridge)), Worth::Nothing);
        assert_eq!(worth(&told(16, &wireless)), Worth::Nothing);
        assert_eq!(worth(&told(20, &[2, 24, 0, 0, 1, 0, 0, 0])), Worth::Compare);
        assert_eq!(worth(&told(24, &[2, 0, 0, 0])), Worth::Compare);
        assert_eq!(worth(&told(25, &[2, 24, 0, 0])), Worth::Nothing);
        let both = [told(25, &[2, 24, 0, 0]), told(17, &link)].concat();
        assert_eq!(worth(&both), Worth::Read);
        let mut long = told(25, &[2, 24, 0, 0]);
        long[..4].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(worth(&long), Worth::Nothing);
        // Neighbours, rules and what else there is.
        assert_eq!(worth(&told(28, &[0; 12])), Worth::Nothing);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            worth(&bytes);
            worth(&told(16, &bytes));
        }
    }
}
