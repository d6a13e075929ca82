//! Users, sessions and tokens as the API's callers meet them.

use belfort_model::asset::{Asset, AssetKind, Source};
use belfort_model::classification::EffectiveClass;
use belfort_model::finding::{Circumstances, FindingChanges, Hit, settle_new};
use belfort_model::id::AssetId;
use belfort_model::scale::{Dimensions, Level};
use belfort_model::time::Timestamp;
use belfort_store::record::{Audit, ChangeRecord, EvaluationCommit};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::app::log_in::{Credentials, Visitor};
use crate::rest::session;

const PASSWORD: &str = "paard batterij nietje";

impl Lab {
    /// A session of a user with this role who needs no second factor.
    fn session(&self, name: &str, role: Role, now: Timestamp) -> String {
        let grants = [RoleGrant { role, unit: None }];
        let user = self.app.user_create(&root(), name, &grants, now).unwrap();
        self.app.user_password_set(&root(), user.id, PASSWORD, now).unwrap();
        let given = Credentials {
            name: name.to_owned(),
            password: PASSWORD.to_owned(),
            code: String::new(),
        };
        let from = Visitor { address: [192, 0, 2, 1].into(), browser: "test".to_owned() };
        self.app.log_in(&given, &from, None, now).unwrap().unwrap().secret
    }

    async fn with_headers(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .header("content-type", "application/json")
            .body(Body::from(r#"{"label":"x","days":1}"#))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

#[tokio::test]
async fn a_session_needs_the_token_of_its_own_pages() {
    let lab = Lab::new();
    let secret = lab.session("els", Role::Reader, clock::now());
    let cookie = format!("a=b; {}={secret}", session::COOKIE);
    let cookie = ("cookie", cookie.as_str());
    let (status, me) = lab.with_headers("GET", "/api/v1/me", &[cookie]).await;
    assert_eq!((status, &me["name"]), (StatusCode::OK, &json!("els")));
    let token = ("x-csrf-token", me["csrf_token"].as_str().unwrap());
    let (make, other) = ("/api/v1/me/api-tokens", session::csrf_token("other"));
    for refused in [
        vec![cookie],
        vec![cookie, ("x-csrf-token", "")],
        vec![cookie, ("x-csrf-token", other.as_str())],
        vec![cookie, token, ("sec-fetch-site", "cross-site")],
        vec![cookie, token, ("origin", "https://evil.example"), ("host", "belfort.example")],
    ] {
        let (status, _) = lab.with_headers("POST", make, &refused).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{refused:?}");
    }
    let good = [cookie, token, ("sec-fetch-site", "same-origin")];
    let (status, _) = lab.with_headers("POST", make, &good).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _) =
        lab.with_headers("GET", "/api/v1/me", &[("cookie", "__Host-belfort=x")]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_without_its_second_factor_reaches_only_the_own_account() {
    let lab = Lab::new();
    let secret = lab.session("veiligheid", Role::SecurityOfficer, clock::now());
    let cookie = format!("{}={secret}", session::COOKIE);
    let token = session::csrf_token(&secret);
    let headers = [("cookie", cookie.as_str()), ("x-csrf-token", token.as_str())];
    for (method, path, expected) in [
        ("GET", "/api/v1/me", StatusCode::OK),
        ("GET", "/api/v1/assets", StatusCode::FORBIDDEN),
        ("GET", "/api/v1/audit", StatusCode::FORBIDDEN),
        ("POST", "/api/v1/me/api-tokens", StatusCode::FORBIDDEN),
    ] {
        let (status, _) = lab.with_headers(method, path, &headers).await;
        assert_eq!(status, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn one_administrator_stays() {
    let lab = Lab::new();
    let token = lab.token(Role::Admin);
    let (_, users) = lab.call(&token, "GET", "/api/v1/users", Value::Null).await;
    let id = users["items"][0]["id"].as_str().unwrap().to_owned();
    let path = |what: &str| format!("/api/v1/users/{id}/{what}");
    let reader = json!({ "roles": ["reader"] });
    let (status, problem) = lab.call(&token, "POST", &path("disable"), Value::Null).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().unwrap().contains("last active administrator"));
    let (status, _) = lab.call(&token, "PUT", &path("roles"), reader.clone()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    let second = json!({ "name": "beheer", "roles": ["admin"] });
    let (status, made) = lab.call(&token, "POST", "/api/v1/users", second.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _) = lab.call(&token, "POST", "/api/v1/users", second).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let stale = json!({ "roles": ["reader"], "version": 99 });
    let (status, _) = lab.call(&token, "PUT", &path("roles"), stale).await;
    assert_eq!(status, StatusCode::CONFLICT);
    // An administrator who is switched off does not count.
    let other = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
    let off = format!("{other}/disable");
    assert_eq!(lab.call(&token, "POST", &off, Value::Null).await.0, StatusCode::NO_CONTENT);
    let (status, _) = lab.call(&token, "PUT", &path("roles"), reader.clone()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let on = format!("{other}/enable");
    assert_eq!(lab.call(&token, "POST", &on, Value::Null).await.0, StatusCode::NO_CONTENT);
    let (status, _) = lab.call(&token, "PUT", &path("roles"), reader).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    // It counts at once.
    let (status, _) = lab.call(&token, "GET", "/api/v1/users", Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn roles_are_scoped_to_units_and_admin_is_not() {
    let lab = Lab::new();
    let token = lab.token(Role::Admin);
    let unit = json!({ "code": "DMT", "name": "Departement", "kind": "department" });
    lab.call(&token, "POST", "/api/v1/units", unit).await;
    let head = json!({ "name": "dh", "roles": ["reader", "department_head@DMT"] });
    let (status, made) = lab.call(&token, "POST", "/api/v1/users", head).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(made["roles"], json!(["department_head@DMT", "reader"]));
    for wrong in ["admin@DMT", "department_head@XYZ", "chief", ""] {
        let new = json!({ "name": "x", "roles": [wrong] });
        let (status, _) = lab.call(&token, "POST", "/api/v1/users", new).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_token_gives_no_more_than_it_has() {
    let lab = Lab::new();
    let admin = lab.token(Role::Admin);
    let new = json!({ "user": "admin", "label": "x", "days": 5, "rights": ["read", "read_audit"] });
    let (_, made) = lab.call(&admin, "POST", "/api/v1/api-tokens", new).await;
    let narrow = made["secret"].as_str().unwrap();
    assert_eq!(lab.call(narrow, "GET", "/api/v1/audit", Value::Null).await.0, StatusCode::OK);
    assert_eq!(
        lab.call(narrow, "GET", "/api/v1/users", Value::Null).await.0,
        StatusCode::FORBIDDEN
    );
    let (_, me) = lab.call(narrow, "GET", "/api/v1/me", Value::Null).await;
    assert_eq!(me["rights"], json!(["read", "read_audit"]));

    let own = "/api/v1/me/api-tokens";
    let more = json!({ "label": "y", "days": 5, "rights": ["administer"] });
    assert_eq!(lab.call(narrow, "POST", own, more).await.0, StatusCode::FORBIDDEN);
    let all = json!({ "label": "y", "days": 365 });
    let (status, child) = lab.call(narrow, "POST", own, all).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(child["rights"], json!(["read", "read_audit"]));
    assert_eq!(child["expires_at"], made["expires_at"], "it ends no later");
    for days in [0, 366] {
        let wrong = json!({ "label": "y", "days": days });
        assert_eq!(lab.call(&admin, "POST", own, wrong).await.0, StatusCode::BAD_REQUEST);
    }
    // One's own can be revoked, another's not.
    let reader = lab.token(Role::Reader);
    let path = format!("{own}/{}", child["id"].as_str().unwrap());
    assert_eq!(lab.call(&reader, "DELETE", &path, Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(lab.call(&admin, "DELETE", &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    let secret = child["secret"].as_str().unwrap();
    assert_eq!(
        lab.call(secret, "GET", "/api/v1/me", Value::Null).await.0,
        StatusCode::UNAUTHORIZED
    );
    let (_, list) = lab.call(&admin, "GET", own, Value::Null).await;
    assert!(list["items"][1]["last_used_at"].is_string(), "{list}");
}

#[tokio::test]
async fn a_view_of_people_is_one_record_an_hour() {
    let lab = Lab::new();
    let token = lab.token(Role::Admin);
    for _ in 0..3 {
        lab.call(&token, "GET", "/api/v1/users?limit=1", Value::Null).await;
    }
    let views = "/api/v1/audit?action=view.personal&actor=admin&subject=users";
    let (_, list) = lab.call(&token, "GET", views, Value::Null).await;
    assert_eq!(list["total"], 1, "{list}");
    let set = json!({ "name": "Bevolkingsregister", "personal_data": "none" });
    lab.call(&token, "POST", "/api/v1/data-sets", set).await;
    let (_, list) = lab.call(&token, "GET", "/api/v1/assets", Value::Null).await;
    let subject = list["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/assets/{subject}/sections");
    for (name, seen) in [("packages", 0), ("accounts", 1)] {
        lab.call(&token, "GET", &format!("{path}/{name}"), Value::Null).await;
        let views = format!("/api/v1/audit?action=view.personal&subject={subject}");
        let (_, list) = lab.call(&token, "GET", &views, Value::Null).await;
        assert_eq!(list["total"], seen, "{name}: {list}");
    }
}

/// A device with a change of its accounts and a finding that names an administrator.
fn told_of_people(lab: &Lab) -> AssetId {
    let now = clock::now();
    let new = Asset::new(AssetId(Uuid::now_v7()), AssetKind::Device, "pc", Source::Manual, now);
    let record = |action| Audit {
        at: now,
        actor: "test".to_owned(),
        action,
        subject: String::new(),
        detail: "{}".to_owned(),
    };
    let store = &lab.app.store;
    store.asset_insert(&new, &record("asset.add")).unwrap();
    let change = |section: &str, subject: &str| ChangeRecord {
        at: now,
        section: section.to_owned(),
        subject: subject.to_owned(),
        before: None,
        after: None,
    };
    let changes = [change("accounts", "p:00112233"), change("packages", "openssl")];
    store.asset_update(&new, None, &changes, &[], &record("asset.edit")).unwrap();
    let input = store.evaluation_input(new.id).unwrap().unwrap();
    let evidence = vec![belfort_assess::evaluate::item("administrator", "p:00112233")];
    let hit = Hit {
        code: "admin.unexpected".to_owned(),
        key: "p:00112233".to_owned(),
        likelihood: Level::THREE,
        dimensions: Dimensions::default(),
        evidence,
    };
    let severity = |_, _| Level::THREE;
    let around = Circumstances { exceptions: &[], owners: &[], severity: &severity, now };
    let commit = EvaluationCommit {
        asset: new.id,
        generation: input.generation,
        now,
        next: now.plus_days(1),
        class: EffectiveClass::of(None, &[]),
        results: std::collections::BTreeMap::default(),
        new: vec![settle_new(new.id, &hit, &around)],
    };
    store.evaluation_commit(&commit, &FindingChanges { new: vec![hit], updated: vec![] }).unwrap();
    new.id
}

#[tokio::test]
async fn history_and_findings_that_tell_of_people_are_views_of_them() {
    let lab = Lab::new();
    let admin = lab.token(Role::Admin);
    let asset = told_of_people(&lab).to_string();
    let (_, list) = lab.call(&admin, "GET", "/api/v1/findings", Value::Null).await;
    let finding = list["items"][0]["id"].as_str().unwrap().to_owned();
    let reader = lab.token(Role::Reader);
    let seen = async |actor: &str| {
        let path = format!("/api/v1/audit?action=view.personal&actor={actor}");
        let (_, list) = lab.call(&admin, "GET", &path, Value::Null).await;
        let subjects = list["items"].as_array().unwrap().iter();
        subjects.map(|one| one["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen("admin").await, ["findings"]);
    // The newest change alone is about packages.
    let history = format!("/api/v1/assets/{asset}/history");
    lab.call(&reader, "GET", &format!("{history}?limit=1"), Value::Null).await;
    lab.call(&reader, "GET", "/api/v1/findings?code=tpm.absent", Value::Null).await;
    assert!(seen("reader").await.is_empty());
    for (role, path) in [
        (Role::Reader, history),
        (Role::Auditor, format!("/api/v1/findings/{finding}")),
        (Role::Ciso, format!("/api/v1/assets/{asset}")),
    ] {
        let token = if role == Role::Reader { reader.clone() } else { lab.token(role) };
        let (status, shown) = lab.call(&token, "GET", &path, Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        assert!(shown.to_string().contains("p:00112233"), "{path}: {shown}");
        assert_eq!(seen(role.as_str()).await, std::slice::from_ref(&asset), "{path}");
    }
}

#[test]
fn what_tells_of_people_goes_with_the_device() {
    let lab = Lab::new();
    let id = told_of_people(&lab);
    let to = crate::app::lifecycle::NewMove {
        to: belfort_model::asset::Lifecycle::Decommissioned,
        at: None,
        reason: String::new(),
        disposal: None,
    };
    lab.app.asset_move(&root(), id, &to, None, clock::now()).unwrap();
    let detail = lab.app.store.asset_get(id).unwrap().unwrap();
    assert!(!format!("{:?}", detail.findings).contains("p:00112233"), "{:?}", detail.findings);
    let page = belfort_store::record::Page::ALL;
    let history = format!("{:?}", lab.app.store.asset_history(id, page).unwrap());
    assert!(!history.contains("p:00112233") && history.contains("openssl"), "{history}");
}

#[tokio::test]
async fn the_audit_log_is_filtered() {
    let lab = Lab::new();
    let token = lab.token(Role::Admin);
    let total = async |query: &str| {
        let path = format!("/api/v1/audit?{query}");
        lab.call(&token, "GET", &path, Value::Null).await.1["total"].clone()
    };
    assert_eq!(total("").await, 2);
    assert_eq!(total("action=user.create").await, 1);
    assert_eq!(total("action=user.").await, 1);
    assert_eq!(total("action=user").await, 0);
    assert_eq!(total("actor=test").await, 2);
    assert_eq!(total("actor=somebody").await, 0);
    assert_eq!(total("from=2020-01-01").await, 2);
    assert_eq!(total("to=2020-01-01").await, 0);
    assert_eq!(total("from=2020-01-01T00:00:00Z&to=2999-12-31&limit=1").await, 2);
    for wrong in ["from=yesterday", "colour=blue", "limit=0"] {
        let path = format!("/api/v1/audit?{wrong}");
        let (status, _) = lab.call(&token, "GET", &path, Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}
