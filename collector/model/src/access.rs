//! Who may do what, and where: roles, the rights they give, and the units they reach.
//!
//! Source: `domain.md`, "Roles and rights". The rule that who advises as data protection officer decides
//! nothing is kept here, so that no way into the collector can go around it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{BatchId, UnitId};
use crate::unit::OrgUnit;

crate::text_enum! {
    /// What somebody is to the register.
    Role {
        /// Runs the system; takes no decision on risks.
        Admin = "admin",
        /// Works with the register every day (*informatieveiligheidsverantwoordelijke*).
        SecurityOfficer = "security_officer",
        /// Advises on security.
        Ciso = "ciso",
        /// Decides risks of the own department and below (*departementshoofd*).
        DepartmentHead = "department_head",
        /// Owns the assets of the own service and below (*dienstchef*).
        HeadOfService = "head_of_service",
        /// Reads and advises; never decides.
        Dpo = "dpo",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// Reads.
        Reader = "reader",
    }
}

crate::text_enum! {
    /// What somebody may do.
    Right {
        /// See assets, findings and risks.
        Read = "read",
        /// Take lists and reports out.
        Export = "export",
        /// See who did what.
        ReadAudit = "read_audit",
        /// Change units, assets, owners, classes, data sets, software and rules; import.
        Manage = "manage",
        /// Confirm the ownership and the class of assets of the own unit.
        Confirm = "confirm",
        /// Judge findings: confirm, false positive, request an exception.
        Triage = "triage",
        /// Approve an exception.
        ApproveException = "approve_exception",
        /// Take up, assess, reject and evaluate risks.
        Analyse = "analyse",
        /// Decide on the treatment of a risk; accept it.
        Decide = "decide",
        /// Enter what a meeting decided, with its reference.
        RecordMeeting = "record_meeting",
        /// Carry out actions.
        Act = "act",
        /// Close a risk whose actions are verified and whose findings are resolved.
        Close = "close",
        /// Give advice on a risk.
        Advise = "advise",
        /// Admit and revoke devices and users; import advisories; run the system.
        Administer = "administer",
    }
}

impl Role {
    /// The rights that come with a role.
    pub fn rights(self) -> &'static [Right] {
        use Right::{
            Act, Administer, Advise, Analyse, ApproveException, Close, Confirm, Decide, Export,
            Manage, Read, ReadAudit, RecordMeeting, Triage,
        };
        match self {
            Self::Admin => &[Read, Export, ReadAudit, Manage, Administer],
            Self::SecurityOfficer => &[
                Read,
                Export,
                ReadAudit,
                Manage,
                Confirm,
                Triage,
                Analyse,
                RecordMeeting,
                Act,
                Close,
            ],
            Self::Ciso => &[Read, Export, Analyse, Advise],
            Self::DepartmentHead => {
                &[Read, Export, Confirm, Triage, ApproveException, Analyse, Decide, Act, Close]
            }
            Self::HeadOfService => &[Read, Export, Confirm, Triage, Act],
            Self::Dpo => &[Read, Export, Advise],
            Self::Auditor => &[Read, Export, ReadAudit],
            Self::Reader => &[Read],
        }
    }
}

impl Right {
    /// What it lets one do, for messages: "… may not ⟨this⟩".
    pub fn description(self) -> &'static str {
        match self {
            Self::Read => "read the register",
            Self::Export => "take lists and reports out",
            Self::ReadAudit => "read the audit log",
            Self::Manage => "change the register",
            Self::Confirm => "confirm owners and classes",
            Self::Triage => "judge findings",
            Self::ApproveException => "approve exceptions",
            Self::Analyse => "analyse risks",
            Self::Decide => "decide on risks",
            Self::RecordMeeting => "enter decisions of a meeting",
            Self::Act => "carry out actions",
            Self::Close => "close risks",
            Self::Advise => "advise on risks",
            Self::Administer => "administer devices and users",
        }
    }

    /// Whether it changes or decides something: what a data protection officer must not do.
    pub fn decides(self) -> bool {
        !matches!(self, Self::Read | Self::Export | Self::ReadAudit | Self::Advise)
    }
}

/// A role somebody was given, for the whole organisation or for one unit and all below it. Its text form
/// is `role` or `role@unit-id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleGrant {
    /// The role.
    pub role: Role,
    /// The unit; nothing for the whole organisation.
    pub unit: Option<UnitId>,
}

impl From<RoleGrant> for String {
    fn from(grant: RoleGrant) -> Self {
        match grant.unit {
            Some(unit) => format!("{}@{unit}", grant.role),
            None => grant.role.to_string(),
        }
    }
}

impl TryFrom<String> for RoleGrant {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (role, unit) = match text.split_once('@') {
            Some((role, unit)) => (role, Some(unit)),
            None => (text.as_str(), None),
        };
        let role = role.parse().map_err(|error: crate::UnknownValue| error.to_string())?;
        let unit = unit.map(str::parse).transpose().map_err(|_| format!("`{text}`: no unit id"))?;
        Ok(Self { role, unit })
    }
}

/// Which units something reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The whole organisation, and what belongs to no unit.
    #[default]
    All,
    /// These units.
    Units(BTreeSet<UnitId>),
}

impl Scope {
    /// Nothing at all.
    pub const NOTHING: Self = Self::Units(BTreeSet::new());

    /// A unit and all below it.
    pub fn below(unit: UnitId, units: &[OrgUnit]) -> Self {
        let mut reached = BTreeSet::from([unit]);
        loop {
            let more: Vec<_> = units
                .iter()
                .filter(|one| one.parent.is_some_and(|parent| reached.contains(&parent)))
                .map(|one| one.id)
                .filter(|id| !reached.contains(id))
                .collect();
            if more.is_empty() {
                return Self::Units(reached);
            }
            reached.extend(more);
        }
    }

    /// Whether it reaches a unit; what belongs to no unit is reached only by the whole organisation.
    pub fn contains(&self, unit: Option<UnitId>) -> bool {
        match self {
            Self::All => true,
            Self::Units(units) => unit.is_some_and(|unit| units.contains(&unit)),
        }
    }

    /// What both reach together.
    #[must_use]
    pub fn union(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Units(mut mine), Self::Units(theirs)) => {
                mine.extend(theirs);
                Self::Units(mine)
            }
            _ => Self::All,
        }
    }
}

/// A role and the units it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where.
    pub scope: Scope,
}

/// Somebody who asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Name for the audit log.
    pub name: String,
    /// What the person is, and where.
    pub grants: Vec<Grant>,
    /// The only rights that count, for an API token that was given fewer than its user has.
    pub limited_to: Option<BTreeSet<Right>>,
    /// The batch it asks in, when it asks the same for many things at once: every record in the audit log
    /// names it.
    pub batch: Option<BatchId>,
    /// The batch that its changes undo: the records name that one, too.
    pub undoes: Option<BatchId>,
}

/// Somebody may not do this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No role of the person gives the right.
    #[error("{name} may not {}: that takes the role {roles}", right.description())]
    Role {
        /// Who asked.
        name: String,
        /// For what.
        right: Right,
        /// Which roles give it.
        roles: String,
    },
    /// The person holds the role of data protection officer.
    #[error("{name} may not {}: a data protection officer (dpo) advises and never decides, whatever other role the person holds", right.description())]
    Dpo {
        /// Who asked.
        name: String,
        /// For what.
        right: Right,
    },
    /// A role gives the right, but not for this unit.
    #[error("{name} may not {} here: the role reaches only the own unit and those below it", right.description())]
    Unit {
        /// Who asked.
        name: String,
        /// For what.
        right: Right,
    },
    /// The API token was given fewer rights than its user has.
    #[error("{name} may not {} with this API token: it was made without the right `{right}`", right.description())]
    Token {
        /// Who asked.
        name: String,
        /// For what.
        right: Right,
    },
}

impl Actor {
    /// Somebody with roles for the whole organisation.
    pub fn with_roles(name: impl Into<String>, roles: &[Role]) -> Self {
        let grants = roles.iter().map(|role| Grant { role: *role, scope: Scope::All }).collect();
        Self { name: name.into(), grants, limited_to: None, batch: None, undoes: None }
    }

    /// Somebody with these role grants, in this organisation.
    pub fn with_grants(name: impl Into<String>, grants: &[RoleGrant], units: &[OrgUnit]) -> Self {
        let grants = grants
            .iter()
            .map(|grant| Grant {
                role: grant.role,
                scope: grant.unit.map_or(Scope::All, |unit| Scope::below(unit, units)),
            })
            .collect();
        Self { name: name.into(), grants, limited_to: None, batch: None, undoes: None }
    }

    /// Whether the actor holds a role anywhere.
    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// Whether the actor has a right somewhere.
    pub fn may(&self, right: Right) -> bool {
        self.require(right).is_ok()
    }

    /// Refuses an actor who has the right nowhere.
    pub fn require(&self, right: Right) -> Result<(), Denied> {
        let name = || self.name.clone();
        if right.decides() && self.holds(Role::Dpo) {
            return Err(Denied::Dpo { name: name(), right });
        }
        if !self.grants.iter().any(|grant| grant.role.rights().contains(&right)) {
            let with: Vec<_> = Role::ALL
                .iter()
                .filter(|role| role.rights().contains(&right))
                .map(|role| role.as_str())
                .collect();
            return Err(Denied::Role { name: name(), right, roles: with.join(" or ") });
        }
        if self.limited_to.as_ref().is_some_and(|rights| !rights.contains(&right)) {
            return Err(Denied::Token { name: name(), right });
        }
        Ok(())
    }

    /// Refuses an actor who does not have the right for what belongs to this unit; nothing for what
    /// belongs to none.
    pub fn require_for(&self, right: Right, unit: Option<UnitId>) -> Result<(), Denied> {
        self.require(right)?;
        if self.scope(right).contains(unit) {
            return Ok(());
        }
        Err(Denied::Unit { name: self.name.clone(), right })
    }

    /// Where the actor has a right.
    pub fn scope(&self, right: Right) -> Scope {
        if self.require(right).is_err() {
            return Scope::NOTHING;
        }
        self.grants
            .iter()
            .filter(|grant| grant.role.rights().contains(&right))
            .fold(Scope::NOTHING, |all, grant| all.union(&grant.scope))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::time::Timestamp;
    use crate::unit::UnitKind;

    fn unit(number: u128, parent: Option<u128>) -> OrgUnit {
        OrgUnit {
            id: UnitId(Uuid::from_u128(number)),
            code: format!("U{number}"),
            name: format!("Dienst {number}"),
            kind: UnitKind::Service,
            parent: parent.map(|parent| UnitId(Uuid::from_u128(parent))),
            active_from: Timestamp(0),
            active_to: None,
        }
    }

    #[test]
    fn rights_by_role() {
        let with = |right: Right| {
            let has = |role: &&Role| Actor::with_roles("x", &[**role]).may(right);
            Role::ALL.iter().filter(has).map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
        };
        let list: Vec<_> =
            Right::ALL.iter().map(|right| format!("{right}: {}", with(*right))).collect();
        insta::assert_snapshot!(list.join("\n"));
    }

    #[test]
    fn a_dpo_decides_nothing_whatever_other_role_the_person_holds() {
        for role in Role::ALL {
            let both = Actor::with_roles("x", &[Role::Dpo, *role]);
            for right in Right::ALL.iter().filter(|right| right.decides()) {
                assert!(matches!(both.require(*right), Err(Denied::Dpo { .. })), "{role} {right}");
                assert_eq!(both.scope(*right), Scope::NOTHING);
            }
            assert!(both.may(Right::Read) && both.may(Right::Advise));
        }
    }

    #[test]
    fn a_role_reaches_its_unit_and_what_is_below() {
        let units = [unit(1, None), unit(2, Some(1)), unit(3, Some(2)), unit(4, None)];
        let id = |number| Some(UnitId(Uuid::from_u128(number)));
        let grants = [
            RoleGrant { role: Role::DepartmentHead, unit: id(2) },
            RoleGrant { role: Role::Reader, unit: None },
        ];
        let head = Actor::with_grants("x", &grants, &units);
        assert!(head.require_for(Right::Decide, id(2)).is_ok());
        assert!(head.require_for(Right::Decide, id(3)).is_ok());
        for elsewhere in [id(1), id(4), None] {
            let denied = head.require_for(Right::Decide, elsewhere);
            assert!(matches!(denied, Err(Denied::Unit { .. })));
            assert!(head.require_for(Right::Read, elsewhere).is_ok(), "reader everywhere");
        }
    }

    #[test]
    fn a_circle_of_units_ends() {
        let units = [unit(1, Some(2)), unit(2, Some(1))];
        let Scope::Units(reached) = Scope::below(units[0].id, &units) else { panic!() };
        assert_eq!(reached.len(), 2);
    }

    #[test]
    fn a_token_can_have_fewer_rights_than_its_user() {
        let mut actor = Actor::with_roles("x", &[Role::SecurityOfficer]);
        actor.limited_to = Some(BTreeSet::from([Right::Read]));
        assert!(actor.may(Right::Read));
        assert!(matches!(actor.require(Right::Manage), Err(Denied::Token { .. })));
        let nobody = Actor::with_roles("x", &[]);
        assert!(Right::ALL.iter().all(|right| nobody.require(*right).is_err()));
    }

    #[test]
    fn grants_are_read_back() {
        for unit in [None, Some(UnitId(Uuid::from_u128(7)))] {
            let grant = RoleGrant { role: Role::DepartmentHead, unit };
            let text = serde_json::to_string(&grant).unwrap();
            assert_eq!(serde_json::from_str::<RoleGrant>(&text).unwrap(), grant);
        }
        assert_eq!(
            serde_json::from_str::<RoleGrant>("\"admin\"").unwrap(),
            RoleGrant { role: Role::Admin, unit: None }
        );
        assert!(serde_json::from_str::<RoleGrant>("\"mayor\"").is_err());
    }
}
