//! Accounts: how many, who administers, who has no password.

use std::collections::{BTreeMap, BTreeSet};

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe, text};

#[cfg(target_os = "linux")]
mod linux;
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

/// One group that administers, with its listed members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdministratorGroup {
    /// Name.
    pub name: String,
    /// Group id.
    pub group: u32,
    /// Listed members.
    pub members: Vec<String>,
}

/// The administrator groups of /etc/group. Source of the format: group(5).
pub fn administrator_groups(content: &[u8]) -> Vec<AdministratorGroup> {
    let groups = text::lines(content).filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let name = ADMINISTRATOR_GROUPS.iter().find(|known| known.as_bytes() == name)?;
        let group = text::number(fields.nth(1)?)?;
        let members = fields.next().unwrap_or_default().split(|byte| *byte == b',');
        let members = members.map(text::clean).filter(|member| !member.is_empty()).collect();
        Some(AdministratorGroup { name: (*name).to_owned(), group, members })
    });
    groups.collect()
}

/// Administrators by name, each with what makes it one.
pub fn administrators(
    accounts: &[Account],
    groups: &[AdministratorGroup],
) -> BTreeMap<String, BTreeSet<String>> {
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
    for group in groups {
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

/// Number of accounts with an empty password. Source of the format: shadow(5).
pub fn without_password(shadow: &[u8]) -> u32 {
    let empty = text::lines(shadow).filter(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        fields.next().is_some_and(|name| !name.is_empty()) && fields.next() == Some(b"")
    });
    u32::try_from(empty.count()).unwrap_or(u32::MAX)
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
        let found = administrators(&accounts, &administrator_groups(GROUP));
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
        assert_eq!(without_password(b"root:*:1\na::1\nb:!:1\nc:$6$x:1\n::\n"), 1);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let accounts = passwd(&bytes);
            let _ = administrators(&accounts, &administrator_groups(&bytes));
            let _ = without_password(&bytes);
        }
    }
}
