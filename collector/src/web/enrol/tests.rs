//! Adding assets in every way, by who may.

use belfort_model::access::Role;
use http::StatusCode;

use crate::web::tests::{Lab, root};

const WAYS: [&str; 5] = ["", "/windows", "/macos", "/zonder-agent", "/import"];

#[tokio::test]
async fn every_way_is_there_for_who_may_add() {
    let lab = Lab::new();
    let (admin, officer) = (lab.browser(Role::Admin), lab.browser(Role::SecurityOfficer));
    let dpo = lab.browser(Role::Dpo);
    for way in WAYS {
        let path = format!("/assets/toevoegen{way}");
        for browser in [&admin, &officer] {
            let page = browser.page(&path).await;
            assert_eq!(page.matches("<h1").count(), 1, "{way}");
        }
        assert_eq!(dpo.get(&path).await.status, StatusCode::FORBIDDEN, "{way}");
    }
    assert!(admin.page("/assets/toevoegen").await.contains("name=\"aantal\""));
    assert!(!officer.page("/assets/toevoegen").await.contains("name=\"aantal\""));
    assert_eq!(admin.get("/assets/toevoegen?x=1").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(admin.get("/assets/toevoegen/beos").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_is_shown_once_with_its_command() {
    let lab = Lab::new();
    let (admin, officer) = (lab.browser(Role::Admin), lab.browser(Role::SecurityOfficer));
    let fields = [("label", "laptops <BZ>"), ("aantal", "50"), ("uren", "48")];
    let path = "/assets/toevoegen/token";
    let made = admin.post(path, &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let command =
        "sudo belfort-agent enroll --collector https://collector.example:7441 --token bft1.";
    assert!(made.text.contains(command) && made.text.contains("laptops &#60;BZ&#62;"));
    assert_eq!(lab.app.token_list(&root()).unwrap().len(), 1);
    assert_eq!(officer.post(path, &fields).await.status, StatusCode::FORBIDDEN);
    for wrong in [("aantal", "0"), ("aantal", "veel"), ("uren", "1"), ("label", "")] {
        let all: Vec<_> =
            fields.into_iter().map(|one| if one.0 == wrong.0 { wrong } else { one }).collect();
        assert_eq!(admin.post(path, &all).await.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
    assert_eq!(lab.app.token_list(&root()).unwrap().len(), 1);
}

#[tokio::test]
async fn an_asset_is_added_by_hand() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    let path = "/assets/toevoegen/zonder-agent";
    let fields = [
        ("soort", "external_service"),
        ("status", "ordered"),
        ("naam", "Loket in de cloud"),
        ("vorm", "saas"),
        ("labels", "balie"),
        ("blootstelling", "internet"),
    ];
    let added = officer.post(path, &fields).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    let page = officer.page(&added.location).await;
    assert!(page.contains("De asset is toegevoegd.") && page.contains("externe dienst"), "{page}");
    let set = [("soort", "data_set"), ("naam", "register")];
    assert_eq!(officer.post(path, &set).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(officer.post(path, &[("soort", "device")]).await.status, StatusCode::BAD_REQUEST);
    let dpo = lab.browser(Role::Dpo);
    assert_eq!(dpo.post(path, &fields).await.status, StatusCode::FORBIDDEN);
}

/// The value of a hidden field.
fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    after.split('"').next().unwrap()
}

#[tokio::test]
async fn a_file_is_looked_at_and_then_written_as_it_was_seen() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    let (path, kind) = ("/assets/toevoegen/import", [("soort", "assets")]);
    let csv = "naam;soort;kleur\npc-1;toestel;\nregister;vliegtuig;\n";
    let seen = officer.upload(path, &kind, csv).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    let text = "1 nieuw, 0 gewijzigd, 0 ongewijzigd, 1 fout.";
    assert!(seen.text.contains(text) && seen.text.contains("kleur"), "{}", seen.text);
    let (token, file) = (hidden(&seen.text, "token"), hidden(&seen.text, "bestand"));
    let apply = "/assets/toevoegen/import/uitvoeren";
    let fields = [("soort", "assets"), ("token", token), ("bestand", file)];
    let refused = officer.post(apply, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let skipping: Vec<_> = fields.into_iter().chain([("zonder-fouten", "1")]).collect();
    let done = officer.post(apply, &skipping).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(officer.page("/assets?bron=import").await.contains("pc-1"));
    let again = officer.upload(path, &kind, csv).await;
    assert!(again.text.contains("Er is niets om te schrijven"), "{}", again.text);
    // Typed instead of chosen; nothing at all is refused.
    let typed = [("soort", "assets"), ("tekst", "naam\npc-2\n")];
    assert!(officer.upload(path, &typed, "").await.text.contains("pc-2"));
    assert_eq!(officer.upload(path, &kind, "").await.status, StatusCode::BAD_REQUEST);
    let units = [("soort", "units")];
    assert_eq!(officer.upload(path, &units, csv).await.status, StatusCode::BAD_REQUEST);
    let dpo = lab.browser(Role::Dpo);
    assert_eq!(dpo.upload(path, &kind, csv).await.status, StatusCode::FORBIDDEN);
    assert_eq!(dpo.post(apply, &skipping).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_large_file_is_read_and_a_larger_one_is_refused() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    let (path, kind) = ("/assets/toevoegen/import", [("soort", "assets")]);
    let table = |count: usize| {
        let rows = (0..count).map(|row| format!("pc-{row};{}\n", "x".repeat(100)));
        format!("naam;opmerking\n{}", rows.collect::<String>())
    };
    let seen = officer.upload(path, &kind, &table(3_000)).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.status);
    let (token, file) = (hidden(&seen.text, "token"), hidden(&seen.text, "bestand"));
    let rows = hidden(&seen.text, "rijen");
    assert_eq!(rows, "3000");
    let fields = [("soort", "assets"), ("token", token), ("bestand", file), ("rijen", rows)];
    let done = officer.post("/assets/toevoegen/import/uitvoeren", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(done.location.starts_with("/werk/"), "{}", done.location);
    // It goes on while somebody does something else; then its page leads to what it made.
    while officer.page(&done.location).await.contains("data-live=\"ja\"") {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let page = officer.page(&done.location).await;
    assert!(page.contains("bron=import") && page.contains("Klaar."), "{page}");
    assert!(lab.app.asset("pc-2999").is_ok());
    let shown = officer.upload(path, &kind, &table(60_000)).await;
    assert_eq!(shown.status, StatusCode::PAYLOAD_TOO_LARGE);
}
