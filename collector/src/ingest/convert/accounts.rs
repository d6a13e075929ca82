//! Accounts and what lets them in.

use belfort_model::facts::{AccountFacts, AdministratorFacts, DeviceFacts, SshFacts, SudoFacts};
use belfort_proto::fields;
use belfort_proto::inventory::v1::{AccountsSection, Outcome, OutcomeStatus, SshServer, Tristate};

use super::known;

pub(super) fn accounts(section: &AccountsSection, facts: &mut DeviceFacts) {
    facts.ssh = section.ssh_server.as_ref().map(ssh);
    let unread = |outcome: &Outcome| {
        // A machine without sudo has no rules of it, which is an answer.
        let rules =
            outcome.source.starts_with(SUDOERS) && outcome.status() != OutcomeStatus::Absent;
        rules || ACCOUNT_SOURCES.contains(&outcome.source.as_str())
    };
    let off = ["count", "login_count", "administrators.name"]
        .into_iter()
        .any(|field| fields::is_off(&section.outcomes, field));
    if off || section.outcomes.iter().any(unread) {
        return;
    }
    // Both are counted in the same file.
    let shadow = |count: u32, field: &str| {
        let known = section.without_password_known && !fields::is_off(&section.outcomes, field);
        known.then_some(count)
    };
    let administrators = section.administrators.iter().map(|administrator| AdministratorFacts {
        name: administrator.name.clone(),
        through: administrator.through.clone(),
    });
    facts.accounts = Some(AccountFacts {
        count: section.count,
        login_count: section.login_count,
        without_password: shadow(section.without_password_count, "without_password_count"),
        never_expiring: shadow(
            section.password_never_expires_count,
            "password_never_expires_count",
        ),
        sudo: section.sudo.filter(|_| !fields::is_off(&section.outcomes, "sudo")).map(|rules| {
            SudoFacts {
                count: rules.count,
                without_password: rules.without_password_count,
                unlimited: rules.unlimited_count,
            }
        }),
        administrators: administrators.collect(),
    });
}

/// Sources without which nothing can be said of administrators.
const ACCOUNT_SOURCES: &[&str] = &["/etc/passwd", "/etc/group"];
/// Rules of sudo make administrators too.
const SUDOERS: &str = "/etc/sudoers";

fn ssh(server: &SshServer) -> SshFacts {
    let ways = [server.password_authentication(), server.keyboard_interactive_authentication()];
    // PAM asks for the password the second way: one that is on is enough.
    let password_login = if ways.contains(&Tristate::Yes) {
        Some(true)
    } else {
        (!ways.contains(&Tristate::Unspecified)).then_some(false)
    };
    SshFacts {
        root_login: server.permit_root_login.clone(),
        password_login,
        empty_passwords: known(server.permit_empty_passwords()),
        has_exceptions: server.has_exceptions,
    }
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{OutcomeStatus, SudoRules};
    use belfort_proto::section::Section;

    use super::super::observe;
    use super::*;

    #[test]
    fn administrators_are_unknown_when_they_were_not_read() {
        let accounts = |source: &str| {
            let status = OutcomeStatus::Denied.into();
            let outcome = Outcome { source: source.to_owned(), status, reason: String::new() };
            let section = AccountsSection { outcomes: vec![outcome], ..AccountsSection::default() };
            observe([Section::Accounts(section)].iter()).facts.accounts
        };
        assert_eq!(accounts("/etc/group"), None);
        let without = accounts("/etc/shadow").unwrap();
        assert_eq!((without.without_password, without.administrators.len()), (None, 0));
        let mut off = Section::Accounts(AccountsSection::default());
        fields::note(&mut off, &["accounts.administrators".parse().unwrap()]);
        assert_eq!(observe([off].iter()).facts.accounts, None);
    }

    #[test]
    fn what_shadow_and_sudo_say_is_known_only_when_they_were_read() {
        let told = |known: bool, sudo: Option<SudoRules>| {
            let section = AccountsSection {
                without_password_known: known,
                password_never_expires_count: 3,
                sudo,
                ..AccountsSection::default()
            };
            let facts = observe([Section::Accounts(section)].iter()).facts.accounts.unwrap();
            (facts.never_expiring, facts.sudo.map(|sudo| sudo.without_password))
        };
        assert_eq!(told(false, None), (None, None));
        let rules = SudoRules { count: 2, without_password_count: 1, unlimited_count: 2 };
        assert_eq!(told(true, Some(rules)), (Some(3), Some(1)));
    }

    #[test]
    fn a_password_lets_in_when_either_way_asks_for_one() {
        let on = |password: Tristate, interactive: Tristate| {
            let server = SshServer {
                password_authentication: password.into(),
                keyboard_interactive_authentication: interactive.into(),
                ..SshServer::default()
            };
            let section =
                AccountsSection { ssh_server: Some(server), ..AccountsSection::default() };
            observe([Section::Accounts(section)].iter()).facts.ssh.unwrap().password_login
        };
        assert_eq!(on(Tristate::No, Tristate::No), Some(false));
        assert_eq!(on(Tristate::No, Tristate::Yes), Some(true));
        assert_eq!(on(Tristate::Yes, Tristate::Unspecified), Some(true));
        assert_eq!(on(Tristate::No, Tristate::Unspecified), None);
    }
}
