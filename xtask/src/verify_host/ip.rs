//! Interfaces, addresses, gateways and neighbours against `ip`, on this machine and in a network
//! namespace with every kind of interface that this kernel can make.

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::Result;
use serde_json::Value;

use super::namespace::Namespace;
use super::{Run, Shown, json, list, text, word};

pub(super) fn check(run: &mut Run) -> Result<()> {
    run.table.tool("ip");
    let shown = run.show()?;
    compare(run, &shown, &["ip"])?;
    let space = Namespace::new("ip")?;
    run.table.tool("ip (namespace made here)");
    fill(run, &space)?;
    let shown = run.show_under(&space.prefix(), &[])?;
    compare(run, &shown, &[&space.prefix()[..], &["ip"]].concat())
}

/// Arguments of `ip` that must work.
const NEEDED: &[&str] = &[
    "link add v0 type veth peer name v1",
    "link set v0 up address 02:00:00:00:00:01 mtu 1400",
    "addr add 192.0.2.10/24 dev v0",
    "addr add 192.0.2.11/24 dev v0",
    "addr add 10.1.2.3/32 dev v0",
    "addr add 203.0.113.9/28 dev v0",
    "addr add 2001:db8::10/64 dev v0 nodad",
    "addr add fd00:1::1/127 dev v0 nodad",
    "link set v1 up",
    "route add default via 192.0.2.1 dev v0",
    "route add 10.9.0.0/16 via 192.0.2.2 dev v0",
    "-6 route add default via 2001:db8::1 dev v0",
    "neigh add 192.0.2.20 lladdr 02:00:00:00:00:20 dev v0 nud permanent",
    "neigh add 192.0.2.21 lladdr 02:00:00:00:00:21 dev v0 nud reachable",
    "neigh add 192.0.2.22 lladdr 02:00:00:00:00:22 dev v0 nud stale",
    "neigh add 192.0.2.23 lladdr 02:00:00:00:00:23 dev v0 nud noarp",
    "neigh add 203.0.113.1 lladdr 02:00:00:00:00:24 dev v0 nud permanent",
    "-6 neigh add 2001:db8::1 lladdr 02:00:00:00:00:25 dev v0 router nud permanent",
    "-6 neigh add 2001:db8::2 lladdr 02:00:00:00:00:26 dev v0 nud stale",
];

/// Kinds of interface that a kernel may lack.
const KINDS: &[(&str, &str)] = &[
    ("bridge", "link add br0 type bridge"),
    ("vlan", "link add link v0 name v0.42 type vlan id 42"),
    ("macvlan", "link add link v0 name mv0 type macvlan mode bridge"),
    ("bond", "link add bond7 type bond"),
    ("dummy", "link add dummy0 type dummy"),
    ("tun", "tuntap add tun0 mode tun"),
    ("tap", "tuntap add tap0 mode tap"),
    ("vxlan", "link add vx0 type vxlan id 7 remote 192.0.2.30 dstport 4789 dev v0"),
    ("wireguard", "link add wg0 type wireguard"),
    ("gre", "link add gre7 type gre remote 192.0.2.31 local 192.0.2.10"),
    ("sit", "link add sit7 type sit remote 192.0.2.32 local 192.0.2.10"),
    ("vrf", "link add vrf0 type vrf table 7"),
];

fn fill(run: &mut Run, space: &Namespace) -> Result<()> {
    for arguments in NEEDED {
        space.ip(arguments)?;
    }
    for (kind, arguments) in KINDS {
        if space.ip(arguments).is_err() {
            let reason = "this kernel does not make such an interface";
            run.table.unavailable(kind, "interface", reason);
        }
    }
    Ok(())
}

/// What an interface is by what `ip -d` says of it.
fn kind(link: &Value) -> &'static str {
    match link["linkinfo"]["info_kind"].as_str().unwrap_or_default() {
        "bridge" => "bridge",
        "bond" => "bond",
        "vlan" | "macvlan" | "ipvlan" => "vlan",
        // A tunnel of the kernel or of a program: `ip` calls both of the latter `tun`.
        "tun" | "vxlan" | "wireguard" | "gre" | "sit" | "gretap" | "ipip" => "tunnel",
        "" if link["parentdev"].is_string() => "ethernet",
        _ => "virtual",
    }
}

/// Whether an address lies in a prefix that an agent without settings reports.
fn is_reported(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            address.is_private()
                || (first == 100 && (64..128).contains(&second))
                || [first, second, third] == [192, 0, 2]
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            address.is_unique_local() || (first == 0x2001 && second == 0x0db8)
        }
    }
}

/// An address as the agent may report it.
fn reported(address: &str) -> String {
    let inside = address.parse().is_ok_and(is_reported);
    if inside { address.to_owned() } else { "remote".to_owned() }
}

fn compare(run: &mut Run, shown: &Shown, ip: &[&str]) -> Result<()> {
    let ask = |arguments: &str| -> Result<Value> {
        let words: Vec<_> = arguments.split(' ').collect();
        json(&[ip, &words].concat())
    };
    let links = ask("-j -d addr")?;
    let interfaces = shown.list("network", "interfaces");
    let names = |all: &[Value], field: &str| -> BTreeSet<String> {
        all.iter().map(|one| text(&one[field])).collect()
    };
    let links: Vec<_> =
        list(&links).iter().filter(|link| link["link_type"] != "loopback").cloned().collect();
    let (ours, theirs) = (names(interfaces, "name"), names(&links, "ifname"));
    run.table.same_set("interface", &ours, &theirs, &|_| None);
    for interface in interfaces {
        let name = text(&interface["name"]);
        let Some(link) = links.iter().find(|link| link["ifname"] == interface["name"]) else {
            continue;
        };
        let table = &mut run.table;
        table.same(&name, "mtu", &interface["mtu"], &link["mtu"]);
        let up = list(&link["flags"]).iter().any(|flag| flag == "UP");
        table.same(&name, "up", &interface["up"], up);
        let physical = link["parentdev"].is_string();
        table.same(&name, "physical", &interface["physical"], physical);
        table.same(&name, "type", word(&interface["type"], "INTERFACE_TYPE_"), kind(link));
        let mac = text(&link["address"]);
        let known = "hardware addresses of interfaces without hardware are not collected";
        let without = |agent: &str, _: &str| agent.is_empty() && !physical;
        table.same_unless(&name, "mac", text(&interface["mac_address"]), mac, &[(&without, known)]);
        let ours: BTreeSet<_> = list(&interface["addresses"])
            .iter()
            .map(|one| format!("{}/{}", text(&one["address"]), text(&one["prefix_length"])))
            .collect();
        let theirs: BTreeSet<_> = list(&link["addr_info"])
            .iter()
            .filter(|one| one["temporary"] != true)
            .map(|one| match reported(&text(&one["local"])) {
                outside if outside == "remote" => "remote/0".to_owned(),
                inside => format!("{inside}/{}", text(&one["prefixlen"])),
            })
            .collect();
        let lists = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(" ");
        table.same(&name, "addresses", lists(&ours), lists(&theirs));
    }
    gateways(run, shown, &ask)?;
    neighbours(run, shown, &ask)
}

fn gateways(run: &mut Run, shown: &Shown, ask: &dyn Fn(&str) -> Result<Value>) -> Result<()> {
    let mut theirs = BTreeSet::new();
    for family in ["-4", "-6"] {
        let routes = ask(&format!("-j {family} route show default"))?;
        let gateways = list(&routes).iter().filter_map(|route| route["gateway"].as_str());
        theirs.extend(gateways.map(reported));
    }
    let ours = shown.list("network", "gateways").iter().map(text).collect();
    run.table.same_set("gateway", &ours, &theirs, &|_| None);
    Ok(())
}

fn neighbours(run: &mut Run, shown: &Shown, ask: &dyn Fn(&str) -> Result<Value>) -> Result<()> {
    // States in which an entry says that there is a neighbour.
    const KNOWN: &[&str] = &["REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT"];
    let listed = ask("-j neigh show")?;
    let own = ask("-j addr")?;
    let own: BTreeSet<String> = list(&own)
        .iter()
        .flat_map(|link| list(&link["addr_info"]))
        .map(|address| text(&address["local"]))
        .collect();
    let theirs: BTreeSet<String> = list(&listed)
        .iter()
        .filter(|one| list(&one["state"]).iter().any(|state| KNOWN.contains(&text(state).as_str())))
        .filter(|one| one["lladdr"].is_string() && !own.contains(&text(&one["dst"])))
        .filter(|one| reported(&text(&one["dst"])) != "remote")
        .map(|one| {
            // `ip` has the key, with nothing in it, where the neighbour says it is a router.
            let router = if one.get("router").is_some() { " router" } else { "" };
            format!("{} {} {}{router}", text(&one["dst"]), text(&one["lladdr"]), text(&one["dev"]))
        })
        .collect();
    let ours = shown
        .list("neighbours", "neighbours")
        .iter()
        .map(|one| {
            let router = if one["router"] == true { " router" } else { "" };
            let field = |name: &str| text(&one[name]);
            format!("{} {} {}{router}", field("address"), field("mac_address"), field("interface"))
        })
        .collect();
    run.table.same_set("neighbour", &ours, &theirs, &|_| None);
    Ok(())
}
