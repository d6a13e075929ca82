//! Dumps through netlink: ask once, read until the kernel is done.
//!
//! Source of the format: netlink(7).

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{
    self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, sockopt,
};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Interfaces, addresses, routes.
    Route,
    /// Sockets.
    SockDiag,
    /// Packet filter.
    Netfilter,
}

/// Why a dump failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetlinkError {
    /// This kernel does not have the family or the message.
    #[error("not supported by this kernel")]
    Absent,
    /// The right to ask is missing.
    #[error("permission denied")]
    Denied,
    /// More than the cap came back.
    #[error("answer larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// The answer was cut or malformed.
    #[error("malformed answer")]
    Malformed,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// Another error of the system, by its number.
    #[error("system error {0}")]
    Os(i32),
}

impl From<Errno> for NetlinkError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::PERM | Errno::ACCESS => Self::Denied,
            Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT | Errno::OPNOTSUPP | Errno::NOENT => {
                Self::Absent
            }
            Errno::AGAIN => Self::Timeout,
            other => Self::Os(other.raw_os_error()),
        }
    }
}

/// Most bytes kept of one dump.
pub const BYTES_MAX: usize = 16 << 20;
/// The kernel cuts a dump into pieces of at most so much.
const BUFFER_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 16;
const MESSAGE_ERROR: u16 = 2;
const MESSAGE_DONE: u16 = 3;
const FLAG_REQUEST: u16 = 1;
const FLAG_DUMP: u16 = 0x300;
/// On an answer: what is dumped changed meanwhile, so that something may be missing.
const FLAG_INTERRUPTED: u16 = 0x10;
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// A netlink socket.
#[derive(Debug)]
pub struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    /// Room for an answer, made once: some ask again and again.
    buffer: Vec<u8>,
}

impl Netlink {
    /// Opens a socket of a family.
    pub fn open(family: Family) -> Result<Self, NetlinkError> {
        let protocol = match family {
            // NETLINK_ROUTE is number 0, the default.
            Family::Route => None,
            Family::SockDiag => Some(netlink::SOCK_DIAG),
            Family::Netfilter => Some(netlink::NETFILTER),
        };
        let socket = net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            protocol,
        )?;
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(TIMEOUT))?;
        Ok(Self { socket, sequence: 0, buffer: Vec::new() })
    }

    /// Asks for a dump and hands every message's type and payload to `each`. Gives whether the answer
    /// is whole: it is not when what is dumped changed meanwhile.
    pub fn dump(
        &mut self,
        message: u16,
        payload: &[u8],
        mut each: impl FnMut(u16, &[u8]),
    ) -> Result<bool, NetlinkError> {
        self.sequence += 1;
        let length = HEADER_BYTES + payload.len();
        let mut request = Vec::with_capacity(length);
        request.extend(u32::try_from(length).unwrap_or(u32::MAX).to_ne_bytes());
        request.extend(message.to_ne_bytes());
        request.extend((FLAG_REQUEST | FLAG_DUMP).to_ne_bytes());
        request.extend(self.sequence.to_ne_bytes());
        request.extend(0_u32.to_ne_bytes());
        request.extend_from_slice(payload);
        let kernel = netlink::SocketAddrNetlink::new(0, 0);
        net::sendto(&self.socket, &request, SendFlags::empty(), &kernel)?;

        // Taken out for as long as it is filled and read.
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(BUFFER_BYTES, 0);
        let result = self.answer(&mut buffer, &mut each);
        self.buffer = buffer;
        result
    }

    /// Reads an answer to its end.
    fn answer(
        &self,
        buffer: &mut [u8],
        each: &mut impl FnMut(u16, &[u8]),
    ) -> Result<bool, NetlinkError> {
        let (mut total, mut whole) = (0, true);
        loop {
            let received = net::recv(&self.socket, &mut *buffer, RecvFlags::TRUNC);
            let (_, got) = match received {
                Err(Errno::INTR) => continue,
                other => other?,
            };
            total += got;
            if total > BYTES_MAX {
                return Err(NetlinkError::TooLarge);
            }
            let datagram = buffer.get(..got).ok_or(NetlinkError::Malformed)?;
            if got == 0 || self.messages(datagram, &mut whole, each)? {
                return Ok(whole);
            }
        }
    }

    /// Name of the interface with a number, as it is now; nothing when there is none.
    pub fn interface_name(&self, index: i32) -> Option<Vec<u8>> {
        let index = u32::try_from(index).ok()?;
        let name = net::netdevice::index_to_name_inlined(&self.socket, index).ok()?;
        Some(name.as_bytes().to_vec())
    }

    /// Walks the messages of one datagram; `true` when the dump is complete.
    fn messages(
        &self,
        mut rest: &[u8],
        whole: &mut bool,
        each: &mut impl FnMut(u16, &[u8]),
    ) -> Result<bool, NetlinkError> {
        while let Some((header, _)) = rest.split_first_chunk::<HEADER_BYTES>() {
            let [l0, l1, l2, l3, t0, t1, f0, f1, s0, s1, s2, s3, ..] = *header;
            let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3]))
                .map_err(|_| NetlinkError::Malformed)?;
            let payload = rest.get(HEADER_BYTES..length).ok_or(NetlinkError::Malformed)?;
            if u32::from_ne_bytes([s0, s1, s2, s3]) == self.sequence {
                *whole &= u16::from_ne_bytes([f0, f1]) & FLAG_INTERRUPTED == 0;
                match u16::from_ne_bytes([t0, t1]) {
                    MESSAGE_DONE => return Ok(true),
                    MESSAGE_ERROR => return error(payload),
                    kind => each(kind, payload),
                }
            }
            // Messages are aligned to four bytes; the last one may end without filling.
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(false)
    }
}

/// An error message: its first four bytes are the negative error number, 0 for an acknowledgement.
fn error(payload: &[u8]) -> Result<bool, NetlinkError> {
    let code = payload.first_chunk::<4>().ok_or(NetlinkError::Malformed)?;
    match i32::from_ne_bytes(*code) {
        0 => Ok(true),
        negative => Err(Errno::from_raw_os_error(negative.saturating_neg()).into()),
    }
}
