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
