use belfort_model::access::{Role, RoleGrant};
use belfort_store::record::{AssetFilter, Page};
use http::StatusCode;

use crate::view::Asset;
use crate::web::assets::tests::{add, add_unit};
use crate::web::tests::{Lab, root};

fn all(lab: &Lab) -> Vec<Asset> {
    let found = lab.app.store.asset_list(&AssetFilter::default(), Page::ALL).unwrap();
    found.items.into_iter().map(Asset::from).collect()
}

#[tokio::test]
async fn ticked_assets_get_an_owner_in_one_batch() {
    let lab = Lab::new();
    add_unit(&lab, "BZ");
    let ids = ["een", "twee", "drie"].map(|name| add(&lab, name).to_string());
    let officer = lab.browser(Role::SecurityOfficer);
    let list = officer.page("/assets?blootstelling=dmz").await;
    assert!(list.contains("form=\"bulk\"") && list.contains("value=\"blootstelling=dmz\""));
    let chosen = [
        ("actie", "eigenaar"),
        ("verzameling", "blootstelling=dmz"),
        ("verwacht", "3"),
        ("id", &ids[0]),
        ("id", &ids[1]),
    ];
    let ask = officer.post("/assets/bulk", &chosen).await;
    assert_eq!(ask.status, StatusCode::OK);
    assert!(ask.text.contains("Wijzigen voor 2 assets"), "{}", ask.text);
    assert!(ask.text.contains("<th scope=\"row\">Zonder eigenaar</th>"), "{}", ask.text);
    assert!(all(&lab).iter().all(|asset| asset.owner.is_none()), "nothing was confirmed");
    let mut sure = chosen.to_vec();
    sure.extend([("bevestigd", "ja"), ("dienst", "BZ"), ("functie", "dienstchef Burgerzaken")]);
    let done = officer.post("/assets/bulk", &sure).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let told = "/assets?blootstelling=dmz&melding=bulk-eigenaar&reeks=";
    let batch = done.location.strip_prefix(told).unwrap();
    assert!(officer.page(&done.location).await.contains("De eigenaar is toegewezen"));
    let owned: Vec<_> = all(&lab).into_iter().filter(|asset| asset.owner.is_some()).collect();
    assert_eq!(owned.len(), 2);
    assert_eq!(owned[0].owner.as_ref().unwrap().function, "dienstchef Burgerzaken");
    let log = lab.app.store.audit_list(Page::ALL).unwrap().items;
    let of_batch = log.iter().filter(|record| record.detail.contains(batch));
    assert_eq!(of_batch.filter(|record| record.action == "owner.set").count(), 2);
}

#[tokio::test]
async fn all_of_a_filter_are_changed_when_their_number_still_holds() {
    let lab = Lab::new();
    add(&lab, "een");
    add(&lab, "twee");
    let officer = lab.browser(Role::SecurityOfficer);
    let class = [
        ("actie", "classificeren"),
        ("verzameling", "biv=geen"),
        ("alles", "ja"),
        ("bevestigd", "ja"),
        ("b", "3"),
        ("i", "4"),
        ("v", "2"),
        ("motivering", "loketten"),
    ];
    let with = |expected| {
        let mut form = class.to_vec();
        form.push(("verwacht", expected));
        form
    };
    let ask = officer.post("/assets/bulk", &with("1")).await;
    assert_eq!(ask.status, StatusCode::OK);
    assert!(ask.text.contains("het waren er 1, nu zijn het er 2"), "{}", ask.text);
    assert!(ask.text.contains("name=\"verwacht\" value=\"2\""));
    assert!(all(&lab).iter().all(|asset| asset.class.assumed));
    let done = officer.post("/assets/bulk", &with("2")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(all(&lab).iter().all(|asset| !asset.class.assumed && asset.class.biv.i == 4));
    // Nobody is left of the filter.
    let none = officer.post("/assets/bulk", &with("2")).await;
    assert_eq!(none.location, "/assets?biv=geen&melding=bulk-none");
}

#[tokio::test]
async fn labels_come_and_go_and_a_refusal_stops_no_other() {
    let lab = Lab::new();
    let ids = ["een", "twee"].map(|name| add(&lab, name).to_string());
    let officer = lab.browser(Role::SecurityOfficer);
    let labels = [
        ("actie", "label"),
        ("id", ids[0].as_str()),
        ("bevestigd", "ja"),
        ("erbij", "Kassa, burger"),
        ("eraf", "loket"),
    ];
    let done = officer.post("/assets/bulk", &labels).await;
    assert_eq!(done.location.split("&reeks").next(), Some("/assets?melding=bulk-label"));
    let labelled = all(&lab).into_iter().find(|asset| asset.id == ids[0]).unwrap();
    assert_eq!(labelled.labels, ["burger", "kassa"]);

    let one = [("actie", "status"), ("id", &ids[0]), ("bevestigd", "ja"), ("naar", "in_repair")];
    assert_eq!(officer.post("/assets/bulk", &one).await.status, StatusCode::SEE_OTHER);
    let both = [one.as_slice(), &[("id", ids[1].as_str()), ("reden", "vernieuwing")]].concat();
    let partly = officer.post("/assets/bulk", &both).await;
    assert_eq!(partly.status, StatusCode::OK);
    assert!(partly.text.contains("1 gewijzigd, 1 geweigerd"), "{}", partly.text);
    assert!(partly.text.contains("cannot become in_repair"), "{}", partly.text);
    assert!(all(&lab).iter().all(|asset| asset.lifecycle == "in_repair"));
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let lab = Lab::new();
    let id = add(&lab, "een").to_string();
    let officer = lab.browser(Role::SecurityOfficer);
    let wrong: &[&[(&str, &str)]] = &[
        &[("actie", "wissen")],
        &[("actie", "eigenaar"), ("dienst", "NERGENS")],
        &[("actie", "eigenaar")],
        &[("actie", "classificeren"), ("b", "6"), ("i", "1"), ("v", "1"), ("motivering", "x")],
        &[("actie", "classificeren"), ("b", "1"), ("i", "1"), ("v", "1")],
        &[("actie", "label")],
        &[("actie", "label"), ("erbij", "\"x\"")],
        &[("actie", "status"), ("naar", "disposed")],
        &[("actie", "label"), ("erbij", "x"), ("verzameling", "kleur=rood")],
    ];
    for fields in wrong {
        let form = [fields, &[("id", id.as_str()), ("bevestigd", "ja")][..]].concat();
        let shown = officer.post("/assets/bulk", &form).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{fields:?} {}", shown.text);
    }
    for role in [Role::Dpo, Role::Reader, Role::Auditor] {
        let browser = lab.browser(role);
        let form = [("actie", "label"), ("erbij", "x"), ("id", &id), ("bevestigd", "ja")];
        assert_eq!(browser.post("/assets/bulk", &form).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(officer.get("/assets/bulk").await.location, "/assets");
    assert_eq!(all(&lab)[0].labels, ["loket"]);
}

#[tokio::test]
async fn nobody_reaches_assets_of_other_units() {
    let lab = Lab::new();
    let (here, there) = (add_unit(&lab, "BZ"), add_unit(&lab, "MOB"));
    let (mine, theirs) = (add(&lab, "mijn"), add(&lab, "hun"));
    let now = crate::clock::now();
    lab.app.owner_set(&root(), mine, &here.code, "", now).unwrap();
    lab.app.owner_set(&root(), theirs, &there.code, "", now).unwrap();
    let grant = RoleGrant { role: Role::SecurityOfficer, unit: Some(here.id) };
    let officer = lab.browser_with("bz", &[grant]);
    let (mine, theirs) = (mine.to_string(), theirs.to_string());
    let form = [
        ("actie", "label"),
        ("erbij", "gezien"),
        ("bevestigd", "ja"),
        ("id", mine.as_str()),
        ("id", theirs.as_str()),
    ];
    // What one may not see is as if it were not there: the number does not hold.
    let ask = officer.post("/assets/bulk", &form).await;
    assert_eq!(ask.status, StatusCode::OK);
    assert!(ask.text.contains("Wijzigen voor 1 asset"), "{}", ask.text);
    assert!(!ask.text.contains("hun"), "{}", ask.text);
    // Nor can an asset be given to a unit outside.
    let give = [("actie", "eigenaar"), ("dienst", "MOB"), ("bevestigd", "ja"), ("id", &mine)];
    assert_eq!(officer.post("/assets/bulk", &give).await.status, StatusCode::FORBIDDEN);
}
