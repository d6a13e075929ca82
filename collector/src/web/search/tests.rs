use belfort_model::access::{Role, RoleGrant};
use http::StatusCode;

use crate::clock;
use crate::web::assets::tests::{add, add_unit};
use crate::web::tests::{Lab, root};

#[tokio::test]
async fn everything_is_found_by_what_people_know_of_it() {
    let lab = Lab::new();
    let id = add(&lab, "Bevolkingsloket");
    add_unit(&lab, "LOKET");
    lab.app.software_create(&root(), "deb", "loketsoft", clock::now()).unwrap();
    let reader = lab.browser(Role::Reader);
    let page = reader.page("/zoeken?q=loket").await;
    assert!(page.contains(&format!("<a href=\"/assets/{id}\">Bevolkingsloket</a>")), "{page}");
    assert!(page.contains(">loketsoft</a>") && page.contains("/eigenaars/LOKET"), "{page}");
    assert!(page.contains("3 gevonden"), "{page}");
    // The beginning of an id.
    let short = &id.to_string()[..13];
    assert!(reader.page(&format!("/zoeken?q={short}")).await.contains(">Bevolkingsloket</a>"));
    for query in ["", "?q=", "?q=192.0.2.7", "?q=00-53-00-AB-CD-EF", "?q=2026-R-1", "?q=%25_%27"] {
        let page = reader.page(&format!("/zoeken{query}")).await;
        assert_eq!(page.contains("Niets gevonden"), query.len() > 3, "{query}");
    }
    let cve = reader.page("/zoeken?q=cve-2024-3094").await;
    assert!(cve.contains(">CVE-2024-3094</h2>") && cve.contains("zeggen niets"), "{cve}");
    assert_eq!(reader.get("/zoeken?zoek=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn many_hits_lead_to_the_list_and_other_units_stay_unseen() {
    let lab = Lab::new();
    let unit = add_unit(&lab, "BZ");
    let ids: Vec<_> = (0..22).map(|number| add(&lab, &format!("pc-{number}"))).collect();
    lab.app.owner_set(&root(), ids[3], "BZ", "", clock::now()).unwrap();
    let officer = lab.browser(Role::SecurityOfficer);
    let page = officer.page("/zoeken?q=pc-").await;
    assert!(page.contains("href=\"/assets?q=pc-\">Alle 22 tonen"), "{page}");
    assert!(page.contains("22 gevonden"), "{page}");
    let grant = RoleGrant { role: Role::Reader, unit: Some(unit.id) };
    let reader = lab.browser_with("bz", &[grant]);
    let page = reader.page("/zoeken?q=pc-").await;
    assert!(page.contains(">pc-3</a>") && page.contains("1 gevonden"), "{page}");
    let hidden = reader.page(&format!("/zoeken?q={}", ids[4])).await;
    assert!(!hidden.contains(">pc-4</a>"), "{hidden}");
}
