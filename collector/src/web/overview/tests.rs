use belfort_model::access::{Role, RoleGrant};
use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::unit::UnitKind;
use http::StatusCode;

use super::super::tests::{Lab, root};
use crate::app::assets::{AssetEdit, NewAsset};
use crate::app::units::NewUnit;
use crate::clock;

#[tokio::test]
async fn an_empty_register_says_how_to_begin() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    let page = officer.page("/").await;
    for step in ["/assets/toevoegen", "/eigenaars/importeren", "Classificeer"] {
        assert!(page.contains(step), "{page}");
    }
    assert!(!page.contains("class=\"kpis\""), "{page}");
    let reader = lab.browser(Role::Reader);
    assert!(!reader.page("/").await.contains("/eigenaars/importeren"));
    assert_eq!(reader.get("/?kleur=rood").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_filled_register_shows_how_it_stands() {
    let lab = Lab::new();
    let now = clock::now();
    let unit = NewUnit {
        code: "PZ".to_owned(),
        name: "Publiekszaken".to_owned(),
        kind: UnitKind::Department,
        parent: None,
    };
    let unit = lab.app.unit_create(&root(), &unit, now).unwrap();
    add_application(&lab, "Loketsoftware");
    lab.app.kpi_day_keep(now).unwrap();
    let officer = lab.browser(Role::SecurityOfficer);
    let page = officer.page("/").await;
    for text in [
        "class=\"kpis\"",
        "/assets?eigenaar=geen",
        "1 zonder eigenaar",
        "/werklijst/zonder-eigenaar",
        "Publiekszaken",
        "<circle class=\"pt s0\"",
        "Toon als tabel",
        "Asset gewijzigd: <a href=\"/assets/",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // Whoever sees one unit is shown neither how to begin nor who changed what.
    let grants = [RoleGrant { role: Role::HeadOfService, unit: Some(unit.id) }];
    let head = lab.browser_with("dienstchef", &grants).page("/").await;
    assert!(!head.contains("Recente wijzigingen") && !head.contains("Loketsoftware"), "{head}");
}

fn add_application(lab: &Lab, name: &str) {
    let edit = AssetEdit { name: Some(name.to_owned()), ..AssetEdit::default() };
    let new = NewAsset { kind: AssetKind::Application, lifecycle: Lifecycle::InUse, edit };
    lab.app.asset_add(&root(), &new, clock::now()).unwrap();
}
