//! Protection: the firewall, products, access control, and where records of logs go.

use belfort_proto::inventory::v1::{FirewallProfile, SectionKind, Tristate};
use belfort_proto::section::Section;

use super::{Host, Probe, text};

pub mod access_control;
pub mod clamav;
pub mod iptables;
#[cfg(target_os = "linux")]
mod linux;
pub mod log_forwarding;
pub mod nftables;
pub mod products;
pub mod usb_storage;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `protection` section.
#[derive(Debug)]
pub struct ProtectionProbe;

impl Probe for ProtectionProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Protection
    }

    fn read(&self, host: &Host) -> Section {
        Section::Protection(read(host))
    }
}

/// Whether legacy iptables has its filter table in use. Source: `/proc/net/ip_tables_names`.
pub fn has_filter_table(names: &[u8]) -> bool {
    text::lines(names).any(|line| line.trim_ascii() == b"filter")
}

/// The input profile from what both engines said; nothing where one could not be asked.
pub fn input_profile(nftables: Option<bool>, legacy: Option<bool>) -> FirewallProfile {
    let (on, engine) = match (nftables, legacy) {
        (Some(true), _) => (Tristate::Yes, "nftables"),
        (_, Some(true)) => (Tristate::Yes, "iptables"),
        (None, _) | (_, None) => (Tristate::Unspecified, ""),
        (Some(false), Some(false)) => (Tristate::No, ""),
    };
    FirewallProfile { name: "input".to_owned(), on: on.into(), engine: engine.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unknown_is_neither_on_nor_off() {
        let on = |nftables, legacy| input_profile(nftables, legacy).on();
        assert_eq!(on(Some(true), None), Tristate::Yes);
        assert_eq!(on(Some(false), Some(false)), Tristate::No);
        assert_eq!(on(Some(false), Some(true)), Tristate::Yes);
        assert_eq!(on(None, Some(true)), Tristate::Yes);
        assert_eq!(on(None, Some(false)), Tristate::Unspecified);
        assert_eq!(on(Some(false), None), Tristate::Unspecified);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = has_filter_table(&bytes);
        }
    }
}
