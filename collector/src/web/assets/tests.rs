//! The list of assets: filters, columns and files.

use belfort_model::access::Role;
use belfort_model::asset::{AssetKind, Exposure, Lifecycle};
use belfort_model::id::AssetId;
use belfort_model::unit::{OrgUnit, UnitKind};
use http::StatusCode;

use crate::app::assets::{AssetEdit, NewAsset, NewUnit};
use crate::clock;
use crate::web::tests::{Lab, root};

/// An application with this name.
pub(in crate::web) fn add(lab: &Lab, name: &str) -> AssetId {
    let edit = AssetEdit {
        name: Some(name.to_owned()),
        site: Some("G1".to_owned()),
        exposure: Some(Exposure::Dmz),
        labels: Some(vec!["loket".to_owned()]),
        ..AssetEdit::default()
    };
    let new = NewAsset { kind: AssetKind::Application, lifecycle: Lifecycle::InUse, edit };
    lab.app.asset_add(&root(), &new, clock::now()).unwrap().id
}

/// A service with this code.
pub(in crate::web) fn add_unit(lab: &Lab, code: &str) -> OrgUnit {
    let (code, name) = (code.to_owned(), format!("Dienst {code}"));
    let new = NewUnit { code, name, kind: UnitKind::Service, parent: None };
    lab.app.unit_create(&root(), &new, clock::now()).unwrap()
}

#[tokio::test]
async fn every_filter_is_an_address_and_a_chip() {
    let lab = Lab::new();
    add(&lab, "Bevolkingsloket");
    add_unit(&lab, "BZ");
    let officer = lab.browser(Role::SecurityOfficer);
    for query in [
        "q=bevolking",
        "soort=application",
        "vorm=other",
        "status=in_use",
        "bron=manual",
        "eigenaar=geen",
        "biv=geen",
        "locatie=G1",
        "label=Loket",
        "omgeving=production",
        "blootstelling=dmz",
        "toegelaten=yes",
        "indienst=ja",
        "risico=geen",
        "biv=geen&biv=5",
        "vorm=server&vorm=other",
        "locatie=x&locatie=G1",
        "label=x&label=loket",
        "status=in_stock&status=in_use",
    ] {
        let page = officer.page(&format!("/assets?{query}")).await;
        assert!(page.contains(">Bevolkingsloket</a>"), "{query}");
        assert!(page.contains("class=\"chip\""), "{query}");
    }
    for query in [
        "dienst=BZ",
        "eigenaar=ja",
        "eigenaar=onbevestigd",
        "eigenaar=beeindigd",
        "nazicht=te-laat",
        "gezien=45",
        "entiteit=STAD",
        "biv=4",
        "biv=ja",
        "departement=BZ",
        "risico=ja",
        "risico=2",
        "software=openssl",
        "software=openssl&versie=3.0.15",
        "cve=CVE-2024-3094",
        "vorm=server&vorm=laptop",
    ] {
        let page = officer.page(&format!("/assets?{query}")).await;
        assert!(page.contains("Niets voldoet aan deze filters"), "{query}");
    }
    for query in [
        "biv=hoog",
        "biv=9",
        "eigenaar=soms",
        "kolom=kleur",
        "soort=x",
        "q=a&q=b",
        "risico=9",
        "cve=x",
        "versie=1",
        "indienst=nee",
        "gezien=1&gezien=2",
    ] {
        let wrong = officer.get(&format!("/assets?{query}")).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{query}");
    }
    for sort in ["os", "biv", "bevindingen", "gezien", "eerst", "locatie", "naam"] {
        for direction in ["", "-"] {
            officer.page(&format!("/assets?sort={direction}{sort}")).await;
        }
    }
}

#[tokio::test]
async fn columns_are_chosen_and_files_have_the_same() {
    let lab = Lab::new();
    add(&lab, "Bevolkingsloket");
    let officer = lab.browser(Role::SecurityOfficer);
    let all = "kolom=naam&kolom=label&kolom=soort&kolom=vorm&kolom=status&kolom=omgeving&\
        kolom=blootstelling&kolom=toegelaten&kolom=entiteit&kolom=eerst&kolom=nagekeken&kolom=nazicht&\
        kolom=risico&kolom=serienummer&kolom=fabrikant&kolom=model&kolom=ip&kolom=mac";
    let page = officer.page(&format!("/assets?{all}&q=loket")).await;
    assert!(page.contains("<td>loket</td>") && page.contains("<td>toepassing</td>"), "{page}");
    assert!(!page.contains("class=\"biv\""), "the class was not chosen");
    // The filter form, the pager and the files keep the columns; they are no filter.
    assert_eq!(page.matches("class=\"chip\"").count(), 1);
    assert!(page.contains("/assets.csv?kolom=naam&#38;kolom=label"), "{page}");
    let csv = officer.page("/assets.csv?kolom=label&kolom=locatie").await;
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("\u{feff}Id;Naam;Locatie;Labels"));
    assert!(lines.next().unwrap().ends_with(";Bevolkingsloket;G1;loket"));
    let xlsx = officer.get("/assets.xlsx?kolom=label").await;
    assert_eq!(xlsx.status, StatusCode::OK);
    assert!(xlsx.text.starts_with("PK"), "a workbook is a ZIP file");
    let json = officer.page("/assets.json?kolom=biv").await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["class_assumed"], "true");
    let reader = lab.browser(Role::Reader);
    let page = reader.page("/assets").await;
    assert!(!page.contains("/assets.csv") && !page.contains("id=\"bulk\""));
    assert_eq!(reader.get("/assets.xlsx").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_repeated_key_means_or_also_in_files_and_for_all_of_a_list() {
    let lab = Lab::with_one_risk();
    for name in ["Bevolkingsloket", "Parkeerloket", "Kassa"] {
        add(&lab, name);
    }
    add_unit(&lab, "FIN");
    let department = NewUnit {
        code: "PZ".to_owned(),
        name: "Publiekszaken".to_owned(),
        kind: UnitKind::Department,
        parent: None,
    };
    lab.app.unit_create(&root(), &department, clock::now()).unwrap();
    let below = NewUnit {
        code: "LOK".to_owned(),
        name: "Loket".to_owned(),
        kind: UnitKind::Service,
        parent: Some("PZ".to_owned()),
    };
    lab.app.unit_create(&root(), &below, clock::now()).unwrap();
    for (name, code) in [("Bevolkingsloket", "LOK"), ("Kassa", "FIN")] {
        let found = lab.app.store.asset_find(name).unwrap().remove(0).asset.id;
        lab.app.owner_set(&root(), found, code, "dienstchef", clock::now()).unwrap();
    }
    let officer = lab.browser(Role::SecurityOfficer);
    let names = async |query: &str| {
        let csv = officer.page(&format!("/assets.csv?{query}&kolom=naam")).await;
        let lines = csv.lines().skip(1).filter_map(|line| line.split(';').nth(1));
        let mut names: Vec<_> = lines.map(str::to_owned).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names("dienst=LOK&dienst=FIN").await, "Bevolkingsloket Kassa");
    assert_eq!(names("departement=PZ").await, "Bevolkingsloket");
    assert_eq!(names("departement=PZ&departement=FIN").await, "Bevolkingsloket Kassa");
    assert_eq!(names("departement=PZ&dienst=FIN").await, "");
    assert_eq!(names("soort=data_set&soort=device").await, "Bevolkingsregister");
    assert_eq!(names("risico=ja").await, "Bevolkingsregister");
    assert_eq!(names("risico=ja&risico=geen&soort=application").await.split(' ').count(), 3);
    assert_eq!(names("eigenaar=geen&dienst=FIN").await, "");
    let page = officer.page("/assets?vorm=other&vorm=laptop&dienst=LOK&dienst=FIN").await;
    assert_eq!(page.matches("class=\"chip\"").count(), 4, "{page}");
    assert!(page.contains("name=\"vorm\" value=\"laptop\" checked"), "{page}");
    assert!(page.contains("<input type=\"hidden\" name=\"dienst\" value=\"FIN\">"), "{page}");
    let with_risk = officer.page("/assets.csv?kolom=risico&risico=ja").await;
    assert!(with_risk.lines().next().unwrap().ends_with(";Risico"), "{with_risk}");
    assert!(!with_risk.lines().nth(1).unwrap().ends_with(';'), "{with_risk}");
    let fields = [
        ("verzameling", "dienst=LOK&dienst=FIN"),
        ("alles", "ja"),
        ("verwacht", "2"),
        ("actie", "label"),
    ];
    let bulk = officer.post("/assets/bulk", &fields).await.text;
    assert!(bulk.contains("Kassa") && bulk.contains("Bevolkingsloket"), "{bulk}");
    assert!(!bulk.contains("Parkeerloket"), "{bulk}");
}
