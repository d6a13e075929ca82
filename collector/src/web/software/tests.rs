//! Pages of the software catalogue as browsers meet them.

use belfort_model::access::Role;
use http::StatusCode;

use crate::clock;
use crate::web::tests::{Lab, root};

/// A catalogue with one entry that nothing has; its id.
fn entry(lab: &Lab) -> String {
    let made = lab.app.software_create(&root(), "deb", "rustdesk", clock::now()).unwrap();
    made.id.to_string()
}

#[tokio::test]
async fn the_catalogue_is_there_empty_and_filled() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    assert!(officer.page("/software").await.contains("Nog geen enkel toestel meldde software"));
    let id = entry(&lab);
    for path in ["/software", "/software?q=rust&goedkeuring=unknown&sort=-uitgever&ecosysteem=deb"]
    {
        assert!(officer.page(path).await.contains(&id), "{path}");
    }
    let one = officer.page(&format!("/software/{id}")).await;
    assert!(one.contains("rustdesk") && one.contains("name=\"goedkeuring\""), "{one}");
    let csv = officer.page("/software.csv").await;
    assert!(csv.contains(";rustdesk;"), "{csv}");
    let who = officer.page(&format!("/software/{id}.csv?versie=%3C3")).await;
    assert!(who.starts_with("\u{feff}Id;Asset;"), "{who}");
    officer.page(&format!("/software/{id}/wijzigen")).await;
    officer.page("/software/toevoegen").await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let lab = Lab::new();
    let id = entry(&lab);
    let officer = lab.browser(Role::SecurityOfficer);
    for path in [
        "/software?goedkeuring=misschien",
        "/software?sort=kleur",
        "/software?kleur=rood",
        &format!("/software/{id}?versie=%3C"),
    ] {
        assert_eq!(officer.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(officer.get("/software/geen").await.status, StatusCode::NOT_FOUND);
    assert_eq!(officer.get(&format!("/software/{id}.pdf")).await.status, StatusCode::NOT_FOUND);
    let other = lab.app.software_create(&root(), "windows", "Iets", clock::now()).unwrap();
    let unordered = officer.get(&format!("/software/{}?versie=%3C3", other.id)).await;
    assert_eq!(unordered.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_may_judges_software_on_the_version_that_was_seen() {
    let lab = Lab::new();
    let id = entry(&lab);
    let officer = lab.browser(Role::SecurityOfficer);
    let path = format!("/software/{id}/goedkeuring");
    let without_reason = [("goedkeuring", "denied"), ("versie", "1")];
    assert_eq!(officer.post(&path, &without_reason).await.status, StatusCode::BAD_REQUEST);
    let denied = [("goedkeuring", "denied"), ("versie", "1"), ("reden", "geen overeenkomst")];
    let done = officer.post(&path, &denied).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = officer.page(&done.location).await;
    assert!(page.contains("De goedkeuring is bewaard") && page.contains("geen overeenkomst"));
    assert_eq!(officer.post(&path, &denied).await.status, StatusCode::CONFLICT);
    let change = [("versie", "2"), ("doel", "hulp op afstand"), ("licentie", "open_source")];
    let done = officer.post(&format!("/software/{id}/wijzigen"), &change).await;
    assert!(officer.page(&done.location).await.contains("hulp op afstand"));
    let new = [("ecosysteem", "deb"), ("naam", "telnet")];
    let done = officer.post("/software/toevoegen", &new).await;
    assert!(officer.page(&done.location).await.contains("telnet"));
}

#[tokio::test]
async fn who_only_reads_or_advises_changes_nothing() {
    let lab = Lab::new();
    let id = entry(&lab);
    for role in [Role::Dpo, Role::Reader] {
        let reader = lab.browser(role);
        let page = reader.page(&format!("/software/{id}")).await;
        assert!(!page.contains("name=\"goedkeuring\""), "{page}");
        let denied = [("goedkeuring", "denied"), ("versie", "1"), ("reden", "x")];
        let answer = reader.post(&format!("/software/{id}/goedkeuring"), &denied).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let change = [("versie", "1"), ("doel", "x")];
        let answer = reader.post(&format!("/software/{id}/wijzigen"), &change).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(reader.get("/software/toevoegen").await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(lab.app.store.software_named("rustdesk").unwrap()[0].version, 1);
    let reader = lab.browser_with("lezer", &[]);
    assert_eq!(reader.get("/software.csv").await.status, StatusCode::FORBIDDEN);
}
