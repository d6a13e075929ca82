//! Pages of data sets as browsers meet them.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::asset::{Asset, AssetKind, Lifecycle};
use belfort_model::data_set::PersonalData;
use belfort_model::unit::UnitKind;
use http::StatusCode;

use crate::app::assets::{AssetEdit, NewAsset};
use crate::app::units::NewUnit;
use crate::clock;
use crate::web::tests::{Lab, root};

fn set(lab: &Lab, name: &str) -> Asset {
    let now = clock::now();
    lab.app.data_set_create(&root(), name, PersonalData::NationalRegister, now).unwrap()
}

fn application(lab: &Lab) -> Asset {
    let edit = AssetEdit { name: Some("Balie".to_owned()), ..AssetEdit::default() };
    let new = NewAsset { kind: AssetKind::Application, lifecycle: Lifecycle::InUse, edit };
    lab.app.asset_add(&root(), &new, clock::now()).unwrap()
}

fn version(lab: &Lab, asset: &Asset) -> String {
    lab.app.visible(&root(), asset.id).unwrap().summary.version.to_string()
}

#[tokio::test]
async fn data_sets_are_there_empty_and_filled() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    assert!(officer.page("/gegevens").await.contains("Nog geen gegevensverzamelingen"));
    let set = set(&lab, "Bevolkingsregister");
    let (id, other) = (set.id, application(&lab).id);
    let list = officer.page("/gegevens").await;
    assert!(list.contains("Bevolkingsregister") && list.contains("rijksregister"), "{list}");
    assert!(!list.contains("Balie"), "what is no data set is not there");
    let path = "/gegevens?persoonsgegevens=national_register&biv=geen&eigenaar=geen&sort=-naam";
    assert!(officer.page(path).await.contains("Bevolkingsregister"));
    let none = officer.page("/gegevens?persoonsgegevens=none").await;
    assert!(none.contains("Niets voldoet") && !none.contains("Bevolkingsregister"));
    officer.page(&format!("/gegevens/{id}")).await;
    officer.page(&format!("/gegevens/{id}/wijzigen")).await;
    officer.page("/gegevens/toevoegen").await;
    let csv = officer.page("/gegevens.csv?persoonsgegevens=national_register").await;
    assert!(csv.contains(";Bevolkingsregister;"), "{csv}");
    let elsewhere = officer.get(&format!("/gegevens/{other}")).await;
    assert_eq!(elsewhere.location, format!("/assets/{other}"));
    assert_eq!(officer.get("/gegevens/geen").await.status, StatusCode::NOT_FOUND);
    for wrong in ["?persoonsgegevens=veel", "?biv=9", "?biv=x", "?eigenaar=wie", "?kleur=x"] {
        let answer = officer.get(&format!("/gegevens{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_data_set_is_added_classified_linked_and_owned() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    let new = [
        ("naam", "Dossiers"),
        ("persoonsgegevens", "ordinary"),
        ("omvang", "up_to_1000"),
        ("verwerkingen", "V-12\r\nV-9"),
    ];
    let done = officer.post("/gegevens/toevoegen", &new).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    let page = officer.page(&done.location).await;
    assert!(page.contains("V-12, V-9") && page.contains("tot 1.000"), "{page}");
    let path = done.location.split('?').next().unwrap().to_owned();
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let asset = lab.app.visible(&root(), id).unwrap().summary.asset;
    let seen = version(&lab, &asset);
    let class = [("versie", seen.as_str()), ("b", "2"), ("i", "3"), ("v", "5"), ("grond", "wet")];
    let done = officer.post(&format!("{path}/klasse"), &class).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    let page = officer.page(&done.location).await;
    assert!(page.contains("vertrouwelijkheid klasse 5"), "{page}");
    let stale = officer.post(&format!("{path}/klasse"), &class).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{stale:?}");
    let seen = version(&lab, &asset);
    let done = officer.post(&format!("{path}/klasse/bevestigen"), &[("versie", &seen)]).await;
    assert!(officer.page(&done.location).await.contains("Vroegere classificaties"));
    let other = application(&lab);
    let link = [("asset", "Balie"), ("relatie", "processes")];
    let done = officer.post(&format!("{path}/koppelen"), &link).await;
    let page = officer.page(&done.location).await;
    assert!(page.contains("verwerkt") && page.contains(&other.id.to_string()), "{page}");
    assert!(officer.page("/gegevens").await.contains("Balie"));
    let other = other.id.to_string();
    let link = [("asset", other.as_str()), ("relatie", "processes")];
    let done = officer.post(&format!("{path}/ontkoppelen"), &link).await;
    assert!(officer.page(&done.location).await.contains("Nog geen asset gekoppeld"));
    let seen = version(&lab, &asset);
    let edit = [
        ("versie", seen.as_str()),
        ("persoonsgegevens", "none"),
        ("omvang", "unknown"),
        ("bewaring", "10 jaar"),
    ];
    let done = officer.post(&format!("{path}/wijzigen"), &edit).await;
    assert!(officer.page(&done.location).await.contains("10 jaar"));
}

#[tokio::test]
async fn only_who_may_changes_a_data_set_and_only_within_the_own_units() {
    let lab = Lab::new();
    let now = clock::now();
    let unit = |code: &str| {
        let (code, name) = (code.to_owned(), format!("Dienst {code}"));
        let new = NewUnit { code, name, kind: UnitKind::Service, parent: None };
        lab.app.unit_create(&root(), &new, now).unwrap()
    };
    let (bz, _) = (unit("BZ"), unit("FIN"));
    let (ours, theirs) = (set(&lab, "Van ons"), set(&lab, "Van hen"));
    lab.app.owner_set(&root(), ours.id, "BZ", "", now).unwrap();
    lab.app.owner_set(&root(), theirs.id, "FIN", "", now).unwrap();
    let dpo = lab.browser(Role::Dpo);
    let page = dpo.page(&format!("/gegevens/{}", ours.id)).await;
    assert!(!page.contains("name=\"grond\"") && !page.contains("klasse/bevestigen"), "{page}");
    let seen = version(&lab, &ours);
    let class = [("versie", seen.as_str()), ("b", "2"), ("i", "3"), ("v", "5"), ("grond", "x")];
    let path = format!("/gegevens/{}", ours.id);
    for action in ["klasse", "klasse/bevestigen", "eigenaar", "koppelen", "ontkoppelen"] {
        let refused = dpo.post(&format!("{path}/{action}"), &class).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{action}");
    }
    assert_eq!(dpo.get("/gegevens/toevoegen").await.status, StatusCode::FORBIDDEN);
    let grant = RoleGrant { role: Role::SecurityOfficer, unit: Some(bz.id) };
    let scoped = lab.browser_with("ivv-bz", &[grant]);
    let list = scoped.page("/gegevens").await;
    assert!(list.contains("Van ons") && !list.contains("Van hen"), "{list}");
    let hidden = scoped.get(&format!("/gegevens/{}", theirs.id)).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let done = scoped.post(&format!("{path}/klasse"), &class).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
    let seen = version(&lab, &ours);
    let away = [("versie", seen.as_str()), ("dienst", "FIN")];
    let refused = scoped.post(&format!("{path}/eigenaar"), &away).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
}
