//! Reads the database of dpkg.

use belfort_agent_sys::files::{Directory, ReadError};
use belfort_proto::inventory::v1::{Package, PackageState};

use super::PACKAGES_MAX;
use crate::probe::Host;
use crate::probe::dpkg::{self, Entry};
use crate::probe::operating_system::day;
use crate::probe::outcome::Sources;

pub(super) fn read(host: &Host, sources: &mut Sources<'_>, packages: &mut Vec<Package>) {
    let database = match host.dpkg() {
        Ok(database) => database,
        Err(ReadError::Absent) => return,
        Err(error) => return sources.outcomes.unread(dpkg::STATUS_PATH, error),
    };
    let mut days = Days { lists: sources.root.directory(dpkg::INFO_PATH).ok(), ..Days::default() };
    packages.extend(
        database
            .entries()
            .take(PACKAGES_MAX + 1)
            .map(|entry| Package { installed_on: days.installed_on(&entry), ..entry.package() }),
    );
}

/// Days of installation.
#[derive(Default)]
struct Days {
    lists: Option<Directory>,
    list: String,
    /// The last one, by its number: packages come in batches.
    last: Option<(i64, String)>,
}

impl Days {
    /// The day of the last installation. What is removed and left its configuration has a list, too, but as
    /// old as its removal.
    fn installed_on(&mut self, entry: &Entry<'_>) -> String {
        if entry.state != PackageState::Installed {
            return String::new();
        }
        self.list.clear();
        entry.push_list(&mut self.list);
        let seconds = self.lists.as_ref().and_then(|lists| lists.modified_seconds(&self.list));
        let Some(seconds) = seconds else { return String::new() };
        let number = seconds.div_euclid(86_400);
        match &self.last {
            Some((last, day)) if *last == number => day.clone(),
            _ => self.last.insert((number, day(seconds))).1.clone(),
        }
    }
}
