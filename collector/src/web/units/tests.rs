//! Pages of units as browsers meet them.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::data_set::PersonalData;
use belfort_model::unit::{OrgUnit, UnitKind};
use http::StatusCode;

use crate::app::units::NewUnit;
use crate::clock;
use crate::web::tests::{Lab, root};

fn unit(lab: &Lab, code: &str, parent: Option<&str>) -> OrgUnit {
    let new = NewUnit {
        code: code.to_owned(),
        name: format!("Dienst {code}"),
        kind: UnitKind::Service,
        parent: parent.map(str::to_owned),
    };
    lab.app.unit_create(&root(), &new, clock::now()).unwrap()
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split(&start).nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn units_are_there_empty_and_as_a_tree() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    assert!(officer.page("/eigenaars").await.contains("Nog geen eenheden"));
    unit(&lab, "DMT", None);
    unit(&lab, "BZ", Some("DMT"));
    let now = clock::now();
    let set = lab.app.data_set_create(&root(), "Register", PersonalData::Ordinary, now).unwrap();
    lab.app.owner_set(&root(), set.id, "BZ", "dienstchef Burgerzaken", now).unwrap();
    lab.app.data_set_create(&root(), "Wees", PersonalData::None, now).unwrap();
    let list = officer.page("/eigenaars").await;
    assert!(list.contains("depth-1") && list.contains("dienstchef Burgerzaken"), "{list}");
    assert!(list.contains("/assets?dienst=BZ") && list.contains("hebben nog geen eigenaar"));
    let one = officer.page("/eigenaars/BZ").await;
    assert!(one.contains("Register") && one.contains("href=\"/eigenaars/DMT\""), "{one}");
    assert!(officer.page("/eigenaars/DMT").await.contains("href=\"/eigenaars/BZ\""));
    let csv = officer.page("/eigenaars.csv?q=bz").await;
    assert!(csv.starts_with("\u{feff}Code;Naam;Soort;Deel van;"), "{csv}");
    assert!(csv.contains("BZ;Dienst BZ;service;DMT;"), "{csv}");
    assert!(officer.page("/eigenaars/sjabloon.csv").await.contains("code;naam;soort;deel van"));
    assert_eq!(officer.get("/eigenaars/XX").await.status, StatusCode::NOT_FOUND);
    for wrong in ["/eigenaars?soort=stam", "/eigenaars?gestopt=nee", "/eigenaars?x=1"] {
        assert_eq!(officer.get(wrong).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_unit_is_added_changed_and_ended_as_it_was_seen() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    unit(&lab, "DMT", None);
    let new = [("code", "BZ"), ("naam", "Burgerzaken"), ("soort", "service"), ("ouder", "DMT")];
    let done = officer.post("/eigenaars/toevoegen", &new).await;
    assert_eq!(done.location, "/eigenaars/BZ?melding=eenheid-toegevoegd", "{done:?}");
    assert!(officer.page(&done.location).await.contains("De eenheid is toegevoegd"));
    let form = officer.page("/eigenaars/BZ/wijzigen").await;
    let seen = hidden(&form, "gezien");
    let change = [
        ("gezien", seen.as_str()),
        ("naam", "Burgerzaken en Bevolking"),
        ("soort", "team"),
        ("ouder", ""),
        ("einde", "2099-12-31"),
    ];
    let done = officer.post("/eigenaars/BZ/wijzigen", &change).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    let page = officer.page(&done.location).await;
    assert!(page.contains("Burgerzaken en Bevolking") && page.contains("31/12/2099"), "{page}");
    let again = officer.post("/eigenaars/BZ/wijzigen", &change).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "somebody changed it meanwhile");
    let form = officer.page("/eigenaars/BZ/wijzigen").await;
    assert!(form.contains("value=\"2099-12-31\""), "{form}");
}

#[tokio::test]
async fn a_table_is_written_as_its_preview_showed_it() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    officer.page("/eigenaars/importeren").await;
    let table = "code;naam;soort;deel van\r\nDMT;Mobiliteit;departement;\r\nBZ;\"Burgerzaken & co\";dienst;DMT\r\nX Y;fout;;\r\n";
    let shown = officer.upload("/eigenaars/importeren", &[("tabel", table)], "").await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    assert!(shown.text.contains("2 nieuw, 0 gewijzigd"), "{}", shown.text);
    let (token, file) = (hidden(&shown.text, "merk"), hidden(&shown.text, "bestand"));
    let same = officer.upload("/eigenaars/importeren", &[], table.trim()).await.text;
    assert_eq!(hidden(&same, "merk"), token, "a file says the same");
    let empty = officer.upload("/eigenaars/importeren", &[], "").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    let path = "/eigenaars/importeren/bevestigen";
    let file = file.as_str();
    let whole = [("bestand", file), ("merk", token.as_str())];
    let refused = officer.post(path, &whole).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = [("bestand", file), ("merk", "0"), ("overslaan", "ja")];
    assert_eq!(officer.post(path, &other).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let rest = [("bestand", file), ("merk", token.as_str()), ("overslaan", "ja")];
    let done = officer.post(path, &rest).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert!(officer.page(&done.location).await.contains("Burgerzaken &#38; co"));
}

#[tokio::test]
async fn who_may_not_change_the_organisation_does_not() {
    let lab = Lab::new();
    let (dmt, bz) = (unit(&lab, "DMT", None), unit(&lab, "BZ", None));
    let dpo = lab.browser(Role::Dpo);
    assert!(!dpo.page("/eigenaars").await.contains("/eigenaars/importeren"));
    let new = [("code", "X"), ("naam", "X"), ("soort", "team")];
    let scoped = RoleGrant { role: Role::SecurityOfficer, unit: Some(dmt.id) };
    let scoped = lab.browser_with("ivv-dmt", &[scoped]);
    for browser in [&dpo, &scoped] {
        assert_eq!(browser.post("/eigenaars/toevoegen", &new).await.status, StatusCode::FORBIDDEN);
        let table = [("tabel", "code;naam\r\nX;X")];
        let refused = browser.upload("/eigenaars/importeren", &table, "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.get("/eigenaars/importeren").await.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.get("/eigenaars/BZ/wijzigen").await.status, StatusCode::FORBIDDEN);
        let seen = super::change::seen(&bz);
        let change = [("gezien", seen.as_str()), ("naam", "Y"), ("soort", "team")];
        let refused = browser.post("/eigenaars/BZ/wijzigen", &change).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    }
    scoped.page("/eigenaars/DMT/wijzigen").await;
}

#[tokio::test]
async fn who_answers_for_a_unit_is_reminded_and_that_is_kept() {
    let lab = Lab::with_one_risk();
    let (kind, now) = (crate::app::imports::ImportKind::Assets, clock::now());
    let table = b"naam;soort;eigenaar\nBalie;toepassing;BZ\n";
    let token = lab.app.import_preview(&root(), kind, table, now).unwrap().token;
    lab.app.import_apply(&root(), kind, table, &token, false, now).unwrap();
    let officer = lab.browser(Role::SecurityOfficer);
    assert!(officer.page("/eigenaars/BZ").await.contains("/eigenaars/BZ/herinneren"));
    let path = "/eigenaars/BZ/herinneren";
    let page = officer.page(path).await;
    assert!(page.contains("- Balie") && page.contains("te-herbevestigen?dienst=BZ"), "{page}");
    let list = officer.page("/eigenaars/BZ/herinneren/lijst.csv").await;
    assert!(list.contains("Balie;"), "{list}");
    let done = officer.post(path, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    assert!(officer.page(&done.location).await.contains("De herinnering is genoteerd"));
    let log = lab.app.store.audit_list(belfort_store::record::Page::ALL).unwrap().items;
    assert!(log.iter().any(|one| one.action == "unit.remind"));
    assert!(officer.page("/eigenaars/MOB/herinneren").await.contains("niets te bevestigen"));
    let other = lab.head_of("MOB");
    assert_eq!(other.get(path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(other.post(path, &[]).await.status, StatusCode::FORBIDDEN);
}
