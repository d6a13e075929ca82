//! Rules as people write them, and as nobody should.

use proptest::prelude::*;

use super::*;
use crate::probe::accounts::{Account, Group, groups, passwd};

const HOST: &str = "srv-01.example.org";

fn parse(content: &str) -> Sudoers {
    Sudoers::parse(("/etc/sudoers", content.as_bytes()), &mut |include| {
        let file = |name: &str, content: &str| {
            (format!("{}/{name}", include.path), content.as_bytes().to_vec())
        };
        match (include.path.as_str(), include.directory) {
            ("/etc/sudoers.d", true) => vec![
                file("10-a", "jan ALL=(ALL) NOPASSWD: ALL\n@include more"),
                file("20-b", "an ALL=/usr/bin/apt"),
            ],
            ("/etc/sudoers.d/more", false) => {
                vec![(include.path.clone(), b"%helpdesk ALL=/bin/x".to_vec())]
            }
            ("/etc/circle", false) => {
                vec![(include.path.clone(), b"jan ALL=ALL\n@include /etc/circle".to_vec())]
            }
            _ => Vec::new(),
        }
    })
}

/// Counts: rules, those without a password, those without limits; and lines not understood.
fn counts(content: &str) -> (u32, u32, u32, u32) {
    let sudoers = parse(content);
    let rules = sudoers.rules(HOST);
    let (without, unlimited) = (rules.without_password_count, rules.unlimited_count);
    (rules.count, without, unlimited, sudoers.not_understood)
}

fn people() -> (Vec<Account>, Vec<Group>) {
    let accounts = passwd(
        b"root:x:0:0::/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n\
          jan:x:1000:1000::/home/jan:/bin/bash\nan:x:1001:30::/home/an:/bin/bash\n\
          jef:x:1002:1002::/home/jef:/bin/bash\n",
    );
    let groups = groups(b"root:x:0:\nsudo:x:27:jan\nhelpdesk:x:30:jef\n");
    (accounts, groups)
}

fn administrators(content: &str, directory: bool) -> Vec<String> {
    let (accounts, groups) = people();
    let local = Local { accounts: &accounts, groups: &groups, directory };
    parse(content).administrators(HOST, &local).into_iter().collect()
}

#[test]
fn a_line_takes_no_more_memory_than_its_length() {
    // Each rule, and each command, once had its own copy of the list before it.
    let list = "a,".repeat(5000);
    let many =
        format!("{list}b {}\nb ALL = ({list}b) {}x\n", "h=c:".repeat(5000), "c,".repeat(5000));
    assert_eq!(counts(&many).3, 1);
    let rules = parse("a,b h = (c) c, c : h = c").rules;
    assert!(Rc::ptr_eq(&rules[0].users, &rules[1].users));
    let [one, other] = rules[0].commands.as_slice() else { panic!("two commands") };
    assert!(Rc::ptr_eq(one.runas.as_ref().unwrap(), other.runas.as_ref().unwrap()));
}

#[test]
fn a_long_file_that_includes_itself_comes_to_an_end() {
    let content = format!("{}@include self\n@include self\n", "x\n".repeat(200_000));
    let mut bytes = 0;
    let sudoers = Sudoers::parse(("/etc/self", content.as_bytes()), &mut |include| {
        bytes += content.len();
        vec![(include.path.clone(), content.clone().into_bytes())]
    });
    assert!(sudoers.not_understood > 0);
    assert!(bytes < 20 << 20, "{bytes}");
}

#[test]
fn as_distributions_ship_it() {
    let debian = "Defaults\tenv_reset\nDefaults secure_path=\"/usr/sbin:/usr/bin\"\n\
        root\tALL=(ALL:ALL) ALL\n# Allow members\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n";
    assert_eq!(counts(debian), (5, 1, 3, 0));
    assert_eq!(administrators(debian, false), ["jan"]);
    let ubuntu = "root ALL=(ALL:ALL) ALL\n%admin ALL=(ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n";
    // A group that administers needs no rule, and one of that name that does not exist has no members.
    assert!(administrators(ubuntu, true).is_empty());
    // With the target's password nobody has what he did not have before.
    let suse = "Defaults targetpw   # ask for the password of root\nALL   ALL=(ALL) ALL\n";
    assert_eq!(counts(suse), (1, 0, 1, 0));
    assert!(administrators(suse, false).is_empty());
    assert_eq!(administrators("ALL ALL=(ALL) ALL\n", false), ["an", "jan", "jef"]);
}

#[test]
fn rules_and_what_they_allow() {
    for (rule, expected) in [
        ("jan ALL=(ALL) ALL", (1, 0, 1, 0)),
        ("jan ALL=ALL", (1, 0, 1, 0)),
        ("jan ALL=(root) NOPASSWD:ALL", (1, 1, 1, 0)),
        ("jan ALL=(www-data) NOPASSWD: ALL", (1, 1, 0, 0)),
        ("jan ALL=(:docker) ALL", (1, 0, 0, 0)),
        ("jan ALL=() ALL", (1, 0, 0, 0)),
        ("jan ALL=(ALL, !root) ALL", (1, 0, 0, 0)),
        ("jan ALL=(ALL) ALL, !/bin/su", (1, 0, 1, 0)),
        ("jan ALL=(ALL) !ALL", (0, 0, 0, 0)),
        ("jan ALL=(ALL) !/bin/su", (0, 0, 0, 0)),
        ("jan ALL=(ALL) \"ALL\"", (1, 0, 0, 0)),
        // A tag and a target hold for what follows them.
        ("jan ALL=NOPASSWD: /bin/a, PASSWD: /bin/b", (1, 1, 0, 0)),
        ("jan ALL=PASSWD: /bin/a, /bin/b", (1, 0, 0, 0)),
        ("jan ALL=(an) /bin/a, ALL", (1, 0, 0, 0)),
        ("jan ALL=(an) /bin/a, (root) ALL", (1, 0, 1, 0)),
        ("jan ALL=CWD=/tmp TIMEOUT=2h NOEXEC:NOPASSWD : /bin/x --a\\=b\\:c, ALL", (1, 1, 1, 0)),
        ("jan ALL=sha224:0GomF8m=, sha256:abc= /bin/ls, ALL", (1, 0, 1, 0)),
        // Several lists of hosts.
        ("jan, %ops ALL = /bin/a : srv-01 = ALL : srv-02 = ALL", (2, 0, 1, 0)),
        ("jan srv-*.example.org, !srv-01 = ALL", (0, 0, 0, 0)),
        ("jan 2001:db8::1, 192.0.2.0/24 = ALL", (1, 0, 1, 0)),
        ("jan +servers = ALL", (1, 0, 1, 0)),
        ("jan ALL, !SRV-01.example.org = ALL", (0, 0, 0, 0)),
        ("#1000, %#30, %:dir ALL=ALL # why", (1, 0, 1, 0)),
        ("\"jan jansen\" ALL=ALL", (1, 0, 1, 0)),
        ("an ALL=ALL \\\n , !/bin/x", (1, 0, 1, 0)),
        // A comment ends with its line.
        ("jan ALL=/bin/x # all \\\nan ALL=ALL", (2, 0, 1, 0)),
        ("# jan ALL=ALL \\\nan ALL=ALL", (1, 0, 1, 0)),
        ("Defaults !authenticate\njan ALL=/bin/x\nan ALL=PASSWD:/bin/x", (2, 1, 0, 0)),
        ("Defaults:jan !authenticate\njan ALL=/bin/x", (1, 0, 0, 0)),
        ("@include /etc/circle", (16, 0, 16, 1)),
        ("what is this\njan ALL=ALL\n=", (1, 0, 1, 2)),
        ("jan ALL", (0, 0, 0, 1)),
    ] {
        assert_eq!(counts(rule), expected, "{rule}");
    }
}

#[test]
fn aliases_are_followed() {
    let rules = "OPS ALL = SHELLS\nSTAFF HERE = (ADMIN) NOPASSWD: EVERYTHING, !SHELLS\n\
        User_Alias OPS = jan, %helpdesk : STAFF = OPS, !an\nCmnd_Alias EVERYTHING = /bin/a, ALL\n\
        Host_Alias HERE = srv-01, srv-02\nRunas_Alias ADMIN = root\nCmnd_Alias SHELLS = /bin/sh\n";
    assert_eq!(counts(rules), (2, 1, 1, 0));
    assert_eq!(administrators(rules, false), ["jan", "jef"]);
    // In a circle, and to ever more.
    assert_eq!(counts("User_Alias A = B : B = A\nA ALL = ALL"), (1, 0, 1, 0));
    let wide = format!("Cmnd_Alias A = {}A\njan ALL = A\n", "A, ".repeat(1000));
    let sudoers = parse(&wide);
    assert_eq!(sudoers.rules(HOST).count, 0);
    assert!(!sudoers.is_whole());
}

#[test]
fn whom_rules_make_an_administrator() {
    let some = |rules: &str| administrators(rules, false);
    assert_eq!(some("jan ALL=(ALL) ALL\nan ALL=/bin/x"), ["jan"]);
    assert_eq!(some("%helpdesk ALL=ALL"), ["an", "jef"], "listed, and by primary group");
    assert_eq!(some("%#30 ALL=ALL\n#1000 ALL=ALL"), ["an", "jan", "jef"]);
    assert_eq!(some("ALL, !jan, !%helpdesk ALL=ALL"), [""; 0]);
    // The last rule about a user counts.
    assert_eq!(some("jan ALL=ALL\njan ALL=!ALL"), [""; 0]);
    assert_eq!(some("jan elsewhere=ALL"), [""; 0]);
    // Who is not local is only known to a directory.
    let rules = "%domain\\ admins ALL=ALL\n+ops ALL=ALL\neva ALL=ALL\nroot ALL=ALL";
    assert_eq!(some(rules), [""; 0]);
    assert_eq!(administrators(rules, true), ["%domain admins", "+ops", "eva"]);
}

#[test]
fn names_of_included_files() {
    assert!(is_read("90-cloud-init-users"));
    assert!(!is_read("a.dpkg-old") && !is_read("a~") && !is_read(".a"));
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        everything_of(&bytes);
    }

    #[test]
    fn any_words(text in "(ALL|User_Alias|Cmnd_Alias|Defaults|A|[=:,!%#()\\\\\"]|@include|NOPASSWD:| |\n){0,60}") {
        everything_of(text.as_bytes());
    }
}

fn everything_of(content: &[u8]) {
    let sudoers =
        Sudoers::parse(("/x", content), &mut |_| vec![("/y".to_owned(), content.to_vec())]);
    let _ = sudoers.rules(HOST);
    let (accounts, groups) = people();
    let local = Local { accounts: &accounts, groups: &groups, directory: true };
    let _ = sudoers.administrators(HOST, &local);
}
