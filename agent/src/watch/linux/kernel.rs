//! What the kernel tells by itself: interfaces, packet filter, devices, mounts, the host name.

use std::fmt::Display;
use std::task::Context;
use std::time::Duration;

use belfort_agent_sys::watch::{Announcements, Drained, Group, Polled, Source, Waiting};
use belfort_proto::inventory::v1::SectionKind::{
    self, Devices, Network, Protection, Storage, System,
};

use super::unwatched;
use crate::watch::route::{self, Worth};
use crate::watch::{Paces, Unwatched, uevent};

const GROUPS: &[(Group, &str, &[SectionKind])] = &[
    (Group::Network, "netlink:route", &[Network]),
    (Group::Firewall, "netlink:nftables", &[Protection]),
    (Group::Devices, "netlink:uevent", &[Storage, Devices]),
];
/// Each with what stands in for it.
const FILES: &[(&str, &str, &[SectionKind])] = &[
    ("/proc/1/mountinfo", "/proc/self/mountinfo", &[Storage]),
    ("/proc/sys/kernel/hostname", "", &[System]),
];

type Sections = &'static [SectionKind];

/// What is listened to.
#[derive(Debug, Default)]
pub(super) struct Told {
    groups: Vec<(Group, Sections, Waiting<Announcements>)>,
    files: Vec<(Sections, Waiting<Polled>)>,
    unwatched: Vec<Unwatched>,
}

impl Told {
    pub(super) fn new() -> Self {
        let mut told = Self::default();
        for (group, name, sections) in GROUPS {
            match waiting(Announcements::join(*group)) {
                Ok(socket) => told.groups.push((*group, sections, socket)),
                Err(reason) => told.unwatched.push(unwatched(*name, &reason, sections)),
            }
        }
        for (path, instead, sections) in FILES {
            match waiting(Polled::open(path).or_else(|_| Polled::open(instead))) {
                Ok(file) => told.files.push((sections, file)),
                Err(reason) => told.unwatched.push(unwatched(*path, &reason, sections)),
            }
        }
        told
    }

    /// Whether anything waits; the task is woken when it does.
    pub(super) fn poll_ready(&self, context: &mut Context<'_>) -> bool {
        let mut any = false;
        for (_, _, socket) in &self.groups {
            any |= socket.poll_ready(context);
        }
        for (_, file) in &self.files {
            any |= file.poll_ready(context);
        }
        any
    }

    pub(super) fn drain(&self, now: Duration, paces: &mut Paces) -> bool {
        let mut any = false;
        for (group, sections, socket) in &self.groups {
            any |= socket.drain(|socket| {
                let drained = announcements(*group, socket, now, paces);
                if drained == Drained::Lost {
                    // Which is not known, but only these can be meant.
                    paces.event(now, sections);
                }
                drained
            });
        }
        for (sections, file) in &self.files {
            // In the event loop the poll has told already, and does so once.
            let aside = file.is_aside();
            any |= file.drain(|file| {
                if aside && !file.changed() {
                    return Drained::Nothing;
                }
                paces.event(now, sections);
                Drained::Empty
            });
        }
        any
    }

    /// Leaves everything alone, or listens again.
    pub(super) fn listen(&mut self, on: bool) {
        for (_, _, socket) in &mut self.groups {
            listen(socket, on);
        }
        for (_, file) in &mut self.files {
            listen(file, on);
        }
    }

    pub(super) fn unwatched(&self) -> Vec<Unwatched> {
        self.unwatched.clone()
    }
}

fn announcements(
    group: Group,
    socket: &Announcements,
    now: Duration,
    paces: &mut Paces,
) -> Drained {
    match group {
        Group::Network => {
            let mut worth = Worth::Nothing;
            let drained = socket.drain(|datagram| worth = worth.max(route::worth(datagram)));
            match worth {
                Worth::Nothing => {}
                Worth::Compare => paces.network.event(now),
                Worth::Read => paces.event(now, &[Network]),
            }
            drained
        }
        Group::Firewall => {
            let mut any = false;
            let drained = socket.drain(|_| any = true);
            if any {
                paces.event(now, &[Protection]);
            }
            drained
        }
        Group::Devices => socket.drain(|message| paces.event(now, uevent::sections(message))),
    }
}

/// Leaves a source alone, or listens again.
pub(super) fn listen<T: Source>(source: &mut Waiting<T>, on: bool) {
    if on { source.put_back() } else { source.set_aside() }
}

/// Makes the event loop wait for a source; the reason when there is none.
pub(super) fn waiting<T: Source, E: Display>(opened: Result<T, E>) -> Result<Waiting<T>, String> {
    let opened = opened.map_err(|error| error.to_string())?;
    Waiting::new(opened).map_err(|error| error.to_string())
}
