//! What dnf's caches say of updates.
//!
//! A repository's cache holds `repomd.xml`, which names the other files; `primary`, every package it offers;
//! and, where the distribution publishes advisories, `updateinfo`. [`repositories`] tells which repositories
//! count, [`metadata`] reads their files as a stream, and what is here compares with what is installed.
//! Not looked at: excluded packages, which stay open to attack all the same; priorities of repositories;
//! packages that take the place of others under another name; modules, of which an outcome tells.
//! Sources: dnf.conf(5), dnf5-caching(7), and the schemas of createrepo.

use std::cmp::Ordering;
use std::collections::HashMap;

use belfort_proto::inventory::v1::{Package, PendingUpdate, Tristate};

use super::super::rpm::order;
use super::super::text;

pub mod automatic;
pub mod kept;
pub mod metadata;
pub mod repositories;
pub mod xml;

/// What is installed, and what the repositories offer for it.
#[derive(Debug, Default)]
pub struct Offers {
    by_name: HashMap<String, Vec<Offer>>,
    /// Whether a package from a module is installed.
    modules: bool,
}

/// An installed package, and the newest version that is offered for it.
#[derive(Debug)]
struct Offer {
    architecture: String,
    installed: String,
    /// The newest version, and the repository it is in.
    newest: Option<(String, String, Advisories)>,
    /// The oldest version after the installed one that an advisory of security names.
    mended: Option<String>,
}

/// Whether a repository publishes advisories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advisories {
    /// It does, and they were read.
    Read,
    /// It does not, or they could not be read.
    Unknown,
}

/// Whether a version was built for a module: a line of versions of which one at a time is switched on.
fn is_modular(version: &str) -> bool {
    version.contains(".module+") || version.contains(".module_")
}

impl Offers {
    /// For the installed packages. Of one that is installed in several versions, like the kernel, the
    /// newest counts.
    pub fn new(installed: &[Package]) -> Self {
        let mut all = Self::default();
        for package in installed {
            all.modules |= is_modular(&package.version);
            let offers = all.by_name.entry(package.name.clone()).or_default();
            match offers.iter_mut().find(|one| one.architecture == package.architecture) {
                Some(known) => {
                    if order::compare(&known.installed, &package.version) == Ordering::Less {
                        known.installed.clone_from(&package.version);
                    }
                }
                None => offers.push(Offer {
                    architecture: package.architecture.clone(),
                    installed: package.version.clone(),
                    newest: None,
                    mended: None,
                }),
            }
        }
        all
    }

    /// Whether updates of modules are missing: which of their versions are switched on is not known here.
    pub fn lack_modules(&self) -> bool {
        self.modules
    }

    fn later(&mut self, name: &str, architecture: &str, version: &str) -> Option<&mut Offer> {
        let offers = self.by_name.get_mut(name)?;
        let offer = offers.iter_mut().find(|offer| offer.architecture == architecture)?;
        // A module hides the packages of its names that are not from it, and the other way round.
        let comparable = !is_modular(version) && !is_modular(&offer.installed);
        let later = comparable && order::compare(version, &offer.installed) == Ordering::Greater;
        later.then_some(offer)
    }

    /// A repository offers a package.
    pub fn offer(&mut self, offered: &metadata::Named, repository: &str, advisories: Advisories) {
        let Some(offer) = self.later(&offered.name, &offered.architecture, &offered.version) else {
            return;
        };
        let order = offer.newest.as_ref().map_or(Ordering::Greater, |(version, from, _)| {
            // Of one version in several repositories the first by name is told.
            order::compare(&offered.version, version).then_with(|| from.as_str().cmp(repository))
        });
        if order == Ordering::Greater {
            offer.newest = Some((offered.version.clone(), repository.to_owned(), advisories));
        }
    }

    /// An advisory of security names a package.
    pub fn mend(&mut self, named: &metadata::Named) {
        if let Some(offer) = self.later(&named.name, &named.architecture, &named.version)
            && offer
                .mended
                .as_ref()
                .is_none_or(|known| order::compare(&named.version, known) == Ordering::Less)
        {
            offer.mended = Some(named.version.clone());
        }
    }

    /// What waits, sorted.
    pub fn pending(self) -> Vec<PendingUpdate> {
        let mut pending = Vec::new();
        for (name, offers) in self.by_name {
            for offer in offers {
                let Some((version, repository, advisories)) = offer.newest else { continue };
                let is_mended = offer
                    .mended
                    .is_some_and(|mended| order::compare(&mended, &version) != Ordering::Greater);
                let security = match (is_mended, advisories) {
                    (true, _) => Tristate::Yes,
                    (false, Advisories::Read) => Tristate::No,
                    (false, Advisories::Unknown) => Tristate::Unspecified,
                };
                pending.push(PendingUpdate {
                    ecosystem: "rpm".to_owned(),
                    name: name.clone(),
                    architecture: offer.architecture,
                    installed_version: offer.installed,
                    available_version: text::clean(version.as_bytes()),
                    security: security.into(),
                    origin: repositories::impersonal(&repository),
                });
            }
        }
        pending.sort_by(|a, b| (&a.name, &a.architecture).cmp(&(&b.name, &b.architecture)));
        pending
    }
}

#[cfg(test)]
mod tests {
    use super::metadata::Named;
    use super::*;

    fn named(name: &str, version: &str) -> Named {
        Named {
            name: name.to_owned(),
            architecture: "x86_64".to_owned(),
            version: version.to_owned(),
        }
    }

    fn offers(installed: &[(&str, &str)]) -> Offers {
        let packages: Vec<_> = installed
            .iter()
            .map(|(name, version)| Package {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                architecture: "x86_64".to_owned(),
                ..Package::default()
            })
            .collect();
        Offers::new(&packages)
    }

    fn shown(offers: Offers) -> Vec<String> {
        let mut shown: Vec<_> = offers
            .pending()
            .into_iter()
            .map(|one| {
                let security = one.security();
                let PendingUpdate { name, installed_version, available_version, origin, .. } = one;
                format!("{name} {installed_version} {available_version} {origin} {security:?}")
            })
            .collect();
        shown.sort();
        shown
    }

    #[test]
    fn the_newest_offer_counts() {
        let mut offers = offers(&[("kernel", "5-1"), ("kernel", "5-3"), ("bash", "1:1-1")]);
        offers.offer(&named("kernel", "5-2"), "base", Advisories::Read);
        offers.offer(&named("kernel", "5-4"), "base", Advisories::Read);
        offers.offer(&named("kernel", "5-10"), "updates", Advisories::Unknown);
        offers.offer(&named("kernel", "5-10"), "mirror", Advisories::Read);
        offers.offer(&named("bash", "2-1"), "base", Advisories::Read);
        offers.offer(&named("other", "2-1"), "base", Advisories::Read);
        let other = Named { architecture: "i686".to_owned(), ..named("bash", "1:2-1") };
        offers.offer(&other, "base", Advisories::Read);
        assert_eq!(shown(offers), ["kernel 5-3 5-10 mirror No"]);
    }

    #[test]
    fn an_advisory_between_makes_it_one_of_security() {
        let installed = [("past", "1-5"), ("between", "1-1"), ("later", "1-1"), ("none", "1-1")];
        let mut offers = offers(&installed);
        for name in ["past", "between", "later", "none"] {
            offers.offer(&named(name, "1-9"), "updates", Advisories::Unknown);
        }
        offers.mend(&named("past", "1-5"));
        offers.mend(&named("between", "1-10"));
        offers.mend(&named("between", "1-7"));
        offers.mend(&named("later", "1-10"));
        assert_eq!(
            shown(offers),
            [
                "between 1-1 1-9 updates Yes",
                "later 1-1 1-9 updates Unspecified",
                "none 1-1 1-9 updates Unspecified",
                "past 1-5 1-9 updates Unspecified"
            ]
        );
    }

    #[test]
    fn modules_are_left_alone() {
        let mut offers = offers(&[("node", "10-1.module+el8+1"), ("perl", "5-1")]);
        offers.offer(&named("node", "18-1.module+el8+2"), "appstream", Advisories::Read);
        offers.offer(&named("node", "18-1"), "epel", Advisories::Read);
        offers.offer(&named("perl", "6-1.module_el8"), "appstream", Advisories::Read);
        assert!(offers.lack_modules());
        assert!(offers.pending().is_empty());
    }
}
