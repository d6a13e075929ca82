//! The worklist as browsers meet it.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::asset::{Asset, AssetKind, Lifecycle};
use belfort_model::unit::{OrgUnit, UnitKind};
use http::StatusCode;

use super::kind::Kind;
use crate::app::assets::{AssetEdit, NewAsset};
use crate::app::imports::ImportKind;
use crate::app::rules::{NewAssigns, NewRule};
use crate::app::units::NewUnit;
use crate::clock;
use crate::web::tests::{Lab, Shown, root};

fn unit(lab: &Lab, code: &str) -> OrgUnit {
    let (code, name) = (code.to_owned(), format!("Dienst {code}"));
    let new = NewUnit { code, name, kind: UnitKind::Service, parent: None };
    lab.app.unit_create(&root(), &new, clock::now()).unwrap()
}

fn application(lab: &Lab, name: &str) -> Asset {
    let edit = AssetEdit { name: Some(name.to_owned()), ..AssetEdit::default() };
    let new = NewAsset { kind: AssetKind::Application, lifecycle: Lifecycle::InUse, edit };
    lab.app.asset_add(&root(), &new, clock::now()).unwrap()
}

/// An asset as a checkbox of a row names it.
fn row(lab: &Lab, asset: &Asset) -> String {
    let version = lab.app.visible(&root(), asset.id).unwrap().summary.version;
    format!("{}@{version}", asset.id)
}

/// Where one is led, without the batch that can be undone.
fn told(done: &Shown) -> &str {
    done.location.split("&reeks=").next().unwrap()
}

fn draft(lab: &Lab, name: &str, assigns: NewAssigns) {
    let rule = NewRule {
        name: name.to_owned(),
        description: "naam begint met BZ".to_owned(),
        condition: r#"asset.name.startsWith("BZ")"#.to_owned(),
        assigns,
    };
    lab.app.rule_add(&root(), &rule, clock::now()).unwrap();
}

fn owner(lab: &Lab, asset: &Asset) -> Option<String> {
    lab.app.visible(&root(), asset.id).unwrap().summary.owner_unit.map(|unit| unit.code)
}

#[tokio::test]
async fn nothing_to_do_is_said_for_every_kind() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    assert!(officer.page("/werklijst").await.contains("Alles gedaan"));
    for kind in Kind::ALL {
        let path = format!("/werklijst/{}", kind.code());
        let page = officer.page(&path).await;
        assert!(page.contains("Alles gedaan"), "{path}");
        officer.page(&format!("{path}.csv")).await;
    }
    assert_eq!(officer.get("/werklijst/niets").await.status, StatusCode::NOT_FOUND);
    for wrong in ["buren?kleur=x", "beslissingen?q=x", "buren?sort=kleur", "buren?dienst=XX"] {
        let answer = officer.get(&format!("/werklijst/{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn proposals_of_draft_rules_are_taken_over_as_they_were_seen() {
    let lab = Lab::new();
    unit(&lab, "BZ");
    let (balie, other) = (application(&lab, "BZ balie"), application(&lab, "Iets anders"));
    let assigns = NewAssigns {
        owner: Some("BZ".to_owned()),
        function: "dienstchef Burgerzaken".to_owned(),
        ..NewAssigns::default()
    };
    draft(&lab, "eigenaars van BZ", assigns);
    let officer = lab.browser(Role::SecurityOfficer);
    let page = officer.page("/werklijst/zonder-eigenaar").await;
    assert!(page.contains("naam begint met BZ") && page.contains("geen voorstel"), "{page}");
    assert!(!lab.app.rule_list(&root()).unwrap()[0].is_previewed(), "nobody looked at the rule");
    let (balie_row, other_row) = (row(&lab, &balie), row(&lab, &other));
    let mark = format!("voorstel-{}", balie.id);
    let path = "/werklijst/zonder-eigenaar";
    let another = [("actie", "aanvaarden"), ("id", &balie_row), (&mark, "FIN/")];
    assert_eq!(officer.post(path, &another).await.status, StatusCode::CONFLICT);
    let fields = [
        ("actie", "aanvaarden"),
        ("id", &balie_row),
        ("id", &other_row),
        (&mark, "BZ/dienstchef Burgerzaken"),
        ("terug", "/werklijst/zonder-eigenaar?q=e"),
    ];
    let done = officer.post(path, &fields).await;
    assert_eq!(told(&done), format!("{path}?q=e&melding=werk-deels"), "{done:?}");
    assert!(officer.page(&done.location).await.contains("Een deel is bewaard"));
    assert_eq!((owner(&lab, &balie).as_deref(), owner(&lab, &other)), (Some("BZ"), None));
    let undo = done.location.rsplit_once("&reeks=").unwrap().1;
    let undo = format!("/ongedaan-maken/{undo}");
    assert!(officer.page(&done.location).await.contains(&undo), "what was accepted can be undone");
    assert!(officer.page(&undo).await.contains("<td>Dienst BZ</td><td>Zonder eigenaar</td>"));
    assert_eq!(officer.post(&undo, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(owner(&lab, &balie), None);
    let balie_row = row(&lab, &balie);
    let again = [("actie", "aanvaarden"), ("id", &balie_row), (&mark, "BZ/dienstchef Burgerzaken")];
    assert_eq!(officer.post(path, &again).await.status, StatusCode::SEE_OTHER);
    let assign = [("actie", "toewijzen"), ("id", &other_row), ("dienst", "BZ")];
    let done = officer.post(path, &assign).await;
    assert_eq!(told(&done), format!("{path}?melding=werk-gedaan"), "{done:?}");
    assert!(officer.page(&done.location).await.contains("Alles gedaan"));
    assert_eq!(officer.post(path, &assign).await.status, StatusCode::CONFLICT, "seen before");
}

#[tokio::test]
async fn classes_are_proposed_and_given_to_several_at_once() {
    let lab = Lab::new();
    let (balie, other) = (application(&lab, "BZ balie"), application(&lab, "Iets anders"));
    let class = Some(["2".to_owned(), "3".to_owned(), "4".to_owned()]);
    draft(&lab, "klasse van BZ", NewAssigns { class, ..NewAssigns::default() });
    let officer = lab.browser(Role::SecurityOfficer);
    let path = "/werklijst/niet-geclassificeerd";
    let page = officer.page(path).await;
    let mark = format!("voorstel-{}", balie.id);
    let start = format!("name=\"{mark}\" value=\"");
    let seen = page.split(&start).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (balie_row, other_row) = (row(&lab, &balie), row(&lab, &other));
    let accept = [("actie", "aanvaarden"), ("id", &balie_row), (&mark, &seen)];
    let done = officer.post(path, &accept).await;
    assert_eq!(told(&done), format!("{path}?melding=werk-gedaan"), "{done:?}");
    let class = lab.app.visible(&root(), balie.id).unwrap().classification.unwrap();
    assert_eq!(class.biv.v.get(), 4);
    let give = [
        ("actie", "classificeren"),
        ("id", &other_row),
        ("b", "1"),
        ("i", "1"),
        ("v", "2"),
        ("grond", "beperkte gevolgen"),
    ];
    let done = officer.post(path, &give).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert!(lab.app.visible(&root(), other.id).unwrap().classification.is_some());
}

#[tokio::test]
async fn an_imported_owner_is_confirmed_by_the_head_of_that_service_only() {
    let lab = Lab::new();
    let (bz, fin) = (unit(&lab, "BZ"), unit(&lab, "FIN"));
    let table = "naam;soort;eigenaar\nBalie;application;BZ\n".as_bytes();
    let (kind, now) = (ImportKind::Assets, clock::now());
    let token = lab.app.import_preview(&root(), kind, table, now).unwrap().token;
    lab.app.import_apply(&root(), kind, table, &token, false, now).unwrap();
    let asset = lab.app.asset("Balie").unwrap().summary.asset;
    let chosen = row(&lab, &asset);
    let confirm = [("actie", "bevestigen"), ("id", chosen.as_str())];
    let head = |unit: &OrgUnit| [RoleGrant { role: Role::HeadOfService, unit: Some(unit.id) }];
    let path = "/werklijst/te-herbevestigen";
    let dpo = lab.browser(Role::Dpo);
    assert!(!dpo.page(path).await.contains("value=\"bevestigen\""));
    assert_eq!(dpo.post(path, &confirm).await.status, StatusCode::FORBIDDEN);
    let other = lab.browser_with("hoofd-fin", &head(&fin));
    assert!(other.page(path).await.contains("Alles gedaan"));
    assert_eq!(other.post(path, &confirm).await.status, StatusCode::NOT_FOUND);
    let own = lab.browser_with("hoofd-bz", &head(&bz));
    let page = own.page("/werklijst/te-herbevestigen?dienst=BZ").await;
    assert!(page.contains("Balie") && page.contains("value=\"bevestigen\""), "{page}");
    let done = own.post(path, &confirm).await;
    assert!(own.page(&done.location).await.contains("Alles gedaan"), "{done:?}");
}

#[tokio::test]
async fn what_is_sent_wrongly_changes_nothing() {
    let lab = Lab::new();
    let asset = application(&lab, "Balie");
    let chosen = row(&lab, &asset);
    let officer = lab.browser(Role::SecurityOfficer);
    let path = "/werklijst/zonder-eigenaar";
    for fields in [
        vec![("actie", "toewijzen"), ("dienst", "BZ")],
        vec![("actie", "toewijzen"), ("dienst", "BZ"), ("id", "x")],
        vec![("actie", "bevestigen"), ("id", chosen.as_str())],
        vec![("id", chosen.as_str())],
    ] {
        let answer = officer.post(path, &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
    }
    let fields = [("actie", "nakijken"), ("id", chosen.as_str())];
    let answer = officer.post("/werklijst/bevindingen", &fields).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let away = [("actie", "nakijken"), ("id", &chosen), ("terug", "https://evil.example/")];
    let answer = officer.post("/werklijst/niet-gezien", &away).await;
    assert_eq!(answer.location, "/werklijst/niet-gezien?melding=werk-gedaan", "{answer:?}");
    let reader = lab.browser(Role::Reader);
    assert_eq!(reader.post("/werklijst/niet-gezien", &away).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reader.get("/werklijst/buren.csv").await.status, StatusCode::FORBIDDEN);
}
