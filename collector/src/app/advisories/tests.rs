use std::fs;
use std::path::Path;

use belfort_assess::catalogue::Catalogue;
use belfort_model::access::{Role, RoleGrant};
use belfort_model::advisory::FeedKind;
use belfort_model::unit::UnitKind;

use super::*;
use crate::app::assets::NewUnit;
use crate::clock;

struct Lab {
    app: App,
    directory: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("belfort.db").display());
        let store = belfort_store::create(&url).unwrap();
        Self { app: App::new(store.into(), Catalogue::shipped().unwrap()), directory }
    }

    fn file(&self, name: &str, text: &str) -> std::path::PathBuf {
        let path = self.directory.path().join("feeds").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn import(
        &self,
        path: &Path,
        import: Import,
    ) -> Result<(Vec<Imported>, Vec<std::path::PathBuf>)> {
        self.app.advisories_import(&admin(), &[path.to_owned()], import, &|_, _| {}, clock::now())
    }

    fn names(&self) -> Vec<String> {
        let sources = self.app.advisory_sources(&admin()).unwrap();
        sources.into_iter().map(|one| one.source.name).collect()
    }
}

fn admin() -> Actor {
    Actor::with_roles("test", &[Role::Admin])
}

fn kev(day: &str, cve: &str) -> String {
    format!(
        r#"{{"catalogVersion": "{day}", "dateReleased": "{day}T00:00:00Z", "vulnerabilities":
        [{{"cveID": "{cve}", "dateAdded": "{day}", "vulnerabilityName": "x"}}]}}"#
    )
}

fn osv(id: &str) -> String {
    format!(
        r#"{{"id": "{id}", "modified": "2025-08-25T12:00:00Z", "aliases": ["CVE-2024-3094"],
        "affected": [{{"package": {{"ecosystem": "Debian:12", "name": "xz-utils"}},
        "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "0"}}]}}]}}]}}"#
    )
}

#[test]
fn an_import_says_where_the_data_comes_from() {
    let lab = Lab::new();
    let path = lab.file("kev.json", &kev("2025-08-25", "CVE-2024-3094"));
    let dry = Import { dry_run: true, ..Import::default() };
    let (dry, _) = lab.import(&path, dry).unwrap();
    assert_eq!((dry[0].outcome, dry[0].source.records), (Outcome::Readable, 1));
    assert!(lab.names().is_empty());

    let (done, _) = lab.import(&path, Import::default()).unwrap();
    let source = &done[0].source;
    assert_eq!(done[0].outcome, Outcome::Imported);
    assert_eq!((source.name.as_str(), source.version.as_str()), ("kev", "2025-08-25"));
    assert_eq!(source.as_of.day(), "2025-08-25");
    assert_eq!(source.sha256, crate::secret::sha256(&fs::read_to_string(&path).unwrap()));
    let (again, _) = lab.import(&path, Import::default()).unwrap();
    assert_eq!(again[0].outcome, Outcome::Unchanged);
    let log = lab.app.store.audit_list(belfort_store::record::Page::ALL).unwrap();
    assert_eq!(log.items.iter().filter(|one| one.action == "advisories.import").count(), 1);
    let (_, report) = lab.app.advisory_of_cve(&admin(), "cve-2024-3094").unwrap();
    assert_eq!(report.facts.len(), 1);
    assert!(lab.app.advisory_of_cve(&admin(), "CVE-1").is_err());
}

#[test]
fn a_broken_or_older_file_changes_nothing() {
    let lab = Lab::new();
    let good = lab.file("kev.json", &kev("2025-08-25", "CVE-2024-3094"));
    lab.import(&good, Import::default()).unwrap();
    let before = lab.app.store.advisory_version().unwrap();
    let text = kev("2025-09-01", "CVE-2024-0001");
    let broken = lab.file("broken.json", &text[..text.len() - 2]);
    let error = lab.import(&broken, Import::default()).unwrap_err().to_string();
    assert!(error.contains("broken.json is not a complete kev feed"), "{error}");
    let older = lab.file("older.json", &kev("2025-01-01", "CVE-2024-0002"));
    let error = lab.import(&older, Import::default()).unwrap_err().to_string();
    assert!(error.contains("older than what is there"), "{error}");
    assert_eq!(lab.app.store.advisory_version().unwrap(), before);
    lab.import(&older, Import { force: true, ..Import::default() }).unwrap();
    let (_, report) = lab.app.advisory_of_cve(&admin(), "CVE-2024-3094").unwrap();
    assert!(report.facts.is_empty(), "the old data is gone");
    let nothing = lab.file("notes.json", "{\"hello\": 1}");
    let error = lab.import(&nothing, Import::default()).unwrap_err().to_string();
    assert!(error.contains("none of the feeds") && error.contains("--kind"), "{error}");
    let wrong = Import { kind: Some(FeedKind::Epss), ..Import::default() };
    assert!(lab.import(&good, wrong).is_err());
}

#[test]
fn the_records_of_a_folder_are_one_source() {
    let lab = Lab::new();
    let single = lab.file("x/DSA-9-1.json", &osv("DSA-9-1"));
    lab.import(&single, Import::default()).unwrap();
    assert_eq!(lab.names(), ["osv/DSA-9-1"]);
    lab.file("all/a/DSA-1-1.json", &osv("DSA-1-1"));
    lab.file("all/b/DSA-2-1.json", &osv("DSA-2-1"));
    lab.file("all/kev.json", &kev("2025-08-25", "CVE-2024-3094"));
    lab.file("all/README.txt", "notes");
    let folder = lab.directory.path().join("feeds/all");
    let (done, unknown) = lab.import(&folder, Import::default()).unwrap();
    assert_eq!((done.len(), unknown.len()), (2, 1));
    assert_eq!(lab.names(), ["kev", "osv/DSA-9-1", "osv/debian:12"]);
    let index = lab.app.advisories.current(&*lab.app.store).unwrap();
    let again = lab.app.advisories.current(&*lab.app.store).unwrap();
    assert!(std::sync::Arc::ptr_eq(&index, &again));
    // What another process imports is noticed.
    lab.app.store.advisory_begin(clock::now()).unwrap();
    let newer = lab.file("kev2.json", &kev("2025-08-26", "CVE-2024-3094"));
    lab.import(&newer, Import::default()).unwrap();
    let index = lab.app.advisories.current(&*lab.app.store).unwrap();
    assert!(!std::sync::Arc::ptr_eq(&index, &again));
}

#[test]
fn only_who_may_imports_and_suppresses() {
    let lab = Lab::new();
    let path = lab.file("kev.json", &kev("2025-08-25", "CVE-2024-3094"));
    let officer = Actor::with_roles("els", &[Role::SecurityOfficer]);
    let import =
        lab.app.advisories_import(&officer, &[path], Import::default(), &|_, _| {}, clock::now());
    assert!(matches!(import, Err(AppError::Forbidden(_))), "{import:?}");

    let unit = |code: &str| {
        let (code, kind) = (code.to_owned(), UnitKind::Service);
        let new = NewUnit { name: code.clone(), code, kind, parent: None };
        lab.app.unit_create(&admin(), &new, clock::now()).unwrap().id
    };
    let (own, _other) = (unit("BZ"), unit("FIN"));
    let of_unit = |role| {
        let grants = [RoleGrant { role, unit: Some(own) }];
        Actor::with_grants("an", &grants, &lab.app.store.unit_list().unwrap())
    };
    // Whoever answers for an asset does not excuse it: that takes an exception.
    let (head, keeper) = (of_unit(Role::DepartmentHead), of_unit(Role::SecurityOfficer));
    let new = |holds, days| NewSuppression {
        cve: "CVE-2024-3094".to_owned(),
        package: Some("xz-utils".to_owned()),
        holds,
        reason: "not loaded".to_owned(),
        days,
    };
    let of = |code: &str| Where::Unit(code.to_owned());
    let suppress = |actor: &Actor, new: &NewSuppression| lab.app.suppress(actor, new, clock::now());
    for (actor, holds) in [
        (&keeper, Where::Everywhere),
        (&keeper, of("FIN")),
        (&head, of("BZ")),
        (&admin(), of("BZ")),
    ] {
        let refused = suppress(actor, &new(holds, 30));
        assert!(matches!(refused, Err(AppError::Forbidden(_))), "{refused:?}");
    }
    let made = suppress(&keeper, &new(of("BZ"), 30)).unwrap();
    let everywhere = suppress(&officer, &new(Where::Everywhere, 365)).unwrap();
    for days in [0, 366] {
        assert!(matches!(
            suppress(&officer, &new(Where::Everywhere, days)),
            Err(AppError::Invalid(_))
        ));
    }
    let seen = |actor: &Actor| lab.app.suppressions(actor, true, clock::now()).unwrap().len();
    assert_eq!((seen(&officer), seen(&head)), (2, 2));
    for (actor, id) in [(&keeper, everywhere.id), (&head, made.id)] {
        let refused = lab.app.unsuppress(actor, id, clock::now());
        assert!(matches!(refused, Err(AppError::Forbidden(_))), "{refused:?}");
    }
    lab.app.unsuppress(&keeper, made.id, clock::now()).unwrap();
    assert_eq!(seen(&officer), 1);
}

#[test]
fn the_configured_folder_is_imported_file_by_file() {
    let lab = Lab::new();
    lab.file("a.json", "{\"broken\": ");
    lab.file("kev.json", &kev("2025-08-25", "CVE-2024-3094"));
    let folder = lab.directory.path().join("feeds");
    let state = folder_state(&folder).unwrap();
    assert_eq!(state.len(), 2);
    assert!(lab.app.advisories_import_folder(&folder, clock::now()));
    assert_eq!(lab.names(), ["kev"]);
    assert!(!lab.app.advisories_import_folder(&folder, clock::now()), "nothing is new");
    assert_eq!(folder_state(&folder).unwrap(), state);
    lab.file("b.json", &osv("DSA-1-1"));
    assert_ne!(folder_state(&folder).unwrap(), state);
    assert_eq!(folder_state(&folder.join("none")), None);
}
