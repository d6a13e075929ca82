//! The report, and that nobody changed what stands in the audit log.

use belfort_tests::{scenario, tamper};
use http::Method;
use serde_json::{Value, json};

use crate::City;

const FORMS: [&str; 4] = ["html", "pdf", "csv", "json"];

pub(crate) fn the_report_is_reproducible_and_freezes(city: &City) {
    let auditor = city.by("nazicht");
    let file = |path: &str| auditor.call(Method::GET, path).answer().must(200).body;
    let today = scenario::day(0);
    let preview = |form| file(&format!("/api/v1/reports/preview?cut_off={today}&format={form}"));
    let seen = FORMS.map(preview);
    for (form, first) in FORMS.iter().zip(&seen) {
        assert!(first.len() > 500, "{form}");
        assert!(*first == preview(form), "{form} differs the second time");
    }
    let page = String::from_utf8_lossy(&seen[0]);
    assert!(page.contains("lang=\"nl-BE\"") && page.contains(scenario::ADVICE), "advice is told");

    let new = json!({ "cut_off": today });
    auditor.post("/api/v1/reports").json(&new).refused(403);
    let frozen = city.officer().post("/api/v1/reports").json(&new).gives(201);
    let path = format!("/api/v1/reports/{}", frozen["id"].as_str().unwrap());
    for (form, seen) in FORMS.iter().zip(&seen) {
        assert!(file(&format!("{path}/{form}")) == *seen, "frozen, {form} is not what was seen");
    }
    let verified = auditor.get(&format!("{path}/verification"));
    assert_eq!(verified["holds"], true, "{verified:#}");
    assert_eq!(verified["audited"], frozen["sha256"]);
    assert_eq!(auditor.get("/api/v1/reports")["items"], json!([auditor.get(&path)]));
}

pub(crate) fn tampering_shows(city: &City) {
    let verification = "/api/v1/audit/verification";
    let verified = || city.by("nazicht").get(verification);
    let by_command = |fails: bool| -> Value {
        let output = city.collector.run(&["audit", "verify", "--json"]);
        assert_eq!(output.status.success(), !fails);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    city.by("hoofd").call(Method::GET, verification).refused(403);
    let records = city.total("/api/v1/audit?limit=1");
    let holds = json!({ "holds": true, "records": records, "broken_at": null, "reason": null });
    assert_eq!((verified(), by_command(false)), (holds.clone(), holds));

    tamper::audit(&city.collector, 5);
    let broken = verified();
    assert_eq!((&broken["holds"], &broken["broken_at"]), (&json!(false), &json!(5)), "{broken:#}");
    assert_eq!(broken["records"], 4);
    assert!(broken["reason"].as_str().unwrap().contains("broken at record 5"), "{broken:#}");
    assert_eq!(by_command(true), broken);
}
