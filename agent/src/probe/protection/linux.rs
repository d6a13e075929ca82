//! Reads the `protection` section on Linux.

use belfort_agent_sys::files::ReadError;
use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::ProtectionSection;

use super::nftables::{self, Ruleset};
use super::{has_filter_table, input_profile};
use crate::probe::Host;
use crate::probe::outcome::{Outcomes, SMALL_BYTES, Sources};

const NFTABLES: &str = "netlink:nftables";
/// How often a ruleset that is being changed is read again.
const ATTEMPTS: u32 = 3;
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
        ..ProtectionSection::default()
    }
}

/// Whether nftables filters what comes in; nothing when it could not be asked.
fn nftables(host: &Host, outcomes: &mut Outcomes) -> Option<bool> {
    if !host.kernel {
        outcomes.absent(NFTABLES);
        return None;
    }
    match ask() {
        Ok(filters) => filters.or_else(|| {
            outcomes.failed(NFTABLES, "changed while it was read");
            None
        }),
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

/// Whether the ruleset filters what comes in; nothing when it was changed again and again meanwhile.
fn ask() -> Result<Option<bool>, NetlinkError> {
    let mut netlink = Netlink::open(Family::Netfilter)?;
    for _ in 0..ATTEMPTS {
        let mut ruleset = Ruleset::default();
        let mut whole = true;
        for message in [nftables::GET_TABLE, nftables::GET_CHAIN, nftables::GET_RULE] {
            whole &= netlink.dump(message, &[0; 4], |kind, payload| ruleset.add(kind, payload))?;
        }
        for set in ruleset.sets() {
            let request = nftables::elements_request(&set);
            let each = |kind, payload: &[u8]| ruleset.add_elements(&set, kind, payload);
            match netlink.dump(nftables::GET_ELEMENTS, &request, each) {
                Ok(unchanged) => whole &= unchanged,
                // It went away since the rules were read.
                Err(NetlinkError::Absent) => whole = false,
                Err(error) => return Err(error),
            }
        }
        if whole {
            return Ok(Some(ruleset.filters_input()));
        }
    }
    Ok(None)
}
