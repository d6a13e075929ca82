//! What is compared, because nobody tells of it or too much is told: listening sockets, and what the
//! network section is made of.

use std::ops::RangeInclusive;

use belfort_agent_sys::netlink::{Family, Netlink, NetlinkError};
use belfort_proto::inventory::v1::SectionKind;

use super::unwatched;
use crate::probe::listeners::{ephemeral_ports, is_service};
use crate::probe::network::{self, Kernel};
use crate::probe::services::each_socket;
use crate::watch::Unwatched;

const RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// The listening sockets as far as the section tells them apart, without their programs: finding those
/// means to walk all processes, which is done only when something differs.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    /// Kept from one time to the next, until a full pass: whom is asked, and the ports that the system
    /// hands out itself.
    asked: Option<(Netlink, RangeInclusive<u16>)>,
    /// Protocol, port and scope; sorted.
    known: Vec<(i32, u16, i32)>,
    /// The last list, kept for its room.
    spare: Vec<(i32, u16, i32)>,
    error: Option<NetlinkError>,
}

impl Listeners {
    /// Asks the kernel and compares with the last time.
    pub(super) fn differ(&mut self) -> bool {
        self.error = self.ask().err();
        if self.error.is_some() {
            // What is left over of an answer must not be taken for the next one.
            self.asked = None;
            return false;
        }
        std::mem::swap(&mut self.known, &mut self.spare);
        self.known != self.spare
    }

    fn ask(&mut self) -> Result<(), NetlinkError> {
        let (netlink, range) = match &mut self.asked {
            Some(asked) => asked,
            none => {
                let range = ephemeral_ports(&std::fs::read(RANGE).unwrap_or_default());
                none.insert((Netlink::open(Family::SockDiag)?, range))
            }
        };
        let found = &mut self.spare;
        found.clear();
        each_socket(netlink, |socket| {
            if is_service(&socket, range) {
                found.push((socket.protocol.into(), socket.port, socket.scope.into()));
            }
        })?;
        found.sort_unstable();
        found.dedup();
        Ok(())
    }

    /// Asks for the ports again that the system hands out itself.
    pub(super) fn begin_anew(&mut self) {
        self.asked = None;
    }

    pub(super) fn unwatched(&self) -> Option<Unwatched> {
        let error = self.error.as_ref()?;
        Some(unwatched("netlink:sock_diag", error, &[SectionKind::Services]))
    }
}

/// Interfaces, addresses and default routes without the files of interfaces.
#[derive(Default)]
pub(super) struct Network {
    known: Kernel,
    error: Option<NetlinkError>,
}

impl Network {
    /// Asks the kernel and compares with the last time.
    pub(super) fn differs(&mut self) -> bool {
        match network::ask() {
            Ok(found) => {
                self.error = None;
                let differs = found != self.known;
                self.known = found;
                differs
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }

    pub(super) fn unwatched(&self) -> Option<Unwatched> {
        let error = self.error.as_ref()?;
        Some(unwatched("netlink:route", error, &[SectionKind::Network]))
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("error", &self.error).finish_non_exhaustive()
    }
}
