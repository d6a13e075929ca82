//! What may be collected: the collector's settings, narrowed by the device's own configuration.

use std::collections::BTreeSet;
use std::net::IpAddr;

use belfort_proto::inventory::v1::{InterfaceAddress, SectionKind};
use belfort_proto::report::v1::{Settings, UserIdentity as Asked};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::probe::cidr::Prefix;

/// Addresses reported before the collector has said anything: private and documentation ranges.
const PREFIXES_DEFAULT: &[&str] = &[
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "192.0.2.0/24",
    "2001:db8::/32",
];

/// What stands for an address outside the prefixes.
pub const REMOTE: &str = "remote";

/// Whether pseudonyms can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PseudonymKey {
    /// The collector gave a key.
    Known(Zeroizing<[u8; 32]>),
    /// There is none: not enrolled, or no settings yet.
    Absent,
    /// The state cannot be read without more rights.
    Denied,
}

/// Whether and how the last user is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserIdentity {
    /// Not at all.
    #[default]
    Off,
    /// By a pseudonym.
    Pseudonym,
    /// By the name of the account.
    Account,
}

/// The rules a pass keeps.
#[derive(Clone, Debug)]
pub struct Policy {
    /// An address must lie in a prefix of each of these lists.
    prefixes: Vec<Vec<Prefix>>,
    sections_off: BTreeSet<i32>,
    /// Key for the pseudonyms of account names.
    pub pseudonym_key: PseudonymKey,
    /// Whether and how the last user is named.
    pub user_identity: UserIdentity,
}

impl Policy {
    /// The rules from the collector's settings and the device's configuration, which can only
    /// restrict. Prefixes that do not parse are left out: fewer addresses, never more.
    pub fn new(settings: Option<&Settings>, config: &Config) -> Self {
        let parse = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        let collector = settings.map_or_else(
            || PREFIXES_DEFAULT.iter().filter_map(|text| text.parse().ok()).collect(),
            |settings| parse(&settings.ip_prefixes),
        );
        let mut prefixes = vec![collector];
        prefixes.extend(config.ip_prefixes.clone());
        let off = settings.map(|settings| settings.sections_off.clone()).unwrap_or_default();
        let own = config.sections_off.iter().map(|kind| *kind as i32);
        let key = settings.and_then(|settings| settings.pseudonym_key.as_slice().try_into().ok());
        let user_identity = match settings.map(Settings::user_identity) {
            None | Some(Asked::Unspecified) => UserIdentity::Off,
            Some(Asked::Pseudonym) => UserIdentity::Pseudonym,
            Some(Asked::Account) => UserIdentity::Account,
        };
        Self {
            prefixes,
            sections_off: off.into_iter().chain(own).collect(),
            pseudonym_key: key
                .map_or(PseudonymKey::Absent, |key| PseudonymKey::Known(Zeroizing::new(key))),
            user_identity,
        }
    }

    /// Every section, every address, no key: for tests and tools on the device itself.
    pub fn everything() -> Self {
        let all = ["0.0.0.0/0", "::/0"].iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            prefixes: vec![all],
            sections_off: BTreeSet::new(),
            pseudonym_key: PseudonymKey::Absent,
            user_identity: UserIdentity::Off,
        }
    }

    /// Whether a section is collected.
    pub fn collects(&self, kind: SectionKind) -> bool {
        !self.sections_off.contains(&(kind as i32))
    }

    /// An address as it may be reported.
    pub fn address(&self, address: IpAddr) -> String {
        if self.shows(address) { address.to_string() } else { REMOTE.to_owned() }
    }

    /// An address and its prefix length as they may be reported.
    pub fn interface_address(&self, address: IpAddr, length: u8) -> InterfaceAddress {
        let length = if self.shows(address) { length.into() } else { 0 };
        InterfaceAddress { address: self.address(address), prefix_length: length }
    }

    /// Whether an address lies inside the configured prefixes, so that it may be reported.
    pub fn shows(&self, address: IpAddr) -> bool {
        let inside = |list: &Vec<Prefix>| list.iter().any(|prefix| prefix.contains(address));
        self.prefixes.iter().all(inside)
    }

    /// A name that nobody can read back without the collector's key: `p:` and 16 hexadecimal digits
    /// of keyed BLAKE3, or `p:` alone without a key.
    pub fn pseudonym(&self, name: &str) -> String {
        let PseudonymKey::Known(key) = &self.pseudonym_key else {
            return "p:".to_owned();
        };
        let hash = blake3::keyed_hash(key, name.as_bytes()).to_hex();
        format!("p:{}", hash.get(..16).unwrap_or_default())
    }

    /// The name of the last user as it may be reported; empty when it may not, or when it should be a
    /// pseudonym and there is no key for one.
    pub fn user_name(&self, name: &str) -> String {
        match (self.user_identity, &self.pseudonym_key) {
            (UserIdentity::Account, _) => name.to_owned(),
            (UserIdentity::Pseudonym, PseudonymKey::Known(_)) => self.pseudonym(name),
            (UserIdentity::Pseudonym | UserIdentity::Off, _) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn unknown_addresses_are_remote_before_enrolment() {
        let policy = Policy::new(None, &Config::default());
        assert_eq!(policy.address(address("10.1.2.3")), "10.1.2.3");
        assert_eq!(policy.address(address("8.8.8.8")), REMOTE);
        let shown = policy.interface_address(address("2a02::1"), 64);
        assert_eq!((shown.address.as_str(), shown.prefix_length), (REMOTE, 0));
    }

    #[test]
    fn the_device_only_restricts() {
        let settings = Settings {
            ip_prefixes: vec!["10.0.0.0/8".to_owned()],
            sections_off: vec![SectionKind::Accounts.into()],
            ..Settings::default()
        };
        let own: Config = toml::from_str(
            "ip_prefixes = [\"10.1.0.0/16\", \"8.0.0.0/8\"]\nsections_off = [\"services\"]",
        )
        .unwrap();
        let policy = Policy::new(Some(&settings), &own);
        assert_eq!(policy.address(address("10.1.2.3")), "10.1.2.3");
        assert_eq!(policy.address(address("10.2.2.3")), REMOTE);
        assert_eq!(policy.address(address("8.8.8.8")), REMOTE);
        assert!(!policy.collects(SectionKind::Accounts));
        assert!(!policy.collects(SectionKind::Services));
        assert!(policy.collects(SectionKind::System));
    }

    #[test]
    fn pseudonyms_are_keyed() {
        let mut policy = Policy::everything();
        assert_eq!(policy.pseudonym("jan"), "p:");
        policy.pseudonym_key = PseudonymKey::Known(Zeroizing::new([7; 32]));
        let name = policy.pseudonym("jan");
        assert_eq!(name.len(), 18);
        policy.pseudonym_key = PseudonymKey::Known(Zeroizing::new([8; 32]));
        assert_ne!(policy.pseudonym("jan"), name);
    }
}
