//! Advisory data over REST: one file at a time, and nothing of a wrong one.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use hyper::body::Frame;

use super::*;
use crate::rest::advisories::FILE;

const IMPORT: &str = "/api/v1/advisories/import";

fn kev(day: &str) -> String {
    json!({
        "title": "made up", "catalogVersion": day, "dateReleased": format!("{day}T00:00:00Z"),
        "count": 1, "vulnerabilities": [{ "cveID": "CVE-2026-99999", "dateAdded": day,
            "vulnerabilityName": "made up" }]
    })
    .to_string()
}

/// A body whose length nobody says beforehand: it goes on for ever, or breaks off after a while.
struct Blanks {
    left: Option<u32>,
}

impl Blanks {
    const ENDLESS: Self = Self { left: None };
    const BROKEN: Self = Self { left: Some(3) };
}

impl HttpBody for Blanks {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        static BLANKS: [u8; 1 << 20] = [b' '; 1 << 20];
        Poll::Ready(Some(match &mut self.left {
            Some(0) => Err(std::io::ErrorKind::ConnectionReset.into()),
            left => {
                *left = left.map(|left| left - 1);
                Ok(Frame::data(Bytes::from_static(&BLANKS)))
            }
        }))
    }
}

impl Lab {
    async fn import(&self, token: &str, query: &str, body: Body) -> (StatusCode, Value) {
        let request = Request::builder()
            .method("POST")
            .uri(format!("{IMPORT}{query}"))
            .header("authorization", format!("Bearer {token}"))
            // It is not kept for this call, whatever the body.
            .header("idempotency-key", "import")
            .body(body)
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn sources(&self, token: &str) -> Value {
        self.call(token, "GET", "/api/v1/advisories", Value::Null).await.1
    }

    /// Nothing of a body stays behind.
    fn spooled(&self) -> usize {
        std::fs::read_dir(self.directory.path().join("spool")).map_or(0, Iterator::count)
    }
}

#[tokio::test]
async fn a_file_is_imported_once_and_says_what_became_of_it() {
    let lab = Lab::new();
    let admin = lab.token(Role::Admin);
    let query = "?name=known_exploited_vulnerabilities.json";
    let dry = format!("{query}&dry_run=true");
    let (status, tried) = lab.import(&admin, &dry, kev("2026-11-20").into()).await;
    assert_eq!((status, &tried["items"][0]["outcome"]), (StatusCode::OK, &json!("readable")));
    assert_eq!(lab.sources(&admin).await["total"], 0, "nothing was written");
    for outcome in ["imported", "unchanged"] {
        let (status, done) = lab.import(&admin, query, kev("2026-11-20").into()).await;
        assert_eq!((status, &done["total"]), (StatusCode::OK, &json!(1)), "{done}");
        let one = &done["items"][0];
        assert_eq!((&one["name"], &one["outcome"]), (&json!("kev"), &json!(outcome)));
        assert_eq!((&one["records"], &one["version"]), (&json!(1), &json!("2026-11-20")));
    }
    let found = "/api/v1/audit?action=advisories.import";
    let (_, records) = lab.call(&admin, "GET", found, Value::Null).await;
    assert_eq!(records["total"], 1, "{records}");
    assert_eq!(records["items"][0]["actor"], "admin");

    let (status, problem) = lab.import(&admin, query, kev("2026-11-19").into()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("older than what is there"), "{problem}");
    let forced = format!("{query}&force=true");
    let (status, done) = lab.import(&admin, &forced, kev("2026-11-19").into()).await;
    assert_eq!((status, &done["items"][0]["version"]), (StatusCode::OK, &json!("2026-11-19")));
    assert_eq!(lab.spooled(), 0);
}

#[tokio::test]
async fn a_record_is_known_by_the_name_of_its_file() {
    let lab = Lab::new();
    let admin = lab.token(Role::Admin);
    let osv = json!({ "id": "DSA-9999-1", "modified": "2026-11-20T00:00:00Z",
        "aliases": ["CVE-2026-99999"], "affected": [{
            "package": { "ecosystem": "Debian:12", "name": "probe" },
            "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }] }] }] });
    let sent = lab.import(&admin, "?name=DSA-9999-1.json", osv.to_string().into());
    let (status, done) = sent.await;
    assert_eq!((status, &done["items"][0]["name"]), (StatusCode::OK, &json!("osv/DSA-9999-1")));
}

#[tokio::test]
async fn what_is_none_of_the_feeds_is_refused_and_nothing_is_kept() {
    let lab = Lab::new();
    let admin = lab.token(Role::Admin);
    let broken = kev("2026-11-20").replace("}]}", "");
    for (query, body, expected, detail) in [
        ("?name=x.json", "{}".to_owned(), StatusCode::UNPROCESSABLE_ENTITY, "x.json is none of"),
        ("?name=x.json", String::new(), StatusCode::UNPROCESSABLE_ENTITY, "x.json is none of"),
        ("?name=kev.json", broken, StatusCode::UNPROCESSABLE_ENTITY, "kev.json is not a complete"),
        ("", kev("2026-11-20"), StatusCode::BAD_REQUEST, "name: give the name"),
        ("?name=..%2Fca.pem", kev("2026-11-20"), StatusCode::BAD_REQUEST, "name: give the name"),
        ("?name=.kev", kev("2026-11-20"), StatusCode::BAD_REQUEST, "name: give the name"),
        ("?name=kev&kind=cars", kev("2026-11-20"), StatusCode::BAD_REQUEST, "kind: "),
        ("?name=kev&path=x", kev("2026-11-20"), StatusCode::BAD_REQUEST, "path"),
    ] {
        let (status, problem) = lab.import(&admin, query, body.into()).await;
        assert_eq!(status, expected, "{query}: {problem}");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{query}: {said}");
        let directory = lab.directory.path().display().to_string();
        assert!(!said.contains(&directory), "it tells where it lay: {said}");
    }
    assert_eq!((lab.sources(&admin).await["total"].clone(), lab.spooled()), (json!(0), 0));
}

#[tokio::test]
async fn who_may_not_import_sends_nothing_and_nobody_sends_more_than_is_read() {
    let lab = Lab::new();
    let (admin, officer) = (lab.token(Role::Admin), lab.token(Role::SecurityOfficer));
    // The right is asked for before the first byte, and before the name.
    let (status, _) = lab.import(&officer, "", Body::new(Blanks::ENDLESS)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let said = Body::from(vec![b' '; usize::try_from(FILE).unwrap() + 1]);
    for body in [said, Body::new(Blanks::ENDLESS)] {
        let (status, problem) = lab.import(&admin, "?name=kev.json", body).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(problem["detail"], "the body is larger than 64 MiB");
    }
    let (status, problem) = lab.import(&admin, "?name=kev.json", Body::new(Blanks::BROKEN)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("broke off"), "{problem}");
    assert_eq!((lab.sources(&admin).await["total"].clone(), lab.spooled()), (json!(0), 0));
}

#[test]
fn what_a_killed_collector_left_is_cleared() {
    let directory = tempfile::tempdir().unwrap();
    let spool = directory.path().join("spool");
    clear_spool(&spool);
    std::fs::create_dir(&spool).unwrap();
    std::fs::write(spool.join("half"), "{").unwrap();
    clear_spool(&spool);
    assert!(!spool.exists());
}

#[tokio::test]
async fn a_list_of_assets_with_a_key_may_be_as_large_as_without() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    let csv = format!("naam\npc-1{}\n", " ".repeat(2 << 20));
    let request = Request::builder()
        .method("POST")
        .uri("/api/v1/imports/assets")
        .header("authorization", format!("Bearer {officer}"))
        .header("idempotency-key", "large")
        .body(Body::from(csv))
        .unwrap();
    let answer = lab.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}
