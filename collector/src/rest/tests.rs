//! The API as its users meet it, over a real database. The authorisation golden list names every
//! endpoint and every role: a new endpoint is not merged without its line.

mod advisories;
mod idempotency;
mod proof;
mod risks;
mod scopes;
mod versions;

use std::fmt::Write as _;

use axum::body::Body;
use belfort_assess::catalogue::Catalogue;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use belfort_model::access::{Role, RoleGrant};

mod registry;

use crate::app::access::Actor;
use crate::clock;
use crate::config::login::LoginConfig;
use crate::login::Login;

mod people;

struct Lab {
    router: Router,
    app: App,
    directory: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("belfort.db").display());
        let store = belfort_store::create(&url).unwrap();
        let app = App::new(store.into(), Catalogue::shipped().unwrap()).with_login(Login::new(
            &LoginConfig::default(),
            [7; 32],
            None,
        ));
        let enrolment = EnrolmentAddress {
            endpoint: "https://collector.example:7441".to_owned(),
            fingerprint: [7; 32],
        };
        let spool = directory.path().join("spool");
        let router = router(Api { app: app.clone(), enrolment, wake: Arc::default(), spool });
        Self { router, app, directory }
    }

    /// An API token of a user with this role.
    fn token(&self, role: Role) -> String {
        let (actor, now) = (root(), clock::now());
        self.app
            .user_create(&actor, role.as_str(), &[RoleGrant { role, unit: None }], now)
            .unwrap();
        self.app.api_token_create(&actor, role.as_str(), "test", 1, now).unwrap().1
    }

    /// A user with this role for one unit, and an API token of that user.
    fn token_at(&self, role: Role, unit: &str) -> String {
        let (actor, now) = (root(), clock::now());
        let name = format!("{role}-{unit}");
        let unit = Some(self.app.unit(unit).unwrap().id);
        self.app.user_create(&actor, &name, &[RoleGrant { role, unit }], now).unwrap();
        self.app.api_token_create(&actor, &name, "test", 1, now).unwrap().1
    }

    /// Sends bytes as they are.
    async fn send(&self, token: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/octet-stream")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let is_problem = answer
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind == "application/problem+json");
        assert_eq!(is_problem, status.is_client_error() || status.is_server_error(), "{path}");
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

fn root() -> Actor {
    Actor::with_roles("test", &[Role::Admin])
}

/// Every endpoint of the description, with its parameters filled in.
fn endpoints() -> Vec<(String, String)> {
    let description: Value = serde_json::from_str(&openapi_json().unwrap()).unwrap();
    let mut all = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path = path
            .replace("{id}", "01890000-0000-7000-8000-000000000000")
            .replace("{reference}", "R-2026-0001")
            .replace("{name}", "packages")
            .replace("{code}", "CVE-2024-3094")
            .replace("{session}", "01890000-0000-7000-8000-000000000000");
        for method in methods.as_object().unwrap().keys() {
            all.push((method.to_uppercase(), path.clone()));
        }
    }
    all
}

#[tokio::test]
async fn authorisation_golden_list() {
    let lab = Lab::new();
    let tokens: Vec<_> = Role::ALL.iter().map(|role| (*role, lab.token(*role))).collect();
    let mut list = String::new();
    for (method, path) in endpoints() {
        let (nobody, _) = lab.call("", &method, &path, Value::Null).await;
        let mut may = Vec::new();
        for (role, token) in &tokens {
            let (status, _) = lab.call(token, &method, &path, Value::Null).await;
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{role:?} {method} {path}");
            // A request without a body is refused for its form only after the right was checked, or
            // before anything of the register was touched.
            let (status, _) = match status {
                StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                    lab.call(token, &method, &path, example(&path)).await
                }
                status => (status, Value::Null),
            };
            // Otherwise the right was never asked for, and the list would claim what nobody tried.
            assert_ne!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{method} {path}: no example");
            if status != StatusCode::FORBIDDEN {
                may.push(role.as_str());
            }
        }
        let who = if nobody == StatusCode::UNAUTHORIZED { may.join(" ") } else { "anybody".into() };
        writeln!(list, "{method} {path}: {who}").unwrap();
    }
    insta::assert_snapshot!(list);
}

/// A body that an endpoint can read.
fn example(path: &str) -> Value {
    match path {
        "/api/v1/units" => json!({ "code": "X", "name": "X", "kind": "service" }),
        "/api/v1/assets" => json!({ "kind": "application", "asset": { "name": "X" } }),
        "/api/v1/rules" => {
            json!({ "name": "X", "condition": "true", "assigns": { "site": "X" } })
        }
        "/api/v1/rule-order" => json!({ "first": [] }),
        path if path.starts_with("/api/v1/assets/") && path.ends_with("/lifecycle") => {
            json!({ "to": "in_stock" })
        }
        path if path.contains("/owners/") && !path.ends_with("/confirm") => json!({ "unit": "X" }),
        path if path.ends_with("/classification/confirm") || path.ends_with("/enable") => json!({}),
        path if path.starts_with("/api/v1/units/") || path.starts_with("/api/v1/data-sets/") => {
            json!({})
        }
        path if path.starts_with("/api/v1/rules/") => json!({}),
        path if path.starts_with("/api/v1/assets/") && path.matches('/').count() == 4 => json!({}),
        "/api/v1/suppressions" => json!({ "cve": "CVE-2024-3094", "reason": "X", "days": 1 }),
        "/api/v1/data-sets" => json!({ "name": "X", "personal_data": "none" }),
        "/api/v1/enrolment-tokens" => {
            json!({ "label": "X", "uses": 1, "expires_in_seconds": 3600 })
        }
        "/api/v1/reports" => json!({ "month": "2026-10" }),
        "/api/v1/software" => json!({ "ecosystem": "deb", "name": "x" }),
        path if path.ends_with("/approval") => json!({ "approval": "approved" }),
        path if path.starts_with("/api/v1/software/") => json!({ "purpose": "x" }),
        "/api/v1/users" => json!({ "name": "X", "roles": ["reader"] }),
        "/api/v1/api-tokens" => json!({ "user": "X", "label": "X", "days": 1 }),
        "/api/v1/me/api-tokens" => json!({ "label": "X", "days": 1 }),
        "/api/v1/me/password" => json!({ "present": "X", "new": "X" }),
        "/api/v1/me/second-factor" => json!({ "code": "X" }),
        path if path.ends_with("/roles") => json!({ "roles": ["reader"] }),
        path if path.ends_with("/owner") => json!({ "unit": "X" }),
        path if path.ends_with("/classification") => {
            json!({ "b": 1, "i": 1, "v": 1, "basis": "X" })
        }
        path if path.ends_with("/data-links") => {
            json!({ "data_set": "01890000-0000-7000-8000-000000000000", "relation": "stores" })
        }
        "/api/v1/meetings" => json!({ "reference": "CI-2026-11", "held_at": "2026-11-24" }),
        "/api/v1/exceptions" => {
            json!({ "asset": "01890000-0000-7000-8000-000000000000", "reason": "X" })
        }
        "/api/v1/incidents" => json!({ "reference": "INC-1", "risks": ["R-1999-0001"] }),
        path if path.ends_with("/incidents") => json!({ "reference": "INC-2" }),
        path if path.ends_with("/assess") => json!({ "reason": "X" }),
        path if path.ends_with("/decide") => json!({ "treatment": "avoid", "reason": "X" }),
        path if path.ends_with("/advice") => json!({ "text": "X" }),
        path if path.ends_with("/actions") => {
            json!({ "title": "X", "unit": "X", "function": "X", "due": "2030-01-01" })
        }
        path if path.contains("/actions/") => json!({ "note": "X" }),
        path if path.ends_with("/assign") || path.ends_with("/approve") => json!({}),
        path if path.contains("/risks/") && !path.ends_with("/history") => describe_or(path),
        path if path.contains("/findings/") || path.contains("/exceptions/") => {
            json!({ "reason": "X" })
        }
        _ => Value::Null,
    }
}

/// The body for an entry itself, or the reason that the other calls on it take.
fn describe_or(path: &str) -> Value {
    if path.ends_with("/close") || path.ends_with("/reject") {
        return json!({ "reason": "X" });
    }
    json!({ "title": "X" })
}

#[tokio::test]
async fn a_data_set_lends_its_class_and_errors_say_what_to_do() {
    let lab = Lab::new();
    let token = lab.token(Role::SecurityOfficer);
    let new = json!({ "code": "BZ", "name": "Dienst Burgerzaken", "kind": "service" });
    let (status, unit) = lab.call(&token, "POST", "/api/v1/units", new.clone()).await;
    assert_eq!((status, unit["code"].as_str()), (StatusCode::CREATED, Some("BZ")));
    let (status, problem) = lab.call(&token, "POST", "/api/v1/units", new).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["detail"], "unit `BZ` exists already");

    let set = json!({ "name": "Bevolkingsregister", "personal_data": "national_register" });
    let (status, _) = lab.call(&token, "POST", "/api/v1/data-sets", set).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, list) = lab.call(&token, "GET", "/api/v1/assets?kind=data_set", Value::Null).await;
    assert_eq!(list["total"], 1);
    let path = format!("/api/v1/assets/{}", list["items"][0]["id"].as_str().unwrap());

    let class = json!({ "b": 3, "i": 4, "v": 5, "basis": "collegebesluit" });
    let (status, _) = lab.call(&token, "PUT", &format!("{path}/classification"), class).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) =
        lab.call(&token, "PUT", &format!("{path}/owner"), json!({ "unit": "bz" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, asset) = lab.call(&token, "GET", &path, Value::Null).await;
    assert_eq!(asset["class"]["v"], 5);
    assert_eq!(asset["owner"]["unit"], "BZ");

    let wrong = json!({ "b": 6, "i": 4, "v": 5, "basis": "x" });
    let (status, problem) = lab.call(&token, "PUT", &format!("{path}/classification"), wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["detail"], "b: 6 is not a level from 1 to 5");
    let (status, problem) =
        lab.call(&token, "GET", "/api/v1/assets?colour=blue", Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("colour"), "{problem}");
    let (status, _) = lab.call(&token, "GET", "/api/v1/assets?limit=0", Value::Null).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = lab.call(&token, "PUT", &path, Value::Null).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn software_is_judged_on_the_version_that_was_read() {
    let lab = Lab::new();
    let token = lab.token(Role::SecurityOfficer);
    let new = json!({ "ecosystem": "deb", "name": "anydesk" });
    let (status, made) = lab.call(&token, "POST", "/api/v1/software", new.clone()).await;
    assert_eq!((status, made["approval"].as_str()), (StatusCode::CREATED, Some("unknown")));
    let (status, _) = lab.call(&token, "POST", "/api/v1/software", new).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let path = format!("/api/v1/software/{}", made["id"].as_str().unwrap());
    let approval = format!("{path}/approval");
    let (status, problem) =
        lab.call(&token, "PUT", &approval, json!({ "approval": "denied" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["detail"], "a denial needs a reason");
    let deny = json!({ "approval": "denied", "reason": "CI 2026-03", "version": 1 });
    let (status, denied) = lab.call(&token, "PUT", &approval, deny.clone()).await;
    assert_eq!((status, denied["version"].as_i64()), (StatusCode::OK, Some(2)));
    let (status, _) = lab.call(&token, "PUT", &approval, deny).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let change = json!({ "purpose": "geen", "licence_type": "freeware" });
    let (status, changed) = lab.call(&token, "PUT", &path, change).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&changed["purpose"], &changed["approval"]), (&json!("geen"), &json!("denied")));
    let (_, list) =
        lab.call(&token, "GET", "/api/v1/software?text=ANY&approval=denied", Value::Null).await;
    assert_eq!((list["total"].as_u64(), &list["items"][0]["name"]), (Some(1), &json!("anydesk")));
    let (status, shown) = lab.call(&token, "GET", &format!("{path}?limit=1"), Value::Null).await;
    assert_eq!((status, shown["installed"]["total"].as_u64()), (StatusCode::OK, Some(0)));
    for (query, expected) in [
        ("?approval=maybe", "approval: `maybe` is not one of approved, tolerated, denied, unknown"),
        ("?colour=blue", "colour"),
    ] {
        let path = format!("/api/v1/software{query}");
        let (status, problem) = lab.call(&token, "GET", &path, Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{problem}");
    }
    let unit = json!({ "responsible": "NOPE" });
    let (status, problem) = lab.call(&token, "PUT", &path, unit).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["detail"], "there is no unit with code `NOPE`");
}

#[tokio::test]
async fn a_token_that_ended_or_was_revoked_is_nobody() {
    let lab = Lab::new();
    let now = clock::now();
    let revoked = lab.token(Role::Auditor);
    let (status, _) = lab.call(&revoked, "GET", "/api/v1/audit", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let id = lab.app.store.api_token_list().unwrap()[0].id;
    lab.app.api_token_revoke(&root(), id, now).unwrap();
    let (status, _) = lab.call(&revoked, "GET", "/api/v1/audit", Value::Null).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let past = now.plus_days(-2);
    let ended = lab.app.api_token_create(&root(), "auditor", "old", 1, past).unwrap().1;
    for token in [ended.as_str(), "bfa1.guess", "guess"] {
        let (status, _) = lab.call(token, "GET", "/api/v1/overview", Value::Null).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token}");
    }
}

#[tokio::test]
async fn a_new_enrolment_token_is_shown_once() {
    let lab = Lab::new();
    let token = lab.token(Role::Admin);
    let new = json!({ "label": "laptops", "uses": 2, "expires_in_seconds": 3600 });
    let (_, made) = lab.call(&token, "POST", "/api/v1/enrolment-tokens", new).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(made["command"].as_str().unwrap().contains(&secret));
    let (_, list) = lab.call(&token, "GET", "/api/v1/enrolment-tokens", Value::Null).await;
    assert_eq!(list["total"], 1);
    assert!(!list.to_string().contains(&secret));
    let (_, audit) = lab.call(&token, "GET", "/api/v1/audit", Value::Null).await;
    let middle = secret.split('.').nth(1).unwrap();
    assert!(!audit.to_string().contains(middle), "a secret reached the audit log");
}

/// The description is committed as reference; `cargo xtask codegen` writes it.
#[test]
fn the_committed_description_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = format!("{}\n", openapi_json().unwrap());
    assert!(committed == current, "docs/reference/openapi.json: run `cargo xtask codegen`");
}
