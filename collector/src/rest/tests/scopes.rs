//! What somebody whose role reaches one unit may not do, and does not see, beyond it.

use super::*;

async fn unit(lab: &Lab, token: &str, code: &str) {
    let new = json!({ "code": code, "name": code, "kind": "service" });
    let (status, _) = lab.call(token, "POST", "/api/v1/units", new).await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_software_catalogue_is_the_whole_organisations() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    unit(&lab, &officer, "BZ").await;
    let own = lab.token_at(Role::SecurityOfficer, "BZ");
    let new = json!({ "ecosystem": "deb", "name": "anydesk" });
    let (status, _) = lab.call(&own, "POST", "/api/v1/software", new.clone()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, made) = lab.call(&officer, "POST", "/api/v1/software", new).await;
    assert_eq!(status, StatusCode::CREATED);
    let path = format!("/api/v1/software/{}", made["id"].as_str().unwrap());
    for (path, body) in [
        (format!("{path}/approval"), json!({ "approval": "approved" })),
        (path, json!({ "purpose": "x" })),
    ] {
        let (status, _) = lab.call(&own, "PUT", &path, body.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        let (status, _) = lab.call(&officer, "PUT", &path, body).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn the_audit_log_is_the_whole_organisations() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    unit(&lab, &officer, "BZ").await;
    for role in [Role::SecurityOfficer, Role::Auditor] {
        let own = lab.token_at(role, "BZ");
        let (status, _) = lab.call(&own, "GET", "/api/v1/audit", Value::Null).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{role}");
    }
    let (status, _) = lab.call(&officer, "GET", "/api/v1/audit", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn the_overview_counts_what_one_may_see() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    for (code, name) in [("BZ", "loket"), ("FIN", "boekhouding")] {
        unit(&lab, &officer, code).await;
        let new = json!({ "kind": "application", "asset": { "name": name } });
        let (_, made) = lab.call(&officer, "POST", "/api/v1/assets", new).await;
        let owner = format!("/api/v1/assets/{}/owner", made["id"].as_str().unwrap());
        lab.call(&officer, "PUT", &owner, json!({ "unit": code })).await;
    }
    for (token, assets) in [(&officer, 2), (&lab.token_at(Role::Reader, "BZ"), 1)] {
        let (status, seen) = lab.call(token, "GET", "/api/v1/overview", Value::Null).await;
        assert_eq!((status, seen["assets"].as_u64()), (StatusCode::OK, Some(assets)), "{seen}");
    }
}
