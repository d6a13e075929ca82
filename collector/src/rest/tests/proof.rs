//! That nobody changed the audit log, as its readers are told. That a broken chain shows over REST too is
//! tried on real databases, in `tests/tests/walk_rest.rs`.

use super::*;
use crate::app::audit::Chain;
use crate::view::AuditVerifiedView;

const VERIFICATION: &str = "/api/v1/audit/verification";

#[tokio::test]
async fn whoever_reads_the_audit_log_may_have_it_proved() {
    let lab = Lab::new();
    let (auditor, reader) = (lab.token(Role::Auditor), lab.token(Role::Reader));
    let (status, said) = lab.call(&auditor, "GET", VERIFICATION, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let (_, records) = lab.call(&auditor, "GET", "/api/v1/audit", Value::Null).await;
    let holds = json!({ "holds": true, "records": records["total"], "broken_at": null,
        "reason": null });
    assert_eq!(said, holds);
    let (status, _) = lab.call(&reader, "GET", VERIFICATION, Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[test]
fn a_broken_chain_says_where_and_what_that_means() {
    let shown = serde_json::to_value(AuditVerifiedView::from(Chain::Broken(5))).unwrap();
    assert_eq!((&shown["holds"], &shown["records"]), (&json!(false), &json!(4)));
    assert_eq!(shown["broken_at"], 5);
    assert!(shown["reason"].as_str().unwrap().contains("broken at record 5"), "{shown}");
}

#[tokio::test]
async fn a_report_is_previewed_in_every_form() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    for (format, media_type) in [
        ("", "text/html; charset=utf-8"),
        ("?format=html", "text/html; charset=utf-8"),
        ("?format=pdf", "application/pdf"),
        ("?format=csv", "text/csv; charset=utf-8"),
        ("?format=json", "application/json"),
    ] {
        let request = Request::builder()
            .uri(format!("/api/v1/reports/preview{format}"))
            .header("authorization", format!("Bearer {officer}"))
            .body(Body::empty())
            .unwrap();
        let answer = lab.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{format}");
        assert_eq!(answer.headers()["content-type"], media_type);
    }
    let wrong = "/api/v1/reports/preview?format=docx";
    let (status, problem) = lab.call(&officer, "GET", wrong, Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["detail"], "format: `docx` is not one of html, pdf, csv, json");
}
