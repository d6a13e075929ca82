//! Which version apt would install. Source of the rules: `apt_preferences(5)`, and for their precedence
//! the behaviour of apt 2.6, with which `agent/tests/apt.rs` compares.
//!
//! Held packages count like others, as in `apt list --upgradable`. So do phased updates of Ubuntu: apt
//! lists them on every machine and only keeps them back when it upgrades, unless `APT::Get::Phase-Policy`
//! is set, which is an outcome.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use belfort_proto::inventory::v1::{PendingUpdate, Tristate};

use super::pins::{NEVER, Pin};
use super::release::Release;
use super::scan::Offer;
use super::version;
use crate::probe::text;

/// Priority of what is installed.
const INSTALLED: i32 = 100;
/// From here on an older version may replace a newer one.
const DOWNGRADE: i32 = 1000;

/// A list of packages and the archive it belongs to.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Host it comes from; empty for files of this machine.
    pub site: String,
    /// The suite as it is configured; empty for an archive without suites.
    pub suite: String,
    /// Its component; empty for an archive without suites.
    pub component: String,
    /// Its architecture; empty for an archive without suites.
    pub architecture: String,
    /// What the archive says of itself.
    pub release: Release,
}

impl List {
    /// The archive in one word: its label, else its maker, else its host, and the suite.
    pub fn name(&self) -> String {
        let Release { label, origin, .. } = &self.release;
        let known = [label, origin, &self.site].into_iter().find(|name| !name.is_empty());
        let name = known.map(String::as_str).unwrap_or_default();
        match (name, self.suite.as_str()) {
            (name, "") => name.to_owned(),
            ("", suite) => suite.to_owned(),
            (name, suite) => text::clean(format!("{name}:{suite}").as_bytes()),
        }
    }
}

/// Everything that decides.
#[derive(Debug)]
pub struct Policy<'a> {
    /// Lists, in the order of their sources.
    pub lists: &'a [List],
    /// Preferences, in their order.
    pub pins: &'a [Pin],
    /// Architecture of the machine itself.
    pub native: &'a str,
}

/// One version of a package: an offer, and the lists that have it, or none for the installed packages.
struct Version<'a> {
    offer: Offer<'a>,
    lists: BTreeSet<Option<usize>>,
}

/// Name and architecture.
type Key<'a> = (&'a str, &'a str);

/// The installed packages in an order in which many offers are found quickly.
struct Places<'a> {
    /// What apt takes for one package, in ascending order.
    keys: Vec<Key<'a>>,
    /// The version of each; the oldest when one is installed several times, which dpkg does not do.
    versions: Vec<&'a str>,
    /// Where each of the installed packages is among them.
    of_installed: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(installed: &[Offer<'a>], key: impl Fn(&Offer<'a>) -> Key<'a>) -> Self {
        let mut order: Vec<_> = installed.iter().map(key).zip(0_usize..).collect();
        order.sort_unstable();
        let (mut keys, mut versions) = (Vec::new(), Vec::<&str>::new());
        let mut of_installed = vec![0; installed.len()];
        for (key, at) in order {
            let Some(own) = installed.get(at) else { continue };
            if keys.last() == Some(&key) {
                if let Some(version) = versions.last_mut()
                    && version::compare(own.version.as_bytes(), version.as_bytes()).is_lt()
                {
                    *version = own.version;
                }
            } else {
                keys.push(key);
                versions.push(own.version);
            }
            if let Some(place) = of_installed.get_mut(at) {
                *place = keys.len() - 1;
            }
        }
        Self { keys, versions, of_installed }
    }

    /// The offers of installed packages, each with the package's place.
    fn find(
        &self,
        offers: impl Iterator<Item = (Offer<'a>, usize)>,
        key: impl Fn(&Offer<'a>) -> Key<'a>,
    ) -> impl Iterator<Item = (usize, (Offer<'a>, usize))> {
        let mut place = 0;
        offers.filter_map(move |offer| {
            let key = key(&offer.0);
            // Lists are sorted, too: mostly it is the package after the last one.
            let mut near = [place + 1, place].into_iter();
            place = match near.find(|place| self.keys.get(*place) == Some(&key)) {
                Some(near) => near,
                None => self.keys.binary_search(&key).ok()?,
            };
            Some((place, offer))
        })
    }
}

impl Policy<'_> {
    /// What would be upgraded; an installed package is given as an offer of itself. The offers are gone
    /// through twice.
    pub fn pending<'a>(
        &'a self,
        installed: &[Offer<'a>],
        offers: impl Iterator<Item = (Offer<'a>, usize)> + Clone,
    ) -> Vec<PendingUpdate> {
        let newer =
            |version: &str, than: &str| version::compare(version.as_bytes(), than.as_bytes());
        let places = Places::new(installed, |offer| self.key(offer));
        // Almost every package has nothing newer: what is offered of it has not to be weighed.
        let mut is_due = vec![false; places.keys.len()];
        for (place, (offer, _)) in places.find(offers.clone(), |offer| self.key(offer)) {
            if let (Some(is_due), Some(own)) = (is_due.get_mut(place), places.versions.get(place)) {
                *is_due |= newer(offer.version, own).is_gt();
            }
        }
        let is_due = |place: usize| is_due.get(place) == Some(&true);
        let due = places.find(offers, |offer| self.key(offer)).filter(|(place, _)| is_due(*place));
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(place, _)| *place);
        let priorities: Vec<i32> = self.lists.iter().map(|list| self.general(Some(list))).collect();
        let status = self.general(None);
        let secure: BTreeSet<&str> = self
            .lists
            .iter()
            .filter(|list| list.release.is_security())
            .map(|list| list.release.origin.as_str())
            .collect();
        let own = installed.iter().zip(&places.of_installed);
        let updates = own.filter(|(_, place)| is_due(**place)).filter_map(|(own, place)| {
            let start = due.partition_point(|(one, _)| one < place);
            let after = due.get(start..).unwrap_or_default().iter();
            let same = after.take_while(|(one, _)| one == place).map(|(_, offer)| offer);
            let versions = versions(own, same);
            let candidate = self.candidate(own, &versions, &priorities, status)?;
            if newer(candidate.offer.version, own.version) != Ordering::Greater {
                return None;
            }
            let between = versions.iter().filter(|version| {
                newer(version.offer.version, own.version).is_gt()
                    && newer(version.offer.version, candidate.offer.version).is_le()
            });
            let mut security = Tristate::Unspecified;
            if candidate.lists(self.lists).any(|list| secure.contains(list.release.origin.as_str()))
            {
                security = Tristate::No;
            }
            if between.flat_map(|one| one.lists(self.lists)).any(|list| list.release.is_security())
            {
                security = Tristate::Yes;
            }
            let origin = candidate.lists(self.lists).find(|list| list.release.is_security());
            let origin = origin.or_else(|| candidate.lists(self.lists).next());
            Some(PendingUpdate {
                ecosystem: "deb".to_owned(),
                name: own.name.to_owned(),
                architecture: own.architecture.to_owned(),
                installed_version: own.version.to_owned(),
                available_version: candidate.offer.version.to_owned(),
                security: security.into(),
                origin: origin.map(List::name).unwrap_or_default(),
            })
        });
        updates.collect()
    }

    /// What apt takes for one package: those for all architectures belong to the machine's own.
    fn key<'a>(&'a self, offer: &Offer<'a>) -> Key<'a> {
        let architecture =
            if offer.architecture == "all" { self.native } else { offer.architecture };
        (offer.name, architecture)
    }

    /// Priority of an archive; none stands for the installed packages.
    fn general(&self, list: Option<&List>) -> i32 {
        let pins = self.pins.iter().filter(|pin| pin.is_general() && pin.is_of(list));
        let priorities: Vec<i32> = pins.map(|pin| pin.priority).collect();
        // The first counts, but a prohibition stands above all.
        if priorities.contains(&NEVER) {
            return NEVER;
        }
        let default = || list.map_or(INSTALLED, |list| list.release.priority());
        priorities.first().copied().unwrap_or_else(default)
    }

    fn candidate<'v, 'a>(
        &self,
        own: &Offer<'_>,
        versions: &'v [Version<'a>],
        priorities: &[i32],
        status: i32,
    ) -> Option<&'v Version<'a>> {
        let mut best = None;
        let mut best_priority = -1;
        for version in versions {
            let priority = self.priority(version, priorities, status);
            if priority == 0 || priority <= best_priority {
                continue;
            }
            let order = version::compare(version.offer.version.as_bytes(), own.version.as_bytes());
            if priority < DOWNGRADE && order.is_lt() {
                continue;
            }
            best_priority = priority;
            best = Some(version);
        }
        best
    }

    fn priority(&self, version: &Version<'_>, priorities: &[i32], status: i32) -> i32 {
        let of = |list: &Option<usize>| {
            list.map_or(status, |at| priorities.get(at).copied().unwrap_or_default())
        };
        let general = version.lists.iter().map(of).max().unwrap_or_default();
        if general == NEVER {
            return NEVER;
        }
        let (_, architecture) = self.key(&version.offer);
        let lists = || version.lists.iter().map(|at| at.and_then(|at| self.lists.get(at)));
        let special = self.pins.iter().find(|pin| {
            !pin.is_general()
                && pin.speaks_of(&version.offer, architecture, self.native)
                && pin.holds(&version.offer, lists())
        });
        special.map_or(general, |pin| pin.priority)
    }
}

impl Version<'_> {
    fn lists<'l>(&self, lists: &'l [List]) -> impl Iterator<Item = &'l List> {
        self.lists.iter().filter_map(|at| lists.get((*at)?))
    }
}

/// Versions of a package, the newest first, each once; the installed one is among them.
fn versions<'a, 'o>(
    own: &Offer<'a>,
    offers: impl Iterator<Item = &'o (Offer<'a>, usize)>,
) -> Vec<Version<'a>>
where
    'a: 'o,
{
    let mut versions = vec![Version { offer: *own, lists: BTreeSet::from([None]) }];
    let mut places = HashMap::from([(own.version, 0)]);
    for (offer, list) in offers {
        let place = *places.entry(offer.version).or_insert(versions.len());
        match versions.get_mut(place) {
            Some(version) => drop(version.lists.insert(Some(*list))),
            None => versions.push(Version { offer: *offer, lists: BTreeSet::from([Some(*list)]) }),
        }
    }
    versions
        .sort_by(|a, b| version::compare(b.offer.version.as_bytes(), a.offer.version.as_bytes()));
    versions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::updates::apt::pins::preferences;

    fn list(origin: &str, label: &str, suite: &str) -> List {
        let release = Release {
            origin: origin.to_owned(),
            label: label.to_owned(),
            suite: suite.to_owned(),
            ..Release::default()
        };
        List { suite: suite.to_owned(), release, ..List::default() }
    }

    fn offer(version: &str) -> Offer<'_> {
        let (name, architecture) = ("a", "amd64");
        Offer { name, architecture, version, source: "a", source_version: version }
    }

    fn pending(lists: &[List], offers: &[(&str, usize)], preference: &str) -> Vec<PendingUpdate> {
        let mut pins = Vec::new();
        assert_eq!(preferences(preference.as_bytes(), &mut pins), []);
        let policy = Policy { lists, pins: &pins, native: "amd64" };
        let offers = offers.iter().map(|(version, list)| (offer(version), *list));
        policy.pending(&[offer("1")], offers)
    }

    #[test]
    fn security_is_yes_no_or_unknown() {
        let main = list("Debian", "Debian", "stable");
        let secure = list("Debian", "Debian-Security", "stable-security");
        let other = list("Other", "", "");
        let lists = [main, secure, other];
        let security = |offers: &[(&str, usize)]| pending(&lists, offers, "")[0].security();
        assert_eq!(security(&[("2", 0)]), Tristate::No);
        assert_eq!(security(&[("2", 1)]), Tristate::Yes);
        assert_eq!(security(&[("3", 0), ("2", 1)]), Tristate::Yes);
        // What was installed already, and what comes after, mends nothing.
        assert_eq!(security(&[("3", 0), ("1", 1), ("0", 1)]), Tristate::No);
        assert_eq!(security(&[("2", 2)]), Tristate::Unspecified);
        assert_eq!(pending(&lists, &[("2", 2)], "")[0].origin, "Other");
        assert_eq!(
            pending(&lists, &[("2", 0), ("2", 1)], "")[0].origin,
            "Debian-Security:stable-security"
        );
        // Without an archive of security updates nobody can tell.
        assert_eq!(pending(&lists[..1], &[("2", 0)], "")[0].security(), Tristate::Unspecified);
    }

    #[test]
    fn many_versions_of_one_package_take_no_time() {
        let versions: Vec<_> = (2..30_000).map(|version| version.to_string()).collect();
        let offers: Vec<_> = versions.iter().map(|version| (version.as_str(), 0)).collect();
        let found = pending(&[list("Debian", "Debian", "stable")], &offers, "");
        assert_eq!(found[0].available_version, "29999");
    }

    #[test]
    fn priorities_decide() {
        let mut backports = list("Debian Backports", "", "stable-backports");
        backports.release.not_automatic = true;
        backports.release.but_automatic_upgrades = true;
        let lists = [list("Debian", "Debian", "stable"), backports];
        let version = |offers: &[(&str, usize)], preference: &str| {
            pending(&lists, offers, preference).pop().map(|update| update.available_version)
        };
        assert_eq!(version(&[("2", 0), ("3", 1)], "").as_deref(), Some("2"));
        assert_eq!(version(&[("3", 1)], "").as_deref(), Some("3"));
        assert_eq!(version(&[("1", 0), ("3", 1)], ""), None);
        assert_eq!(version(&[], ""), None);
        let keep = "Package: a\nPin: version 1\nPin-Priority: 1001\n";
        assert_eq!(version(&[("2", 0)], keep), None);
        let never = "Package: *\nPin: release a=stable\nPin-Priority: never\n";
        assert_eq!(version(&[("2", 0), ("3", 1)], never).as_deref(), Some("3"));
        let first = "Package: *\nPin: release o=Debian*\nPin-Priority: 400\n\n\
            Package: *\nPin: release a=stable-backports\nPin-Priority: 900\n";
        assert_eq!(version(&[("2", 0), ("3", 1)], first).as_deref(), Some("3"));
        let down = "Package: a\nPin: release a=stable\nPin-Priority: 1001\n";
        assert_eq!(version(&[("0", 0), ("3", 1)], down), None);
    }
}
