//! Asks the kernel's packet filters.

use belfort_agent_sys::files::ReadError;
use belfort_agent_sys::iptables::{self as tables, TableError};
use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::FirewallProfile;

use crate::probe::Host;
use crate::probe::outcome::{Outcomes, SMALL_BYTES, Sources};
use crate::probe::protection::nftables::{self, Ruleset};
use crate::probe::protection::{has_filter_table, input_profile, iptables};

const NFTABLES: &str = "netlink:nftables";
/// How often rules that are being changed are read again.
const ATTEMPTS: u32 = 3;
const LEGACY: &str = "/proc/net/ip_tables_names";
const TABLE: &str = "iptables:filter";

/// The profile of what comes in.
pub(super) fn input(host: &Host, sources: &mut Sources<'_>) -> FirewallProfile {
    let nftables = nftables(host, &mut sources.outcomes);
    // When one engine filters, the other changes nothing.
    let legacy = if nftables == Some(true) { Some(false) } else { legacy(host, sources) };
    input_profile(nftables, legacy)
}

/// Whether legacy iptables filters what comes in; nothing when it could not be told. Only a table that
/// is in use is asked for: another question would load a module.
fn legacy(host: &Host, sources: &mut Sources<'_>) -> Option<bool> {
    match host.root.read(LEGACY, SMALL_BYTES) {
        Ok(names) if has_filter_table(&names) => {}
        // The kernel has no legacy engine, or has never loaded it: it filters nothing.
        Ok(_) | Err(ReadError::Absent) => return Some(false),
        Err(error) => {
            sources.outcomes.unread(LEGACY, error);
            return None;
        }
    }
    if !host.kernel {
        sources.outcomes.absent(TABLE);
        return None;
    }
    let mut answer = tables::table("filter");
    for _ in 1..ATTEMPTS {
        if answer.as_ref().err() == Some(&TableError::Changed) {
            answer = tables::table("filter");
        }
    }
    match answer {
        Ok(table) => {
            let filters = iptables::filters_input(&table.info, &table.entries);
            if filters.is_none() {
                sources.outcomes.failed(TABLE, "not understood");
            }
            filters
        }
        Err(error) => {
            match error {
                TableError::Absent => sources.outcomes.absent(TABLE),
                TableError::Denied => sources.outcomes.denied(TABLE),
                other => sources.outcomes.failed(TABLE, &other.to_string()),
            }
            None
        }
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
