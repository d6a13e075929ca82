//! What is said of accounts, against the programs whose configuration it is: `sshd -T`, `cvtsudoers`
//! and `chage`.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use belfort_agent::policy::Policy;
use belfort_agent::probe::{self, Host};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::inventory::v1::{AccountsSection, SectionKind, Tristate};
use belfort_proto::section::Section;
use serde_json::Value;
use tempfile::TempDir;

#[path = "fixture/root.rs"]
#[expect(dead_code, reason = "this test makes no devices and no links")]
mod root;
use root::file;

const NEEDED: &str =
    "run as root with openssh-server and sudo installed (cargo xtask test installs)";

/// What a program prints.
fn tool(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| panic!("cannot start {program}: {error}; {NEEDED}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}; {NEEDED}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn accounts(host: &Host) -> AccountsSection {
    let probe = probe::all().iter().find(|probe| probe.kind() == SectionKind::Accounts).unwrap();
    let Section::Accounts(section) = probe.read(host) else { panic!("another section") };
    section
}

fn accounts_below(root: &Path) -> AccountsSection {
    let names = Names { node: "srv-01.example.org".to_owned(), ..Names::default() };
    accounts(&Host::at(Root::at(root).unwrap(), names, Policy::everything()))
}

/// Posture by the words of sshd(8), from the section.
fn found(section: &AccountsSection) -> BTreeMap<String, String> {
    let server = section.ssh_server.as_ref().unwrap();
    let flag = |value: Tristate| match value {
        Tristate::Yes => "yes",
        Tristate::No => "no",
        Tristate::Unspecified => "unknown",
    };
    [
        ("permitrootlogin", server.permit_root_login.as_str()),
        ("passwordauthentication", flag(server.password_authentication())),
        ("kbdinteractiveauthentication", flag(server.keyboard_interactive_authentication())),
        ("permitemptypasswords", flag(server.permit_empty_passwords())),
        ("x11forwarding", flag(server.x11_forwarding())),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// The same from what `sshd -T` prints.
fn told(printed: &str, like: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let lines = printed.lines().filter_map(|line| line.split_once(' '));
    let lines =
        lines.map(|(key, value)| (key, value.replace("without-password", "prohibit-password")));
    lines
        .filter(|(key, _)| like.contains_key(*key))
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// What the server itself makes of a configuration, which is put in the place of its own in a mount
/// namespace.
fn server_says(root: &Path) -> String {
    let ssh = root.join("etc/ssh");
    let key = ssh.join("ssh_host_ed25519_key");
    if !key.exists() {
        tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]);
    }
    let script = "mount --bind \"$1\" /etc/ssh && mount -t tmpfs none /run && mkdir /run/sshd && \
        exec /usr/sbin/sshd -T";
    tool("unshare", &["--mount", "sh", "-ec", script, "sh", ssh.to_str().unwrap()])
}

#[test]
fn ssh_servers_as_they_see_themselves() {
    let blocks = "Match User jan\nPasswordAuthentication no\nPermitRootLogin yes\n";
    let configurations = [
        String::new(),
        "# PermitRootLogin yes\nPermitRootLogin no\nPermitRootLogin yes\n".to_owned(),
        "permitrootlogin=without-password\nPasswordAuthentication \"no\"\n".to_owned(),
        "PermitRootLogin forced-commands-only\nChallengeResponseAuthentication no\n".to_owned(),
        "KbdInteractiveAuthentication no\nPermitEmptyPasswords yes # why\nX11Forwarding YES\n"
            .to_owned(),
        "Include sshd_config.d/*.conf\nPermitRootLogin yes\nX11Forwarding no\n".to_owned(),
        "PermitRootLogin yes\nX11Forwarding no\nInclude /etc/ssh/sshd_config.d/[0-9]*.conf\n"
            .to_owned(),
        format!("PasswordAuthentication yes\n{blocks}"),
        format!("{blocks}Match all\nX11Forwarding yes\n"),
        format!("Include sshd_config.d/10-x.conf none\n{blocks}Include sshd_config.d/20-y.conf\n"),
    ];
    for configuration in configurations {
        let root = TempDir::new().unwrap();
        file(root.path(), "usr/sbin/sshd", "");
        file(root.path(), "etc/ssh/sshd_config", &configuration);
        file(
            root.path(),
            "etc/ssh/sshd_config.d/10-x.conf",
            "PasswordAuthentication no\nMatch Address 192.0.2.0/24\nX11Forwarding yes\n",
        );
        file(
            root.path(),
            "etc/ssh/sshd_config.d/20-y.conf",
            "PasswordAuthentication yes\nPermitRootLogin no\nKbdInteractiveAuthentication no\n",
        );
        file(root.path(), "etc/ssh/sshd_config.d/.hidden.conf", "PermitRootLogin yes\n");
        let found = found(&accounts_below(root.path()));
        assert_eq!(found, told(&server_says(root.path()), &found), "{configuration}");
    }
}

#[test]
fn the_ssh_server_of_this_machine() {
    let section = accounts(&Host::system(Policy::everything()));
    let script = "mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -T";
    let found = found(&section);
    let printed = tool("unshare", &["--mount", "sh", "-ec", script]);
    assert_eq!(found, told(&printed, &found));
}

/// Rules, those without a password, those without limits: as cvtsudoers(1) reads them.
fn sudo_says(path: &Path) -> (u32, u32, u32) {
    let printed = tool("cvtsudoers", &["-e", "-f", "json", path.to_str().unwrap()]);
    let printed: Value = serde_json::from_str(&printed).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (mut count, mut free, mut unlimited) = (0, 0, 0);
    for rule in list(&printed["User_Specs"]) {
        let (mut grants, mut without, mut everything) = (false, false, false);
        for part in list(&rule["Cmnd_Specs"]) {
            let commands = list(&part["Commands"]);
            let granted = commands.iter().any(|command| command["negated"] != true);
            let asks = !list(&part["Options"]).iter().any(|option| option["authenticate"] == false);
            let runas = part["runasusers"].as_array();
            let root = match runas {
                None => part["runasgroups"].is_null(),
                Some(users) => {
                    users.iter().any(|user| user["username"] == "ALL" || user["username"] == "root")
                }
            };
            grants |= granted;
            without |= granted && !asks;
            for command in commands.iter().filter(|command| command["command"] == "ALL" && root) {
                everything = command["negated"] != true;
            }
        }
        count += u32::from(grants);
        free += u32::from(without);
        unlimited += u32::from(everything);
    }
    (count, free, unlimited)
}

fn rules(section: &AccountsSection) -> (u32, u32, u32) {
    let sudo = section.sudo.unwrap();
    (sudo.count, sudo.without_password_count, sudo.unlimited_count)
}

#[test]
fn rules_as_sudo_reads_them() {
    let root = TempDir::new().unwrap();
    file(root.path(), "usr/bin/sudo", "");
    file(
        root.path(),
        "etc/sudoers",
        "# c \\\nDefaults env_reset, !lecture\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL # all \\\n\
         jan ALL = (ALL:ALL) NOPASSWD: /bin/a, PASSWD: /bin/b : srv-01 = ALL, !/bin/su\n\
         #1000,%#10 ALL=(ALL) ALL\nUser_Alias ADM = a, b : OPS = \\\n  c, %d\nADM ALL=(:grp) ALL\n\
         \"a b\" ALL=() NOEXEC: sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ== /bin/ls, ALL\n\
         z ALL=(ALL) TIMEOUT=2h NOPASSWD:SETENV: /bin/x --a=b\\:c, !/bin/c\n\
         OPS,!root 192.0.2.0/24,2001:db8::1=(%grp,+ng)ALL\nu ALL=(ALL)ALL:\\\nALL=/x ^foo.*$\n\
         Cmnd_Alias C=/bin/su,!/bin/x\\\n,ALL\nm ALL=C\nn ALL=(ALL)!ALL\nDefaults:jan !authenticate\n\
         @include sudoers.more\n#includedir sudoers.d\n",
    );
    file(
        root.path(),
        "etc/sudoers.more",
        "o ALL=(root)NOPASSWD:C,/bin/y \"a b\"\n@include \"sudoers two\"\n",
    );
    file(root.path(), "etc/sudoers two", "%domain\\ users ALL=/bin/id\n");
    file(root.path(), "etc/sudoers.d/10-cloud", "p ALL=(ALL) NOPASSWD:ALL\n");
    file(root.path(), "etc/sudoers.d/20.no", "q ALL=(ALL) NOPASSWD:ALL\n");
    file(root.path(), "etc/sudoers.d/30~", "r ALL=(ALL) NOPASSWD:ALL\n");
    let path = root.path().join("etc/sudoers");
    tool("visudo", &["-c", "-q", "-f", path.to_str().unwrap()]);
    let section = accounts_below(root.path());
    assert!(!section.outcomes.iter().any(|one| one.source == "sudoers"), "{:?}", section.outcomes);
    assert_eq!(rules(&section), sudo_says(&path));
    assert!(rules(&section).0 > 10, "{:?}", rules(&section));
}

#[test]
fn the_rules_of_this_machine() {
    let section = accounts(&Host::system(Policy::everything()));
    assert_eq!(rules(&section), sudo_says(Path::new("/etc/sudoers")));
}

#[test]
fn passwords_as_chage_sees_them() {
    let root = TempDir::new().unwrap();
    let fields =
        ["20000:0:99999", "20000:0:10000", "20000:0:9999", "20000:0:", "0:0:99999", ":0:90"];
    let (mut passwd, mut shadow) = (String::new(), String::new());
    for (number, fields) in fields.iter().enumerate() {
        use std::fmt::Write as _;
        writeln!(passwd, "u{number}:x:{}:100::/:/bin/sh", 1000 + number).unwrap();
        writeln!(shadow, "u{number}:$6$x:{fields}:7:::").unwrap();
    }
    file(root.path(), "etc/passwd", passwd);
    file(root.path(), "etc/shadow", shadow);
    // chage(1) changes its root to the one it is told, where PAM has to find its modules: only files
    // are put into the place of the machine's own.
    let script = "mount --bind \"$1/etc/passwd\" /etc/passwd && mount --bind \"$1/etc/shadow\" /etc/shadow && \
        for user in $2; do chage -l $user; done";
    let users: Vec<_> = (0..fields.len()).map(|number| format!("u{number}")).collect();
    let users = users.join(" ");
    let path = root.path().to_str().unwrap();
    let printed = tool("unshare", &["--mount", "sh", "-ec", script, "sh", path, &users]);
    let never = printed.lines().filter(|line| {
        line.starts_with("Password expires") && line.trim_end().ends_with(": never")
    });
    let section = accounts_below(root.path());
    assert_eq!(section.password_never_expires_count as usize, never.count(), "{printed}");
    assert!(section.without_password_known);
}
