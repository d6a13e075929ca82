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

/// The first number in a text.
fn number(text: &str) -> u64 {
    let digits = text.trim_start_matches(|char: char| !char.is_ascii_digit());
    let end = digits.find(|char: char| !char.is_ascii_digit() && char != '.');
    digits[..end.unwrap_or(digits.len())].replace('.', "").parse().unwrap_or_default()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before}: {text}"));
    rest.split_once(after).unwrap().0
}

/// What counts the rows above a list.
const COUNT: &str = "<span role=\"status\">";

#[tokio::test]
async fn every_figure_is_the_number_of_the_list_it_opens() {
    let lab = Lab::with_one_risk();
    let now = clock::now();
    let department = NewUnit {
        code: "PZ".to_owned(),
        name: "Publiekszaken".to_owned(),
        kind: UnitKind::Department,
        parent: None,
    };
    lab.app.unit_create(&root(), &department, now).unwrap();
    let below = NewUnit {
        code: "LOK".to_owned(),
        name: "Loket".to_owned(),
        kind: UnitKind::Service,
        parent: Some("PZ".to_owned()),
    };
    lab.app.unit_create(&root(), &below, now).unwrap();
    // Of each kind some in service and some not, some seen lately and some not, some owned and some not.
    for (number, (kind, lifecycle, days)) in [
        (AssetKind::Device, Lifecycle::InUse, 0),
        (AssetKind::Device, Lifecycle::InUse, 20),
        (AssetKind::Device, Lifecycle::InRepair, 40),
        (AssetKind::Device, Lifecycle::InStock, 40),
        (AssetKind::Device, Lifecycle::InStock, 0),
        (AssetKind::Application, Lifecycle::InUse, 40),
        (AssetKind::Application, Lifecycle::Ordered, 40),
    ]
    .into_iter()
    .enumerate()
    {
        let edit = AssetEdit { name: Some(format!("pc-{number}")), ..AssetEdit::default() };
        let new = NewAsset { kind, lifecycle, edit };
        let asset = lab.app.asset_add(&root(), &new, now.plus_days(-days)).unwrap();
        if number % 3 == 0 {
            lab.app.owner_set(&root(), asset.id, "LOK", "dienstchef Loket", now).unwrap();
        }
    }
    let officer = lab.browser(Role::SecurityOfficer);
    let page = officer.page("/").await;
    let tiles: Vec<_> = page.split("<li class=\"card kpi\">").skip(1).collect();
    assert_eq!(tiles.len(), 6, "{page}");
    for tile in tiles {
        let href = between(tile, "href=\"", "\"").replace("&amp;", "&").replace("&#38;", "&");
        let value = between(tile, "class=\"val\">", "<");
        // A share tells beside it how many are missing: those are what it opens.
        let told = if value.contains('%') { between(tile, "class=\"det\">", "<") } else { value };
        let list = officer.page(&href).await;
        assert_eq!(number(told), number(between(&list, COUNT, "<")), "{href}: {tile}");
        assert!(number(told) > 0, "{href} proves nothing");
    }
    // So do the worklists, and the departments with all below them.
    for line in page.split("<li><span class=\"n\">").skip(1) {
        let (told, href) = (number(line), between(line, "href=\"", "\""));
        let list = officer.page(href).await;
        assert_eq!(told, number(between(&list, COUNT, "<")), "{href}");
    }
    let line = between(&page, "/assets?departement=PZ", "</tr>");
    let list = officer.page("/assets?departement=PZ&indienst=ja").await;
    assert_eq!(number(between(line, "class=\"num\">", "<")), 1);
    assert_eq!(number(between(&list, COUNT, "<")), 1);
}
