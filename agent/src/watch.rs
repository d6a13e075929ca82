//! Watching: which change on the machine concerns which section, and when it is read.
//!
//! What can be watched is not looked at again and again: package databases, files of accounts, unit
//! directories, control groups, mounts, interfaces, devices and the packet filter tell of their
//! changes. New listening sockets nobody tells of: the kernel is asked for them at every tick, which
//! is cheap. See `docs/adr/0071-watching-instead-of-polling.md`.
//!
//! The rooms: [`places`] is the table of directories; [`uevent`] and [`route`] read the kernel's
//! announcements; [`groups`] reads names of control groups; [`pace`] says how soon something is read
//! and [`schedule`] what happens without an event; the watcher itself knows the operating system.

use std::collections::BTreeMap;
use std::time::Duration;

use belfort_proto::inventory::v1::SectionKind;

pub mod groups;
pub mod pace;
pub mod places;
pub mod route;
pub mod schedule;
pub mod uevent;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::Watcher;

use pace::Pace;

/// What could not be watched, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unwatched {
    /// A directory, or what else tells of changes.
    pub what: String,
    /// Why not.
    pub reason: String,
    /// The sections that are read at every check-in instead.
    pub sections: Vec<String>,
}

/// The paces of everything that is read when it changes.
#[derive(Debug, Default)]
pub struct Paces {
    sections: BTreeMap<SectionKind, Pace>,
    /// Whether listening sockets are to be compared.
    pub listeners: Pace,
    /// Whether what the network section is made of is to be compared.
    pub network: Pace,
    /// Whether everything is to be read, because notices were lost.
    pub everything: Pace,
    told: bool,
}

impl Paces {
    /// Something changed that concerns sections.
    pub fn event(&mut self, now: Duration, sections: &[SectionKind]) {
        self.told |= !sections.is_empty();
        for section in sections {
            self.section(*section).event(now);
        }
    }

    /// Whether an event concerned a section since this was last asked.
    pub fn take_told(&mut self) -> bool {
        std::mem::take(&mut self.told)
    }

    /// The pace of one section.
    pub fn section(&mut self, kind: SectionKind) -> &mut Pace {
        self.sections.entry(kind).or_default()
    }

    /// Sections that are to be read now.
    pub fn due(&self, now: Duration) -> Vec<SectionKind> {
        let due = self.sections.iter().filter(|(_, pace)| pace.is_due(now));
        due.map(|(kind, _)| *kind).collect()
    }

    /// When the next of all of them is due.
    pub fn next_due(&self) -> Option<Duration> {
        let others = [&self.listeners, &self.network, &self.everything];
        self.sections.values().chain(others).filter_map(Pace::due_at).min()
    }

    /// Everything was read.
    pub fn settle(&mut self, now: Duration) {
        let others = [&mut self.listeners, &mut self.network, &mut self.everything];
        self.sections.values_mut().chain(others).for_each(|pace| pace.settle(now));
    }
}
