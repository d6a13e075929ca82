//! Tables of legacy iptables, as the kernel gives them. Source of the interface:
//! `linux/netfilter_ipv4/ip_tables.h`.

use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType};

/// Size of `struct ipt_getinfo`, bytes.
pub const INFO_BYTES: usize = 84;
/// Most bytes of one table.
pub const ENTRIES_BYTES_MAX: usize = 16 << 20;

const NAME_BYTES: usize = 32;
/// Where the size of the entries stands in the information about a table.
const SIZE_AT: std::ops::Range<usize> = 80..84;
/// Size of what stands before the entries in `struct ipt_get_entries`: name and size, aligned for what
/// follows.
const HEADER_BYTES: usize = 40;
const GET_INFO: libc::c_int = 64;
const GET_ENTRIES: libc::c_int = 65;

/// A table of IPv4: bytes as they came.
#[derive(Clone, Debug)]
pub struct Table {
    /// `struct ipt_getinfo`.
    pub info: [u8; INFO_BYTES],
    /// The entries.
    pub entries: Vec<u8>,
}

/// Why a table was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// This kernel does not have it.
    #[error("not supported by this kernel")]
    Absent,
    /// The right to ask is missing.
    #[error("permission denied")]
    Denied,
    /// It is larger than the cap.
    #[error("table larger than {ENTRIES_BYTES_MAX} bytes")]
    TooLarge,
    /// It was changed while it was read.
    #[error("changed while it was read")]
    Changed,
    /// Another error of the system, by its number.
    #[error("system error {0}")]
    Os(i32),
}

impl From<Errno> for TableError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::PERM | Errno::ACCESS => Self::Denied,
            Errno::NOENT | Errno::NOPROTOOPT | Errno::AFNOSUPPORT => Self::Absent,
            Errno::AGAIN => Self::Changed,
            other => Self::Os(other.raw_os_error()),
        }
    }
}

/// Reads the table with a name, which must already be in use: asking for another one would make the
/// kernel load its module.
pub fn table(name: &str) -> Result<Table, TableError> {
    let socket =
        net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    let mut info = [0_u8; INFO_BYTES];
    put_name(&mut info, name);
    ask(&socket, GET_INFO, &mut info)?;
    let size = info.get(SIZE_AT).and_then(|size| size.first_chunk().copied());
    let size = u32::from_ne_bytes(size.unwrap_or_default());
    let length = usize::try_from(size).map_err(|_| TableError::TooLarge)?;
    if length > ENTRIES_BYTES_MAX {
        return Err(TableError::TooLarge);
    }
    let mut entries = vec![0_u8; HEADER_BYTES + length];
    put_name(&mut entries, name);
    if let Some(place) = entries.get_mut(NAME_BYTES..NAME_BYTES + 4) {
        place.copy_from_slice(&size.to_ne_bytes());
    }
    ask(&socket, GET_ENTRIES, &mut entries)?;
    entries.drain(..HEADER_BYTES);
    Ok(Table { info, entries })
}

/// A name, ended by a zero byte.
fn put_name(buffer: &mut [u8], name: &str) {
    let bytes = name.bytes().take(NAME_BYTES - 1);
    buffer.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
}

/// Asks about the table whose name stands in the buffer, and fills the buffer with the answer.
fn ask(socket: &OwnedFd, option: libc::c_int, buffer: &mut [u8]) -> Result<(), TableError> {
    let mut length = libc::socklen_t::try_from(buffer.len()).map_err(|_| TableError::TooLarge)?;
    // SAFETY: the socket is open; the kernel reads and writes at most `length` bytes of the buffer, which
    // is exactly so long and borrowed for the call alone; `length` lives through the call.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            option,
            buffer.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if answer == 0 {
        return Ok(());
    }
    let code = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    Err(Errno::from_raw_os_error(code).into())
}
