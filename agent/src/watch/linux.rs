//! The watcher on Linux: what it watches, and what it makes of what it is told.

mod compared;
mod directories;
mod kernel;

use std::task::Poll;
use std::time::Duration;

use belfort_agent_sys::files::Root;
use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section;

use self::compared::{Listeners, Network};
use self::directories::Watched;
use self::kernel::Told;
use super::groups::Reported;
use super::{Paces, Unwatched};

/// Everything that is watched on this machine.
#[derive(Debug)]
pub struct Watcher {
    root: Root,
    directories: Watched,
    told: Told,
    listeners: Option<Listeners>,
    network: Option<Network>,
}

impl Watcher {
    /// Begins to watch a root; the kernel is listened to only when it is the kernel of that root.
    /// What cannot be watched is kept in mind and is no failure.
    pub fn new(root: Root, kernel: bool) -> Self {
        let directories = Watched::new(&root);
        Self {
            directories,
            told: if kernel { Told::new() } else { Told::default() },
            listeners: kernel.then(Listeners::default),
            network: kernel.then(Network::default),
            root,
        }
    }

    /// Waits until something is told.
    pub async fn ready(&self) {
        std::future::poll_fn(|context| {
            let directories = self.directories.poll_ready(context);
            let told = self.told.poll_ready(context);
            if directories || told { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Reads what was told and passes it on; whether anything was.
    pub fn drain(&mut self, now: Duration, reported: Option<&Reported>, paces: &mut Paces) -> bool {
        let directories = self.directories.drain(now, &self.root, reported, paces);
        let told = self.told.drain(now, paces);
        directories || told
    }

    /// Leaves everything alone, so that it wakes nobody, or listens again. What is told meanwhile waits.
    pub fn listen(&mut self, on: bool) {
        self.directories.listen(on);
        self.told.listen(on);
    }

    /// Looks for directories that were not there before.
    pub fn refresh(&mut self) {
        self.directories.refresh(&self.root);
    }

    /// Compares the listening sockets with those of the last time; whether they differ.
    pub fn listeners_differ(&mut self) -> bool {
        self.listeners.as_mut().is_some_and(Listeners::differ)
    }

    /// Compares interfaces, addresses and default routes with those of the last time.
    pub fn network_differs(&mut self) -> bool {
        self.network.as_mut().is_some_and(Network::differs)
    }

    /// Takes what is there now for known: it is about to be read.
    pub fn compare_from_now(&mut self) {
        if let Some(listeners) = &mut self.listeners {
            listeners.begin_anew();
        }
        self.listeners_differ();
        self.network_differs();
    }

    /// How many directories are watched.
    pub fn directories(&self) -> usize {
        self.directories.count()
    }

    /// Everything that could not be watched.
    pub fn unwatched(&self) -> Vec<Unwatched> {
        let mut all = self.directories.unwatched();
        all.extend(self.told.unwatched());
        all.extend(self.listeners.as_ref().and_then(Listeners::unwatched));
        all.extend(self.network.as_ref().and_then(Network::unwatched));
        all
    }
}

/// Names what could not be watched.
fn unwatched(
    what: impl Into<String>,
    reason: &impl std::fmt::Display,
    sections: &[SectionKind],
) -> Unwatched {
    let sections = sections.iter().map(|kind| section::name(*kind).to_owned()).collect();
    Unwatched { what: what.into(), reason: reason.to_string(), sections }
}
