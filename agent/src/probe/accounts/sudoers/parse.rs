//! The grammar of sudoers. Source of the format: sudoers(5) of sudo 1.9.

use std::rc::Rc;

use super::{AliasKind, Command, Include, Included, Item, Rule, Runas, Sudoers};
use crate::probe::text;

/// How deep files include each other. Sudo itself allows 128; nobody goes beyond two.
const DEPTH_MAX: usize = 16;
/// Most lines that include something, in all files together.
const INCLUDES_MAX: u32 = 256;
/// Most bytes of all included files together, of which one may include itself.
const INCLUDED_BYTES_MAX: usize = 4 << 20;
/// Most rules, and most names of lists, that are kept: far more than people write.
const RULES_MAX: usize = 10_000;

/// Words before a command that end with a colon.
const TAGS: &[&str] = &[
    "EXEC",
    "NOEXEC",
    "FOLLOW",
    "NOFOLLOW",
    "INTERCEPT",
    "NOINTERCEPT",
    "LOG_INPUT",
    "NOLOG_INPUT",
    "LOG_OUTPUT",
    "NOLOG_OUTPUT",
    "MAIL",
    "NOMAIL",
    "PASSWD",
    "NOPASSWD",
    "SETENV",
    "NOSETENV",
];
/// Options before a command that have a value.
const OPTIONS: &[&str] = &[
    "APPARMOR_PROFILE",
    "CHROOT",
    "CWD",
    "LIMITPRIVS",
    "NOTAFTER",
    "NOTBEFORE",
    "PRIVS",
    "ROLE",
    "TIMEOUT",
    "TYPE",
];

/// Takes a file in, and what it includes.
pub(super) fn file(
    (path, content): (&str, &[u8]),
    depth: usize,
    into: &mut Sudoers,
    include: &mut dyn FnMut(&Include) -> Vec<Included>,
) {
    for line in logical_lines(content) {
        if let Some(mut wanted) = directive(&line) {
            into.includes += 1;
            if depth == DEPTH_MAX || into.includes > INCLUDES_MAX {
                into.not_understood += 1;
                continue;
            }
            if let (Some((directory, _)), false) =
                (path.rsplit_once('/'), wanted.path.starts_with('/'))
            {
                wanted.path = format!("{directory}/{}", wanted.path);
            }
            for (path, content) in include(&wanted) {
                into.included_bytes = into.included_bytes.saturating_add(content.len());
                if into.included_bytes > INCLUDED_BYTES_MAX {
                    into.not_understood += 1;
                    break;
                }
                file((&path, &content), depth + 1, into, include);
            }
        } else if statement(&line, into).is_none() {
            into.not_understood += 1;
        }
    }
}

/// Lines without comments, with what continues them. A comment ends with its line even when that ends
/// with a backslash. `#` before a number is a user or group id.
fn logical_lines(content: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            if at >= content.len() {
                return None;
            }
            let mut line = Vec::new();
            let mut quoted = false;
            while let Some(&byte) = content.get(at) {
                let rest = content.get(at + 1..).unwrap_or_default();
                at += 1;
                match byte {
                    b'\n' => break,
                    b'\\' => {
                        let blanks =
                            rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
                        let blanks = blanks.count();
                        if rest.get(blanks) == Some(&b'\n') {
                            at += blanks + 1;
                            line.push(b' ');
                        } else {
                            line.push(byte);
                            line.extend(rest.first());
                            at += 1;
                        }
                    }
                    b'"' => {
                        quoted = !quoted;
                        line.push(byte);
                    }
                    b'#' if !quoted && !is_number(rest) && !is_include(&line, rest) => {
                        at += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                        break;
                    }
                    _ => line.push(byte),
                }
            }
            let trimmed = line.trim_ascii();
            if !trimmed.is_empty() {
                return Some(trimmed.to_vec());
            }
        }
    })
}

fn is_number(rest: &[u8]) -> bool {
    rest.strip_prefix(b"-").unwrap_or(rest).first().is_some_and(u8::is_ascii_digit)
}

fn is_include(line: &[u8], rest: &[u8]) -> bool {
    line.trim_ascii().is_empty() && rest.starts_with(b"include")
}

/// What a line includes.
fn directive(line: &[u8]) -> Option<Include> {
    let (b'#' | b'@', rest) = line.split_first()? else { return None };
    let (directory, rest) = match rest.strip_prefix(b"includedir") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix(b"include")?),
    };
    rest.first().filter(|byte| byte.is_ascii_whitespace())?;
    let mut cursor = Cursor { rest };
    cursor.blanks();
    let path = cursor.word(b" \t")?;
    Some(Include { path: path.text, directory })
}

fn statement(line: &[u8], into: &mut Sudoers) -> Option<()> {
    if let Some(rest) = line.strip_prefix(b"Defaults")
        && rest.first().is_none_or(|byte| b" \t@:!>".contains(byte))
    {
        // Those for some users, hosts, commands or targets change too little to be told apart here.
        if rest.first().is_some_and(u8::is_ascii_whitespace) {
            defaults(rest, into);
        }
        return Some(());
    }
    let word_end = line.iter().position(|byte| b" \t=,:".contains(byte)).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(word_end)?;
    let kind = match word {
        b"User_Alias" => AliasKind::User,
        b"Runas_Alias" => AliasKind::Runas,
        b"Host_Alias" => AliasKind::Host,
        b"Cmnd_Alias" | b"Cmd_Alias" => AliasKind::Command,
        _ => return rule(line, into),
    };
    aliases(kind, rest, into)
}

fn defaults(rest: &[u8], into: &mut Sudoers) {
    for setting in rest.split(|byte| *byte == b',') {
        let setting = setting.trim_ascii();
        let name = setting.trim_ascii_start().strip_prefix(b"!");
        let on = name.is_none();
        match name.unwrap_or(setting).trim_ascii() {
            b"authenticate" => into.authenticate = on,
            b"targetpw" | b"rootpw" | b"runaspw" => into.target_password = on,
            _ => {}
        }
    }
}

fn aliases(kind: AliasKind, rest: &[u8], into: &mut Sudoers) -> Option<()> {
    let mut cursor = Cursor { rest };
    loop {
        cursor.blanks();
        let name = cursor.word(b" \t=")?.text;
        cursor.expect(b'=')?;
        let items = if kind == AliasKind::Command {
            cursor.commands().into_iter().map(|command| command.item).collect()
        } else {
            cursor.list()?
        };
        if into.aliases.len() < RULES_MAX {
            into.aliases.insert((kind, name), items);
        }
        if cursor.at_end() {
            return Some(());
        }
        cursor.expect(b':')?;
    }
}

/// Users, and for lists of hosts what they may do there.
fn rule(line: &[u8], into: &mut Sudoers) -> Option<()> {
    let mut cursor = Cursor { rest: line };
    let users: Rc<[Item]> = cursor.list()?.into();
    loop {
        let hosts = cursor.list()?;
        cursor.expect(b'=')?;
        let commands = cursor.commands();
        if commands.is_empty() || into.rules.len() >= RULES_MAX {
            return None;
        }
        into.rules.push(Rule { users: users.clone(), hosts, commands });
        if cursor.at_end() {
            return Some(());
        }
        cursor.expect(b':')?;
    }
}

/// Walks a line.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn at_end(&mut self) -> bool {
        self.blanks();
        self.rest.is_empty()
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.rest.strip_prefix(&[byte]);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    /// A word up to one of some bytes, without its quotes and backslashes.
    fn word(&mut self, ends: &[u8]) -> Option<Item> {
        let (mut plain, mut quoted, mut any_quoted) = (Vec::new(), false, false);
        let mut at = 0;
        while let Some(&byte) = self.rest.get(at) {
            match byte {
                b'"' => {
                    quoted = !quoted;
                    any_quoted = true;
                }
                b'\\' => {
                    at += 1;
                    plain.extend(self.rest.get(at));
                }
                byte if !quoted && ends.contains(&byte) => break,
                _ => plain.push(byte),
            }
            at += 1;
        }
        self.rest = self.rest.get(at..).unwrap_or_default();
        let text = text::clean(&plain);
        (any_quoted || !text.is_empty()).then_some(Item {
            negated: false,
            quoted: any_quoted,
            text,
        })
    }

    fn negations(&mut self) -> bool {
        let mut negated = false;
        while self.take(b'!') {
            negated = !negated;
        }
        negated
    }

    /// A list of users, hosts or targets.
    fn list(&mut self) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            let negated = self.negations();
            self.blanks();
            let item = match self.address() {
                Some(item) => item,
                // A group outside Unix has a colon of its own: `%:name`.
                None if self.rest.starts_with(b"%:") => self.word(b" \t,=!()")?,
                None => self.word(b" \t,:=!()")?,
            };
            items.push(Item { negated, ..item });
            if !self.take(b',') {
                return Some(items);
            }
        }
    }

    /// An IPv6 address, whose colons are its own.
    fn address(&mut self) -> Option<Item> {
        let of_address = |byte: &&u8| byte.is_ascii_hexdigit() || b":./".contains(byte);
        let length = self.rest.iter().take_while(of_address).count();
        let (word, rest) = self.rest.split_at_checked(length)?;
        let colons = memchr::memchr_iter(b':', word).count();
        let ends = rest.first().is_none_or(|byte| b" \t,=".contains(byte));
        if colons < 2 || !ends {
            return None;
        }
        self.rest = rest;
        Some(Item { negated: false, quoted: false, text: text::clean(word) })
    }

    /// Commands with the tags and targets that hold for each.
    fn commands(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        let mut runas = None;
        let mut password = None;
        loop {
            self.blanks();
            if self.rest.starts_with(b"(") {
                runas = self.runas().map(Rc::new);
            }
            while let Some(tag) = self.tag() {
                match tag {
                    "NOPASSWD" => password = Some(false),
                    "PASSWD" => password = Some(true),
                    _ => {}
                }
            }
            let negated = self.negations();
            self.blanks();
            let Some(item) = self.word(b" \t,:") else { return commands };
            // Its arguments do not matter; a colon or comma inside them is escaped.
            let _ = self.word(b",:");
            let item = Item { negated, ..item };
            commands.push(Command { item, runas: runas.clone(), password });
            if !self.take(b',') {
                return commands;
            }
        }
    }

    /// As whom: `(users : groups)`.
    fn runas(&mut self) -> Option<Runas> {
        self.expect(b'(')?;
        let users = self.list().unwrap_or_default();
        let groups = if self.take(b':') { self.list().unwrap_or_default() } else { Vec::new() };
        let _ = self.word(b")");
        self.take(b')');
        Some(Runas { users, groups })
    }

    /// A tag; options with values and digests of the command are passed over.
    fn tag(&mut self) -> Option<&'static str> {
        loop {
            self.blanks();
            let of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
            let length = self.rest.iter().take_while(of_word).count();
            let (word, rest) = self.rest.split_at_checked(length)?;
            let known =
                |list: &[&'static str]| list.iter().find(|known| known.as_bytes() == word).copied();
            let after = rest.trim_ascii_start();
            if let (Some(tag), Some(b':')) = (known(TAGS), after.first()) {
                self.rest = after.get(1..)?;
                return Some(tag);
            }
            let is_digest = matches!(word, b"sha224" | b"sha256" | b"sha384" | b"sha512");
            match after.first() {
                Some(b'=') if known(OPTIONS).is_some() => {}
                Some(b':') if is_digest => {}
                _ => return None,
            }
            self.rest = after.get(1..)?;
            self.blanks();
            let _ = self.word(b" \t,");
            // Several digests of one command are separated by commas.
            if is_digest {
                self.take(b',');
            }
        }
    }
}
