//! Calls that are repeated with an `Idempotency-Key`: once, whatever happens to the connection or the answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::routing::post;
use http::Response;

use super::*;

#[tokio::test]
async fn a_repeated_call_is_carried_out_once() {
    let lab = Lab::new();
    let token = lab.token(Role::SecurityOfficer);
    let call = |key: &'static str, code: &'static str| {
        let body = json!({ "code": code, "name": "Dienst", "kind": "service" });
        let request = Request::builder()
            .method("POST")
            .uri("/api/v1/units")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()))
            .unwrap();
        let router = lab.router.clone();
        async move {
            let answer = router.oneshot(request).await.unwrap();
            let replayed = answer.headers().contains_key("idempotency-replayed");
            let status = answer.status();
            (status, replayed, axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap())
        }
    };
    let (status, replayed, first) = call("a", "BZ").await;
    assert_eq!((status, replayed), (StatusCode::CREATED, false));
    let (status, replayed, again) = call("a", "BZ").await;
    assert_eq!((status, replayed, again), (StatusCode::CREATED, true, first));
    assert_eq!(lab.app.store.unit_list().unwrap().len(), 1);
    let (status, _, _) = call("a", "FIN").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // What was refused can be repeated with the same key.
    assert_eq!(call("b", "BZ").await.0, StatusCode::CONFLICT);
    assert_eq!(call("b", "FIN").await.0, StatusCode::CREATED);
}

fn keyed(token: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method("POST")
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/octet-stream")
        .header("idempotency-key", "k")
        .body(body.into())
        .unwrap()
}

async fn said(answer: Response<Body>) -> (StatusCode, bool, Vec<u8>) {
    let replayed = answer.headers().contains_key("idempotency-replayed");
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 16 << 20).await.unwrap();
    (status, replayed, bytes.to_vec())
}

#[tokio::test]
async fn an_import_with_a_key_is_as_large_as_one_without() {
    let lab = Lab::new();
    let token = lab.token(Role::SecurityOfficer);
    let row = format!("loket;toepassing;{}\n", "x".repeat(3_900));
    let csv = format!("naam;soort;kleur\n{}", row.repeat(400));
    assert!(csv.len() > BODY);
    let call = || lab.router.clone().oneshot(keyed(&token, "/api/v1/imports/assets", csv.clone()));
    let (status, replayed, first) = said(call().await.unwrap()).await;
    assert_eq!((status, replayed), (StatusCode::OK, false));
    assert_eq!(said(call().await.unwrap()).await, (StatusCode::OK, true, first));
    let too_large = || vec![b'x'; crate::app::imports::BYTES + 1];
    let request = keyed(&token, "/api/v1/imports/assets", too_large());
    let (status, _, body) = said(lab.router.clone().oneshot(request).await.unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(String::from_utf8(body).unwrap().contains("16 MiB"));
    let request = keyed(&token, "/api/v1/units", vec![b'x'; BODY + 1]);
    let (status, _, body) = said(lab.router.clone().oneshot(request).await.unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(String::from_utf8(body).unwrap().contains("than 1 MiB"));
}

/// What a call waits for.
#[derive(Default)]
struct Gate {
    begun: Notify,
    open: Notify,
}

/// A router with one call that counts how often it was carried out.
fn counting(lab: &Lab, size: usize) -> (Router, Arc<Gate>, Arc<AtomicUsize>) {
    let enrolment =
        EnrolmentAddress { endpoint: "https://collector.example".to_owned(), fingerprint: [7; 32] };
    let api = Api { app: lab.app.clone(), enrolment, wake: Arc::default(), spool: "spool".into() };
    let (gate, done) = (Arc::<Gate>::default(), Arc::<AtomicUsize>::default());
    let (waiting, count) = (Arc::clone(&gate), Arc::clone(&done));
    let work = move || async move {
        waiting.begun.notify_one();
        waiting.open.notified().await;
        count.fetch_add(1, Ordering::SeqCst);
        "x".repeat(size)
    };
    let router = Router::new()
        .route("/work", post(work))
        .layer(from_fn_with_state(api.clone(), super::super::idempotency::once))
        .with_state(api);
    (router, gate, done)
}

#[tokio::test]
async fn a_large_answer_is_given_once_and_the_call_carried_out_once() {
    let lab = Lab::new();
    let token = lab.token(Role::SecurityOfficer);
    let (router, gate, done) = counting(&lab, 5 << 20);
    gate.open.notify_one();
    let answer = router.clone().oneshot(keyed(&token, "/work", "")).await.unwrap();
    let (status, _, body) = said(answer).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 5 << 20));
    let answer = router.oneshot(keyed(&token, "/work", "")).await.unwrap();
    let (status, _, body) = said(answer).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(String::from_utf8(body).unwrap().contains("was carried out"));
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_call_goes_on_when_its_connection_breaks() {
    let lab = Lab::new();
    let token = lab.token(Role::SecurityOfficer);
    let (router, gate, done) = counting(&lab, 1);
    let first = tokio::spawn(router.clone().oneshot(keyed(&token, "/work", "")));
    gate.begun.notified().await;
    first.abort();
    assert!(first.await.is_err());
    let again = async || {
        let answer = router.clone().oneshot(keyed(&token, "/work", "")).await.unwrap();
        let (status, replayed, _) = said(answer).await;
        (status, replayed)
    };
    assert_eq!(again().await, (StatusCode::CONFLICT, false), "it is under way");
    gate.open.notify_one();
    for _ in 0..500 {
        if again().await.0 == StatusCode::OK {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(again().await, (StatusCode::OK, true));
    assert_eq!(done.load(Ordering::SeqCst), 1);
}
