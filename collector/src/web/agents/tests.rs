use belfort_model::access::Role;
use http::StatusCode;

use super::super::tests::Lab;

#[tokio::test]
async fn a_token_is_made_shown_once_and_taken_back() {
    let lab = Lab::new();
    let admin = lab.browser(Role::Admin);
    assert!(admin.page("/agents").await.contains("Nog geen agents"));
    assert!(admin.page("/agents/tokens").await.contains("Nog geen tokens"));
    admin.page("/agents/tokens/nieuw").await;
    let new = [("doel", "laptops Burgerzaken"), ("aantal", "25"), ("dagen", "30")];
    let made = admin.post("/agents/tokens/nieuw", &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert!(made.text.contains("belfort-agent enroll --collector https://collector.example:7441"));
    let list = admin.page("/agents/tokens").await;
    assert!(list.contains("laptops Burgerzaken") && list.contains("0 van 25"), "{list}");
    let id =
        list.split("/agents/tokens/").find_map(|part| part.split_once("/intrekken")).unwrap().0;
    let path = format!("/agents/tokens/{id}/intrekken");
    assert!(admin.page(&path).await.contains("laptops Burgerzaken"));
    let gone = admin.post(&path, &[]).await;
    assert!(admin.page(&gone.location).await.contains("Het token is ingetrokken."));
    let wrong = [("doel", "x"), ("aantal", "veel"), ("dagen", "30")];
    let wrong = admin.post("/agents/tokens/nieuw", &wrong).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(admin.get("/agents?kleur=rood").await.status, StatusCode::BAD_REQUEST);
    assert!(admin.page("/agents.csv").await.contains("Certificaat tot"));
}

#[tokio::test]
async fn only_administrators_admit_and_revoke() {
    let lab = Lab::new();
    let id = "0198a6b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b";
    let officer = lab.browser(Role::SecurityOfficer);
    for path in ["/agents", "/agents.csv", "/agents/tokens", "/agents/tokens/nieuw"] {
        assert_eq!(officer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in [format!("/agents/{id}/intrekken"), format!("/agents/tokens/{id}/intrekken")] {
        assert_eq!(officer.post(&path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let admin = lab.browser(Role::Admin);
    let unknown = format!("/agents/{id}/intrekken");
    assert_eq!(admin.get(&unknown).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sources_are_for_all_who_read() {
    let lab = Lab::new();
    let reader = lab.browser(Role::Reader);
    assert!(reader.page("/bronnen").await.contains("Nog geen bronnen"));
}
