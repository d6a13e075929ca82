//! The ruleset of nftables: whether it can refuse what comes in.
//!
//! Source of the format: `linux/netfilter/nf_tables.h` and `linux/netfilter.h`.

use std::collections::{BTreeMap, BTreeSet};

use crate::probe::rtnetlink::attributes;

/// Messages of the subsystem `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u16 = 10 << 8;
/// Asks for all tables (`NFT_MSG_GETTABLE`).
pub const GET_TABLE: u16 = SUBSYSTEM + 1;
/// Asks for all chains (`NFT_MSG_GETCHAIN`).
pub const GET_CHAIN: u16 = SUBSYSTEM + 4;
/// Asks for all rules (`NFT_MSG_GETRULE`).
pub const GET_RULE: u16 = SUBSYSTEM + 7;
/// Asks for the elements of a set (`NFT_MSG_GETSETELEM`).
pub const GET_ELEMENTS: u16 = SUBSYSTEM + 13;
const NEW_TABLE: u16 = SUBSYSTEM;
const NEW_CHAIN: u16 = SUBSYSTEM + 3;
const NEW_RULE: u16 = SUBSYSTEM + 6;
const NEW_ELEMENTS: u16 = SUBSYSTEM + 12;

const FAMILY_INET: u8 = 1;
const FAMILY_IPV4: u8 = 2;
const HOOK_INPUT: u32 = 1;
const TABLE_DORMANT: u32 = 1;
const VERDICT_DROP: u32 = 0;
const VERDICT_QUEUE: u32 = 3;
/// Jump to a chain (-3) and go to a chain (-4).
const VERDICTS_ONWARD: [u32; 2] = [u32::MAX - 2, u32::MAX - 3];

/// A table: family and name.
type Table = (u8, Vec<u8>);
/// A chain or set of a table.
pub type Member = (Table, Vec<u8>);

/// As much of a ruleset as decides whether it filters. Only tables that see IPv4 are kept: of the
/// families `inet` and `ip`.
#[derive(Debug, Default)]
pub struct Ruleset {
    dormant: BTreeSet<Table>,
    /// Base chains of type `filter` on the input hook, and whether they drop by policy.
    bases: Vec<(Member, bool)>,
    /// Chains with a rule that refuses.
    refusing: BTreeSet<Member>,
    /// Where the rules of a chain lead.
    onward: BTreeMap<Member, Vec<Member>>,
    /// Sets in which the rules of a chain look verdicts up.
    maps: BTreeMap<Member, Vec<Member>>,
}

/// What a rule may do with a packet.
#[derive(Default)]
struct Effects {
    refuses: bool,
    onward: Vec<Vec<u8>>,
    maps: Vec<Vec<u8>>,
}

impl Ruleset {
    /// Takes a message of a dump in.
    pub fn add(&mut self, message: u16, payload: &[u8]) {
        let Some((&[family @ (FAMILY_INET | FAMILY_IPV4), ..], rest)) =
            payload.split_first_chunk::<4>()
        else {
            return;
        };
        match message {
            NEW_TABLE => self.table(family, rest),
            NEW_CHAIN => self.chain(family, rest),
            NEW_RULE => self.rule(family, rest),
            _ => {}
        }
    }

    fn table(&mut self, family: u8, rest: &[u8]) {
        if value(rest, 2).and_then(word).is_some_and(|flags| flags & TABLE_DORMANT != 0) {
            self.dormant.insert((family, text(value(rest, 1))));
        }
    }

    fn chain(&mut self, family: u8, rest: &[u8]) {
        let hook = value(rest, 4).and_then(|hook| value(hook, 1)).and_then(word);
        let filter = value(rest, 7).is_some_and(|kind| kind.starts_with(b"filter"));
        if filter && hook == Some(HOOK_INPUT) {
            let drops = value(rest, 5).and_then(word) == Some(VERDICT_DROP);
            let table = (family, text(value(rest, 1)));
            self.bases.push(((table, text(value(rest, 3))), drops));
        }
    }

    fn rule(&mut self, family: u8, rest: &[u8]) {
        let table = (family, text(value(rest, 1)));
        let chain = (table.clone(), text(value(rest, 2)));
        let effects = effects(value(rest, 4).unwrap_or_default());
        let of_table = |names: Vec<Vec<u8>>| {
            let table = table.clone();
            names.into_iter().map(move |name| (table.clone(), name))
        };
        if effects.refuses {
            self.refusing.insert(chain.clone());
        }
        if !effects.onward.is_empty() {
            self.onward.entry(chain.clone()).or_default().extend(of_table(effects.onward));
        }
        if !effects.maps.is_empty() {
            self.maps.entry(chain).or_default().extend(of_table(effects.maps));
        }
    }

    /// Takes the elements of a set of verdicts in.
    pub fn add_elements(&mut self, set: &Member, message: u16, payload: &[u8]) {
        let Some((_, rest)) = payload.split_first_chunk::<4>() else { return };
        if message != NEW_ELEMENTS {
            return;
        }
        // What a set leads to is kept as if it were a chain.
        for (_, element) in attributes(value(rest, 3).unwrap_or_default()) {
            let data = value(element, 2).and_then(|data| value(data, 2));
            match data.map(verdict) {
                Some(Verdict::Refuses) => {
                    self.refusing.insert(set.clone());
                }
                Some(Verdict::Onward(chain)) => {
                    let chain = (set.0.clone(), chain);
                    self.onward.entry(set.clone()).or_default().push(chain);
                }
                Some(Verdict::Other) | None => {}
            }
        }
    }

    /// The sets of verdicts whose elements have to be known.
    pub fn sets(&self) -> BTreeSet<Member> {
        self.maps.values().flatten().cloned().collect()
    }

    /// Whether something that comes in over IPv4 may be refused: a base chain on the input hook drops
    /// by policy, or it or a chain it leads to has a rule that drops, rejects or hands over to a
    /// program. Chains that only count or accept refuse nothing, whatever they hold.
    pub fn filters_input(&self) -> bool {
        let awake = self.bases.iter().filter(|((table, _), _)| !self.dormant.contains(table));
        let mut seen = BTreeSet::new();
        let mut next = Vec::new();
        for (base, drops) in awake {
            if *drops {
                return true;
            }
            next.push(base);
        }
        while let Some(chain) = next.pop() {
            if self.refusing.contains(chain) {
                return true;
            }
            if seen.insert(chain) {
                let onward = [&self.onward, &self.maps].into_iter();
                next.extend(onward.filter_map(|ways| ways.get(chain)).flatten());
            }
        }
        false
    }
}

/// The request for the elements of a set.
pub fn elements_request(((family, table), set): &Member) -> Vec<u8> {
    let mut request = vec![*family, 0, 0, 0];
    for (kind, name) in [(1_u16, table), (2, set)] {
        let length = u16::try_from(name.len() + 5).unwrap_or(u16::MAX);
        request.extend(length.to_ne_bytes());
        request.extend(kind.to_ne_bytes());
        request.extend_from_slice(name);
        request.push(0);
        request.resize(request.len().next_multiple_of(4), 0);
    }
    request
}

/// What the expressions of a rule may do. A rule for IPv6 alone does nothing to IPv4.
fn effects(expressions: &[u8]) -> Effects {
    const META_FAMILY: u32 = 15;
    const FAMILY_IPV6: u8 = 10;
    let mut effects = Effects::default();
    let mut compares_family = false;
    for (_, expression) in attributes(expressions) {
        let name = value(expression, 1).map(|name| name.strip_suffix(b"\0").unwrap_or(name));
        let data = value(expression, 2).unwrap_or_default();
        match name.unwrap_or_default() {
            b"meta" => compares_family = value(data, 2).and_then(word) == Some(META_FAMILY),
            b"cmp" if compares_family => {
                let equal = value(data, 2).and_then(word) == Some(0);
                let family = value(data, 3).and_then(|data| value(data, 1));
                if equal && family.is_some_and(|family| family.first() == Some(&FAMILY_IPV6)) {
                    return Effects::default();
                }
            }
            b"immediate" => match value(data, 2).and_then(|data| value(data, 2)).map(verdict) {
                Some(Verdict::Refuses) => effects.refuses = true,
                Some(Verdict::Onward(chain)) => effects.onward.push(chain),
                Some(Verdict::Other) | None => {}
            },
            // A lookup whose result is the verdict: `vmap`.
            b"lookup" if value(data, 3).and_then(word) == Some(0) => {
                effects.maps.push(text(value(data, 1)));
            }
            b"reject" | b"queue" => effects.refuses = true,
            // Extensions of iptables.
            b"target" => {
                let target = text(value(data, 1));
                effects.refuses |=
                    matches!(target.as_slice(), b"REJECT" | b"DROP" | b"NFQUEUE" | b"TARPIT");
            }
            _ => {}
        }
    }
    effects
}

enum Verdict {
    Refuses,
    Onward(Vec<u8>),
    Other,
}

fn verdict(data: &[u8]) -> Verdict {
    match value(data, 1).and_then(word) {
        // The number of the queue stands in the upper half.
        Some(code) if code == VERDICT_DROP || code & 0xffff == VERDICT_QUEUE => Verdict::Refuses,
        Some(code) if VERDICTS_ONWARD.contains(&code) => Verdict::Onward(text(value(data, 2))),
        _ => Verdict::Other,
    }
}

fn value(list: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(list).find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
}

fn text(value: Option<&[u8]>) -> Vec<u8> {
    let value = value.unwrap_or_default();
    value.strip_suffix(b"\0").unwrap_or(value).to_vec()
}

fn word(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_be_bytes)
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

    fn base(family: u8, hook: u32, policy: u32, kind: &[u8]) -> Vec<u8> {
        let mut payload = vec![family, 0, 0, 0];
        payload.extend(attribute(1, b"t\0"));
        payload.extend(attribute(3, b"input\0"));
        payload.extend(attribute(4 | 0x8000, &attribute(1, &hook.to_be_bytes())));
        payload.extend(attribute(5, &policy.to_be_bytes()));
        payload.extend(attribute(7, kind));
        payload
    }

    fn on(messages: &[(u16, Vec<u8>)]) -> bool {
        let mut ruleset = Ruleset::default();
        for (message, payload) in messages {
            ruleset.add(*message, payload);
        }
        ruleset.filters_input()
    }

    #[test]
    fn base_chains_of_the_input_hook_that_see_ipv4() {
        let chain = |family, hook, policy, kind: &[u8]| {
            on(&[(NEW_CHAIN, base(family, hook, policy, kind))])
        };
        assert!(chain(1, 1, 0, b"filter\0"));
        assert!(chain(2, 1, 0, b"filter\0"));
        assert!(!chain(2, 1, 1, b"filter\0"));
        assert!(!chain(2, 3, 0, b"filter\0"));
        assert!(!chain(5, 1, 0, b"filter\0"));
        assert!(!chain(10, 1, 0, b"filter\0"));
        assert!(!chain(2, 1, 0, b"nat\0"));
    }

    #[test]
    fn a_dormant_table_does_nothing() {
        let flags = |flags: u32| {
            let mut payload = vec![2, 0, 0, 0];
            payload.extend(attribute(1, b"t\0"));
            payload.extend(attribute(2, &flags.to_be_bytes()));
            payload
        };
        let chain = base(2, 1, 0, b"filter\0");
        assert!(!on(&[(NEW_TABLE, flags(1)), (NEW_CHAIN, chain.clone())]));
        assert!(on(&[(NEW_TABLE, flags(2)), (NEW_CHAIN, chain)]));
    }

    #[test]
    fn requests_are_aligned() {
        let request = elements_request(&((1, b"table".to_vec()), b"__map0".to_vec()));
        assert_eq!(request.len() % 4, 0);
        let found: Vec<_> = attributes(&request[4..]).collect();
        assert_eq!(found, [(1, &b"table\0"[..]), (2, &b"__map0\0"[..])]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut ruleset = Ruleset::default();
            for message in [NEW_TABLE, NEW_CHAIN, NEW_RULE] {
                ruleset.add(message, &[&[2, 0, 0, 0], bytes.as_slice()].concat());
            }
            let _ = (effects(&bytes).refuses, ruleset.sets(), ruleset.filters_input());
            let set = ((2, Vec::new()), Vec::new());
            ruleset.add_elements(&set, NEW_ELEMENTS, &bytes);
        }
    }
}
