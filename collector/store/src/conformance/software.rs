//! Software: the catalogue, and which asset has what.

use std::collections::BTreeMap;

use belfort_model::access::Scope;
use belfort_model::classification::EffectiveClass;
use belfort_model::finding::FindingChanges;
use belfort_model::id::{SoftwareId, UnitId};
use belfort_model::software::{Approval, Installation, LicenceType, Software};

use super::fixture::{NOW, add_agent, add_unit, audit, id, own, report, section};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{
    AssetFilter, EvaluationCommit, InstalledFilter, ListedPackage, PackageList, Page,
    ReportOutcome, SoftwareFilter, SoftwareSort, SoftwareWanted, VersionCount, VulnerableBy,
};

const PACKAGES: i32 = 10;

fn listed(name: &str, version: &str) -> ListedPackage {
    ListedPackage {
        installation: Installation {
            ecosystem: "deb".to_owned(),
            name: name.to_owned(),
            architecture: "amd64".to_owned(),
            version: version.to_owned(),
            source_name: format!("{name}-src"),
            source_version: version.to_owned(),
        },
        publisher: format!("Maker of {name}"),
        new_id: SoftwareId(id()),
    }
}

/// An asset that reports a section with these packages; answers the section's hash.
fn device(
    lab: &Lab,
    name: &str,
    packages: &[(&str, &str)],
) -> (belfort_model::id::AssetId, [u8; 32]) {
    let agent = add_agent(&*lab.store, name);
    let text: Vec<_> = packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let section = section(PACKAGES, &text.join(","));
    let mut report = report(&agent, None, std::slice::from_ref(&section));
    report.name = name.to_owned();
    assert_eq!(lab.store.report_commit(&report).unwrap(), ReportOutcome::Committed);
    let hash = section.key.hash;
    let packages = packages.iter().map(|(name, version)| listed(name, version)).collect();
    lab.store.package_list_insert(&PackageList { section: hash, now: NOW, packages }).unwrap();
    (agent.asset, hash)
}

fn all(lab: &Lab, filter: &SoftwareFilter) -> Vec<(String, u64, u64)> {
    let found = lab.store.software_list(filter, Page::ALL).unwrap();
    assert_eq!(found.total, found.items.len() as u64);
    found.items.into_iter().map(|one| (one.software.name, one.assets, one.versions)).collect()
}

/// Evaluates what is due: that is when it is counted.
fn evaluated(lab: &Lab) {
    for asset in lab.store.evaluation_due(NOW, 100).unwrap() {
        let generation = lab.store.evaluation_input(asset).unwrap().unwrap().generation;
        let commit = EvaluationCommit {
            asset,
            generation,
            now: NOW,
            next: NOW.plus_days(1),
            class: EffectiveClass::of(None, &[]),
            results: BTreeMap::default(),
            new: vec![],
        };
        lab.store.evaluation_commit(&commit, &FindingChanges::default()).unwrap();
    }
}

fn everywhere() -> InstalledFilter {
    within(&Scope::All)
}

fn within(scope: &Scope) -> InstalledFilter {
    InstalledFilter { scope: scope.clone(), versions: None }
}

fn named(lab: &Lab, name: &str) -> Software {
    lab.store.software_named(name).unwrap().remove(0)
}

pub(super) fn packages_are_listed_once_for_all_machines(lab: &Lab) {
    let image = [("curl", "7.88"), ("openssl", "3.0.14")];
    let (_, hash) = device(lab, "pc-1", &image);
    assert!(lab.store.package_list_known(hash).unwrap());
    let (_, same) = device(lab, "pc-2", &image);
    assert_eq!(hash, same);
    device(lab, "pc-3", &[("curl", "8.0"), ("openssl", "3.0.14")]);
    evaluated(lab);
    let found = all(lab, &SoftwareFilter::default());
    assert_eq!(found, [("curl".to_owned(), 3, 2), ("openssl".to_owned(), 3, 1)]);
    let curl = named(lab, "CURL");
    assert_eq!((curl.publisher.as_str(), curl.version), ("Maker of curl", 1));
    assert_eq!((curl.approval, curl.first_seen), (Approval::Unknown, NOW));
    let installed = lab.store.software_installed(curl.id, &everywhere(), Page::ALL).unwrap();
    let who: Vec<_> = installed
        .items
        .iter()
        .map(|one| (one.asset_name.as_str(), one.installation.version.as_str()))
        .collect();
    assert_eq!(who, [("pc-1", "7.88"), ("pc-2", "7.88"), ("pc-3", "8.0")]);
    assert_eq!(installed.items[0].installation.source_name, "curl-src");
    let versions = lab.store.software_versions(curl.id, &Scope::All).unwrap();
    let count = |version: &str, assets| VersionCount { version: version.to_owned(), assets };
    assert_eq!(versions, [count("7.88", 2), count("8.0", 1)]);
    let old = InstalledFilter { versions: Some(vec!["7.88".to_owned()]), ..everywhere() };
    assert_eq!(lab.store.software_installed(curl.id, &old, Page::ALL).unwrap().total, 2);
    let none = InstalledFilter { versions: Some(vec![]), ..everywhere() };
    assert_eq!(lab.store.software_installed(curl.id, &none, Page::ALL).unwrap().total, 0);
    let part = Page { limit: 1, offset: 1 };
    let part = lab.store.software_installed(curl.id, &everywhere(), part).unwrap();
    assert_eq!((part.items[0].asset_name.as_str(), part.total), ("pc-2", 3));
    let unknown = PackageList { section: [9; 32], now: NOW, packages: vec![listed("x", "1")] };
    lab.store.package_list_insert(&unknown).unwrap();
    assert!(!lab.store.package_list_known([9; 32]).unwrap());
    assert!(lab.store.software_named("x").unwrap().is_empty());
}

pub(super) fn a_new_list_takes_the_place_of_the_old(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let sections: Vec<_> = ["a", "b"].iter().map(|content| section(PACKAGES, content)).collect();
    let mut root = None;
    for (section, version) in sections.iter().zip(["1", "2"]) {
        let mut report = report(&agent, root, std::slice::from_ref(section));
        report.sequence = 1 + u64::from(root.is_some());
        assert_eq!(lab.store.report_commit(&report).unwrap(), ReportOutcome::Committed);
        root = Some(report.root);
        let packages = vec![listed("curl", version)];
        let list = PackageList { section: section.key.hash, now: NOW, packages };
        lab.store.package_list_insert(&list).unwrap();
    }
    let curl = named(lab, "curl");
    let installed = lab.store.software_installed(curl.id, &everywhere(), Page::ALL).unwrap();
    let versions: Vec<_> =
        installed.items.iter().map(|one| one.installation.version.as_str()).collect();
    assert_eq!(versions, ["2"]);
}

pub(super) fn the_same_list_at_once_is_one_list(lab: &Lab) {
    let names: Vec<_> = (0..250).map(|n| format!("package-{n:03}")).collect();
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let agent = add_agent(&*lab.store, "pc-1");
    let sections = [section(PACKAGES, "one"), section(PACKAGES, "two")];
    for section in &sections {
        let other = add_agent(&*lab.store, &format!("pc {:?}", section.key.hash[0]));
        let report = report(&other, None, std::slice::from_ref(section));
        lab.store.report_commit(&report).unwrap();
    }
    drop(agent);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (packages, sections, store) = (&packages, &sections, &lab.store);
            scope.spawn(move || {
                let packages = packages.iter().map(|(name, v)| listed(name, v)).collect();
                let section = sections[number % 2].key.hash;
                let list = PackageList { section, now: NOW, packages };
                store.package_list_insert(&list).unwrap();
            });
        }
    });
    evaluated(lab);
    let found = all(lab, &SoftwareFilter::default());
    assert_eq!(found.len(), 250);
    assert!(found.iter().all(|(_, assets, versions)| (*assets, *versions) == (2, 1)), "{found:?}");
}

pub(super) fn a_decision_reaches_the_assets_that_have_it(lab: &Lab) {
    let (with, hash) = device(lab, "pc-1", &[("anydesk", "6"), ("bash", "5")]);
    let (_, other) = device(lab, "pc-2", &[("bash", "5")]);
    let due = || lab.store.evaluation_due(NOW, 10).unwrap();
    evaluated(lab);
    assert!(due().is_empty());
    assert!(lab.store.package_decisions(hash).unwrap().is_empty());
    let mut anydesk = named(lab, "anydesk");
    anydesk.approval = Approval::Denied;
    anydesk.reason = "CI 2026-03".to_owned();
    lab.store.software_update(&anydesk, &audit("software.approval")).unwrap();
    assert_eq!(due(), [with]);
    let decisions = lab.store.package_decisions(hash).unwrap();
    let shown: Vec<_> =
        decisions.iter().map(|d| (d.name.as_str(), d.approval, d.reason.as_str())).collect();
    assert_eq!(shown, [("anydesk", Approval::Denied, "CI 2026-03")]);
    assert!(lab.store.package_decisions(other).unwrap().is_empty());

    // The version it was read at is over.
    let stale = lab.store.software_update(&anydesk, &audit("software.approval"));
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    let now = named(lab, "anydesk");
    assert_eq!((now.version, now.approval), (2, Approval::Denied));
    let nobody = Software { id: SoftwareId(id()), ..now.clone() };
    let nobody = lab.store.software_update(&nobody, &audit("software.approval"));
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
    let unit = Software { responsible: Some(UnitId(id())), ..now };
    let unit = lab.store.software_update(&unit, &audit("software.change"));
    assert!(matches!(unit, Err(StoreError::NotFound { .. })), "{unit:?}");
}

pub(super) fn software_is_entered_before_anybody_has_it(lab: &Lab) {
    let entry = Software {
        id: SoftwareId(id()),
        ecosystem: "deb".to_owned(),
        name: "rustdesk".to_owned(),
        publisher: "RustDesk".to_owned(),
        purpose: "geen".to_owned(),
        licence_type: LicenceType::OpenSource,
        responsible: Some(add_unit(&*lab.store, "ICT")),
        accountable: None,
        approval: Approval::Denied,
        reason: "niet nodig".to_owned(),
        eol_product: "rustdesk".to_owned(),
        first_seen: NOW,
        version: 1,
    };
    lab.store.software_insert(&entry, &audit("software.create")).unwrap();
    assert_eq!(named(lab, "RustDesk"), entry);
    let again = Software { id: SoftwareId(id()), ..entry.clone() };
    let again = lab.store.software_insert(&again, &audit("software.create"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    let (_, hash) = device(lab, "pc-1", &[("rustdesk", "1.2")]);
    assert_eq!(named(lab, "rustdesk"), entry, "what people said stays");
    assert_eq!(lab.store.package_decisions(hash).unwrap().len(), 1);
}

pub(super) fn software_is_found_and_counted_within_what_one_may_see(lab: &Lab) {
    let (asset, _) = device(lab, "pc-1", &[("Éditeur", "1"), ("bash", "5")]);
    device(lab, "pc-2", &[("bash", "5")]);
    let unit = add_unit(&*lab.store, "BZ");
    own(&*lab.store, asset, unit);
    evaluated(lab);
    let text = |text: &str| SoftwareFilter { text: Some(text.to_owned()), ..Default::default() };
    assert_eq!(all(lab, &text("éDIT")), [("Éditeur".to_owned(), 1, 1)]);
    assert_eq!(all(lab, &text("maker OF b")), [("bash".to_owned(), 2, 1)]);
    assert_eq!(all(lab, &text("%")), []);
    let scope = Scope::Units([unit].into());
    let seen = SoftwareFilter { scope: scope.clone(), ..text("bash") };
    assert_eq!(all(lab, &seen), [("bash".to_owned(), 1, 1)]);
    let nothing = SoftwareFilter { scope: Scope::NOTHING, ..text("bash") };
    assert_eq!(all(lab, &nothing), [("bash".to_owned(), 0, 1)]);
    let bash = named(lab, "bash");
    assert_eq!(lab.store.software_get(bash.id, &scope).unwrap().unwrap().assets, 1);
    let installed = lab.store.software_installed(bash.id, &within(&scope), Page::ALL).unwrap();
    assert_eq!((installed.total, installed.items[0].unit.as_ref().unwrap().id), (1, unit));
    let ecosystem =
        |name: &str| SoftwareFilter { ecosystem: Some(name.to_owned()), ..text("bash") };
    assert_eq!(all(lab, &ecosystem("deb")).len(), 1);
    assert_eq!(all(lab, &ecosystem("rpm")).len(), 0);
    let sorted = |sort| all(lab, &SoftwareFilter { sort, ..Default::default() });
    let first = |sort| sorted(sort).first().map(|(name, ..)| name.clone());
    assert_eq!(first(SoftwareSort::Name).as_deref(), Some("bash"));
    assert_eq!(first(SoftwareSort::NameDescending).as_deref(), Some("Éditeur"));
    for sort in [
        SoftwareSort::Publisher,
        SoftwareSort::PublisherDescending,
        SoftwareSort::FirstSeen,
        SoftwareSort::FirstSeenDescending,
    ] {
        assert_eq!(sorted(sort).len(), 2, "{sort:?}");
    }
    let approval = SoftwareFilter { approval: Some(Approval::Denied), ..Default::default() };
    assert_eq!(all(lab, &approval), []);
    assert!(lab.store.software_get(SoftwareId(id()), &scope).unwrap().is_none());
}

pub(super) fn counts_follow_what_assets_have_and_who_owns_them(lab: &Lab) {
    let (first, second) = (add_unit(&*lab.store, "A"), add_unit(&*lab.store, "B"));
    let within = |unit: UnitId| Scope::Units([unit].into());
    // Two kernels beside each other are one asset with the entry.
    let packages = [("linux", "6.1"), ("linux", "6.12"), ("bash", "5")];
    let (asset, _) = device(lab, "pc-1", &packages);
    let (other, _) = device(lab, "pc-2", &packages[1..]);
    evaluated(lab);
    assert_eq!(
        all(lab, &SoftwareFilter::default()),
        [("bash".into(), 2, 1), ("linux".into(), 2, 2)]
    );
    let linux = named(lab, "linux");
    let versions = |scope: &Scope| -> Vec<(String, u64)> {
        let found = lab.store.software_versions(linux.id, scope).unwrap();
        found.into_iter().map(|one| (one.version, one.assets)).collect()
    };
    assert_eq!(versions(&Scope::All), [("6.1".into(), 1), ("6.12".into(), 2)]);
    assert_eq!(versions(&within(first)), []);

    own(&*lab.store, asset, first);
    own(&*lab.store, other, second);
    evaluated(lab);
    assert_eq!(versions(&within(first)), [("6.1".into(), 1), ("6.12".into(), 1)]);
    assert_eq!(versions(&within(second)), [("6.12".into(), 1)]);
    assert_eq!(versions(&Scope::All), [("6.1".into(), 1), ("6.12".into(), 2)]);
    let count = |scope| lab.store.software_get(linux.id, &scope).unwrap().unwrap().assets;
    assert_eq!((count(within(first)), count(Scope::All), count(Scope::NOTHING)), (1, 2, 0));
    // Counting again changes nothing.
    lab.store.evaluation_request_all().unwrap();
    evaluated(lab);
    assert_eq!((count(within(first)), count(Scope::All)), (1, 2));
    // Given to somebody else, it counts there.
    own(&*lab.store, asset, second);
    evaluated(lab);
    assert_eq!((count(within(first)), count(within(second))), (0, 2));
    assert_eq!(versions(&within(first)), []);
}

pub(super) fn assets_are_found_by_what_is_installed(lab: &Lab) {
    device(lab, "pc-1", &[("curl", "7.88"), ("openssl", "3.0.14")]);
    device(lab, "pc-2", &[("curl", "8.0")]);
    device(lab, "pc-3", &[("openssl", "3.0.15")]);
    let store = &*lab.store;
    let names = |filter: &AssetFilter| -> String {
        let list = store.asset_list(filter, Page::ALL).unwrap();
        let ids = store.asset_ids(filter).unwrap();
        let rows = store.asset_rows(&ids).unwrap();
        assert_eq!(list.total, rows.len() as u64);
        let names: Vec<_> = rows.into_iter().map(|one| one.asset.name).collect();
        assert_eq!(names, list.items.into_iter().map(|one| one.asset.name).collect::<Vec<_>>());
        names.join(" ")
    };
    let software = |of: &[&str], versions: &[&str]| AssetFilter {
        software: Some(SoftwareWanted {
            entries: of
                .iter()
                .map(|name| {
                    let versions: Vec<_> = versions.iter().map(|&one| one.to_owned()).collect();
                    (named(lab, name).id, Some(versions).filter(|all| !all.is_empty()))
                })
                .collect(),
        }),
        ..AssetFilter::default()
    };
    assert_eq!(names(&software(&["openssl"], &[])), "pc-1 pc-3");
    assert_eq!(names(&software(&["openssl"], &["3.0.15"])), "pc-3");
    assert_eq!(names(&software(&["openssl"], &["3.0.15", "3.0.14"])), "pc-1 pc-3");
    assert_eq!(names(&software(&["openssl", "curl"], &[])), "pc-1 pc-2 pc-3");
    assert_eq!(names(&software(&[], &[])), "");
    // A source is known by its name, too; one that has an affected package has no finding yet.
    let found = store.packages_from("deb", &["openssl-src".to_owned()]).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(store.packages_from("rpm", &["openssl-src".to_owned()]).unwrap().len(), 0);
    let wanted = VulnerableBy {
        cve: "CVE-2024-3094".to_owned(),
        codes: (vec!["a".to_owned()], vec!["b".to_owned()]),
        packages: found.into_iter().map(|(one, _)| (one, "deb/openssl-src".to_owned())).collect(),
        systems: vec!["windows/10.0.19045".to_owned()],
    };
    assert_eq!(names(&AssetFilter { cve: vec![wanted], ..AssetFilter::default() }), "");
    let nobody = AssetFilter { cve: vec![VulnerableBy::default()], ..AssetFilter::default() };
    assert_eq!(names(&nobody), "");
    let ids = store.asset_ids(&AssetFilter::default()).unwrap();
    let extras = store.asset_extras(&ids).unwrap();
    assert!(extras.values().all(|extra| extra.risk.is_none()));
}
