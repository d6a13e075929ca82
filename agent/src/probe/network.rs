//! Network: interfaces, addresses, routes and name servers.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use belfort_proto::inventory::v1::{InterfaceType, SectionKind};
use belfort_proto::section::Section;

use super::{Host, Probe, rtnetlink, text};
use crate::policy::{Policy, REMOTE};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;
#[cfg(target_os = "linux")]
pub(crate) use linux::{Kernel, ask};

/// Reads the `network` section.
#[derive(Debug)]
pub struct NetworkProbe;

impl Probe for NetworkProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Network
    }

    fn read(&self, host: &Host) -> Section {
        Section::Network(read(host))
    }
}

/// Name servers and search domains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolver {
    /// Name servers.
    pub servers: Vec<IpAddr>,
    /// Search domains, in their order.
    pub domains: Vec<String>,
}

impl Resolver {
    /// Whether it only names the stub of systemd-resolved on this machine, which says nothing about the
    /// servers behind it. Source: systemd-resolved.service(8).
    pub fn is_stub(&self) -> bool {
        const STUBS: [IpAddr; 2] =
            [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53)), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 54))];
        !self.servers.is_empty() && self.servers.iter().all(|server| STUBS.contains(server))
    }
}

/// Parses /etc/resolv.conf. Source: resolv.conf(5); of `domain` and `search` the last one counts.
pub fn resolver(content: &[u8]) -> Resolver {
    let mut resolver = Resolver::default();
    for line in text::lines(content) {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        match words.next() {
            Some(b"nameserver") => {
                let server = words.next().map(text::clean).unwrap_or_default();
                let server = server.split('%').next().unwrap_or_default();
                resolver.servers.extend(server.parse::<IpAddr>());
            }
            Some(b"search" | b"domain") => {
                resolver.domains = words.take(32).map(text::clean).collect();
            }
            _ => {}
        }
    }
    resolver
}

/// Addresses as they may be reported, sorted, each once.
pub fn addresses(policy: &Policy, mut addresses: Vec<IpAddr>) -> Vec<String> {
    addresses.sort_unstable();
    let mut shown: Vec<_> = addresses.iter().map(|address| policy.address(*address)).collect();
    shown.sort();
    shown.dedup();
    shown
}

/// What an interface is.
pub fn interface_type(link: &rtnetlink::Link, physical: bool, wireless: bool) -> InterfaceType {
    match link.kind.as_slice() {
        b"bridge" | b"openvswitch" => InterfaceType::Bridge,
        b"bond" | b"team" => InterfaceType::Bond,
        b"vlan" | b"macvlan" | b"ipvlan" => InterfaceType::Vlan,
        b"tun" | b"wireguard" | b"gre" | b"gretap" | b"ip6gre" | b"ip6tnl" | b"ipip" | b"sit"
        | b"vti" | b"vti6" | b"xfrm" | b"vxlan" | b"geneve" => InterfaceType::Tunnel,
        _ if wireless => InterfaceType::Wireless,
        b"" if physical && link.hardware == rtnetlink::HARDWARE_ETHERNET => InterfaceType::Ethernet,
        _ if physical => InterfaceType::Unspecified,
        _ => InterfaceType::Virtual,
    }
}

/// Link speed from sysfs: unknown is written as -1, or as the same bits without sign.
pub fn speed_mbps(value: &str) -> u32 {
    value.parse::<u32>().ok().filter(|speed| *speed < i32::MAX as u32).unwrap_or(0)
}

/// A hardware address in its usual form.
pub fn mac(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if !text.is_empty() {
            text.push(':');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether a shown address stands for one that is not.
pub fn is_remote(address: &str) -> bool {
    address == REMOTE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;

    #[test]
    fn unknown_speed_is_none() {
        for (value, speed) in [("1000", 1000), ("-1", 0), ("4294967295", 0), ("", 0)] {
            assert_eq!(speed_mbps(value), speed, "{value}");
        }
    }

    #[test]
    fn name_servers_and_domains() {
        let content = b"# x\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver bad\n\
            domain a.example\nsearch b.example c.example\n";
        let found = resolver(content);
        assert_eq!(found.servers.len(), 2);
        assert_eq!(found.domains, ["b.example", "c.example"]);
    }

    #[test]
    fn the_stub_of_systemd_is_no_name_server() {
        assert!(resolver(b"nameserver 127.0.0.53\noptions edns0\n").is_stub());
        assert!(!resolver(b"nameserver 127.0.0.53\nnameserver 10.0.0.1\n").is_stub());
        assert!(!resolver(b"nameserver 127.0.0.1\n").is_stub());
        assert!(!resolver(b"").is_stub());
    }

    #[test]
    fn outside_addresses_appear_once() {
        let policy = Policy::new(None, &Config::default());
        let all = ["8.8.8.8", "10.0.0.1", "1.1.1.1"].map(|text| text.parse().unwrap());
        assert_eq!(addresses(&policy, all.to_vec()), ["10.0.0.1", "remote"]);
    }

    #[test]
    fn types() {
        let link = |kind: &[u8]| rtnetlink::Link {
            kind: kind.to_vec(),
            hardware: rtnetlink::HARDWARE_ETHERNET,
            ..rtnetlink::Link::default()
        };
        assert_eq!(interface_type(&link(b""), true, false), InterfaceType::Ethernet);
        assert_eq!(interface_type(&link(b""), true, true), InterfaceType::Wireless);
        assert_eq!(interface_type(&link(b"ifb"), false, false), InterfaceType::Virtual);
        assert_eq!(interface_type(&link(b"wireguard"), false, false), InterfaceType::Tunnel);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = resolver(&bytes);
            let _ = mac(&bytes);
        }
    }
}
