//! Reads the `protection` section on Linux.

use belfort_agent_sys::files::ReadError;
use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::ProtectionSection;

use super::{GET_CHAIN, NEW_CHAIN, filters_input, has_filter_table, input_profile};
use crate::probe::Host;
use crate::probe::outcome::{Outcomes, SMALL_BYTES, Sources};

const NFTABLES: &str = "netlink:nftables";
const LEGACY: &str = "/proc/net/ip_tables_names";

pub(super) fn read(host: &Host) -> ProtectionSection {
    let mut sources = Sources::new(&host.root);
    let nftables = nftables(host, &mut sources.outcomes);
    let legacy_table = match host.root.read(LEGACY, SMALL_BYTES) {
        Ok(names) => Some(has_filter_table(&names)),
        // The kernel has no legacy engine, or has never loaded it: it filters nothing.
        Err(ReadError::Absent) => Some(false),
        Err(error) => {
            sources.outcomes.unread(LEGACY, error);
            None
        }
    };
    if legacy_table == Some(true) && nftables != Some(true) {
        sources.outcomes.failed(LEGACY, "rules of legacy iptables are not read");
    }
    ProtectionSection {
        firewall: vec![input_profile(nftables, legacy_table)],
        outcomes: sources.outcomes.into_vec(),
    }
}

/// Whether nftables filters what comes in; nothing when it could not be asked.
fn nftables(host: &Host, outcomes: &mut Outcomes) -> Option<bool> {
    if !host.kernel {
        outcomes.absent(NFTABLES);
        return None;
    }
    let mut filters = false;
    let asked = Netlink::open(Family::Netfilter).and_then(|mut netlink| {
        netlink.dump(GET_CHAIN, &[0; 4], |kind, payload| {
            filters |= kind == NEW_CHAIN && filters_input(payload);
        })
    });
    match asked {
        Ok(()) => Some(filters),
        // EINVAL: nfnetlink knows no such subsystem, so the kernel has no nftables.
        Err(NetlinkError::Absent | NetlinkError::Os(22)) => {
            outcomes.absent(NFTABLES);
            Some(false)
        }
        Err(NetlinkError::Denied) => {
            outcomes.denied(NFTABLES);
            None
        }
        Err(error) => {
            outcomes.failed(NFTABLES, &error.to_string());
            None
        }
    }
}
