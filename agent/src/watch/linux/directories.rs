//! Watched directories: the table of places laid over this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Context;
use std::time::Duration;

use belfort_agent_sys::files::{EntryKind, Root};
use belfort_agent_sys::watch::{Change, Directories, Drained, Notice, Waiting, Watch, WatchError};
use belfort_proto::inventory::v1::SectionKind;

use super::kernel::{listen, waiting};
use super::unwatched;
use crate::watch::groups::{self, Reported};
use crate::watch::places::{self, Entries, Meaning, PLACES, Place};
use crate::watch::{Paces, Unwatched};

/// Most directories watched, so that the agent cannot take the user's watches from others.
const DIRECTORIES_MAX: usize = 1024;
/// Most directories that one component with a star stands for, or that lie inside a nested one.
const INSIDE_MAX: usize = 256;
/// How deep slices of control groups are followed.
const SLICES_DEEP: u8 = 4;
/// Slices whose groups are none of a service: sessions, and containers known by other signs.
const SLICES_OTHER: &[&str] = &["user.slice", "kubepods.slice"];

/// Why a directory matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// It is a place of the table, by its number there.
    Place(usize),
    /// It lies inside such a place, and all of it matters.
    Inside(usize),
    /// It holds control groups.
    Groups(u8),
}

#[derive(Debug)]
struct Directory {
    path: String,
    roles: BTreeSet<Role>,
}

/// Directories that are watched.
#[derive(Debug)]
pub(super) struct Watched {
    inotify: Result<Waiting<Directories>, String>,
    directories: BTreeMap<Watch, Directory>,
    /// Why some are not, by path.
    failed: BTreeMap<String, (WatchError, BTreeSet<SectionKind>)>,
    too_many: bool,
}

/// What a batch of notices asks for beyond the reading of sections.
#[derive(Default)]
struct Todo {
    ended: Vec<Watch>,
    refresh: bool,
    groups: Vec<(String, u8)>,
}

impl Watched {
    pub(super) fn new(root: &Root) -> Self {
        let inotify = waiting(Directories::new());
        let (directories, failed) = (BTreeMap::new(), BTreeMap::new());
        let mut watched = Self { inotify, directories, failed, too_many: false };
        watched.refresh(root);
        watched
    }

    pub(super) fn count(&self) -> usize {
        self.directories.len()
    }

    pub(super) fn poll_ready(&self, context: &mut Context<'_>) -> bool {
        let Ok(inotify) = &self.inotify else { return false };
        inotify.poll_ready(context)
    }

    /// Leaves the directories alone, or listens again.
    pub(super) fn listen(&mut self, on: bool) {
        if let Ok(inotify) = &mut self.inotify {
            listen(inotify, on);
        }
    }

    /// Lays the table over the machine again; gives the sections of directories that are new.
    pub(super) fn refresh(&mut self, root: &Root) -> BTreeSet<SectionKind> {
        self.failed.clear();
        self.too_many = false;
        let mut new = BTreeSet::new();
        for (number, place) in PLACES.iter().enumerate() {
            for path in paths(root, place.path) {
                let role = match place.entries {
                    Entries::Slices => Role::Groups(0),
                    _ => Role::Place(number),
                };
                if self.add(root, &path, role) {
                    new.extend(place.sections);
                }
                match place.entries {
                    Entries::Nested(endings) => {
                        for path in inside(root, &path, endings) {
                            if self.add(root, &path, Role::Inside(number)) {
                                new.extend(place.sections);
                            }
                        }
                    }
                    Entries::Slices => self.add_groups(root, &path, 0),
                    _ => {}
                }
            }
        }
        new
    }

    /// Watches the slices inside a directory of control groups.
    fn add_groups(&mut self, root: &Root, path: &str, depth: u8) {
        if depth >= SLICES_DEEP {
            return;
        }
        for inner in inside(root, path, &[".slice"]) {
            let name = inner.rsplit('/').next().unwrap_or_default();
            if !SLICES_OTHER.contains(&name) && self.add(root, &inner, Role::Groups(depth + 1)) {
                self.add_groups(root, &inner, depth + 1);
            }
        }
    }

    /// Watches one directory; whether it was not watched for this before.
    fn add(&mut self, root: &Root, path: &str, role: Role) -> bool {
        let Ok(inotify) = &self.inotify else { return false };
        if self.directories.len() >= DIRECTORIES_MAX {
            self.too_many = true;
            return false;
        }
        let Some(inotify) = inotify.source() else { return false };
        match inotify.add(&root.path().join(path.trim_start_matches('/'))) {
            Ok(watch) => {
                let new = || Directory { path: path.to_owned(), roles: BTreeSet::new() };
                self.directories.entry(watch).or_insert_with(new).roles.insert(role)
            }
            Err(WatchError::Absent) => false,
            Err(error) => {
                let failed = self.failed.entry(path.to_owned());
                let (_, sections) = failed.or_insert((error, BTreeSet::new()));
                sections.extend(role.sections());
                false
            }
        }
    }

    /// Reads the notices that wait and passes on what they mean.
    pub(super) fn drain(
        &mut self,
        now: Duration,
        root: &Root,
        reported: Option<&Reported>,
        paces: &mut Paces,
    ) -> bool {
        let mut todo = Todo::default();
        let Ok(inotify) = &self.inotify else { return false };
        let any = inotify.drain(|inotify| {
            let mut complete = BTreeSet::new();
            let drained = inotify.drain(|notice| {
                if let Some(directory) = self.directories.get(&notice.watch) {
                    for role in &directory.roles {
                        role.notice(&notice, directory, now, reported, paces, &mut complete);
                    }
                    todo.notice(&notice, directory);
                }
            });
            for kind in complete {
                paces.section(kind).complete();
            }
            if drained == Drained::Lost {
                paces.everything.event(now);
                todo.refresh = true;
            }
            drained
        });
        self.follow_up(todo, now, root, reported, paces);
        any
    }

    fn follow_up(
        &mut self,
        todo: Todo,
        now: Duration,
        root: &Root,
        reported: Option<&Reported>,
        paces: &mut Paces,
    ) {
        for watch in todo.ended {
            if let (Ok(inotify), Some(gone)) = (&self.inotify, self.directories.remove(&watch)) {
                inotify.source().inspect(|inotify| inotify.remove(watch));
                let sections: Vec<_> =
                    gone.roles.iter().flat_map(|role| role.sections()).copied().collect();
                paces.event(now, &sections);
            }
        }
        for (path, depth) in todo.groups {
            if depth <= SLICES_DEEP && self.add(root, &path, Role::Groups(depth)) {
                self.add_groups(root, &path, depth);
                // What started in it before it was watched.
                for entry in root.list(&path).unwrap_or_default() {
                    paces.event(now, groups::sections(&entry.name, reported));
                }
                paces.listeners.event(now);
            }
        }
        if todo.refresh {
            let new: Vec<_> = self.refresh(root).into_iter().collect();
            paces.event(now, &new);
        }
    }

    pub(super) fn unwatched(&self) -> Vec<Unwatched> {
        let every = || -> Vec<SectionKind> {
            let all = PLACES.iter().flat_map(|place| place.sections).copied();
            all.collect::<BTreeSet<_>>().into_iter().collect()
        };
        if let Err(reason) = &self.inotify {
            return vec![unwatched("inotify", reason, &every())];
        }
        let mut all = Vec::new();
        for (path, (error, sections)) in &self.failed {
            let sections: Vec<_> = sections.iter().copied().collect();
            all.push(unwatched(path, error, &sections));
        }
        if self.too_many {
            let reason = format!("more than {DIRECTORIES_MAX} directories to watch");
            all.push(unwatched("inotify", &reason, &every()));
        }
        all
    }
}

impl Role {
    fn place(self) -> Option<&'static Place> {
        match self {
            Self::Place(number) | Self::Inside(number) => PLACES.get(number),
            Self::Groups(_) => None,
        }
    }

    fn sections(self) -> &'static [SectionKind] {
        const GROUPS: &[SectionKind] = &[SectionKind::Services, SectionKind::Protection];
        self.place().map_or(GROUPS, |place| place.sections)
    }

    fn notice(
        self,
        notice: &Notice<'_>,
        directory: &Directory,
        now: Duration,
        reported: Option<&Reported>,
        paces: &mut Paces,
        complete: &mut BTreeSet<SectionKind>,
    ) {
        if notice.change == Change::Ended {
            return;
        }
        let Some(place) = self.place() else {
            if notice.directory && directory.path.strip_suffix(".slice").is_some() {
                let name = String::from_utf8_lossy(notice.name);
                paces.event(now, groups::sections(&name, reported));
                // What starts may listen.
                if notice.change == Change::Appeared {
                    paces.listeners.event(now);
                }
            }
            return;
        };
        match place.meaning(notice.name) {
            Meaning::Nothing => {}
            Meaning::Changed => paces.event(now, place.sections),
            Meaning::Complete if notice.change == Change::Appeared => {}
            Meaning::Complete => complete.extend(place.sections),
        }
    }
}

impl Todo {
    fn notice(&mut self, notice: &Notice<'_>, directory: &Directory) {
        let depth = directory.roles.iter().find_map(|role| match role {
            Role::Groups(depth) => Some(*depth),
            _ => None,
        });
        match (notice.change, depth) {
            (Change::Ended, _) => {
                self.ended.push(notice.watch);
                // Another one may have taken its place.
                self.refresh |= depth.is_none();
            }
            (Change::Appeared, Some(depth)) if notice.name.ends_with(b".slice") => {
                let name = String::from_utf8_lossy(notice.name);
                if !SLICES_OTHER.contains(&&*name) {
                    self.groups.push((format!("{}/{name}", directory.path), depth + 1));
                }
            }
            (Change::Appeared, None) if notice.directory && !self.refresh => {
                let name = String::from_utf8_lossy(notice.name);
                self.refresh = places::lead_through(&directory.path, &name);
            }
            _ => {}
        }
    }
}

/// The paths on this machine that a path of the table stands for.
fn paths(root: &Root, pattern: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    for component in pattern.split('/').filter(|component| !component.is_empty()) {
        let next = |path: String| match component.strip_suffix('*') {
            None => vec![format!("{path}/{component}")],
            Some(start) => {
                let mut found = inside(root, &path, &[""]);
                found.retain(|found| found.strip_prefix(&format!("{path}/{start}")).is_some());
                found
            }
        };
        paths = paths.into_iter().flat_map(next).collect();
    }
    paths
}

/// The directories inside a directory whose names have one of some endings.
fn inside(root: &Root, path: &str, endings: &[&str]) -> Vec<String> {
    let entries = root.list(path).unwrap_or_default().into_iter();
    let found = entries.filter(|entry| {
        let ends = |end: &&str| entry.name.ends_with(end);
        matches!(entry.kind, EntryKind::Directory | EntryKind::Other) && endings.iter().any(ends)
    });
    found.take(INSIDE_MAX).map(|entry| format!("{path}/{}", entry.name)).collect()
}
