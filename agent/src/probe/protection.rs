//! Protection: the firewall.

use belfort_proto::inventory::v1::{FirewallProfile, SectionKind, Tristate};
use belfort_proto::section::Section;

use super::rtnetlink::attributes;
use super::{Host, Probe, text};

#[cfg(target_os = "linux")]
mod linux;
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

/// Asks nfnetlink for all chains (`NFNL_SUBSYS_NFTABLES`, `NFT_MSG_GETCHAIN`).
pub const GET_CHAIN: u16 = (10 << 8) | 4;
/// A chain in an answer (`NFT_MSG_NEWCHAIN`).
pub const NEW_CHAIN: u16 = (10 << 8) | 3;

/// Whether a chain of nftables filters what comes in: a base chain of type `filter` on the input hook
/// that drops by policy or holds a rule. Source of the format: `linux/netfilter/nf_tables.h`.
pub fn filters_input(payload: &[u8]) -> bool {
    const HOOK_INPUT: u32 = 1;
    const POLICY_DROP: u32 = 0;
    // Families ip, ip6 and inet; in others the same number is another hook.
    let Some((&[family, ..], rest)) = payload.split_first_chunk::<4>() else {
        return false;
    };
    let (mut hook, mut policy, mut used, mut filter) = (None, None, 0, false);
    for (kind, value) in attributes(rest) {
        match kind {
            4 => hook = attributes(value).find(|(kind, _)| *kind == 1).and_then(|(_, v)| word(v)),
            5 => policy = word(value),
            // How often the chain is used: nothing can jump to a base chain, so these are its rules.
            6 => used = word(value).unwrap_or(0),
            7 => filter = value.starts_with(b"filter"),
            _ => {}
        }
    }
    matches!(family, 1 | 2 | 10)
        && filter
        && hook == Some(HOOK_INPUT)
        && (policy == Some(POLICY_DROP) || used > 0)
}

fn word(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_be_bytes)
}

/// Whether legacy iptables has its filter table in use. Source: `/proc/net/ip_tables_names`.
pub fn has_filter_table(names: &[u8]) -> bool {
    text::lines(names).any(|line| line.trim_ascii() == b"filter")
}

/// The input profile from what both engines said; nothing where one could not be asked.
pub fn input_profile(nftables: Option<bool>, legacy_table: Option<bool>) -> FirewallProfile {
    let (on, engine) = match (nftables, legacy_table) {
        (Some(true), _) => (Tristate::Yes, "nftables"),
        // The rules in the legacy table are not read, so it may filter or not.
        (_, Some(true) | None) | (None, _) => (Tristate::Unspecified, ""),
        (Some(false), Some(false)) => (Tristate::No, ""),
    };
    FirewallProfile { name: "input".to_owned(), on: on.into(), engine: engine.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = u16::try_from(value.len() + 4).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn chain(family: u8, hook: u32, policy: u32, rules: u32, kind: &[u8]) -> Vec<u8> {
        let mut payload = vec![family, 0, 0, 0];
        payload.extend(attribute(4 | 0x8000, &attribute(1, &hook.to_be_bytes())));
        payload.extend(attribute(5, &policy.to_be_bytes()));
        payload.extend(attribute(6, &rules.to_be_bytes()));
        payload.extend(attribute(7, kind));
        payload
    }

    #[test]
    fn only_an_input_chain_that_drops_or_has_rules_filters() {
        assert!(filters_input(&chain(1, 1, 0, 0, b"filter\0")));
        assert!(filters_input(&chain(2, 1, 1, 3, b"filter\0")));
        assert!(!filters_input(&chain(2, 1, 1, 0, b"filter\0")));
        assert!(!filters_input(&chain(2, 3, 0, 3, b"filter\0")));
        assert!(!filters_input(&chain(5, 1, 0, 3, b"filter\0")));
        assert!(!filters_input(&chain(2, 1, 1, 3, b"nat\0")));
        // A chain without a hook is only jumped to.
        assert!(!filters_input(&[2, 0, 0, 0]));
    }

    #[test]
    fn unknown_is_neither_on_nor_off() {
        let on = |nftables, legacy| input_profile(nftables, legacy).on();
        assert_eq!(on(Some(true), None), Tristate::Yes);
        assert_eq!(on(Some(false), Some(false)), Tristate::No);
        assert_eq!(on(Some(false), Some(true)), Tristate::Unspecified);
        assert_eq!(on(None, Some(false)), Tristate::Unspecified);
        assert_eq!(on(Some(false), None), Tristate::Unspecified);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (filters_input(&bytes), has_filter_table(&bytes));
        }
    }
}
