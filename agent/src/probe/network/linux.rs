//! Reads the `network` section on Linux.

use std::collections::BTreeMap;
use std::net::IpAddr;

use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::{InterfaceAddress, NetworkInterface, NetworkSection};
use belfort_proto::limits;

use super::{Resolver, addresses, interface_type, mac, resolver, speed_mbps};
use crate::probe::outcome::{Outcomes, SMALL_BYTES, Sources};
use crate::probe::rtnetlink::{self, Address, Link};
use crate::probe::{Host, text};

const NET: &str = "/sys/class/net";
/// The servers behind the stub of systemd-resolved.
const BEHIND_STUB: &str = "/run/systemd/resolve/resolv.conf";
const NETLINK: &str = "netlink:route";

/// What the kernel tells of interfaces, addresses and routes.
#[derive(Default, PartialEq)]
pub(crate) struct Kernel {
    links: Vec<Link>,
    addresses: Vec<Address>,
    gateways: Vec<IpAddr>,
}

pub(super) fn read(host: &Host) -> NetworkSection {
    let mut sources = Sources::new(&host.root);
    let kernel = kernel(host, &mut sources.outcomes);
    let mut by_index: BTreeMap<i32, Vec<InterfaceAddress>> = BTreeMap::new();
    for Address { index, address, length } in kernel.addresses {
        by_index.entry(index).or_default().push(host.policy.interface_address(address, length));
    }
    let mut interfaces: Vec<_> = kernel
        .links
        .iter()
        .filter(|link| link.hardware != rtnetlink::HARDWARE_LOOPBACK)
        .take(limits::ELEMENTS)
        .map(|link| {
            let addresses = by_index.remove(&link.index).unwrap_or_default();
            interface(&mut sources, link, addresses)
        })
        .collect();
    interfaces.sort_by(|a, b| a.name.cmp(&b.name));
    let mut found = sources.needed("/etc/resolv.conf", SMALL_BYTES).map(|file| resolver(&file));
    if found.as_ref().is_some_and(Resolver::is_stub) {
        let behind = sources.optional(BEHIND_STUB, SMALL_BYTES);
        found = behind.map(|file| resolver(&file)).or(found);
    }
    let resolver = found.unwrap_or_default();
    NetworkSection {
        interfaces,
        gateways: addresses(&host.policy, kernel.gateways),
        name_servers: addresses(&host.policy, resolver.servers),
        search_domains: resolver.domains,
        outcomes: sources.outcomes.into_vec(),
    }
}

fn kernel(host: &Host, outcomes: &mut Outcomes) -> Kernel {
    if !host.kernel {
        outcomes.absent(NETLINK);
        return Kernel::default();
    }
    ask().unwrap_or_else(|error| {
        match error {
            NetlinkError::Absent => outcomes.absent(NETLINK),
            NetlinkError::Denied => outcomes.denied(NETLINK),
            other => outcomes.failed(NETLINK, &other.to_string()),
        }
        Kernel::default()
    })
}

/// Asks the kernel, without looking at any file.
pub(crate) fn ask() -> Result<Kernel, NetlinkError> {
    let mut kernel = Kernel::default();
    let mut netlink = Netlink::open(Family::Route)?;
    netlink.dump(rtnetlink::GET_LINK, &[0; 16], |kind, payload| {
        if kind == rtnetlink::NEW_LINK {
            kernel.links.extend(rtnetlink::link(payload));
        }
    })?;
    netlink.dump(rtnetlink::GET_ADDRESS, &[0; 8], |kind, payload| {
        if kind == rtnetlink::NEW_ADDRESS {
            kernel.addresses.extend(rtnetlink::address(payload));
        }
    })?;
    netlink.dump(rtnetlink::GET_ROUTE, &[0; 12], |kind, payload| {
        if kind == rtnetlink::NEW_ROUTE {
            kernel.gateways.extend(rtnetlink::default_gateways(payload));
        }
    })?;
    Ok(kernel)
}

fn interface(
    sources: &mut Sources<'_>,
    link: &Link,
    mut addresses: Vec<InterfaceAddress>,
) -> NetworkInterface {
    let base = format!("{NET}/{}", String::from_utf8_lossy(&link.name));
    // Interfaces without hardware lie under /sys/devices/virtual: one link tells.
    let place = sources.link(&base).unwrap_or_default();
    let elsewhere = !place.is_empty() && !place.contains("/virtual/");
    let driver = elsewhere.then(|| sources.link(&format!("{base}/device/driver"))).flatten();
    let physical = elsewhere && (driver.is_some() || sources.exists(&format!("{base}/device")));
    // A link that only wireless interfaces have; to which network they belong is not looked at.
    let wireless = physical && sources.link(&format!("{base}/phy80211")).is_some();
    addresses.sort_by(|a, b| (&a.address, a.prefix_length).cmp(&(&b.address, b.prefix_length)));
    addresses.dedup();
    let driver = driver.unwrap_or_default();
    let driver = driver.rsplit('/').next().unwrap_or_default();
    let speed = if physical { sources.attribute(&format!("{base}/speed")) } else { String::new() };
    NetworkInterface {
        name: text::clean(&link.name),
        mac_address: if physical { mac(&link.mac) } else { String::new() },
        r#type: interface_type(link, physical, wireless).into(),
        physical,
        driver: text::clean(driver.as_bytes()),
        speed_mbps: speed_mbps(&speed),
        mtu: link.mtu,
        up: link.up,
        addresses,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use belfort_agent_sys::files::Root;
    use belfort_proto::inventory::v1::InterfaceType;
    use tempfile::TempDir;

    use super::*;

    fn link(name: &str) -> Link {
        Link {
            name: name.as_bytes().to_vec(),
            hardware: rtnetlink::HARDWARE_ETHERNET,
            mac: vec![2, 0, 0, 0, 0, 1],
            ..Link::default()
        }
    }

    #[test]
    fn what_an_interface_is_by_its_files() {
        let dir = TempDir::new().unwrap();
        let net = dir.path().join("sys/class/net");
        fs::create_dir_all(&net).unwrap();
        for (name, place) in [
            ("wlp2s0", "devices/pci0000:00/0000:02:00.0/net/wlp2s0"),
            ("eth0", "devices/pci0000:00/0000:00:1f.6/net/eth0"),
            ("bare0", "devices/platform/x/net/bare0"),
            ("docker0", "devices/virtual/net/docker0"),
        ] {
            fs::create_dir_all(dir.path().join("sys").join(place)).unwrap();
            symlink(format!("../../{place}"), net.join(name)).unwrap();
        }
        for name in ["wlp2s0", "eth0"] {
            fs::create_dir(net.join(name).join("device")).unwrap();
            symlink(format!("../../drivers/{name}-driver"), net.join(name).join("device/driver"))
                .unwrap();
        }
        fs::create_dir(net.join("bare0/device")).unwrap();
        symlink("../../ieee80211/phy0", net.join("wlp2s0/phy80211")).unwrap();
        fs::write(net.join("eth0/speed"), "4294967295\n").unwrap();
        let root = Root::at(dir.path()).unwrap();
        let mut sources = Sources::new(&root);
        let mut of = |name: &str| interface(&mut sources, &link(name), Vec::new());
        let wireless = of("wlp2s0");
        assert_eq!((wireless.r#type(), wireless.physical), (InterfaceType::Wireless, true));
        assert_eq!(
            (&*wireless.driver, &*wireless.mac_address),
            ("wlp2s0-driver", "02:00:00:00:00:01")
        );
        let wired = of("eth0");
        assert_eq!((wired.r#type(), wired.speed_mbps), (InterfaceType::Ethernet, 0));
        let bare = of("bare0");
        assert_eq!(
            (bare.r#type(), bare.physical, &*bare.driver),
            (InterfaceType::Ethernet, true, "")
        );
        let made = of("docker0");
        assert_eq!((made.r#type(), made.physical), (InterfaceType::Virtual, false));
        assert_eq!((&*made.mac_address, of("gone").physical), ("", false));
    }
}
