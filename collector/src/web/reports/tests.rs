use belfort_model::access::Role;
use http::StatusCode;

use super::super::tests::Lab;

#[tokio::test]
async fn a_report_is_previewed_frozen_verified_and_taken_out() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    assert!(officer.page("/rapporten").await.contains("Nog geen rapporten"));
    let preview = officer.page("/rapporten/voorbeeld?taal=en").await;
    assert!(preview.contains("Monthly"), "{}", &preview[preview.len() / 2..]);
    let sure = officer.page("/rapporten/bevriezen?taal=nl").await;
    assert!(sure.contains("Nederlands"), "{sure}");
    let frozen = officer.post("/rapporten/bevriezen", &[("taal", "nl")]).await;
    assert_eq!(frozen.status, StatusCode::SEE_OTHER, "{}", frozen.text);
    let shown = officer.page(&frozen.location).await;
    assert!(shown.contains("bevroren"), "{shown}");
    let path = frozen.location.split('?').next().unwrap();
    let verified = officer.page(&format!("{path}?nazicht=ja")).await;
    assert!(verified.contains("Het controlegetal klopt"), "{verified}");
    assert!(officer.page("/rapporten").await.contains(path));
    for form in ["html", "pdf", "csv", "json"] {
        assert!(!officer.page(&format!("{path}/{form}?taal=en")).await.is_empty());
    }
    assert_eq!(officer.get(&format!("{path}/docx")).await.status, StatusCode::NOT_FOUND);
    let wrong = officer.get("/rapporten/voorbeeld?maand=soms").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_may_not_freeze_or_take_out_is_refused() {
    let lab = Lab::new();
    let dpo = lab.browser(Role::Dpo);
    assert!(!dpo.page("/rapporten").await.contains("/rapporten/bevriezen"));
    assert_eq!(dpo.get("/rapporten/bevriezen").await.status, StatusCode::FORBIDDEN);
    assert_eq!(dpo.post("/rapporten/bevriezen", &[]).await.status, StatusCode::FORBIDDEN);
    let reader = lab.browser(Role::Reader);
    assert_eq!(reader.get("/rapporten").await.status, StatusCode::FORBIDDEN);
    assert_eq!(reader.get("/rapporten/voorbeeld").await.status, StatusCode::FORBIDDEN);
}
