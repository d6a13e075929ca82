//! Reads the `network` section on Linux.

use std::collections::BTreeMap;
use std::net::IpAddr;

use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::{InterfaceAddress, NetworkInterface, NetworkSection};
use belfort_proto::limits;

use super::{addresses, interface_type, mac, resolver, speed_mbps};
use crate::probe::outcome::{Outcomes, SMALL_BYTES, Sources};
use crate::probe::rtnetlink::{self, Address, Link};
use crate::probe::{Host, text};

const NET: &str = "/sys/class/net";
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
    let resolver = sources.needed("/etc/resolv.conf", SMALL_BYTES).map(|file| resolver(&file));
    let resolver = resolver.unwrap_or_default();
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
    let physical = !place.is_empty()
        && !place.contains("/virtual/")
        && sources.exists(&format!("{base}/device"));
    let wireless = physical && sources.exists(&format!("{base}/phy80211"));
    addresses.sort_by(|a, b| (&a.address, a.prefix_length).cmp(&(&b.address, b.prefix_length)));
    addresses.dedup();
    let driver = physical.then(|| sources.link(&format!("{base}/device/driver"))).flatten();
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
