//! The rules of sudo: how many there are, how much they allow, and whom they make an administrator.
//!
//! Source of the format and of what it means: sudoers(5) of sudo 1.9.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use belfort_proto::inventory::v1::SudoRules;

use super::{ADMINISTRATOR_GROUPS, Local};
use crate::probe::wildcard;

mod parse;
#[cfg(test)]
mod tests;

/// What a file includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// A path; made absolute, since a relative one lies beside the file that includes it.
    pub path: String,
    /// Whether it is a directory of files.
    pub directory: bool,
}

/// A file that is included: its path and its content.
pub type Included = (String, Vec<u8>);

/// Whether a file in an included directory is read: not what package managers and editors leave.
pub fn is_read(name: &str) -> bool {
    !name.contains('.') && !name.ends_with('~')
}

/// One name of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    negated: bool,
    /// A name in quotes is nothing but a name.
    quoted: bool,
    text: String,
}

impl Item {
    fn is_all(&self) -> bool {
        !self.quoted && self.text == "ALL"
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum AliasKind {
    User,
    Runas,
    Host,
    Command,
}

/// As whom commands may be run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Runas {
    users: Vec<Item>,
    groups: Vec<Item>,
}

/// One command, or an alias of some.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Command {
    item: Item,
    /// Nothing: as root.
    runas: Option<Rc<Runas>>,
    /// What its tag says about passwords.
    password: Option<bool>,
}

/// What some users may do on some hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// Shared by the rules that one line makes.
    users: Rc<[Item]>,
    hosts: Vec<Item>,
    commands: Vec<Command>,
}

/// All files together.
#[derive(Debug)]
pub struct Sudoers {
    rules: Vec<Rule>,
    aliases: BTreeMap<(AliasKind, String), Vec<Item>>,
    /// Whether passwords are asked for where no tag says otherwise.
    authenticate: bool,
    /// Whether the password asked for is not the user's own but the target's.
    target_password: bool,
    /// Number of lines that are not understood. Sudo passes over such lines, too.
    pub not_understood: u32,
    /// Number of lines that include something.
    includes: u32,
    /// How much was included.
    included_bytes: usize,
    /// Steps left for following lists and aliases, which can be made to lead to ever more.
    steps: Cell<usize>,
}

/// How deep aliases are followed.
const ALIAS_DEPTH: u8 = 16;
/// Steps for following lists and aliases: a thousand times what people write.
const STEPS: usize = 1_000_000;

impl Sudoers {
    /// Parses a file; `include` gives the files it includes, in their order.
    pub fn parse(
        (path, content): (&str, &[u8]),
        include: &mut dyn FnMut(&Include) -> Vec<Included>,
    ) -> Self {
        let mut sudoers = Self {
            rules: Vec::new(),
            aliases: BTreeMap::new(),
            authenticate: true,
            target_password: false,
            not_understood: 0,
            includes: 0,
            included_bytes: 0,
            steps: Cell::new(STEPS),
        };
        parse::file((path, content), 0, &mut sudoers, include);
        sudoers
    }

    /// The rules that hold on a host, counted.
    pub fn rules(&self, host: &str) -> SudoRules {
        let mut rules = SudoRules::default();
        for rule in self.rules.iter().filter(|rule| self.holds(rule, host)) {
            let commands = self.commands(rule);
            let mut granted = commands.iter().filter(|(allowed, _)| *allowed).peekable();
            if granted.peek().is_none() {
                continue;
            }
            rules.count += 1;
            let free = granted.any(|(_, one)| !one.password.unwrap_or(self.authenticate));
            rules.without_password_count += u32::from(free);
            rules.unlimited_count += u32::from(self.everything(&commands) == Some(true));
        }
        rules
    }

    /// Whether lists and aliases could be followed to their end so far.
    pub fn is_whole(&self) -> bool {
        self.steps.get() > 0
    }

    /// Takes steps; whether there were enough left.
    fn step(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_sub(steps));
        self.is_whole()
    }

    /// Whom rules without limits name, apart from the members of the groups that administer anyway.
    /// Of several rules about the same user the last counts. Rules that ask for the password of the
    /// target give nothing to those who do not know it.
    pub fn administrators(&self, host: &str, local: &Local<'_>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if self.target_password {
            return found;
        }
        for rule in self.rules.iter().filter(|rule| self.holds(rule, host)) {
            let Some(allowed) = self.everything(&self.commands(rule)) else { continue };
            let mut named = BTreeSet::new();
            for (negated, item) in self.expand(AliasKind::User, &rule.users) {
                let one = users(item, local);
                // Looking a name up takes its time, too, where there are many.
                let looked = (local.accounts.len() + local.groups.len()) / 64;
                if !self.step(one.len() + looked) {
                    return found;
                }
                if negated {
                    for name in &one {
                        named.remove(name);
                    }
                } else {
                    named.extend(one);
                }
            }
            if allowed {
                found.extend(named);
            } else {
                for name in &named {
                    found.remove(name);
                }
            }
        }
        for root in local.accounts.iter().filter(|account| account.user == 0) {
            found.remove(&root.name);
        }
        found
    }

    /// Whether a rule may hold on a host: addresses and netgroups cannot be told from here and count as
    /// if they were this one, so that nobody is missed.
    fn holds(&self, rule: &Rule, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let short = host.split('.').next().unwrap_or_default();
        let mut holds = false;
        for (negated, item) in self.expand(AliasKind::Host, &rule.hosts) {
            let pattern = item.text.to_ascii_lowercase();
            let plain =
                pattern.parse::<std::net::IpAddr>().is_err() && !pattern.contains(['/', '+', ':']);
            let fits = |name: &str| wildcard::matches(pattern.as_bytes(), name.as_bytes());
            if item.is_all() || (plain && (fits(&host) || fits(short))) {
                holds = !negated;
            } else if !plain && !negated {
                holds = true;
            }
        }
        holds
    }

    /// The commands of a rule with aliases followed, each with whether it is allowed.
    fn commands<'a>(&'a self, rule: &'a Rule) -> Vec<(bool, CommandAs<'a>)> {
        let mut found = Vec::new();
        for command in &rule.commands {
            let items = self.expand(AliasKind::Command, std::slice::from_ref(&command.item));
            let runas = command.runas.as_deref();
            let one = |item| CommandAs { item, runas, password: command.password };
            found.extend(items.into_iter().map(|(negated, item)| (!negated, one(item))));
        }
        found
    }

    /// Whether commands allow everything as root, who may then be everybody; nothing when they are
    /// about less. What is excepted by name (`ALL, !/bin/su`) is no limit: it can be copied, and
    /// sudoers(5) warns of it.
    fn everything(&self, commands: &[(bool, CommandAs<'_>)]) -> Option<bool> {
        let all = commands.iter().filter(|(_, one)| one.item.is_all() && self.as_root(one.runas));
        all.last().map(|(allowed, _)| *allowed)
    }

    fn as_root(&self, runas: Option<&Runas>) -> bool {
        let Some(runas) = runas else { return true };
        let mut root = false;
        for (negated, item) in self.expand(AliasKind::Runas, &runas.users) {
            if item.is_all() || matches!(item.text.as_str(), "root" | "#0") {
                root = !negated;
            }
        }
        root
    }

    /// A list with its aliases followed, each item with whether it is negated.
    fn expand<'a>(&'a self, kind: AliasKind, items: &'a [Item]) -> Vec<(bool, &'a Item)> {
        let mut found = Vec::new();
        self.expand_into(kind, items, false, ALIAS_DEPTH, &mut found);
        found
    }

    fn expand_into<'a>(
        &'a self,
        kind: AliasKind,
        items: &'a [Item],
        negated: bool,
        depth: u8,
        found: &mut Vec<(bool, &'a Item)>,
    ) {
        for item in items {
            if !self.step(1) {
                return;
            }
            let negated = negated != item.negated;
            let alias = (!item.quoted && item.text.starts_with(|c: char| c.is_ascii_uppercase()))
                .then(|| self.aliases.get(&(kind, item.text.clone())))
                .flatten();
            match alias {
                Some(items) if depth > 0 => {
                    self.expand_into(kind, items, negated, depth - 1, found);
                }
                // What leads in a circle stands for nobody.
                Some(_) => {}
                None => found.push((negated, item)),
            }
        }
    }
}

/// A command of a rule and what holds for it.
struct CommandAs<'a> {
    item: &'a Item,
    runas: Option<&'a Runas>,
    password: Option<bool>,
}

/// The accounts an item of a list of users stands for. What only a directory knows stands for itself,
/// as it is written, where there is a directory.
fn users(item: &Item, local: &Local<'_>) -> BTreeSet<String> {
    if item.is_all() {
        let login = local.accounts.iter().filter(|account| account.login);
        return login.map(|account| account.name.clone()).collect();
    }
    let unknown = || BTreeSet::from_iter(local.directory.then(|| item.text.clone()));
    if let Some(group) = item.text.strip_prefix('%') {
        return match local.members(group) {
            _ if ADMINISTRATOR_GROUPS.contains(&group) => BTreeSet::new(),
            Some(members) => members,
            None => unknown(),
        };
    }
    let by_id = item.text.strip_prefix('#').and_then(|id| id.parse::<u32>().ok());
    let account = match by_id {
        Some(id) => local.accounts.iter().find(|account| account.user == id),
        None => local.account(&item.text),
    };
    account.map_or_else(unknown, |account| BTreeSet::from([account.name.clone()]))
}
