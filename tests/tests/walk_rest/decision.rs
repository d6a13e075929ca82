//! What people do with the risk, and what they are refused.

use belfort_tests::client::Answer;
use belfort_tests::{scenario, wait};
use http::Method;
use serde_json::{Value, json};

use crate::{City, PATIENCE};

/// The risk as somebody reads it, with its version.
fn read(city: &City, reference: &str) -> Answer {
    let path = format!("/api/v1/risks/{reference}");
    city.officer().call(Method::GET, &path).answer().must(200)
}

pub(crate) fn it_is_analysed_and_evaluated(city: &City, reference: &str) {
    let officer = city.officer();
    let path = |what: &str| format!("/api/v1/risks/{reference}/{what}");
    let first = read(city, reference).version();
    officer.post(&path("analyse")).on(&first).gives(200);
    let values = json!({ "likelihood": 5, "reason": "bereikbaar" });
    let said = officer.post(&path("assess")).on(&first).json(&values).refused(412);
    assert!(said.contains("read it again"), "{said}");
    let second = read(city, reference).version();
    let assessed = officer.post(&path("assess")).on(&second).json(&values).answer().must(200);
    let third = assessed.version();
    let risk = officer.post(&path("evaluate")).on(&third).gives(200);
    assert_eq!((&risk["state"], &risk["severity"]), (&json!("evaluated"), &json!(5)), "{risk:#}");
    assert_eq!(risk["assessed"]["by"], "veiligheid");
    let advice = json!({ "text": scenario::ADVICE });
    city.by("hoofd").post(&path("advice")).json(&advice).refused(403);
    city.by("functionaris").post(&path("advice")).json(&advice).gives(200);
}

/// Answers the id of the action.
pub(crate) fn an_action_is_planned(city: &City, reference: &str) -> String {
    let path = format!("/api/v1/risks/{reference}/actions");
    let action = json!({ "title": "pakket bijwerken", "unit": "BZ",
        "function": scenario::FUNCTION, "due": scenario::day(60) });
    city.by("functionaris").post(&path).json(&action).refused(403);
    let version = read(city, reference).version();
    let made = city.officer().post(&path).on(&version).json(&action).gives(201);
    assert_eq!((&made["status"], &made["unit"]), (&json!("planned"), &json!("BZ")), "{made:#}");
    made["id"].as_str().unwrap().to_owned()
}

pub(crate) fn the_head_decides_and_nobody_else(city: &City, reference: &str) {
    let path = format!("/api/v1/risks/{reference}/decide");
    let (head, dpo) = (city.by("hoofd"), city.by("functionaris"));
    let without = json!({ "treatment": "mitigate", "reason": scenario::REASON });
    let mut decision = without.clone();
    decision["meeting"] = json!(scenario::MEETING);
    let said = dpo.post(&path).json(&without).refused(403);
    assert!(said.contains("advises and never decides"), "{said}");
    let said = head.post(&path).json(&without).refused(422);
    assert!(said.contains("meeting"), "severity 5 takes a meeting: {said}");
    let meeting = json!({ "reference": scenario::MEETING, "held_at": scenario::HELD });
    head.post("/api/v1/meetings").json(&meeting).refused(403);
    city.officer().post("/api/v1/meetings").json(&meeting).gives(201);
    dpo.post(&path).json(&decision).refused(403);
    city.by("nazicht").post(&path).json(&decision).refused(403);
    let outside = city.by("ander-hoofd").post(&path).json(&decision).answer();
    assert!([403, 404].contains(&outside.status), "{outside:?}");
    let version = read(city, reference).version();
    let dry = head.post(&format!("{path}?dry_run=true")).json(&decision).gives(200);
    assert_eq!(dry["treatment"], "mitigate");
    assert_eq!(read(city, reference).version(), version, "a trial writes nothing");
    head.post(&path).on("\"1\"").json(&decision).refused(412);

    // A connection that broke: the same call with the same key decides once.
    let decide = || head.post(&path).key("beslissing").on(&version).json(&decision).answer();
    let (first, again) = (decide().must(200), decide().must(200));
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
    let decided = read(city, reference).json();
    let (treatment, by) = (&decided["treatment"], &decided["decision"]["by"]);
    assert_eq!((treatment, by), (&json!("mitigate"), &json!("hoofd")), "{decided:#}");
    assert_eq!(decided["decision"]["meeting"], scenario::MEETING, "{decided:#}");
    assert_eq!(decided["state"], "monitored", "what was decided is followed up");
}

pub(crate) fn the_action_is_done_and_verified(city: &City, action: &str) {
    let path = format!("/api/v1/actions/{action}");
    let version = || city.officer().call(Method::GET, &path).answer().must(200).version();
    let to = |by: &str, status: &str, on: &str| {
        city.by(by).patch(&path).on(on).json(&json!({ "status": status }))
    };
    let planned = version();
    to("hoofd", "running", &planned).gives(200);
    to("hoofd", "done", &planned).refused(412);
    to("hoofd", "done", &version()).gives(200);
    let own = to("hoofd", "verified", &version()).refused(422);
    assert!(own.contains("somebody else"), "{own}");
    to("functionaris", "verified", &version()).refused(403);
    let verified = to("veiligheid", "verified", &version()).gives(200);
    let by = (&verified["done_by"], &verified["verified_by"]);
    assert_eq!(by, (&json!("hoofd"), &json!("veiligheid")), "{verified:#}");
}

/// Waits until the risk is as wanted.
fn until(city: &City, reference: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    wait::until(what, PATIENCE, || Some(read(city, reference).json()).filter(&wanted))
}

pub(crate) fn closure_is_proposed(city: &City, reference: &str) {
    let proposed = |risk: &Value| !risk["closure_proposed_at"].is_null();
    let risk = until(city, reference, "proposal to close the risk", proposed);
    assert_eq!(risk["findings"], json!([]), "{risk:#}");
    assert_eq!(risk["state"], "monitored", "the system closes no decided risk");
}

pub(crate) fn the_decision_stays_and_is_looked_at_again(city: &City, reference: &str) {
    let again = |risk: &Value| risk["state"] == "reassess";
    let risk = until(city, reference, "risk to look at again", again);
    assert_eq!(risk["reassess"][0]["cause"], "known_exploited", "{risk:#}");
    assert!(risk["closure_proposed_at"].is_null(), "nothing is closed now");
    assert_eq!(risk["decision"]["by"], "hoofd", "what people decided stays");
    assert_eq!(risk["treatment"], "mitigate");
    let path = format!("/api/v1/risks/{reference}/history");
    let history = city.by("nazicht").get(&path);
    let events: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|one| &one["event"]).collect();
    for event in ["decided", "closure_proposed", "reassess"] {
        assert!(events.contains(&&json!(event)), "{event} is missing in {events:?}");
    }
}
