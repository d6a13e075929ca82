//! What may be collected: the collector's settings, narrowed by the device's own configuration.

use std::collections::BTreeSet;
use std::net::IpAddr;

use belfort_proto::fields::FieldPath;
use belfort_proto::inventory::v1::{InterfaceAddress, SectionKind};
use belfort_proto::report::v1::{self as wire, Settings};
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

/// Whether and how the last user of the device is named, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserIdentity {
    /// Not at all.
    #[default]
    Off,
    /// By a pseudonym.
    Pseudonym,
    /// By the name of the account.
    Account,
}

impl From<wire::UserIdentity> for UserIdentity {
    fn from(asked: wire::UserIdentity) -> Self {
        match asked {
            wire::UserIdentity::Unspecified => Self::Off,
            wire::UserIdentity::Pseudonym => Self::Pseudonym,
            wire::UserIdentity::Account => Self::Account,
        }
    }
}

/// The rules a pass keeps.
#[derive(Clone, Debug)]
pub struct Policy {
    /// An address must lie in a prefix of each of these lists.
    prefixes: Vec<Vec<Prefix>>,
    sections_off: BTreeSet<i32>,
    /// Sorted, each once.
    fields_off: Vec<FieldPath>,
    /// Paths of the collector's settings that this agent does not know: it does not collect them.
    pub fields_unknown: Vec<String>,
    /// Whether and how the last user is named.
    pub user_identity: UserIdentity,
    /// Key for the pseudonyms of account names.
    pub pseudonym_key: PseudonymKey,
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
        let (fields_off, fields_unknown) = fields(settings, config);
        // A value of a newer collector is none that this agent could keep.
        let asked = settings.map_or(UserIdentity::Off, |settings| settings.user_identity().into());
        Self {
            prefixes,
            sections_off: off.into_iter().chain(own).collect(),
            fields_off,
            fields_unknown,
            user_identity: config.user_identity.map_or(asked, |own| own.min(asked)),
            pseudonym_key: key
                .map_or(PseudonymKey::Absent, |key| PseudonymKey::Known(Zeroizing::new(key))),
        }
    }

    /// Every section, every address, no key: for tests and tools on the device itself.
    pub fn everything() -> Self {
        let all = ["0.0.0.0/0", "::/0"].iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            prefixes: vec![all],
            sections_off: BTreeSet::new(),
            fields_off: Vec::new(),
            fields_unknown: Vec::new(),
            user_identity: UserIdentity::Off,
            pseudonym_key: PseudonymKey::Absent,
        }
    }

    /// Whether a section is collected.
    pub fn collects(&self, kind: SectionKind) -> bool {
        !self.sections_off.contains(&(kind as i32))
    }

    /// Fields of a section that are not collected.
    pub fn fields_off(&self, kind: SectionKind) -> impl Iterator<Item = &FieldPath> + Clone {
        self.fields_off.iter().filter(move |path| path.kind() == kind)
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

    /// The last user as the settings let it be named: nothing, a pseudonym, or the name of the account.
    /// Nothing also when a pseudonym is asked for and there is no key, which is for the probe to say:
    /// a pseudonym of everybody would only look like one.
    pub fn user_name(&self, name: &str) -> String {
        match (self.user_identity, &self.pseudonym_key) {
            (UserIdentity::Account, _) => name.to_owned(),
            (UserIdentity::Pseudonym, PseudonymKey::Known(_)) => self.pseudonym(name),
            (UserIdentity::Pseudonym | UserIdentity::Off, _) => String::new(),
        }
    }

    /// A name that nobody can read back without the collector's key: `p:` and 16 hexadecimal digits
    /// of keyed BLAKE3, or `p:` alone without a key. The keyed mode of BLAKE3 is a pseudorandom
    /// function, what HMAC makes of other hashes; see ADR 0004.
    pub fn pseudonym(&self, name: &str) -> String {
        let PseudonymKey::Known(key) = &self.pseudonym_key else {
            return "p:".to_owned();
        };
        let hash = blake3::keyed_hash(key, name.as_bytes()).to_hex();
        format!("p:{}", hash.get(..16).unwrap_or_default())
    }
}

/// The fields that are not collected, and those of the settings that this agent does not know.
fn fields(settings: Option<&Settings>, config: &Config) -> (Vec<FieldPath>, Vec<String>) {
    let mut off = config.fields_off.clone();
    let mut unknown = Vec::new();
    for text in settings.iter().flat_map(|settings| &settings.fields_off) {
        match text.parse() {
            Ok(path) => off.push(path),
            Err(_) => unknown.push(text.clone()),
        }
    }
    off.sort();
    off.dedup();
    (off, unknown)
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

    #[test]
    fn the_last_user_is_named_as_both_sides_allow() {
        let named = |asked: i32, own: &str, key: usize| {
            let settings = Settings {
                user_identity: asked,
                pseudonym_key: vec![7; key],
                ..Settings::default()
            };
            Policy::new(Some(&settings), &toml::from_str(own).unwrap()).user_name("jan")
        };
        let [off, pseudonym, account] = [0, 1, 2];
        let (own_off, own_pseudonym) = ("user_identity = \"off\"", "user_identity = \"pseudonym\"");
        assert_eq!(named(off, "", 32), "");
        assert_eq!(named(off, own_pseudonym, 32), "", "a device does not ask for more");
        assert_eq!(named(pseudonym, "", 32).len(), 18);
        assert_eq!(named(pseudonym, own_off, 32), "");
        assert_eq!(named(pseudonym, "", 0), "", "without a key");
        assert_eq!(named(account, "", 0), "jan");
        assert_eq!(named(account, own_pseudonym, 32), named(pseudonym, "", 32));
        assert_eq!(named(9, "", 32), "", "a value this agent does not know");
        assert_eq!(Policy::new(None, &Config::default()).user_name("jan"), "");
    }

    #[test]
    fn fields_of_both_sides_are_off_and_unknown_ones_are_said() {
        let texts = ["system.serial", "system.warranty", "system.serial", "memory.modules.serial"];
        let settings =
            Settings { fields_off: texts.map(str::to_owned).to_vec(), ..Settings::default() };
        let own = toml::from_str("fields_off = [\"system.host_name\"]").unwrap();
        let policy = Policy::new(Some(&settings), &own);
        let off = |kind| policy.fields_off(kind).map(FieldPath::names).collect::<Vec<_>>();
        assert_eq!(off(SectionKind::System), ["host_name", "serial"]);
        assert_eq!(off(SectionKind::Memory), ["modules.serial"]);
        assert_eq!(policy.fields_unknown, ["system.warranty"]);
    }
}
