//! What the kernel announces to whoever listens. Source: netlink(7), rtnetlink(7).

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    self, AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, sockopt,
};

use super::Drained;
use super::waiting::Source;
use crate::netlink::NetlinkError;

/// Most datagrams read in one go, so that a flood cannot keep the reader for itself.
const DATAGRAMS_MAX: usize = 8192;
/// Room in the kernel for what has not been read yet, bytes.
const QUEUE_BYTES: usize = 512 << 10;
/// Larger datagrams are cut; what decides stands at their beginning.
const DATAGRAM_BYTES: usize = 16 << 10;

/// What is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Interfaces, their addresses, routes.
    Network,
    /// The ruleset of nftables.
    Firewall,
    /// Devices that come and go.
    Devices,
}

impl Group {
    /// Protocol and groups. Source: `linux/rtnetlink.h` (`RTMGRP_*`), `linux/netfilter/nfnetlink.h`
    /// (`NFNLGRP_NFTABLES` is the seventh group); the kernel's own uevents are the first group.
    fn address(self) -> (Option<net::Protocol>, u32) {
        const LINK: u32 = 1;
        const IPV4_ADDRESS: u32 = 0x10;
        const IPV4_ROUTE: u32 = 0x40;
        const IPV6_ADDRESS: u32 = 0x100;
        const IPV6_ROUTE: u32 = 0x400;
        match self {
            // NETLINK_ROUTE is number 0, the default.
            Self::Network => (None, LINK | IPV4_ADDRESS | IPV4_ROUTE | IPV6_ADDRESS | IPV6_ROUTE),
            Self::Firewall => (Some(netlink::NETFILTER), 1 << 6),
            Self::Devices => (Some(netlink::KOBJECT_UEVENT), 1),
        }
    }
}

/// A socket that the kernel announces changes to.
#[derive(Debug)]
pub struct Announcements {
    socket: OwnedFd,
}

impl Announcements {
    /// Begins to listen.
    pub fn join(group: Group) -> Result<Self, NetlinkError> {
        let (protocol, groups) = group.address();
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        // A smaller queue only overflows earlier, and that is noticed.
        let _ = sockopt::set_socket_recv_buffer_size(&socket, QUEUE_BYTES);
        bind(&socket, &netlink::SocketAddrNetlink::new(0, groups))?;
        Ok(Self { socket })
    }

    /// Hands every datagram that waits to `each`.
    pub fn drain(&self, mut each: impl FnMut(&[u8])) -> Drained {
        let mut buffer = [0_u8; DATAGRAM_BYTES];
        let mut drained = Drained::Nothing;
        for _ in 0..DATAGRAMS_MAX {
            match net::recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT) {
                Ok((got, _)) => {
                    each(buffer.get(..got).unwrap_or_default());
                    if drained == Drained::Nothing {
                        drained = Drained::Empty;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::NOBUFS) => drained = Drained::Lost,
                Err(_) => return drained,
            }
        }
        if drained == Drained::Empty { Drained::More } else { drained }
    }
}

impl Source for Announcements {
    fn descriptor(&self) -> &OwnedFd {
        &self.socket
    }
}
