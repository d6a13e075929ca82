//! The firewall probe against the kernel's own packet filter, in a network namespace of its own.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const NEEDED: &str = "run as root with iproute2, nftables and iptables installed";
const AGENT: &str = env!("CARGO_BIN_EXE_belfort-agent");

/// A network namespace; it goes with the test.
struct Namespace(String);

impl Namespace {
    fn new(name: &str) -> Self {
        let name = format!("belfort-{name}-{}", std::process::id());
        let added = Command::new("ip").args(["netns", "add", &name]).output();
        let added = added.unwrap_or_else(|error| panic!("cannot start ip: {error}; {NEEDED}"));
        let said = String::from_utf8_lossy(&added.stderr);
        assert!(added.status.success(), "cannot make a network namespace: {said}; {NEEDED}");
        Self(name)
    }

    fn output(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.0, program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Vec<u8> {
        let output = self.output(program, arguments, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?} {input}: {said}; {NEEDED}");
        output.stdout
    }

    /// Replaces the whole ruleset; `false` when this kernel lacks the module for it.
    fn rules_if_known(&self, ruleset: &str) -> bool {
        let ruleset = format!("flush ruleset\n{ruleset}\n");
        let output = self.output("nft", &["-f", "-"], &ruleset);
        let said = String::from_utf8_lossy(&output.stderr);
        let lacking = ["No such file or directory", "not supported"];
        let lacks = lacking.iter().any(|reason| said.contains(reason));
        assert!(output.status.success() || lacks, "nft {ruleset}: {said}; {NEEDED}");
        output.status.success()
    }

    /// Replaces the whole ruleset.
    fn rules(&self, ruleset: &str) {
        assert!(self.rules_if_known(ruleset), "this kernel lacks what {ruleset} needs");
    }

    fn section(&self, program: &str, before: &[&str]) -> Value {
        let show = ["--state", "/nonexistent/belfort", "show", "--section", "protection", "--json"];
        let out = self.run(program, &[before, &show].concat(), "");
        let shown: Value = serde_json::from_slice(&out).unwrap();
        shown["sections"]["protection"]["content"].clone()
    }

    /// State and engine of the input profile.
    fn profile(&self) -> (String, String) {
        profile(&self.section(AGENT, &[]))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

fn profile(section: &Value) -> (String, String) {
    let input = &section["firewall"][0];
    assert_eq!(input["name"], "input");
    let text = |key: &str| input[key].as_str().unwrap().to_owned();
    (text("on").replace("TRISTATE_", ""), text("engine"))
}

/// A table with a base chain on the input hook.
fn input(family: &str, policy: &str, rules: &str, more: &str) -> String {
    format!(
        "table {family} t {{\n{more}\nchain in {{\ntype filter hook input priority 0; policy {policy};\n\
         {rules}\n}}\n}}"
    )
}

/// A table with a base chain that drops, on any hook.
fn base(family: &str, hook: &str) -> String {
    format!(
        "table {family} t {{\nchain base {{\ntype filter hook {hook} priority 0; policy drop;\n}}\n}}"
    )
}

#[test]
fn rulesets_of_nftables() {
    let namespace = Namespace::new("nft");
    let refuses = "chain more {\ntcp dport 23 drop\n}";
    let on = [
        input("inet", "drop", "", ""),
        input("ip", "drop", "ct state established accept;", ""),
        input("inet", "accept", "tcp dport 23 drop;", ""),
        input("ip", "accept", "tcp dport 23 reject;", ""),
        input("inet", "accept", "tcp dport 23 reject with icmpx admin-prohibited;", ""),
        // As ufw and firewalld do: the base chain only leads on.
        input("inet", "accept", "jump more;", refuses),
        input("ip", "accept", "iifname != lo goto more;", refuses),
        input("inet", "accept", "jump two;", &format!("{refuses}\nchain two {{\njump more\n}}")),
        // As today's configurations do: verdicts looked up in maps.
        input("inet", "accept", "ct state vmap { established : accept, invalid : drop };", ""),
        input("inet", "accept", "tcp dport vmap { 22 : accept, 23 : jump more };", refuses),
        input(
            "inet",
            "accept",
            "tcp dport vmap @ports;",
            "map ports {\ntype inet_service : verdict; elements = { 23 : drop }\n}",
        ),
    ];
    for ruleset in &on {
        namespace.rules(ruleset);
        assert_eq!(namespace.profile(), ("YES".to_owned(), "nftables".to_owned()), "{ruleset}");
    }
    let off = [
        String::new(),
        input("inet", "accept", "", ""),
        // What can refuse nothing is off.
        input("inet", "accept", "counter;", ""),
        input("inet", "accept", "ct state established accept; tcp dport 22 accept; accept;", ""),
        input("inet", "accept", "jump more;", "chain more {\ntcp dport 22 counter accept\n}"),
        input("inet", "accept", "tcp dport vmap { 22 : accept, 80 : continue };", ""),
        // A chain nothing leads to.
        input("inet", "accept", "", refuses),
        // Only IPv6, only what is sent or passed on, only below IP, or put to sleep.
        input("ip6", "drop", "", ""),
        input("inet", "accept", "meta nfproto ipv6 drop; ip6 saddr 2001:db8::/32 drop;", ""),
        input("inet", "accept", "meta nfproto ipv6 jump more;", refuses),
        input("inet", "drop", "", "flags dormant;"),
        base("inet", "output"),
        base("inet", "forward"),
    ];
    for ruleset in &off {
        namespace.rules(ruleset);
        assert_eq!(namespace.profile(), ("NO".to_owned(), String::new()), "{ruleset}");
    }
    // Not every kernel has these.
    for (ruleset, expected) in [
        (input("inet", "accept", "tcp dport 23 queue num 3;", ""), "YES"),
        (base("bridge", "input"), "NO"),
        (base("netdev", "ingress device lo"), "NO"),
    ] {
        if namespace.rules_if_known(&ruleset) {
            assert_eq!(namespace.profile().0, expected, "{ruleset}");
        }
    }
}

#[test]
fn rules_of_iptables_over_nftables() {
    let namespace = Namespace::new("ipt");
    let table = |arguments: &[&str]| namespace.run("iptables-nft", arguments, "");
    let found = || namespace.profile().0;
    table(&["-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT"]);
    assert_eq!(found(), "NO");
    table(&["-A", "INPUT", "-p", "tcp", "--dport", "23", "-j", "REJECT"]);
    assert_eq!(found(), "YES");
    table(&["-F", "INPUT"]);
    table(&["-A", "INPUT", "-p", "tcp", "--dport", "23", "-j", "DROP"]);
    assert_eq!(found(), "YES");
    table(&["-F", "INPUT"]);
    table(&["-N", "more"]);
    table(&["-A", "more", "-j", "DROP"]);
    assert_eq!(found(), "NO");
    table(&["-A", "INPUT", "-s", "192.0.2.0/24", "-j", "more"]);
    assert_eq!(namespace.profile(), ("YES".to_owned(), "nftables".to_owned()));
    table(&["-F"]);
    table(&["-P", "INPUT", "DROP"]);
    assert_eq!(found(), "YES");
}

#[test]
fn rules_of_legacy_iptables() {
    let namespace = Namespace::new("old");
    let found = || namespace.profile();
    let (yes, no) = (("YES".to_owned(), "iptables".to_owned()), ("NO".to_owned(), String::new()));
    let first = ["-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT"];
    if !namespace.output("iptables-legacy", &first, "").status.success() {
        // This kernel has no legacy engine: its table cannot be there, and nothing is unknown.
        assert_eq!(found(), no);
        return;
    }
    let table = |arguments: &str| {
        let arguments: Vec<_> = arguments.split(' ').collect();
        namespace.run("iptables-legacy", &arguments, "");
    };
    assert_eq!(found(), no, "it only accepts");
    for rule in
        ["-p tcp --dport 23 -j DROP", "-p tcp --dport 23 -j REJECT", "-s 192.0.2.0/24 -j DROP"]
    {
        table(&format!("-A INPUT {rule}"));
        assert_eq!(found(), yes, "{rule}");
        table("-F INPUT");
    }
    // Through other chains, to which something must lead.
    table("-N one");
    table("-N two");
    table("-A two -p udp -j DROP");
    table("-A one -j two");
    assert_eq!(found(), no, "nothing leads there");
    table("-A INPUT -p udp -g one");
    assert_eq!(found(), yes);
    table("-F");
    table("-A one -p tcp -j RETURN");
    table("-A INPUT -j one");
    table("-A FORWARD -j DROP");
    table("-P OUTPUT DROP");
    assert_eq!(found(), no, "what is passed on or sent is another matter");
    table("-P INPUT DROP");
    assert_eq!(found(), yes);
    // What nftables says is said first.
    namespace.rules(&input("inet", "drop", "", ""));
    assert_eq!(found(), ("YES".to_owned(), "nftables".to_owned()));
    namespace.rules("");
    assert_eq!(found(), yes);

    let capabilities = ["--bounding-set", "-net_admin", "--inh-caps", "-net_admin", AGENT];
    let section = namespace.section("setpriv", &capabilities);
    assert_eq!(profile(&section).0, "UNSPECIFIED");
    let outcomes = section["outcomes"].as_array().unwrap();
    let outcome = outcomes.iter().find(|one| one["source"] == "iptables:filter").unwrap();
    assert_eq!(outcome["status"], "OUTCOME_STATUS_DENIED");
}

#[test]
fn without_rights_it_is_unknown_and_said_so() {
    let namespace = Namespace::new("low");
    namespace.rules(&input("inet", "drop", "", ""));
    let capabilities = ["--bounding-set", "-net_admin", "--inh-caps", "-net_admin", AGENT];
    let section = namespace.section("setpriv", &capabilities);
    assert_eq!(profile(&section), ("UNSPECIFIED".to_owned(), String::new()));
    let outcomes = section["outcomes"].as_array().unwrap();
    let outcome = outcomes.iter().find(|one| one["source"] == "netlink:nftables").unwrap();
    assert_eq!(outcome["status"], "OUTCOME_STATUS_DENIED");
}
