//! Listening sockets and the programs behind them.

use std::collections::BTreeMap;

use belfort_agent_sys::files::ReadError;
use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::Protocol;

use crate::probe::listeners::{
    BY_FAMILY, FAMILIES, Socket, TCP_OF_BOTH_FAMILIES, ephemeral_ports, inode_of_link, is_service,
    request, request_of_both_families, socket,
};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, text};

const NETLINK: &str = "netlink:sock_diag";
const DESCRIPTORS: &str = "/proc/*/fd";

/// Listening sockets, each with its program; the program is empty when it could not be read.
pub(super) fn listening(host: &Host, sources: &mut Sources<'_>) -> Vec<(Socket, String)> {
    if !host.kernel {
        sources.outcomes.absent(NETLINK);
        return Vec::new();
    }
    let sockets = match ask() {
        Ok(sockets) => sockets,
        Err(error) => {
            match error {
                NetlinkError::Absent => sources.outcomes.absent(NETLINK),
                NetlinkError::Denied => sources.outcomes.denied(NETLINK),
                other => sources.outcomes.failed(NETLINK, &other.to_string()),
            }
            return Vec::new();
        }
    };
    let range = sources.optional("/proc/sys/net/ipv4/ip_local_port_range", SMALL_BYTES);
    let range = ephemeral_ports(&range.unwrap_or_default());
    let sockets: Vec<_> = sockets.into_iter().filter(|socket| is_service(socket, &range)).collect();
    let programs = programs(sources, &sockets);
    sockets
        .into_iter()
        .map(|socket| {
            let program = programs.get(&socket.inode).cloned().flatten().unwrap_or_default();
            (socket, program)
        })
        .collect()
}

fn ask() -> Result<Vec<Socket>, NetlinkError> {
    let mut netlink = Netlink::open(Family::SockDiag)?;
    let mut sockets = Vec::new();
    each_socket(&mut netlink, |socket| sockets.push(socket))?;
    Ok(sockets)
}

/// Asks the kernel for every listening socket.
pub(crate) fn each_socket(
    netlink: &mut Netlink,
    mut each: impl FnMut(Socket),
) -> Result<(), NetlinkError> {
    let mut dump = |message: u16, request: &[u8], protocol: Protocol| {
        netlink.dump(message, request, |kind, payload| {
            if kind == message
                && let Some(socket) = socket(protocol, payload)
            {
                each(socket);
            }
        })
    };
    // A kernel that no longer knows the older request is asked twice.
    if dump(TCP_OF_BOTH_FAMILIES, &request_of_both_families(), Protocol::Tcp).is_err() {
        by_family(&mut dump, Protocol::Tcp)?;
    }
    by_family(&mut dump, Protocol::Udp)
}

fn by_family(
    dump: &mut impl FnMut(u16, &[u8], Protocol) -> Result<bool, NetlinkError>,
    protocol: Protocol,
) -> Result<(), NetlinkError> {
    for family in FAMILIES {
        match dump(BY_FAMILY, &request(family, protocol), protocol) {
            // A kernel without IPv6, or without the module for one protocol.
            Ok(_) | Err(NetlinkError::Absent) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The program of each socket. Walks the processes only when there is something to find, passes
/// over those of the kernel, and stops when all are found. Of several processes that hold one socket
/// the oldest counts: the others got it from there.
fn programs(sources: &mut Sources<'_>, sockets: &[Socket]) -> BTreeMap<u32, Option<String>> {
    let mut programs: BTreeMap<u32, Option<String>> =
        sockets.iter().map(|socket| (socket.inode, None)).collect();
    let mut missing = programs.len();
    if missing == 0 {
        return programs;
    }
    let mut processes: Vec<u32> = sources
        .list("/proc")
        .iter()
        .filter_map(|entry| text::number(entry.name.as_bytes()))
        .collect();
    processes.sort_unstable();
    let mut denied = false;
    for process in processes {
        if missing == 0 {
            break;
        }
        let program = match sources.root.link(&format!("/proc/{process}/exe")) {
            Ok(program) => text::impersonal_path(&program),
            // A thread of the kernel, or a process that has ended meanwhile.
            Err(ReadError::Absent) => continue,
            Err(ReadError::Denied) => {
                denied = true;
                continue;
            }
            Err(_) => String::new(),
        };
        let walked = sources.root.links(&format!("/proc/{process}/fd"), |target| {
            let entry = inode_of_link(target).and_then(|inode| programs.get_mut(&inode));
            if let Some(entry @ None) = entry {
                *entry = Some(program.clone());
                missing -= 1;
            }
            missing > 0
        });
        denied |= matches!(walked, Err(ReadError::Denied));
    }
    // Without a socket left over, nothing was missed.
    if missing > 0 && denied {
        sources.outcomes.denied(DESCRIPTORS);
    }
    programs
}
