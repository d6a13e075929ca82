//! The filter table of legacy iptables: whether it can refuse what comes in.
//!
//! Source of the format: `linux/netfilter_ipv4/ip_tables.h` and `linux/netfilter/x_tables.h`.

use std::collections::BTreeSet;

/// Where an entry says how far it is to its target and to the next entry.
const TARGET_OFFSET: usize = 88;
const NEXT_OFFSET: usize = 90;
/// Name of a target and, for the standard one, which has none, its verdict: from the target's start.
const NAME: std::ops::Range<usize> = 2..31;
const VERDICT: usize = 32;
/// The hook of what is for the machine itself, among the five of the table.
const LOCAL_IN: usize = 1;
/// Where the offsets of the chains of the hooks and of their policies start in the information.
const HOOK_ENTRIES: usize = 36;
const UNDERFLOWS: usize = 56;

/// Verdicts: the negative number of the kernel's less one. `NF_DROP` is 0, `NF_QUEUE` 3.
const DROP: i32 = -1;
const QUEUE: i32 = -4;
/// Targets that refuse or hand over to a program.
const REFUSING: &[&[u8]] = &[b"DROP", b"NFQUEUE", b"QUEUE", b"REJECT", b"TARPIT"];

/// Whether the chain of what comes in drops by policy, or it or a chain it leads to has a rule that
/// refuses; nothing when the bytes are no table.
pub fn filters_input(info: &[u8], entries: &[u8]) -> Option<bool> {
    let start = word(info, HOOK_ENTRIES + 4 * LOCAL_IN)?;
    let policy = word(info, UNDERFLOWS + 4 * LOCAL_IN)?;
    let mut seen = BTreeSet::new();
    let mut next = vec![start];
    while let Some(mut at) = next.pop() {
        while seen.insert(at) {
            let entry = entries.get(at..).filter(|entry| !entry.is_empty())?;
            let target = entry.get(half(entry, TARGET_OFFSET)?..)?;
            let name = target.get(NAME)?.split(|byte| *byte == 0).next().unwrap_or_default();
            match name {
                b"" => match i32::from_ne_bytes(*target.get(VERDICT..)?.first_chunk()?) {
                    DROP | QUEUE => return Some(true),
                    // A jump: to where the chain starts.
                    onward @ 0.. => next.push(usize::try_from(onward).ok()?),
                    _ => {}
                },
                // The head of the next chain.
                b"ERROR" => break,
                name if REFUSING.contains(&name) => return Some(true),
                _ => {}
            }
            // Its policy is the last of the chain of a hook.
            if at == policy {
                break;
            }
            at += half(entry, NEXT_OFFSET).filter(|length| *length > 0)?;
        }
    }
    Some(false)
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A rule with a target: a verdict for the standard one.
    fn entry(name: &str, verdict: i32) -> Vec<u8> {
        let mut entry = vec![0; 112 + 40];
        entry[TARGET_OFFSET..TARGET_OFFSET + 2].copy_from_slice(&112_u16.to_ne_bytes());
        entry[NEXT_OFFSET..NEXT_OFFSET + 2].copy_from_slice(&152_u16.to_ne_bytes());
        entry[114..114 + name.len()].copy_from_slice(name.as_bytes());
        entry[144..148].copy_from_slice(&verdict.to_ne_bytes());
        entry
    }

    /// Whether a table filters whose chain of what comes in is the rules up to the one `policy`.
    fn filters(rules: &[(&str, i32)], policy: u32) -> Option<bool> {
        let mut info = [0; 84];
        info[UNDERFLOWS + 4..UNDERFLOWS + 8].copy_from_slice(&(policy * 152).to_ne_bytes());
        let entries: Vec<u8> =
            rules.iter().flat_map(|(name, verdict)| entry(name, *verdict)).collect();
        filters_input(&info, &entries)
    }

    #[test]
    fn rules() {
        const ACCEPT: i32 = -2;
        const RETURN: i32 = -5;
        assert_eq!(filters(&[("", ACCEPT)], 0), Some(false));
        assert_eq!(filters(&[("", DROP)], 0), Some(true));
        assert_eq!(filters(&[("REJECT", 0), ("", ACCEPT)], 1), Some(true));
        assert_eq!(filters(&[("LOG", 0), ("", ACCEPT)], 1), Some(false));
        // What follows the policy is another chain's.
        assert_eq!(filters(&[("", ACCEPT), ("", DROP)], 0), Some(false));
        // To a chain behind its head, and in a circle.
        let chain =
            |verdict| [("", 3 * 152), ("", ACCEPT), ("ERROR", 0), ("", verdict), ("", RETURN)];
        assert_eq!(filters(&[&chain(DROP)[..], &[("ERROR", 0)]].concat(), 1), Some(true));
        assert_eq!(filters(&[&chain(3 * 152)[..], &[("ERROR", 0)]].concat(), 1), Some(false));
        // Out of the table.
        assert_eq!(filters(&[("", 9 * 152), ("", ACCEPT)], 1), None);
        assert_eq!(filters(&[("", ACCEPT)], 5), None);
        assert_eq!(filters_input(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn any_bytes(
            info in proptest::collection::vec(any::<u8>(), 0..100),
            entries in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let _ = filters_input(&info, &entries);
            let _ = filters_input(&[0; 84], &entries);
        }
    }
}
