//! Makers of network hardware, by the first digits of its address.
//!
//! The table is packed by `cargo xtask oui` out of the public listings of the IEEE Registration
//! Authority (MA-L, MA-M, MA-S); its first line says of which day. Nothing is asked of anybody.

use std::sync::OnceLock;

/// The listing, packed: after a first line that says what it is, `PREFIX\tNAME` lines, sorted.
const PACKED: &[u8] = include_bytes!("../data/oui.zst");
/// More than the listing unpacked.
const UNPACKED_MAX: usize = 8 << 20;
/// Lengths of prefixes in hexadecimal digits, longest first: MA-S, MA-M, MA-L.
const LENGTHS: [usize; 3] = [9, 7, 6];
/// Who holds the prefixes that were divided further: of a part that was given to nobody there is no maker.
const DIVIDED: &str = "IEEE Registration Authority";

/// The listing in memory, unpacked when it is first asked.
struct Listing {
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Listing {
    fn unpacked() -> &'static Self {
        static LISTING: OnceLock<Listing> = OnceLock::new();
        LISTING.get_or_init(|| {
            // A test unpacks it; a listing that could not be unpacked would know nobody.
            let text = zstd::bulk::decompress(PACKED, UNPACKED_MAX).unwrap_or_default();
            let text = String::from_utf8(text).unwrap_or_default();
            let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            let lines = ends.map(|(at, _)| at + 1).filter(|start| *start < text.len()).collect();
            Self { text, lines }
        })
    }

    /// A line's prefix and name.
    fn line(&self, start: usize) -> (&str, &str) {
        let line = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        line.split_once('\t').unwrap_or_default()
    }

    fn find(&self, prefix: &str) -> Option<&str> {
        let found = self.lines.binary_search_by(|start| self.line(*start).0.cmp(prefix)).ok()?;
        Some(self.line(*self.lines.get(found)?).1)
    }
}

/// The maker of a hardware address such as `00:1b:63:84:45:e6`; nothing for one that was made up, as
/// telephones and virtual machines do, or that is not in the listing.
pub fn maker(address: &str) -> Option<&'static str> {
    let digits: String = address.chars().filter(char::is_ascii_hexdigit).collect();
    if digits.len() != 12 || is_made_up(address) {
        return None;
    }
    let digits = digits.to_ascii_uppercase();
    let listing = Listing::unpacked();
    let prefixes = LENGTHS.iter().filter_map(|length| digits.get(..*length));
    let mut names = prefixes.filter_map(|prefix| listing.find(prefix));
    names.next().filter(|name| *name != DIVIDED)
}

/// Whether an address was given by nobody: made up by the device itself or its network. Source: IEEE Std
/// 802, the bit of local administration.
pub fn is_made_up(address: &str) -> bool {
    let first = address.get(..2).and_then(|octet| u8::from_str_radix(octet, 16).ok());
    first.is_some_and(|octet| octet & 2 != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_listing_is_sorted_and_says_of_when_it_is() {
        let listing = Listing::unpacked();
        let first = listing.text.lines().next().unwrap();
        assert!(first.starts_with("# IEEE") && first.contains(" as of 20"), "{first}");
        assert!(listing.lines.len() > 30_000, "{}", listing.lines.len());
        let prefixes: Vec<_> = listing.lines.iter().map(|start| listing.line(*start).0).collect();
        assert!(prefixes.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(prefixes.iter().all(|prefix| LENGTHS.contains(&prefix.len())));
    }

    #[test]
    fn makers_are_found_by_the_longest_prefix() {
        assert_eq!(maker("00:1b:63:84:45:e6"), Some("Apple, Inc."));
        assert_eq!(maker("00:00:0C:01:02:03"), Some("Cisco Systems, Inc"));
        // 70:B3:D5 is divided into MA-S.
        let listing = Listing::unpacked();
        let small = listing.lines.iter().map(|start| listing.line(*start));
        let (prefix, name) = small
            .clone()
            .find(|(prefix, _)| prefix.len() == 9 && prefix.starts_with("70B3D5"))
            .unwrap();
        let digits = format!("{prefix}000");
        let octets: Vec<_> = (0..6).map(|at| &digits[2 * at..2 * at + 2]).collect();
        assert_eq!(maker(&octets.join(":")), Some(name));
        assert_eq!(listing.find("70B3D5"), Some(DIVIDED));
        // Made up, and no address.
        assert_eq!(maker("52:54:00:12:34:56"), None);
        assert_eq!(maker("00:1b:63"), None);
        assert_eq!(maker(""), None);
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC{0,30}") {
            let _ = maker(&text);
        }
    }
}
