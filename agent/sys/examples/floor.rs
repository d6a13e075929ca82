//! The floor under a pass: asks the system for what a pass of the agent asked it for, and does nothing
//! with the answers. `cargo xtask bench` makes the list of questions out of a trace of a pass.
//!
//! One question on each line, its words divided by tabs:
//!
//! | question | what is done |
//! | --- | --- |
//! | `read PATH BYTES` | open, look what it is, read that many bytes |
//! | `list PATH` | open a directory and read its entries |
//! | `links PATH` | the same, and follow every link in it |
//! | `link PATH` | read a link |
//! | `path PATH` | open without reading, and look what it is |
//! | `stat PATH` | look what it is |
//! | `below PATH NAME` | look what a file of a directory is; the directory is opened once in a row |
//! | `space PATH` | ask for the space of a file system |
//! | `socket FAMILY` | open a netlink socket: `route`, `sockets` or `filter` |
//! | `ask TYPE PAYLOAD` | a dump through that socket; the payload in hexadecimal digits |

use std::os::fd::OwnedFd;

use belfort_agent_sys::netlink::{Family, Netlink};
use rustix::buffer::spare_capacity;
use rustix::fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io;

fn main() -> std::io::Result<()> {
    let path = std::env::args_os().nth(1).ok_or(std::io::ErrorKind::InvalidInput)?;
    let questions = std::fs::read_to_string(path)?;
    let mut floor = Floor { content: Vec::new(), below: None, socket: None };
    for line in questions.lines() {
        let mut words = line.split('\t');
        let mut next = || words.next().unwrap_or_default();
        // What a pass could not get, this does not get either: the failure costs the same.
        floor.ask(next(), next(), next());
    }
    Ok(())
}

struct Floor<'a> {
    content: Vec<u8>,
    /// The directory of the last `below`.
    below: Option<(&'a str, OwnedFd)>,
    socket: Option<Netlink>,
}

impl<'a> Floor<'a> {
    fn ask(&mut self, what: &str, path: &'a str, more: &str) {
        let done = match what {
            "read" => self.read(path, more.parse().unwrap_or(usize::MAX)),
            "list" => list(path, false),
            "links" => list(path, true),
            "link" => fs::readlinkat(CWD, path, Vec::new()).map(drop),
            "path" => open(path, OFlags::PATH).and_then(fs::fstat).map(drop),
            "stat" => fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).map(drop),
            "below" => self.below(path, more),
            "space" => fs::statvfs(path).map(drop),
            "socket" => {
                self.socket = socket(path);
                Ok(())
            }
            "ask" => {
                self.dump(path, more);
                Ok(())
            }
            _ => Err(io::Errno::INVAL),
        };
        let _ = done;
    }

    fn read(&mut self, path: &str, mut wanted: usize) -> io::Result<()> {
        let file = open(path, OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(());
        }
        // As a reader does that knows the size: in one piece where the size is told.
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        let step = if size == 0 { 4096 } else { size.min(wanted).saturating_add(1) };
        let mut step = step.min(256 << 10);
        loop {
            self.content.clear();
            self.content.reserve(step);
            let got = io::read(&file, spare_capacity(&mut self.content))?;
            wanted = wanted.saturating_sub(got);
            let ended = got == 0 || wanted == 0 || (size != 0 && got < step);
            if ended {
                return Ok(());
            }
            if size == 0 {
                step = (step * 2).min(256 << 10);
            }
        }
    }

    fn below(&mut self, path: &'a str, name: &str) -> io::Result<()> {
        if self.below.as_ref().is_none_or(|(open, _)| *open != path) {
            self.below = Some((path, open(path, OFlags::DIRECTORY)?));
        }
        let Some((_, dir)) = &self.below else { return Ok(()) };
        fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map(drop)
    }

    fn dump(&mut self, message: &str, payload: &str) {
        let digits = payload.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16);
        let payload: Vec<u8> = digits.filter_map(|pair| byte(pair).ok()).collect();
        if let Some(socket) = &mut self.socket {
            let _ = socket.dump(message.parse().unwrap_or(0), &payload, |_, _| {});
        }
    }
}

fn open(path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    fs::open(path, flags | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

fn list(path: &str, follow: bool) -> io::Result<()> {
    let dir = open(path, OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::DIRECTORY)?;
    let mut entries = Dir::read_from(&dir)?;
    let mut buffer = Vec::with_capacity(128);
    while let Some(entry) = entries.read() {
        let entry = entry?;
        if follow && entry.file_type() == FileType::Symlink {
            buffer.clear();
            buffer = fs::readlinkat(&dir, entry.file_name(), buffer)?.into_bytes();
        }
    }
    Ok(())
}

fn socket(family: &str) -> Option<Netlink> {
    let family = match family {
        "sockets" => Family::SockDiag,
        "filter" => Family::Netfilter,
        _ => Family::Route,
    };
    Netlink::open(family).ok()
}
