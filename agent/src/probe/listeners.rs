//! Listening sockets as the kernel tells them. Source of the format: `sock_diag(7)`.

use std::net::IpAddr;

use belfort_proto::inventory::v1::{ListenerScope, Protocol};

/// Asks for sockets by family (`SOCK_DIAG_BY_FAMILY`).
pub const BY_FAMILY: u16 = 20;

/// Asks for the TCP sockets of both families in one walk over the kernel's table (`TCPDIAG_GETSOCK`,
/// the request before there was one by family).
pub const TCP_OF_BOTH_FAMILIES: u16 = 18;

/// The families: `AF_INET` and `AF_INET6`.
pub const FAMILIES: [u8; 2] = [2, 10];

/// TCP in LISTEN only; UDP in the only state of an unconnected socket.
const LISTEN: u32 = 1 << 10;
const CLOSE: u32 = 1 << 7;

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Transport protocol.
    pub protocol: Protocol,
    /// Port.
    pub port: u16,
    /// From where it can be reached.
    pub scope: ListenerScope,
    /// Number of the socket, as in /proc/*/fd.
    pub inode: u32,
}

/// The request of a dump (`struct inet_diag_req_v2`).
pub fn request(family: u8, protocol: Protocol) -> [u8; 56] {
    let (number, states) = match protocol {
        Protocol::Udp => (17, CLOSE),
        _ => (6, LISTEN),
    };
    let mut request = [0; 56];
    if let Some((head, _)) = request.split_first_chunk_mut::<8>() {
        let [s0, s1, s2, s3] = u32::to_ne_bytes(states);
        *head = [family, number, 0, 0, s0, s1, s2, s3];
    }
    request
}

/// The request of [`TCP_OF_BOTH_FAMILIES`] (`struct inet_diag_req`): states stand at its end but one.
pub fn request_of_both_families() -> [u8; 60] {
    let mut request = [0; 60];
    if let Some(states) = request.get_mut(52..56) {
        states.copy_from_slice(&LISTEN.to_ne_bytes());
    }
    request
}

/// Parses one answer (`struct inet_diag_msg`).
pub fn socket(protocol: Protocol, payload: &[u8]) -> Option<Socket> {
    let family = *payload.first()?;
    let port = payload.get(4..6)?.first_chunk().copied().map(u16::from_be_bytes)?;
    let source = payload.get(8..24)?;
    let address = match family {
        2 => IpAddr::from(*source.first_chunk::<4>()?),
        10 => IpAddr::from(*source.first_chunk::<16>()?),
        _ => return None,
    };
    let inode = payload.get(68..72)?.first_chunk().copied().map(u32::from_ne_bytes)?;
    (port != 0).then(|| Socket { protocol, port, scope: scope(address), inode })
}

/// From where a socket bound to an address can be reached.
pub fn scope(address: IpAddr) -> ListenerScope {
    match address.to_canonical() {
        address if address.is_unspecified() => ListenerScope::Any,
        address if address.is_loopback() => ListenerScope::Loopback,
        IpAddr::V4(address) if address.is_link_local() => ListenerScope::Link,
        IpAddr::V6(address) if address.is_unicast_link_local() => ListenerScope::Link,
        _ => ListenerScope::Address,
    }
}

/// The ports that the system hands out itself, from `/proc/sys/net/ipv4/ip_local_port_range`.
pub fn ephemeral_ports(content: &[u8]) -> std::ops::RangeInclusive<u16> {
    let mut numbers = content
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .filter_map(super::text::number::<u16>);
    match (numbers.next(), numbers.next()) {
        (Some(from), Some(to)) => from..=to,
        _ => 32_768..=60_999,
    }
}

/// Whether a socket is worth a line. A UDP socket on a port the system handed out is a client waiting
/// for its answer: another one a moment later.
pub fn is_service(socket: &Socket, ephemeral: &std::ops::RangeInclusive<u16>) -> bool {
    socket.protocol == Protocol::Tcp || !ephemeral.contains(&socket.port)
}

/// The number of a socket from a link in /proc/*/fd: `socket:[123]`.
pub fn inode_of_link(target: &[u8]) -> Option<u32> {
    super::text::number(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers() {
        let mut payload = vec![0_u8; 72];
        payload[0] = 2;
        payload[4..6].copy_from_slice(&22_u16.to_be_bytes());
        payload[68..].copy_from_slice(&77_u32.to_ne_bytes());
        let found = socket(Protocol::Tcp, &payload).unwrap();
        assert_eq!((found.port, found.scope, found.inode), (22, ListenerScope::Any, 77));
        assert_eq!(socket(Protocol::Tcp, &payload[..71]), None);
    }

    #[test]
    fn scopes() {
        for (address, expected) in [
            ("0.0.0.0", ListenerScope::Any),
            ("::", ListenerScope::Any),
            ("127.0.0.53", ListenerScope::Loopback),
            ("::1", ListenerScope::Loopback),
            ("::ffff:127.0.0.1", ListenerScope::Loopback),
            ("fe80::1", ListenerScope::Link),
            ("169.254.1.1", ListenerScope::Link),
            ("10.0.0.1", ListenerScope::Address),
        ] {
            assert_eq!(scope(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn clients_waiting_for_an_answer_are_no_services() {
        let range = ephemeral_ports(b"32768\t60999\n");
        let at = |protocol, port| {
            is_service(&Socket { protocol, port, scope: ListenerScope::Any, inode: 1 }, &range)
        };
        assert!(at(Protocol::Udp, 53));
        assert!(!at(Protocol::Udp, 40_000));
        assert!(at(Protocol::Tcp, 40_000));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = socket(Protocol::Udp, &bytes);
            let _ = (inode_of_link(&bytes), ephemeral_ports(&bytes));
        }
    }
}
