//! Nobody overwrites what somebody else changed meanwhile.

use super::*;
use crate::app::assets::NewUnit;
use crate::app::units::UnitEdit;
use belfort_model::unit::UnitKind;

/// Calls with `If-Match`; answers the status and the `ETag`.
async fn on(
    lab: &Lab,
    token: &str,
    call: (&str, &str),
    version: &str,
    body: Value,
) -> (StatusCode, Option<String>) {
    let mut request = Request::builder()
        .method(call.0)
        .uri(call.1)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    if !version.is_empty() {
        request = request.header("if-match", version);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = lab.router.clone().oneshot(request).await.unwrap();
    let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    (answer.status(), tag)
}

#[tokio::test]
async fn software_and_users_are_changed_on_the_version_that_was_read() {
    let lab = Lab::new();
    let admin = lab.token(Role::Admin);
    let new = json!({ "ecosystem": "deb", "name": "anydesk" });
    let (_, made) = lab.call(&admin, "POST", "/api/v1/software", new).await;
    let path = format!("/api/v1/software/{}", made["id"].as_str().unwrap());
    let (_, tag) = on(&lab, &admin, ("GET", &path), "", Value::Null).await;
    assert_eq!(tag.as_deref(), Some("\"1\""));
    let put =
        async |path: &str, version, body| on(&lab, &admin, ("PUT", path), version, body).await;
    let purpose = json!({ "purpose": "geen" });
    let (status, tag) = put(&path, "\"1\"", purpose.clone()).await;
    assert_eq!((status, tag.as_deref()), (StatusCode::OK, Some("\"2\"")));
    assert_eq!(put(&path, "\"1\"", purpose).await.0, StatusCode::PRECONDITION_FAILED);
    let approval = format!("{path}/approval");
    let approve = json!({ "approval": "approved" });
    let (status, _) = put(&approval, "\"1\"", approve.clone()).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let (status, tag) = put(&approval, "\"2\"", approve).await;
    assert_eq!((status, tag.as_deref()), (StatusCode::OK, Some("\"3\"")));

    let new = json!({ "name": "els", "roles": ["reader"] });
    let (_, made) = lab.call(&admin, "POST", "/api/v1/users", new).await;
    let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
    let (_, tag) = on(&lab, &admin, ("GET", &path), "", Value::Null).await;
    assert_eq!(tag.as_deref(), Some("\"1\""));
    let roles = json!({ "roles": ["auditor"] });
    for (version, status) in [
        ("\"7\"", StatusCode::PRECONDITION_FAILED),
        ("\"1\"", StatusCode::NO_CONTENT),
        ("\"1\"", StatusCode::PRECONDITION_FAILED),
    ] {
        assert_eq!(put(&format!("{path}/roles"), version, roles.clone()).await.0, status);
    }
}

#[test]
fn two_who_change_a_unit_at_once_lose_nothing() {
    let lab = Lab::new();
    let now = clock::now();
    let new = NewUnit {
        code: "BZ".to_owned(),
        name: "Burgerzaken".to_owned(),
        kind: UnitKind::Service,
        parent: None,
    };
    lab.app.unit_create(&root(), &new, now).unwrap();
    let edit = |edit: &UnitEdit| {
        while let Err(error) = lab.app.unit_edit(&root(), "BZ", edit, now) {
            assert!(error.to_string().contains("changed"), "{error}");
        }
    };
    let seen = || lab.app.unit("BZ").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..60 {
                let name = format!("Burgerzaken {turn}");
                edit(&UnitEdit { name: Some(name.clone()), ..UnitEdit::default() });
                assert_eq!(seen().name, name);
            }
        });
        scope.spawn(|| {
            for turn in 0..60 {
                let end = Some(now.plus_days(turn + 1));
                edit(&UnitEdit { active_to: Some(end), ..UnitEdit::default() });
                assert_eq!(seen().active_to, end);
            }
        });
    });
}
