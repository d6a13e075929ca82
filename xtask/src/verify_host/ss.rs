//! Listening sockets and the programs behind them against `ss`, on this machine and in a network
//! namespace with a listener of every kind.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use anyhow::Result;

use super::namespace::Namespace;
use super::{Run, Shown, output, text, word};

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("ss");
    let before = listed(&[])?;
    let shown = run.show()?;
    let after = listed(&[])?;
    compare(run, &shown, &before, &after);
    let mut space = Namespace::new("ss")?;
    for arguments in [
        "link add v0 type veth peer name v1",
        "link set v1 up",
        "link set v0 up addrgenmode none",
        "addr add 192.0.2.10/24 dev v0",
        "addr add 169.254.7.7/16 dev v0",
        "addr add fe80::7/64 dev v0 nodad",
        "addr add 2001:db8::10/64 dev v0 nodad",
    ] {
        space.ip(arguments)?;
    }
    space.python(LISTENERS)?;
    run.table.tool("ss (namespace made here)");
    let prefix = space.prefix().map(str::to_owned);
    let prefix: Vec<&str> = prefix.iter().map(String::as_str).collect();
    let before = listed(&prefix)?;
    let shown = run.show_under(&prefix, &[])?;
    let after = listed(&prefix)?;
    compare(run, &shown, &before, &after);
    Ok(())
}

/// Opens sockets, says so, and holds them until its input ends.
const LISTENERS: &str = r"
import socket, sys
held = []
def tcp(family, address, port, only6=True, listen=True):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if only6 else 0)
    s.bind(socket.getaddrinfo(address, port, family, socket.SOCK_STREAM)[0][4])
    if listen:
        s.listen()
    held.append(s)
    return s
def udp(family, address, port, peer=None):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind(socket.getaddrinfo(address, port, family, socket.SOCK_DGRAM)[0][4])
    if peer:
        s.connect(peer)
    held.append(s)
v4, v6 = socket.AF_INET, socket.AF_INET6
tcp(v4, '127.0.0.1', 8001)
tcp(v4, '127.9.9.9', 8002)
tcp(v4, '0.0.0.0', 8003)
tcp(v4, '192.0.2.10', 8004)
tcp(v4, '169.254.7.7', 8005)
tcp(v6, '::1', 8006)
tcp(v6, '::', 8007)
tcp(v6, '::', 8008, only6=False)
tcp(v6, 'fe80::7%v0', 8009)
tcp(v6, '2001:db8::10', 8010)
tcp(v6, '::ffff:127.0.0.1', 8011, only6=False)
tcp(v4, '127.0.0.1', 8012, listen=False)
tcp(v4, '127.0.0.1', 40001)
udp(v4, '0.0.0.0', 53)
udp(v4, '127.0.0.1', 323)
udp(v6, '::1', 323)
udp(v6, '::', 5353)
udp(v4, '192.0.2.10', 123)
udp(v4, '0.0.0.0', 45000)
udp(v4, '127.0.0.1', 700, peer=('127.0.0.1', 53))
# A connection is no listener.
client = socket.create_connection(('127.0.0.1', 8001))
held.append(client)
held.append(held[0].accept()[0])
print('ready', flush=True)
sys.stdin.read()
";

/// One socket by protocol, port and scope, with the programs that hold one like it.
type Listed = BTreeMap<String, BTreeSet<String>>;

fn listed(prefix: &[&str]) -> Result<Listed> {
    let lines = output(&[prefix, &["ss", "-H", "-l", "-t", "-u", "-n", "-p"]].concat())?;
    let mut all = Listed::new();
    for line in lines.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [protocol, _, _, _, local, ..] = words[..] else { continue };
        let Some((address, port)) = local.rsplit_once(':') else { continue };
        let programs = all.entry(format!("{protocol}/{port}/{}", scope(address))).or_default();
        // users:(("name",pid=1,fd=2)): the first process listed has the lowest number.
        let process = line.split("pid=").skip(1).filter_map(|rest| rest.split(',').next());
        let oldest = process.filter_map(|number| number.parse::<u32>().ok()).min();
        let program =
            oldest.and_then(|process| std::fs::read_link(format!("/proc/{process}/exe")).ok());
        programs.extend(program.map(|path| path.to_string_lossy().into_owned()));
    }
    Ok(all)
}

/// From where a socket bound to an address can be reached.
fn scope(address: &str) -> &'static str {
    let address = address.split('%').next().unwrap_or(address).trim_matches(['[', ']']);
    let Ok(address) = address.parse::<IpAddr>() else { return "any" };
    let v4 = |address: std::net::Ipv4Addr| match () {
        () if address.is_unspecified() => "any",
        () if address.is_loopback() => "loopback",
        () if address.is_link_local() => "link",
        () => "address",
    };
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => v4(mapped),
            None if address == Ipv6Addr::UNSPECIFIED => "any",
            None if address == Ipv6Addr::LOCALHOST => "loopback",
            None if address.is_unicast_link_local() => "link",
            None => "address",
        },
    }
}

fn compare(run: &mut Run, shown: &Shown, before: &Listed, after: &Listed) {
    let mut ours: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for listener in shown.list("services", "listeners") {
        let protocol = word(&listener["protocol"], "PROTOCOL_");
        let scope = word(&listener["scope"], "LISTENER_SCOPE_");
        let key = format!("{protocol}/{}/{scope}", text(&listener["port"]));
        let program = (text(&listener["program"]), text(&listener["package"]));
        ours.entry(key).or_default().insert(program);
    }
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|port| port.parse::<u16>().ok());
    let (low, high) = (ends.next().unwrap_or(32_768), ends.next().unwrap_or(60_999));
    let known = |key: &str| {
        let port = key.split('/').nth(1).and_then(|port| port.parse().ok());
        let is_client =
            key.starts_with("udp/") && port.is_some_and(|port| (low..=high).contains(&port));
        if is_client {
            return Some(
                "UDP on a port the system hands out is a client, not a service".to_owned(),
            );
        }
        // Other programs of the machine come and go.
        let moved = before.contains_key(key) != after.contains_key(key);
        moved.then(|| "it came or went meanwhile".to_owned())
    };
    let found = ours.keys().cloned().collect();
    let theirs: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    run.table.same_set("listener", &found, &theirs, &known);
    for (key, programs) in &ours {
        let Some(theirs) = before.get(key) else { continue };
        let names: BTreeSet<String> = programs
            .iter()
            .map(|(program, _)| program.clone())
            .filter(|one| !one.is_empty())
            .collect();
        let joined = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(" ");
        let without_names: BTreeSet<String> = theirs.iter().map(|path| impersonal(path)).collect();
        run.table.same(key, "program", joined(&names), joined(&without_names));
        for (program, package) in programs.iter().filter(|(program, _)| !program.is_empty()) {
            run.table.same_unless(key, "package", package, owner(program), &[(
                &|agent, _| agent.is_empty(),
                "only packages whose name is like the program's or the service's are looked into",
            )]);
        }
    }
}

/// A path without the name of a person.
fn impersonal(path: &str) -> String {
    let Some(inside) = path.strip_prefix("/home/") else { return path.to_owned() };
    format!("/home/-/{}", inside.split_once('/').map_or("", |(_, rest)| rest))
}

/// The package that owns a file, by dpkg; empty when none does.
pub(super) fn owner(program: &str) -> String {
    // Where /bin is a link, packages may name either place.
    let other = program.strip_prefix("/usr").unwrap_or(program);
    let found = [program, other].into_iter().find_map(|path| output(&["dpkg", "-S", path]).ok());
    let found = found.unwrap_or_default();
    found.split([':', ',']).next().unwrap_or_default().to_owned()
}
