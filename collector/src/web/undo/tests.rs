use belfort_model::access::{Role, RoleGrant};
use belfort_model::asset::Lifecycle;
use belfort_model::id::AssetId;
use belfort_store::record::{AssetDetail, AuditRecord, Page};
use http::StatusCode;

use crate::app::units::UnitEdit;
use crate::clock;
use crate::web::assets::tests::{add, add_unit};
use crate::web::tests::{Browser, Lab, root};

fn asset(lab: &Lab, id: AssetId) -> AssetDetail {
    lab.app.visible(&root(), id).unwrap()
}

fn owner(lab: &Lab, id: AssetId) -> Option<String> {
    asset(lab, id).summary.owner_unit.map(|unit| unit.code)
}

fn log(lab: &Lab) -> Vec<AuditRecord> {
    lab.app.store.audit_list(Page::ALL).unwrap().items
}

/// Makes a change of many; gives where its done message leads to for undoing.
async fn bulk(browser: &Browser<'_>, ids: &[AssetId], fields: &[(&str, &str)]) -> String {
    let ids: Vec<String> = ids.iter().map(AssetId::to_string).collect();
    let ids = ids.iter().map(|id| ("id", id.as_str()));
    let form: Vec<_> = ids.chain([("bevestigd", "ja")]).chain(fields.iter().copied()).collect();
    let done = browser.post("/assets/bulk", &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let (_, batch) = done.location.split_once("&reeks=").unwrap();
    let path = format!("/ongedaan-maken/{batch}");
    let list = browser.page(&done.location).await;
    assert!(list.contains(&format!("<a href=\"{path}\">Ongedaan maken</a>")), "{list}");
    path
}

#[tokio::test]
async fn owners_are_put_back_and_what_was_changed_since_stays() {
    let lab = Lab::new();
    for code in ["BZ", "MOB"] {
        add_unit(&lab, code);
    }
    let [owned, bare, changed] = ["een", "twee", "drie"].map(|name| add(&lab, name));
    let now = clock::now();
    lab.app.owner_set(&root(), owned, "BZ", "dienstchef Burgerzaken", now).unwrap();
    let before = asset(&lab, owned).summary.owner.unwrap();
    let officer = lab.browser(Role::SecurityOfficer);
    let to = [("actie", "eigenaar"), ("dienst", "MOB")];
    let path = bulk(&officer, &[owned, bare, changed], &to).await;
    lab.app.owner_set(&root(), changed, "BZ", "", clock::now()).unwrap();

    let page = officer.page(&path).await;
    assert!(page.contains("Ongedaan maken voor 2 assets"), "{page}");
    assert!(page.contains("blijft: sindsdien gewijzigd") && page.contains("Zonder eigenaar"));
    assert_eq!(owner(&lab, owned).as_deref(), Some("MOB"), "looking at it changes nothing");

    let done = officer.post(&path, &[]).await;
    assert_eq!(done.location, format!("{path}?melding=teruggezet"), "{}", done.text);
    let after = officer.page(&done.location).await;
    assert!(after.contains("De wijziging is ongedaan gemaakt.") && after.contains("al teruggezet"));
    let now = asset(&lab, owned).summary.owner.unwrap();
    assert_eq!((now.unit, &now.function), (before.unit, &before.function));
    assert_eq!((now.confirmed_at, &now.confirmed_by), (before.confirmed_at, &before.confirmed_by));
    assert!(now.valid_from > before.valid_from, "it was another's meanwhile");
    assert_eq!((owner(&lab, bare), owner(&lab, changed).as_deref()), (None, Some("BZ")));

    // Each asset has a record that names both batches; and the batch has its own.
    let batch = path.rsplit('/').next().unwrap();
    let undoes = format!("\"undoes\":\"{batch}\"");
    let records: Vec<_> =
        log(&lab).into_iter().filter(|record| record.detail.contains(&undoes)).collect();
    let actions: Vec<_> = records.iter().rev().map(|record| record.action.as_str()).collect();
    assert_eq!(actions, ["batch.undo", "owner.set", "owner.end"]);
    let undoing: serde_json::Value = serde_json::from_str(&records[0].detail).unwrap();
    let undoing = undoing["batch"].as_str().unwrap();
    assert!(records.iter().all(|record| record.detail.contains(undoing)));

    let twice = officer.post(&path, &[]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text.contains("was undone already"), "{}", twice.text);
    let page = officer.page(&path).await;
    assert!(
        page.contains("al ongedaan gemaakt") && !page.contains("method=\"post\" action=\"/ong")
    );
    let back = officer.post(&format!("/ongedaan-maken/{undoing}"), &[]).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(back.text.contains("make the change again"), "{}", back.text);
}

#[tokio::test]
async fn classes_labels_and_states_are_put_back() {
    let lab = Lab::new();
    let [one, two] = ["een", "twee"].map(|name| add(&lab, name));
    let officer = lab.browser(Role::SecurityOfficer);
    let class =
        |b| [("actie", "classificeren"), ("b", b), ("i", "3"), ("v", "3"), ("motivering", "x")];
    bulk(&officer, &[one], &class("2")).await;
    let first = asset(&lab, one).classification.unwrap();
    let path = bulk(&officer, &[one, two], &class("5")).await;
    assert!(officer.page(&path).await.contains("<td>B5 I3 V3</td><td>B2 I3 V3</td>"));
    assert_eq!(officer.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(asset(&lab, one).classification, Some(first), "as it was decided then");
    assert!(asset(&lab, two).summary.class.is_assumed());
    let withdrawn = log(&lab).into_iter().find(|one| one.action == "classification.withdraw");
    assert!(withdrawn.unwrap().detail.contains("\"basis\":\"x\""), "the log keeps the decision");

    let label = |add, remove| [("actie", "label"), ("erbij", add), ("eraf", remove)];
    bulk(&officer, &[one], &label("kassa, loket", "")).await;
    let path = bulk(&officer, &[one, two], &label("burger", "kassa")).await;
    // Somebody took the label away and gave it again: that is a decision, too.
    bulk(&officer, &[two], &label("", "burger")).await;
    bulk(&officer, &[two], &label("burger", "")).await;
    assert_eq!(officer.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(asset(&lab, one).summary.asset.labels, ["kassa", "loket"]);
    assert_eq!(asset(&lab, two).summary.asset.labels, ["burger", "loket"]);

    let retire = [("actie", "status"), ("naar", "decommissioned"), ("reden", "vergissing")];
    let path = bulk(&officer, &[one, two], &retire).await;
    let page = officer.page(&path).await;
    assert!(page.contains("<td>buiten gebruik</td><td>in gebruik</td>"), "{page}");
    assert_eq!(officer.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    for id in [one, two] {
        assert_eq!(asset(&lab, id).summary.asset.lifecycle, Lifecycle::InUse);
        let steps = lab.app.lifecycle_history(&root(), id).unwrap();
        let states: Vec<_> = steps.iter().map(|step| step.to.as_str()).collect();
        assert_eq!(states, ["in_use", "in_stock", "decommissioned"]);
    }
}

#[tokio::test]
async fn only_who_may_make_a_change_undoes_it_and_only_where() {
    let lab = Lab::new();
    let unit = add_unit(&lab, "BZ");
    add_unit(&lab, "MOB");
    let [here, there] = ["hier", "daar"].map(|name| add(&lab, name));
    for (id, code) in [(here, "BZ"), (there, "MOB")] {
        lab.app.owner_set(&root(), id, code, "", clock::now()).unwrap();
    }
    let officer = lab.browser(Role::SecurityOfficer);
    let path = bulk(&officer, &[here, there], &[("actie", "label"), ("erbij", "kassa")]).await;
    for role in [Role::Dpo, Role::Auditor, Role::Reader] {
        let browser = lab.browser(role);
        assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "{role}");
        assert_eq!(browser.post(&path, &[]).await.status, StatusCode::FORBIDDEN, "{role}");
    }
    assert!(officer.page("/audit?actie=asset.edit").await.contains(&path));
    let auditor = lab.browser_with("revisor", &[RoleGrant { role: Role::Auditor, unit: None }]);
    assert!(!auditor.page("/audit?actie=asset.edit").await.contains("/ongedaan-maken/"));

    let grants = [
        RoleGrant { role: Role::SecurityOfficer, unit: Some(unit.id) },
        RoleGrant { role: Role::Reader, unit: None },
    ];
    let local = lab.browser_with("veiligheid BZ", &grants);
    let page = local.page(&path).await;
    assert!(page.contains("Ongedaan maken voor 1 asset<") && page.contains("own unit"), "{page}");
    assert_eq!(local.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    let labels = |id| asset(&lab, id).summary.asset.labels;
    assert_eq!(labels(here), ["loket"]);
    assert_eq!(labels(there), ["kassa", "loket"]);
    assert_eq!(local.post(&path, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Who sees nothing of it finds nothing.
    let other = lab.browser_with("veiligheid", &[grants[0]]);
    assert!(!other.page(&path).await.contains("daar"));
    // What is left is for who may change it.
    assert_eq!(officer.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(labels(there), ["loket"]);
    let nothing = uuid::Uuid::now_v7();
    for unknown in ["x".to_owned(), nothing.to_string(), AssetId(uuid::Uuid::nil()).to_string()] {
        let shown = officer.get(&format!("/ongedaan-maken/{unknown}")).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[tokio::test]
async fn an_owner_is_not_put_back_where_the_unit_has_ended_nor_over_a_confirmation() {
    let lab = Lab::new();
    for code in ["BZ", "MOB"] {
        add_unit(&lab, code);
    }
    let [ended, confirmed] = ["een", "twee"].map(|name| add(&lab, name));
    for id in [ended, confirmed] {
        lab.app.owner_set(&root(), id, "BZ", "", clock::now()).unwrap();
    }
    let officer = lab.browser(Role::SecurityOfficer);
    let to = [("actie", "eigenaar"), ("dienst", "MOB")];
    let path = bulk(&officer, &[ended, confirmed], &to).await;
    let role = belfort_model::ownership::OwnershipRole::Owner;
    let head = crate::app::access::Actor::with_roles("hoofd", &[Role::DepartmentHead]);
    let later = clock::now().plus_seconds(1);
    lab.app.owner_confirm(&head, confirmed, role, None, later).unwrap();
    let ends = UnitEdit { active_to: Some(Some(clock::now())), ..UnitEdit::default() };
    lab.app.unit_edit(&root(), "BZ", &ends, clock::now()).unwrap();
    let page = officer.page(&path).await;
    assert!(page.contains("has ended") && page.contains("sindsdien gewijzigd"), "{page}");
    let refused = officer.post(&path, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("can be put back"), "{}", refused.text);
}
