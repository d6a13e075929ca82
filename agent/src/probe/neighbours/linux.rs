//! Reads the `neighbours` section on Linux.

use std::collections::BTreeMap;

use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::{Neighbour, NeighboursSection};

use super::{NEIGHBOURS_MAX, Table};
use crate::probe::Host;
use crate::probe::outcome::Outcomes;
use crate::probe::rtnetlink::{self, neighbour};

const NETLINK: &str = "netlink:route";

pub(super) fn read(host: &Host) -> NeighboursSection {
    let mut outcomes = Outcomes::default();
    let mut neighbours = Vec::new();
    if host.kernel {
        match ask(host, &mut outcomes) {
            Ok(found) => neighbours = found,
            Err(NetlinkError::Absent) => outcomes.absent(NETLINK),
            Err(NetlinkError::Denied) => outcomes.denied(NETLINK),
            Err(other) => outcomes.failed(NETLINK, &other.to_string()),
        }
    } else {
        outcomes.absent(NETLINK);
    }
    NeighboursSection { outcomes: outcomes.into_vec(), neighbours }
}

fn ask(host: &Host, outcomes: &mut Outcomes) -> Result<Vec<Neighbour>, NetlinkError> {
    let mut table = Table::default();
    let mut netlink = Netlink::open(Family::Route)?;
    netlink.dump(neighbour::GET_NEIGHBOUR, &[0; 12], |kind, payload| {
        if kind == neighbour::NEW_NEIGHBOUR {
            table.add(&host.policy, payload);
        }
    })?;
    if table.cut {
        outcomes.failed(NETLINK, &format!("more than {NEIGHBOURS_MAX} neighbours"));
    }
    let indices = table.interfaces();
    if indices.is_empty() {
        return Ok(Vec::new());
    }
    let mut own = Vec::new();
    netlink.dump(rtnetlink::GET_ADDRESS, &[0; 8], |kind, payload| {
        if kind == rtnetlink::NEW_ADDRESS {
            own.extend(rtnetlink::local_address(payload));
        }
    })?;
    let mut names = BTreeMap::new();
    for index in indices {
        // One that is gone meanwhile has no name.
        names.extend(netlink.interface_name(index).map(|name| (index, name)));
    }
    Ok(table.neighbours(&own, &names))
}
