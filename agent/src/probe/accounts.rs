//! Accounts: how many, who administers, who has no password, and how the SSH server lets them in.

use std::collections::{BTreeMap, BTreeSet};

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe, text};

#[cfg(target_os = "linux")]
mod linux;
pub mod sshd;
pub mod sudoers;
pub mod wtmp;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `accounts` section.
#[derive(Debug)]
pub struct AccountsProbe;

impl Probe for AccountsProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Accounts
    }

    fn read(&self, host: &Host) -> Section {
        Section::Accounts(read(host))
    }
}

/// Groups whose members administer the machine.
const ADMINISTRATOR_GROUPS: &[&str] = &["admin", "sudo", "wheel"];
/// First user id of people. Source: `UID_MIN` of login.defs(5), as distributions ship it.
const PEOPLE_FROM: u32 = 1000;

/// One line of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name.
    pub name: String,
    /// User id.
    pub user: u32,
    /// Primary group.
    pub group: u32,
    /// Whether its shell lets it log in.
    pub login: bool,
}

/// Parses /etc/passwd. Source of the format: passwd(5).
pub fn passwd(content: &[u8]) -> Vec<Account> {
    let accounts = text::lines(content).filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = text::clean(fields.next()?);
        let user = text::number(fields.nth(1)?)?;
        let group = text::number(fields.next()?)?;
        let shell = fields.nth(2).unwrap_or_default().trim_ascii();
        let program = shell.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let login = !matches!(program, b"nologin" | b"false");
        (!name.is_empty()).then_some(Account { name, user, group, login })
    });
    accounts.collect()
}

/// One group with its listed members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group id.
    pub group: u32,
    /// Listed members.
    pub members: Vec<String>,
}

/// Parses /etc/group. Source of the format: group(5).
pub fn groups(content: &[u8]) -> Vec<Group> {
    let groups = text::lines(content).filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = text::clean(fields.next()?);
        let group = text::number(fields.nth(1)?)?;
        let members = fields.next().unwrap_or_default().split(|byte| *byte == b',');
        let members = members.map(text::clean).filter(|member| !member.is_empty()).collect();
        (!name.is_empty()).then_some(Group { name, group, members })
    });
    groups.collect()
}

/// What is known here of accounts and groups.
#[derive(Debug)]
pub struct Local<'a> {
    /// Local accounts.
    pub accounts: &'a [Account],
    /// Local groups.
    pub groups: &'a [Group],
    /// Whether there may be accounts and groups of a directory beside them.
    pub directory: bool,
}

impl Local<'_> {
    fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }

    /// Members of a group, by its name or as `#` and its number; nothing when it is not local.
    fn members(&self, group: &str) -> Option<BTreeSet<String>> {
        let id = group.strip_prefix('#').and_then(|id| id.parse().ok());
        let is_it = |one: &&Group| id.map_or(one.name == group, |id: u32| one.group == id);
        let group = self.groups.iter().find(is_it)?;
        let primary = self.accounts.iter().filter(|account| account.group == group.group);
        let primary = primary.map(|account| &account.name);
        Some(group.members.iter().chain(primary).cloned().collect())
    }
}

/// Whether accounts or groups come from a directory such as LDAP or Active Directory, too. Source of the
/// format: nsswitch.conf(5).
pub fn has_directory(nsswitch: &[u8]) -> bool {
    const LOCAL: &[&[u8]] = &[
        b"altfiles",
        b"cache",
        b"compat",
        b"db",
        b"extrausers",
        b"files",
        b"mymachines",
        b"systemd",
    ];
    text::lines(nsswitch).any(|line| {
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        let Some((database, services)) = text::split_once(line, b':') else { return false };
        // Whether the word lies outside of what to do about an answer: `[NOTFOUND=return]`.
        let mut outside = true;
        matches!(database.trim_ascii(), b"passwd" | b"group")
            && services.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).any(|word| {
                let is_service = outside && !word.starts_with(b"[");
                outside = if is_service { true } else { word.ends_with(b"]") };
                is_service && !LOCAL.contains(&word)
            })
    })
}

/// Administrators by name, each with what makes it one.
pub fn administrators(
    accounts: &[Account],
    groups: &[Group],
) -> BTreeMap<String, BTreeSet<String>> {
    let administering = |group: &&Group| ADMINISTRATOR_GROUPS.contains(&group.name.as_str());
    let groups: Vec<_> = groups.iter().filter(administering).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: &str, through: &str| {
        found.entry(name.to_owned()).or_default().insert(through.to_owned());
    };
    for account in accounts {
        if account.user == 0 {
            add(&account.name, "uid0");
        }
        for group in groups.iter().filter(|group| group.group == account.group) {
            add(&account.name, &group.name);
        }
    }
    for group in &groups {
        group.members.iter().for_each(|member| add(member, &group.name));
    }
    found
}

/// Whether a name is of the distribution's making, so that it names nobody: `root`, and accounts with
/// a user id below those of people. A second account with user id 0 is somebody's.
pub fn is_built_in(name: &str, accounts: &[Account]) -> bool {
    name == "root"
        || accounts
            .iter()
            .any(|account| account.name == name && (1..PEOPLE_FROM).contains(&account.user))
}

/// Whether a name is that of a local account with the user id of a person.
pub fn is_person(name: &str, accounts: &[Account]) -> bool {
    // 65534 and above are set aside by the system: `nobody`, dynamic users.
    accounts
        .iter()
        .any(|account| account.name == name && (PEOPLE_FROM..65_534).contains(&account.user))
}

/// A number as it crosses the wire.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What /etc/shadow says of passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passwords {
    /// Number of accounts with an empty password.
    pub empty: u32,
    /// Number of accounts with a password that never has to be changed.
    pub never_expire: u32,
}

/// Parses /etc/shadow. Source of the format: shadow(5); of when a password never has to be changed:
/// chage(1), which calls 10,000 days and more, and no number at all, `never`.
pub fn passwords(shadow: &[u8]) -> Passwords {
    const NEVER_FROM: i64 = 10_000;
    let mut passwords = Passwords::default();
    for line in text::lines(shadow) {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next().unwrap_or_default();
        let Some(password) = fields.next() else { continue };
        // Lines that begin so bring in accounts from elsewhere.
        if matches!(name.first(), None | Some(b'+' | b'-')) {
            continue;
        }
        passwords.empty += u32::from(password.is_empty());
        // Nothing that anybody could type gives these.
        if matches!(password.first(), None | Some(b'!' | b'*')) || password == b"x" {
            continue;
        }
        let changed: Option<i64> = fields.next().and_then(text::number);
        let days: Option<i64> = fields.nth(1).and_then(text::number);
        let never = match (changed, days) {
            // It has to be changed at the next login.
            (Some(0), _) => false,
            (None, _) | (_, None) => true,
            (Some(changed), Some(days)) => changed < 0 || !(0..NEVER_FROM).contains(&days),
        };
        passwords.never_expire += u32::from(never);
    }
    passwords
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n\
        toor:x:0:0::/root:/bin/sh\njan:x:1000:27::/home/jan:/bin/bash\nan:x:1001:100::/:/bin/false\n\
        +::::::\nbroken\n";
    const GROUP: &[u8] =
        b"root:x:0:\nsudo:x:27:jan,an,ldapuser,daemon\nwheel:x:10:an\nusers:x:100:jan\n";

    #[test]
    fn administrators_and_what_makes_them() {
        let accounts = passwd(PASSWD);
        assert_eq!(accounts.len(), 5);
        assert_eq!(accounts.iter().filter(|account| account.login).count(), 3);
        let found = administrators(&accounts, &groups(GROUP));
        let found: Vec<_> = found
            .iter()
            .map(|(name, through)| format!("{name} {through:?} {}", is_built_in(name, &accounts)))
            .collect();
        insta::assert_debug_snapshot!(found, @r#"
        [
            "an {\"sudo\", \"wheel\"} false",
            "daemon {\"sudo\"} true",
            "jan {\"sudo\"} false",
            "ldapuser {\"sudo\"} false",
            "root {\"uid0\"} true",
            "toor {\"uid0\"} false",
        ]
        "#);
    }

    #[test]
    fn empty_passwords() {
        let shadow = b"root:*:1\na::1\nb:!:1\nc:$6$x:1\n::\n+::::::::\n";
        assert_eq!(passwords(shadow).empty, 1);
    }

    #[test]
    fn passwords_that_never_have_to_be_changed() {
        let never = |fields: &str| passwords(format!("a:{fields}:7:::\n").as_bytes()).never_expire;
        assert_eq!(never("$6$x:20000:0:99999"), 1);
        assert_eq!(never("$6$x:20000:0:"), 1);
        assert_eq!(never("$6$x:20000:0:-1"), 1);
        assert_eq!(never("$6$x::0:90"), 1);
        assert_eq!(never("$6$x:20000:0:90"), 0);
        assert_eq!(never("$6$x:0:0:99999"), 0, "to be changed at once");
        for locked in ["!$6$x", "*", "!", "!*", "", "x"] {
            assert_eq!(never(&format!("{locked}:20000:0:99999")), 0, "{locked}");
        }
    }

    #[test]
    fn directories() {
        assert!(!has_directory(b"passwd: files systemd\ngroup:\tcompat\nshadow: files sss\n"));
        assert!(has_directory(b"passwd: files sss\n"));
        assert!(has_directory(b"group: files [NOTFOUND=return] winbind # x\n"));
        assert!(!has_directory(b"passwd: files # sss\ngroup: files [ SUCCESS=merge ]\n"));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let accounts = passwd(&bytes);
            let _ = administrators(&accounts, &groups(&bytes));
            let _ = (passwords(&bytes), has_directory(&bytes));
        }
    }
}
