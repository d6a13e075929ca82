//! Reads the `accounts` section on Linux.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{AccountsSection, Administrator, SshServer};

use super::sudoers::{Include, Sudoers};
use super::{
    Account, Local, administrators, count, groups, has_directory, is_built_in, is_person, passwd,
    passwords, sshd, sudoers, wtmp,
};
use crate::policy::{PseudonymKey, UserIdentity};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, wildcard};

/// Room for some 30,000 accounts.
const BYTES_MAX: usize = 2 << 20;
/// Each member of a group that administers takes fifty times its bytes while it is looked at.
const GROUP_BYTES_MAX: usize = 256 << 10;
const KEY: &str = "pseudonym key";
/// Largest file of configuration, and most files of one.
const CONFIGURATION_BYTES: usize = 1 << 20;
const FILES_MAX: u32 = 512;

/// Places of the main file of sudo, the first that is there counts. Source: the second one is where
/// distributions that keep /etc for the administrator put theirs.
const SUDOERS: &[&str] = &["/etc/sudoers", "/usr/etc/sudoers"];
const SUDO_PROGRAMS: &[&str] = &["/usr/bin/sudo", "/usr/local/bin/sudo", "/run/wrappers/bin/sudo"];
/// Places of the main file of the SSH server.
const SSHD: &[&str] = &["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"];
const SSHD_PROGRAMS: &[&str] = &["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];

const WTMP: &str = "/var/log/wtmp";
/// As much of the end of the file of logins as is looked through: some 600 logins.
const WTMP_BYTES: usize = 256 << 10;
/// Accounts under which the screen waits for somebody; their names may come from no file.
const GREETERS: &[&str] = &["gdm", "greetd", "greeter", "lightdm", "sddm"];

pub(super) fn read(host: &Host) -> AccountsSection {
    let mut sources = Sources::new(&host.root);
    let accounts = passwd(&sources.needed("/etc/passwd", BYTES_MAX).unwrap_or_default());
    let groups = groups(&sources.needed("/etc/group", GROUP_BYTES_MAX).unwrap_or_default());
    let shadow = sources.needed("/etc/shadow", BYTES_MAX);
    let passwords_known = shadow.is_some();
    let passwords = passwords(&shadow.unwrap_or_default());
    let mut through = administrators(&accounts, &groups);
    let sudoers = sudoers(&mut sources, &host.names.node);
    let identified = host.policy.user_identity != UserIdentity::Off;
    // Only asked when it makes a difference.
    let directory = (sudoers.is_some() || identified) && directory(&mut sources);
    if let Some(sudoers) = &sudoers {
        let local = Local { accounts: &accounts, groups: &groups, directory };
        for name in sudoers.administrators(&host.names.node, &local) {
            through.entry(name).or_default().insert("sudoers".to_owned());
        }
    }
    let sudo = sudoers.map(|sudoers| {
        let rules = sudoers.rules(&host.names.node);
        if sudoers.not_understood > 0 || !sudoers.is_whole() {
            sources.outcomes.failed("sudoers", "some lines are not understood");
        }
        rules
    });
    let mut pseudonyms = false;
    let mut administrators: Vec<_> = through
        .into_iter()
        .map(|(name, through)| {
            let built_in = is_built_in(&name, &accounts);
            pseudonyms |= !built_in;
            let name = if built_in { name } else { host.policy.pseudonym(&name) };
            Administrator { name, through: through.into_iter().collect() }
        })
        .collect();
    administrators.sort_by(|a, b| (&a.name, &a.through).cmp(&(&b.name, &b.through)));
    let last_user = if identified {
        pseudonyms |= host.policy.user_identity == UserIdentity::Pseudonym;
        last_user(host, &mut sources, &accounts, directory)
    } else {
        String::new()
    };
    if pseudonyms {
        match host.policy.pseudonym_key {
            PseudonymKey::Known(_) => {}
            PseudonymKey::Absent => sources.outcomes.absent(KEY),
            PseudonymKey::Denied => sources.outcomes.denied(KEY),
        }
    }
    AccountsSection {
        count: count(accounts.len()),
        login_count: count(accounts.iter().filter(|account| account.login).count()),
        administrators,
        without_password_count: passwords.empty,
        without_password_known: passwords_known,
        password_never_expires_count: passwords.never_expire,
        sudo,
        ssh_server: ssh_server(&mut sources),
        last_user,
        outcomes: sources.outcomes.into_vec(),
    }
}

/// Whether accounts and groups may come from a directory; so it is when that cannot be read.
fn directory(sources: &mut Sources<'_>) -> bool {
    const PATH: &str = "/etc/nsswitch.conf";
    match sources.root.read(PATH, SMALL_BYTES) {
        Ok(content) => has_directory(&content),
        Err(ReadError::Absent) => false,
        Err(error) => {
            sources.outcomes.unread(PATH, error);
            true
        }
    }
}

/// The first of some files that is there, when one of the programs it is for is there, too.
fn configuration(
    sources: &mut Sources<'_>,
    paths: &[&'static str],
    programs: &[&str],
) -> Option<(&'static str, Vec<u8>)> {
    for path in paths {
        match sources.root.read(path, CONFIGURATION_BYTES) {
            // What a removed package left behind rules nothing.
            Ok(content) if programs.iter().any(|program| sources.exists(program)) => {
                return Some((path, content));
            }
            Ok(_) => return None,
            Err(ReadError::Absent) => {}
            Err(error) => {
                sources.outcomes.unread(path, error);
                return None;
            }
        }
    }
    None
}

fn sudoers(sources: &mut Sources<'_>, host: &str) -> Option<Sudoers> {
    let (main, content) = configuration(sources, SUDOERS, SUDO_PROGRAMS)?;
    let short = host.split('.').next().unwrap_or_default();
    let mut files = 0;
    let mut include = |include: &Include| {
        let path = include.path.replace("%h", short);
        let paths = if include.directory {
            let entries = sources.list(&path);
            let path = path.trim_end_matches('/');
            let read = entries.into_iter().filter(|entry| sudoers::is_read(&entry.name));
            read.map(|entry| format!("{path}/{}", entry.name)).collect()
        } else {
            vec![path]
        };
        let mut contents = Vec::new();
        for path in paths {
            files += 1;
            if files > FILES_MAX {
                sources.outcomes.failed(main, "includes too many files");
                break;
            }
            match sources.root.read(&path, CONFIGURATION_BYTES) {
                Ok(content) => contents.push((path, content)),
                // A link in the directory that leads nowhere.
                Err(ReadError::Absent) if include.directory => {}
                // Files in the directory are often called after the person they are for.
                Err(error) if include.directory => sources.outcomes.unread(&include.path, error),
                Err(error) => sources.outcomes.unread(&path, error),
            }
        }
        contents
    };
    Some(Sudoers::parse((main, &content), &mut include))
}

fn ssh_server(sources: &mut Sources<'_>) -> Option<SshServer> {
    let (main, content) = configuration(sources, SSHD, SSHD_PROGRAMS)?;
    let mut files = 0;
    let mut include = |pattern: &str| {
        // Wherever the file is.
        let pattern = match pattern.strip_prefix('/') {
            Some(_) => pattern.to_owned(),
            None => format!("/etc/ssh/{pattern}"),
        };
        let Some(paths) = wildcard::paths(sources, &pattern) else { return vec![None] };
        let mut contents = Vec::new();
        for path in paths {
            files += 1;
            if files > FILES_MAX {
                sources.outcomes.failed(main, "includes too many files");
                contents.push(None);
                break;
            }
            match sources.root.read(&path, CONFIGURATION_BYTES) {
                Ok(content) => contents.push(Some(content)),
                Err(ReadError::Absent) => {}
                Err(error) => {
                    sources.outcomes.unread(&path, error);
                    contents.push(None);
                }
            }
        }
        contents
    };
    Some(sshd::parse(&content, &mut include))
}

/// The last user as it may be reported; empty when nobody is known.
fn last_user(
    host: &Host,
    sources: &mut Sources<'_>,
    accounts: &[Account],
    directory: bool,
) -> String {
    let record = wtmp::record_bytes(&host.names.machine);
    // An account of a directory is in no file; what the system itself makes up is no person.
    let is_person = |name: &str| {
        let is_local = accounts.iter().any(|account| account.name == name);
        let greets = GREETERS.iter().any(|greeter| name.starts_with(greeter));
        is_person(name, accounts) || (directory && !is_local && !greets && !accounts.is_empty())
    };
    let rotated = format!("{WTMP}.1");
    for path in [WTMP, &rotated] {
        match sources.root.read_tail(path, WTMP_BYTES, record) {
            Ok(records) => {
                if let Some(name) = wtmp::last_user(&records, record, is_person) {
                    return host.policy.user_name(&name);
                }
            }
            // The file before this one is there only sometimes.
            Err(ReadError::Absent) if path != WTMP => {}
            Err(error) => sources.outcomes.unread(path, error),
        }
    }
    String::new()
}
