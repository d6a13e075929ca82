//! Who may do what.

use std::str::FromStr;

use super::{AppError, Result};

/// A role of `domain.md`, "Roles and rights".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Runs the system.
    Admin,
    /// Works with the register every day.
    SecurityOfficer,
    /// Advises.
    Ciso,
    /// Decides risks.
    DepartmentHead,
    /// Owns assets.
    HeadOfService,
    /// Reads and advises; never decides.
    Dpo,
    /// Reads everything, changes nothing.
    Auditor,
    /// Reads.
    Reader,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Admin,
        Self::SecurityOfficer,
        Self::Ciso,
        Self::DepartmentHead,
        Self::HeadOfService,
        Self::Dpo,
        Self::Auditor,
        Self::Reader,
    ];

    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::SecurityOfficer => "security_officer",
            Self::Ciso => "ciso",
            Self::DepartmentHead => "department_head",
            Self::HeadOfService => "head_of_service",
            Self::Dpo => "dpo",
            Self::Auditor => "auditor",
            Self::Reader => "reader",
        }
    }

    fn rights(self) -> &'static [Right] {
        match self {
            Self::Admin => &[Right::Read, Right::Manage, Right::Administer, Right::ReadAudit],
            Self::SecurityOfficer => &[Right::Read, Right::Manage, Right::ReadAudit],
            Self::Auditor => &[Right::Read, Right::ReadAudit],
            Self::Ciso | Self::DepartmentHead | Self::HeadOfService | Self::Dpo | Self::Reader => {
                &[Right::Read]
            }
        }
    }
}

impl FromStr for Role {
    type Err = AppError;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            AppError::Invalid(format!("`{text}` is not a role: use one of {known}"))
        })
    }
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See the registry, findings and risks.
    Read,
    /// Change owners, classes, data sets and units.
    Manage,
    /// Admit and revoke devices and users.
    Administer,
    /// See who did what.
    ReadAudit,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 4] = [Self::Read, Self::Manage, Self::Administer, Self::ReadAudit];

    /// What it lets one do, for messages.
    fn description(self) -> &'static str {
        match self {
            Self::Read => "read the register",
            Self::Manage => "change the register",
            Self::Administer => "administer devices and users",
            Self::ReadAudit => "read the audit log",
        }
    }
}

/// Somebody who asks for something.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Name for the audit log.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
}

impl Actor {
    /// Whoever can run the command line on the collector's machine holds its keys and its database, and
    /// so may do everything an administrator may.
    pub fn local() -> Self {
        let account = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
        let account = account.unwrap_or_else(|_| "unknown".to_owned());
        Self { name: format!("cli:{account}"), roles: vec![Role::Admin] }
    }

    /// Whether the actor has a right. Who advises as data protection officer changes and decides nothing,
    /// whatever other role the person holds.
    pub fn may(&self, right: Right) -> bool {
        let changes = matches!(right, Right::Manage | Right::Administer);
        if changes && self.roles.contains(&Role::Dpo) {
            return false;
        }
        self.roles.iter().any(|role| role.rights().contains(&right))
    }

    /// Refuses an actor without the right.
    pub fn require(&self, right: Right) -> Result<()> {
        if self.may(right) {
            return Ok(());
        }
        let (name, what) = (&self.name, right.description());
        let with: Vec<_> = Role::ALL
            .into_iter()
            .filter(|role| role.rights().contains(&right))
            .map(Role::as_str)
            .collect();
        Err(AppError::Forbidden(format!(
            "{name} may not {what}: that takes the role {}",
            with.join(" or ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_should_may_change_something() {
        let may = |right: Right| {
            let with = |role: &Role| Actor { name: String::new(), roles: vec![*role] }.may(right);
            Role::ALL.into_iter().filter(with).map(Role::as_str).collect::<Vec<_>>()
        };
        assert_eq!(may(Right::Administer), ["admin"]);
        assert_eq!(may(Right::Manage), ["admin", "security_officer"]);
        assert_eq!(may(Right::ReadAudit), ["admin", "security_officer", "auditor"]);
        assert_eq!(may(Right::Read).len(), Role::ALL.len());
        let both = Actor { name: "x".to_owned(), roles: vec![Role::Dpo, Role::SecurityOfficer] };
        assert!(both.may(Right::Read) && !both.may(Right::Manage));
        let nobody = Actor { name: "x".to_owned(), roles: vec![] };
        assert!(Right::ALL.into_iter().all(|right| nobody.require(right).is_err()));
    }
}
