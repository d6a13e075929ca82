use belfort_model::access::Role;
use http::StatusCode;

use super::super::tests::{Lab, root};
use crate::clock;

#[tokio::test]
async fn the_log_shows_filters_exports_and_proves_itself() {
    let lab = Lab::new();
    let auditor = lab.browser(Role::Auditor);
    let unit = crate::app::units::NewUnit {
        code: "BZ".to_owned(),
        name: "Burgerzaken".to_owned(),
        kind: belfort_model::unit::UnitKind::Service,
        parent: None,
    };
    lab.app.unit_create(&root(), &unit, clock::now()).unwrap();
    let all = auditor.page("/audit").await;
    assert!(all.contains("unit.create") && all.contains("user.create"), "{all}");
    let units = auditor.page("/audit?actie=unit.&door=test&van=2020-01-01&tot=2090-01-01").await;
    assert!(units.contains("Burgerzaken") && !units.contains("<code>user.create"), "{units}");
    assert!(auditor.page("/audit?actie=niets.").await.contains("Niets voldoet"));
    assert!(auditor.page("/audit/keten").await.contains("De keten klopt"));
    assert!(auditor.page("/audit.csv?actie=unit.").await.contains("unit.create"));
    let proof = auditor.page("/audit/bewijs.jsonl").await;
    let outcome = crate::app::audit_file::verify(proof.as_bytes());
    assert!(outcome.is_ok(), "{proof}");
    assert_eq!(auditor.get("/audit?wie=x").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(auditor.get("/audit?van=gisteren").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_who_may_read_it_sees_it() {
    let lab = Lab::new();
    for role in [Role::Dpo, Role::Reader, Role::DepartmentHead] {
        let browser = lab.browser(role);
        for path in ["/audit", "/audit.csv", "/audit/keten", "/audit/bewijs.jsonl"] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
    }
}
