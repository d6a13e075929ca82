//! Pages of one asset: seen and changed by who may, hidden from who may not.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::id::AssetId;
use belfort_model::unit::UnitKind;
use belfort_store::record::{Audit, ChangeRecord, Page};
use http::StatusCode;
use serde_json::json;

use crate::app::assets::{AssetEdit, NewAsset, NewUnit};
use crate::app::imports::ImportKind;
use crate::web::tests::{Browser, Lab, root};
use crate::{calendar, clock};

/// Units `BZ` and `FIN`, and an application that `BZ` owns.
fn prepared(lab: &Lab) -> AssetId {
    let now = clock::now();
    for (code, name) in [("BZ", "Burgerzaken"), ("FIN", "Financiën")] {
        let (code, name) = (code.to_owned(), name.to_owned());
        let unit = NewUnit { code, name, kind: UnitKind::Service, parent: None };
        lab.app.unit_create(&root(), &unit, now).unwrap();
    }
    let edit = AssetEdit { name: Some("e-loket".to_owned()), ..AssetEdit::default() };
    let new = NewAsset { kind: AssetKind::Application, lifecycle: Lifecycle::InUse, edit };
    let id = lab.app.asset_add(&root(), &new, now).unwrap().id;
    lab.app.owner_set(&root(), id, "BZ", "dienstchef Burgerzaken", now).unwrap();
    id
}

/// A device that an inventory reported, with three packages.
fn device(lab: &Lab, version: &str) -> AssetId {
    let inventory = json!([{ "deviceid": "lap-0007-2026", "content": {
        "hardware": { "name": "lap-7", "uuid": "4C4C4544-0042-3510-8052-B4C04F4D3132", "memory": "8192" },
        "bios": { "ssn": "5B5RM12", "smodel": "Book 14", "smanufacturer": "Voorbeeld" },
        "operatingsystem": { "name": "Debian GNU/Linux", "full_name": "Debian GNU/Linux 12" },
        "softwares": [
            { "name": "openssl", "version": version, "from": "deb" },
            { "name": "nginx", "version": "1.22.1", "from": "deb" },
            { "name": "=formule", "version": "1", "from": "deb" },
        ] } }])
    .to_string();
    let (now, bytes) = (clock::now(), inventory.as_bytes());
    let preview = lab.app.import_preview(&root(), ImportKind::Glpi, bytes, now).unwrap();
    assert!(preview.errors.is_empty(), "{:?}", preview.errors);
    let done = lab.app.import_apply(&root(), ImportKind::Glpi, bytes, &preview.token, false, now);
    done.unwrap();
    lab.app.asset("lap-7").unwrap().summary.asset.id
}

/// Changes of a package and of the accounts of a device.
fn changed(lab: &Lab, id: AssetId) {
    let asset = lab.app.asset(&id.to_string()).unwrap().summary.asset;
    let change =
        |section: &str, subject: &str, days: i64, before: &str, after: &str| ChangeRecord {
            at: clock::now().plus_days(-days),
            section: section.to_owned(),
            subject: subject.to_owned(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        };
    let changes = [
        change("packages", "package openssl", 40, "3.0.9", "3.0.11"),
        change("packages", "package openssl", 2, "3.0.11", "3.0.17"),
        change("packages", "package nginx", 2, "1.22.0", "1.22.1"),
        change("packages", "package nginx", 1, "1.22.1", "1.22.0"),
        change("asset", "lifecycle", 1, "in_stock", "in_use"),
        change("accounts", "administrators p:00112233", 1, "yes", "no"),
    ];
    let record = Audit {
        at: clock::now(),
        actor: "test".to_owned(),
        action: "asset.edit",
        subject: id.to_string(),
        detail: "{}".to_owned(),
    };
    lab.app.store.asset_update(&asset, None, &changes, &[], &record).unwrap();
}

/// The version that a form carries.
fn version(page: &str) -> String {
    let after = page.split("name=\"versie\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

/// Opens the form of a page and sends it.
async fn send(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)], done: &str) {
    let version = version(&browser.page(path).await);
    let all: Vec<_> = fields.iter().copied().chain([("versie", version.as_str())]).collect();
    let sent = browser.post(path, &all).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path}: {}", sent.text);
    assert!(sent.location.ends_with(&format!("?melding={done}")), "{}", sent.location);
    let page = browser.page(&sent.location).await;
    assert!(page.contains("class=\"alert\" role=\"status\""), "{done} is said");
}

const PARTS: [&str; 6] =
    ["", "/software", "/geschiedenis", "/vergelijken", "/gegevens", "/levensloop"];

#[tokio::test]
async fn every_part_is_there_empty_and_filled() {
    let lab = Lab::new();
    let (application, device) = (prepared(&lab), device(&lab, "3.0.11"));
    let reader = lab.browser(Role::Reader);
    for id in [application, device] {
        for part in PARTS {
            let page = reader.page(&format!("/assets/{id}{part}")).await;
            assert_eq!(page.matches("<h1").count(), 1, "{part}");
            assert!(!page.contains("/eigenaar\"") && !page.contains("/wijzigen\""), "{part}");
        }
    }
    let page = reader.page(&format!("/assets/{device}")).await;
    assert!(page.contains("Book 14") && page.contains("5B5RM12") && page.contains("8 GiB"));
    let page = reader.page(&format!("/assets/{application}")).await;
    assert!(page.contains("Burgerzaken") && page.contains("dienstchef Burgerzaken"));
    assert_eq!(reader.get("/assets/iets").await.status, StatusCode::BAD_REQUEST);
    let nobody = "/assets/01920000-0000-7000-8000-000000000000";
    assert_eq!(reader.get(nobody).await.status, StatusCode::NOT_FOUND);
    let wrong = format!("/assets/{device}?biv=geen");
    assert_eq!(reader.get(&wrong).await.status, StatusCode::BAD_REQUEST);
    for part in ["/eigenaar", "/classificatie", "/wijzigen", "/nazicht"] {
        let path = format!("/assets/{application}{part}");
        assert_eq!(reader.get(&path).await.status, StatusCode::FORBIDDEN, "{part}");
    }
}

#[tokio::test]
async fn software_is_filtered_sorted_and_taken_out() {
    let lab = Lab::new();
    let path = format!("/assets/{}/software", device(&lab, "3.0.11"));
    let auditor = lab.browser(Role::Auditor);
    let page = auditor.page(&format!("{path}?q=SSL&sort=-naam&per=25")).await;
    assert!(page.contains("3.0.11") && !page.contains("nginx"), "{page}");
    let csv = auditor.page(&format!("{path}.csv?q=formule")).await;
    assert!(csv.contains("'=formule;1;") && !csv.contains("openssl"), "{csv}");
    let json = auditor.page(&format!("{path}.json?sort=-herkomst")).await;
    assert_eq!(json.matches("\"name\"").count(), 3, "{json}");
    for wrong in ["?kleur=1", "?sort=kleur", ".csv?sort=kleur"] {
        let shown = auditor.get(&format!("{path}{wrong}")).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let reader = lab.browser(Role::Reader);
    assert_eq!(reader.get(&format!("{path}.csv")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn history_is_told_as_diffs_and_two_moments_are_compared() {
    let lab = Lab::new();
    let id = device(&lab, "3.0.11");
    changed(&lab, id);
    let reader = lab.browser(Role::Reader);
    let history = reader.page(&format!("/assets/{id}/geschiedenis")).await;
    assert!(history.contains("<del>3.0.11</del>") && history.contains("<ins>3.0.17</ins>"));
    assert!(history.contains("<del>in voorraad</del>"), "in words: {history}");
    assert!(history.contains("inzage is geregistreerd"), "about people");
    let paged = reader.page(&format!("/assets/{id}/geschiedenis?per=25")).await;
    assert!(paged.contains("1–6 van 6"), "{paged}");
    let path = format!("/assets/{id}/vergelijken");
    let compared = reader.page(&format!("{path}?van=2020-01-01T00:00")).await;
    assert!(compared.contains("<del>3.0.9</del>") && compared.contains("<ins>3.0.17</ins>"));
    assert!(!compared.contains("1.22"), "what came back does not differ: {compared}");
    let month = calendar::local_text(clock::now().plus_days(-30));
    let compared = reader.page(&format!("{path}?van={month}")).await;
    assert!(compared.contains("<del>3.0.11</del>") && !compared.contains("3.0.9"), "{compared}");
    let before = reader.page(&format!("{path}?van=2020-01-01T00:00&tot=2020-02-01T00:00")).await;
    assert!(before.contains("geen verschil"), "{before}");
    for wrong in ["?van=gisteren", "?van=2030-01-01T00:00&tot=2029-01-01T00:00", "?sinds=1"] {
        let shown = reader.get(&format!("{path}{wrong}")).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn sections_are_shown_and_those_about_people_are_recorded() {
    let lab = Lab::new();
    let id = device(&lab, "3.0.11");
    let reader = lab.browser(Role::Reader);
    let list = reader.page(&format!("/assets/{id}/gegevens")).await;
    assert!(list.contains("/secties/packages"), "{list}");
    let section = reader.page(&format!("/assets/{id}/secties/packages")).await;
    assert!(section.contains("openssl") && !section.contains("geregistreerd"), "{section}");
    let seen = || {
        let all = lab.app.store.audit_list(Page { limit: 100, offset: 0 }).unwrap();
        all.items.iter().filter(|one| one.action == "view.personal").count()
    };
    assert_eq!(seen(), 0);
    let accounts = reader.get(&format!("/assets/{id}/secties/accounts")).await;
    assert_eq!((accounts.status, seen()), (StatusCode::NOT_FOUND, 1));
    let shown = reader.get(&format!("/assets/{id}/secties/kleuren")).await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_officer_changes_everything_on_the_version_that_was_seen() {
    let lab = Lab::new();
    let path = format!("/assets/{}", prepared(&lab));
    let officer = lab.browser(Role::SecurityOfficer);
    let old = version(&officer.page(&format!("{path}/wijzigen")).await);
    let owner = [("rol", "owner"), ("eenheid", "FIN"), ("functie", "dienstchef Financiën")];
    send(&officer, &format!("{path}/eigenaar"), &owner, "asset-owner-set").await;
    send(&officer, &format!("{path}/eigenaar/bevestigen"), &[], "asset-owner-confirmed").await;
    let manager = [("rol", "technical_manager"), ("eenheid", "BZ")];
    send(&officer, &format!("{path}/eigenaar"), &manager, "asset-owner-set").await;
    let page = officer.page(&format!("{path}/eigenaar")).await;
    let end = [("rol", "technical_manager"), ("versie", &version(&page))];
    let ended = officer.post(&format!("{path}/eigenaar/beeindigen"), &end).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.text);
    let show = [("b", "4"), ("i", "3"), ("v", "5"), ("tonen", "1")];
    let effect = officer.post(&format!("{path}/classificatie"), &show).await;
    assert!(effect.text.contains("<ins>5</ins>"), "{}", effect.text);
    assert!(officer.page(&path).await.contains("aangenomen"), "nothing was written");
    let class = [("b", "4"), ("i", "3"), ("v", "5"), ("basis", "rijksregister")];
    send(&officer, &format!("{path}/classificatie"), &class, "asset-class-set").await;
    let proposal = [("b", "5"), ("i", "5"), ("v", "5"), ("basis", "meer"), ("voorstel", "1")];
    let form = format!("{path}/classificatie");
    send(&officer, &form, &proposal, "asset-class-proposed").await;
    assert!(officer.page(&path).await.contains("voorgestelde classificatie wacht"));
    let confirm = format!("{path}/classificatie/bevestigen");
    send(&officer, &confirm, &[], "asset-class-confirmed").await;
    let edit = [
        ("naam", "e-loket"),
        ("vorm", "saas"),
        ("locatie", "Zuid"),
        ("rechtspersoon", "STAD"),
        ("omgeving", "test"),
        ("blootstelling", "internet"),
        ("toegelaten", "yes"),
        ("labels", "balie, Kassa"),
    ];
    send(&officer, &format!("{path}/wijzigen"), &edit, "asset-changed").await;
    send(&officer, &format!("{path}/nazicht"), &[], "asset-verified").await;
    let page = officer.page(&path).await;
    for text in ["Financiën", "meer", "Zuid", "internet", "balie", "kassa"] {
        assert!(page.contains(text), "{text}");
    }
    let late: Vec<_> = edit.into_iter().chain([("versie", old.as_str())]).collect();
    let refused = officer.post(&format!("{path}/wijzigen"), &late).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    assert!(refused.text.contains("Intussen gewijzigd"), "{}", refused.text);
    let unsaid = officer.post(&format!("{path}/nazicht"), &[]).await;
    assert_eq!(unsaid.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_cannot_be_undone_is_asked_twice() {
    let lab = Lab::new();
    let path = format!("/assets/{}/levensloop", device(&lab, "3.0.11"));
    let officer = lab.browser(Role::SecurityOfficer);
    let stock = [("naar", "in_stock"), ("reden", "vervangen")];
    send(&officer, &path, &stock, "asset-moved").await;
    let seen = version(&officer.page(&path).await);
    let away = [("naar", "decommissioned"), ("versie", seen.as_str()), ("reden", "stuk")];
    let asked = officer.post(&path, &away).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    assert!(asked.text.contains("voorgoed gewist") && asked.text.contains("value=\"stuk\""));
    assert!(officer.page(&path).await.contains("Nu: in voorraad"));
    let sure: Vec<_> = away.into_iter().chain([("zeker", "1")]).collect();
    assert_eq!(officer.post(&path, &sure).await.status, StatusCode::SEE_OTHER);
    // A device is not disposed of without saying how.
    let seen = version(&officer.page(&path).await);
    let gone = [("naar", "disposed"), ("versie", seen.as_str()), ("zeker", "1")];
    assert_eq!(officer.post(&path, &gone).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let proven: Vec<_> =
        gone.into_iter().chain([("methode", "wiped"), ("attest", "ATT-2026-7")]).collect();
    assert_eq!(officer.post(&path, &proven).await.status, StatusCode::SEE_OTHER);
    assert!(officer.page(&path).await.contains("ATT-2026-7"));
    let wrong = [("naar", "weg"), ("versie", "1")];
    assert_eq!(officer.post(&path, &wrong).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_may_not_changes_nothing_and_sees_only_the_own_unit() {
    let lab = Lab::new();
    let path = format!("/assets/{}", prepared(&lab));
    let dpo = lab.browser(Role::Dpo);
    let forms: [(&str, &[(&str, &str)]); 8] = [
        ("eigenaar", &[("rol", "owner"), ("eenheid", "FIN")]),
        ("eigenaar/bevestigen", &[]),
        ("eigenaar/beeindigen", &[("rol", "technical_manager")]),
        ("classificatie", &[("b", "1"), ("i", "1"), ("v", "1"), ("basis", "x")]),
        ("classificatie/bevestigen", &[]),
        ("wijzigen", &[("naam", "x")]),
        ("nazicht", &[]),
        ("levensloop", &[("naar", "in_stock")]),
    ];
    let version = lab.app.asset("e-loket").unwrap().summary.version.to_string();
    for (end, fields) in forms {
        let all: Vec<_> = fields.iter().copied().chain([("versie", version.as_str())]).collect();
        let sent = dpo.post(&format!("{path}/{end}"), &all).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{end}: {}", sent.text);
    }
    let unit = |code: &str| Some(lab.app.unit(code).unwrap().id);
    let head = |code: &str| RoleGrant { role: Role::HeadOfService, unit: unit(code) };
    let other = lab.browser_with("hoofd-fin", &[head("FIN")]);
    for part in PARTS {
        let shown = other.get(&format!("{path}{part}")).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{part}");
    }
    let own = lab.browser_with("hoofd-bz", &[head("BZ")]);
    let page = own.page(&path).await;
    assert!(page.contains("/eigenaar/bevestigen") && !page.contains("/wijzigen"));
    send(&own, &format!("{path}/eigenaar/bevestigen"), &[], "asset-owner-confirmed").await;
    send(&own, &format!("{path}/nazicht"), &[], "asset-verified").await;
}
