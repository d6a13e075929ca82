//! The policy's cycle over REST: from a finding to a decision, an action, a resolved finding and a closed
//! risk — and everything on the way that is refused.

use super::*;
use belfort_model::data_set::PersonalData;
use belfort_model::risk::RiskChange;
use belfort_model::scale::{Biv, Level};
use belfort_model::time::Timestamp;
use belfort_model::unit::UnitKind;

use crate::app::assets::{NewClass, NewUnit};
use crate::app::risks::Write;

/// A register with one risk: a data set of the unit `BZ` that nobody classified for sixty days.
struct Cycle {
    lab: Lab,
    then: Timestamp,
    officer: String,
    head: String,
    dpo: String,
    ciso: String,
    reference: String,
}

fn unit(code: &str) -> NewUnit {
    let name = format!("Dienst {code}");
    NewUnit { code: code.to_owned(), name, kind: UnitKind::Service, parent: None }
}

impl Cycle {
    async fn new() -> Self {
        let lab = Lab::new();
        let then = clock::now().plus_days(-60);
        lab.app.unit_create(&root(), &unit("BZ"), then).unwrap();
        let set = lab
            .app
            .data_set_create(&root(), "Bevolkingsregister", PersonalData::None, then)
            .unwrap();
        lab.app.owner_set(&root(), set.id, "BZ", "dienstchef", clock::now()).unwrap();
        lab.app.evaluate_due(clock::now()).unwrap();
        let [officer, head, dpo, ciso] =
            [Role::SecurityOfficer, Role::DepartmentHead, Role::Dpo, Role::Ciso]
                .map(|role| lab.token(role));
        let (_, list) = lab.call(&officer, "GET", "/api/v1/risks", Value::Null).await;
        assert_eq!(list["total"], 1, "{list}");
        let reference = list["items"][0]["reference"].as_str().unwrap().to_owned();
        Self { lab, then, officer, head, dpo, ciso, reference }
    }

    /// Calls something of the risk.
    async fn risk(&self, token: &str, what: &str, body: Value) -> (StatusCode, Value) {
        let (method, body) = match (what, body) {
            ("" | "/history", body) => ("GET", body),
            (_, body) => ("POST", body),
        };
        let path = format!("/api/v1/risks/{}{what}", self.reference);
        self.lab.call(token, method, &path, body).await
    }

    async fn finding(&self) -> Value {
        let (_, list) = self.lab.call(&self.officer, "GET", "/api/v1/findings", Value::Null).await;
        assert_eq!(list["total"], 1, "{list}");
        list["items"][0].clone()
    }

    fn classify(&self) {
        let set = self.lab.app.asset("Bevolkingsregister").unwrap().summary.asset.id;
        let biv = Biv::new(Level::TWO, Level::TWO, Level::TWO);
        let new = NewClass { biv, basis: "BIA".to_owned(), decided_by: String::new() };
        self.lab.app.classify(&root(), set, &new, clock::now()).unwrap();
    }

    async fn evaluated(&self) {
        let (status, risk) = self.risk(&self.ciso, "/analyse", Value::Null).await;
        assert_eq!((status, &risk["state"]), (StatusCode::OK, &json!("analysing")));
        let values = json!({ "likelihood": 2, "citizens": 3, "control": 2, "reason": "lokaal is afgesloten" });
        let (status, risk) = self.risk(&self.officer, "/assess", values).await;
        assert_eq!(status, StatusCode::OK, "{risk}");
        let (status, risk) = self.risk(&self.officer, "/evaluate", Value::Null).await;
        assert_eq!((status, &risk["state"]), (StatusCode::OK, &json!("evaluated")));
    }
}

fn decision(treatment: &str) -> Value {
    json!({ "treatment": treatment, "reason": "beslist in het departement" })
}

#[tokio::test]
async fn a_risk_goes_from_proposal_to_closure() {
    let cycle = Cycle::new().await;
    let (officer, head) = (&cycle.officer, &cycle.head);
    cycle.evaluated().await;
    let (_, risk) = cycle.risk(officer, "", Value::Null).await;
    assert_eq!(risk["assessed"]["current"]["likelihood"], 2);
    assert_eq!(risk["assessed"]["by"], "security_officer");
    assert_ne!(risk["current"]["likelihood"], 2, "the suggestion stands beside it: {risk}");
    assert_eq!(risk["priority"], "P3", "severity 2 and control 2, as assessed");

    let (status, problem) = cycle.risk(head, "/decide", decision("mitigate")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().unwrap().contains("action"), "{problem}");
    let action = json!({ "title": "classificeren", "unit": "BZ", "function": "dienstchef",
        "due": "2027-01-31" });
    let (status, action) = cycle.risk(officer, "/actions", action).await;
    assert_eq!((status, &action["unit"]), (StatusCode::CREATED, &json!("BZ")), "{action}");

    let (status, tried) = cycle.risk(head, "/decide?dry_run=true", decision("mitigate")).await;
    assert_eq!((status, &tried["state"]), (StatusCode::OK, &json!("monitored")), "{tried}");
    let (_, risk) = cycle.risk(officer, "", Value::Null).await;
    assert_eq!(risk["state"], "evaluated", "nothing was written");
    let (status, risk) = cycle.risk(head, "/decide", decision("mitigate")).await;
    assert_eq!((status, &risk["state"]), (StatusCode::OK, &json!("monitored")), "{risk}");
    assert_eq!(risk["decision"]["role"], "department_head");

    let (status, _) = cycle.risk(head, "/close", json!({ "reason": "klaar" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "neither actions nor findings");
    let action = format!("/api/v1/actions/{}", action["id"].as_str().unwrap());
    let done = |status: &str| json!({ "status": status });
    for (token, to, code) in [
        (head, "done", StatusCode::OK),
        (head, "verified", StatusCode::UNPROCESSABLE_ENTITY),
        (&cycle.dpo, "verified", StatusCode::FORBIDDEN),
        (officer, "verified", StatusCode::OK),
    ] {
        let (status, answer) = cycle.lab.call(token, "PATCH", &action, done(to)).await;
        assert_eq!(status, code, "{to}: {answer}");
    }
    cycle.classify();
    cycle.lab.app.evaluate_due(clock::now()).unwrap();
    let (_, risk) = cycle.risk(officer, "", Value::Null).await;
    assert_ne!(risk["closure_proposed_at"], Value::Null, "{risk}");
    assert_eq!(risk["state"], "monitored", "proposed, not done");
    let (_, asked) = cycle.risk(officer, "/close", json!({ "reason": "opgelost" })).await;
    assert_eq!(
        (&asked["state"], &asked["closing"]["role"]),
        (&json!("monitored"), &json!("security_officer"))
    );
    let (status, _) = cycle.risk(officer, "/close", json!({ "reason": "opgelost" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "two persons");
    let (_, closed) = cycle.risk(head, "/close", json!({ "reason": "akkoord" })).await;
    assert_eq!(closed["state"], "closed");

    let (_, history) = cycle.risk(officer, "/history", Value::Null).await;
    let events: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["event"].as_str().unwrap())
        .collect();
    assert_eq!(events[..2], ["closed", "closing_requested"]);
    assert_eq!(events[events.len() - 4..], ["evaluated", "assessed", "analysing", "proposed"]);
    assert!(cycle.lab.app.store.audit_verify().unwrap().is_ok());
}

#[tokio::test]
async fn a_dpo_is_refused_every_decision_and_may_advise() {
    let cycle = Cycle::new().await;
    cycle.evaluated().await;
    let both = [Role::Dpo, Role::DepartmentHead, Role::SecurityOfficer];
    let grants = both.map(|role| RoleGrant { role, unit: None });
    let now = clock::now();
    cycle.lab.app.user_create(&root(), "dpo-en-hoofd", &grants, now).unwrap();
    let both = cycle.lab.app.api_token_create(&root(), "dpo-en-hoofd", "test", 1, now).unwrap().1;
    let meeting = json!({ "reference": "CI-2026-11", "held_at": "2020-01-01" });
    let (status, _) =
        cycle.lab.call(&cycle.officer, "POST", "/api/v1/meetings", meeting.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let mut in_meeting = decision("avoid");
    in_meeting["meeting"] = json!("CI-2026-11");
    let text = "a data protection officer (dpo) advises and never decides, whatever other role the person holds";
    for token in [&cycle.dpo, &both] {
        for body in [decision("avoid"), in_meeting.clone()] {
            let (status, problem) = cycle.risk(token, "/decide", body).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(text) && detail.contains("decide on risks"), "{detail}");
        }
        for what in ["/analyse", "/evaluate"] {
            let (status, _) = cycle.risk(token, what, Value::Null).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
        }
        let (status, _) = cycle.risk(token, "/close", json!({ "reason": "x" })).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, _) = cycle.lab.call(token, "POST", "/api/v1/meetings", meeting.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, risk) = cycle.risk(token, "/advice", json!({ "text": "eerst een GEB" })).await;
        assert_eq!((status, &risk["advice"][0]["role"]), (StatusCode::OK, &json!("dpo")));
    }
    let (status, problem) = cycle.risk(&cycle.ciso, "/decide", in_meeting.clone()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
    let (_, risk) = cycle.risk(&cycle.officer, "", Value::Null).await;
    assert_eq!((&risk["state"], &risk["decision"]), (&json!("evaluated"), &Value::Null));
    let (status, risk) = cycle.risk(&cycle.officer, "/decide", in_meeting).await;
    assert_eq!((status, &risk["decision"]["role"]), (StatusCode::OK, &json!("ci_meeting")));
}

#[tokio::test]
async fn a_head_decides_only_for_the_own_units() {
    let cycle = Cycle::new().await;
    cycle.evaluated().await;
    let app = &cycle.lab.app;
    let elsewhere = app.unit_create(&root(), &unit("FIN"), cycle.then).unwrap().id;
    let grants = [RoleGrant { role: Role::DepartmentHead, unit: Some(elsewhere) }];
    app.user_create(&root(), "hoofd-fin", &grants, clock::now()).unwrap();
    let token = app.api_token_create(&root(), "hoofd-fin", "test", 1, clock::now()).unwrap().1;
    let (status, _) = cycle.risk(&token, "", Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "not even to read");
    let (status, _) = cycle.risk(&token, "/decide", decision("avoid")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (_, list) = cycle.lab.call(&token, "GET", "/api/v1/risks", Value::Null).await;
    assert_eq!(list["total"], 0);
}

#[tokio::test]
async fn a_change_on_an_older_version_is_refused_and_the_past_can_be_read() {
    let cycle = Cycle::new().await;
    let call = |version: &'static str| {
        let path = format!("/api/v1/risks/{}/analyse", cycle.reference);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("authorization", format!("Bearer {}", cycle.officer))
            .header("if-match", version);
        cycle.lab.router.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let refused = call("\"7\"").await.unwrap();
    assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);
    let before = clock::now();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let done = call("\"1\"").await.unwrap();
    assert_eq!(done.status(), StatusCode::OK);
    assert_eq!(done.headers()["etag"], "\"2\"");
    let refused = call("\"1\"").await.unwrap();
    assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);

    let path = format!("/api/v1/risks/{}?as_of={before}", cycle.reference);
    let (status, then) = cycle.lab.call(&cycle.officer, "GET", &path, Value::Null).await;
    assert_eq!((status, &then["state"]), (StatusCode::OK, &json!("proposed")), "{then}");
    let list = |query: String| {
        let path = format!("/api/v1/risks?{query}");
        let (lab, token) = (&cycle.lab, &cycle.officer);
        async move { lab.call(token, "GET", &path, Value::Null).await }
    };
    let (_, now) = list("state=analysing".to_owned()).await;
    assert_eq!(now["total"], 1);
    let (_, then) = list(format!("state=analysing&as_of={before}")).await;
    assert_eq!(then["total"], 0);
    let (_, before_all) = list("as_of=2020-01-01".to_owned()).await;
    assert_eq!(before_all["total"], 0);
    let (status, _) = list("as_of=gisteren".to_owned()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_names_no_version_is_not_refused_because_something_else_wrote_first() {
    const AT_ONCE: usize = 4;
    let cycle = Cycle::new().await;
    let dpo = Actor::with_roles("functionaris", &[Role::Dpo]);
    for _ in 0..10 {
        let together = std::sync::Barrier::new(AT_ONCE);
        let advise = |number| {
            let change = RiskChange::Advise { text: format!("advies {number}") };
            together.wait();
            let (app, write) = (&cycle.lab.app, Write::default());
            app.risk_change(&dpo, &cycle.reference, &change, write, clock::now()).unwrap();
        };
        std::thread::scope(|scope| {
            for number in 0..AT_ONCE {
                let advise = &advise;
                scope.spawn(move || advise(number));
            }
        });
    }
    let risk = cycle.lab.app.risk(&root(), &cycle.reference, None).unwrap();
    assert_eq!(risk.risk.advice.len(), 10 * AT_ONCE, "nobody's advice is lost");
}

#[tokio::test]
async fn exceptions_and_false_positives_take_findings_out_and_give_them_back() {
    let cycle = Cycle::new().await;
    let finding = cycle.finding().await;
    let id = finding["id"].as_str().unwrap();
    assert_ne!(finding["due"], Value::Null);
    let path = format!("/api/v1/findings/{id}");
    let call = |token: &str, what: &str, body: Value| {
        let (method, path) = match what {
            "" => ("GET", path.clone()),
            what => ("POST", format!("{path}{what}")),
        };
        let token = token.to_owned();
        let lab = &cycle.lab;
        async move { lab.call(&token, method, &path, body).await }
    };
    let reason = || json!({ "reason": "geen gegevens meer" });
    let (status, _) = call(&cycle.dpo, "/false-positive", reason()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, judged) = call(&cycle.officer, "/false-positive", reason()).await;
    assert_eq!((status, &judged["status"]), (StatusCode::OK, &json!("false_positive")));
    cycle.lab.app.evaluate_due(clock::now()).unwrap();
    let (_, kept) = call(&cycle.officer, "", Value::Null).await;
    assert_eq!(kept["judged"]["by"], "security_officer", "an evaluation keeps it: {kept}");
    let (_, risk) = cycle.risk(&cycle.officer, "", Value::Null).await;
    assert_ne!(risk["unsupported_since"], Value::Null);
    let (_, open) = call(&cycle.officer, "/reopen", reason()).await;
    assert_eq!(open["status"], "open");
    let (_, assigned) = call(&cycle.officer, "/assign", json!({ "unit": "BZ" })).await;
    assert_ne!(assigned["assigned_unit_id"], Value::Null);

    let request = json!({ "finding": id, "reason": "vervanging", "expires_at": "2099-01-01" });
    let (status, problem) =
        cycle.lab.call(&cycle.officer, "POST", "/api/v1/exceptions", request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    let request = json!({ "finding": id, "reason": "vervanging" });
    let (status, exception) =
        cycle.lab.call(&cycle.head, "POST", "/api/v1/exceptions", request).await;
    assert_eq!((status, &exception["status"]), (StatusCode::CREATED, &json!("requested")));
    let approve = format!("/api/v1/exceptions/{}/approve", exception["id"].as_str().unwrap());
    let meeting = json!({ "reference": "CI-2026-11", "held_at": "2020-01-01" });
    cycle.lab.call(&cycle.officer, "POST", "/api/v1/meetings", meeting).await;
    let in_meeting = json!({ "meeting": "CI-2026-11" });
    for (token, body, code) in [
        (&cycle.dpo, json!({}), StatusCode::FORBIDDEN),
        (&cycle.dpo, in_meeting.clone(), StatusCode::FORBIDDEN),
        // Who asked for it does not approve it.
        (&cycle.head, json!({}), StatusCode::FORBIDDEN),
        (&cycle.officer, json!({}), StatusCode::FORBIDDEN),
        (&cycle.officer, in_meeting, StatusCode::OK),
    ] {
        let (status, answer) = cycle.lab.call(token, "POST", &approve, body).await;
        assert_eq!(status, code, "{answer}");
    }
    let now = clock::now();
    cycle.lab.app.evaluate_due(now).unwrap();
    assert_eq!(cycle.finding().await["status"], "excepted");
    let (_, risk) = cycle.risk(&cycle.officer, "", Value::Null).await;
    assert_eq!((&risk["findings"], &risk["left_over"][0]), (&json!([]), &json!(id)), "{risk}");
    // Ninety days later it is over.
    let later = now.plus_days(91);
    assert!(cycle.lab.app.pass_time(later).unwrap() > 0);
    assert_eq!(cycle.lab.app.pass_time(later).unwrap(), 0, "once");
    cycle.lab.app.evaluate_due(later).unwrap();
    let (_, back) = call(&cycle.officer, "", Value::Null).await;
    assert_eq!((&back["status"], &back["exception"]), (&json!("reopened"), &exception["id"]));
    let (_, list) = cycle
        .lab
        .call(&cycle.officer, "GET", "/api/v1/exceptions?status=expired", Value::Null)
        .await;
    assert_eq!(list["total"], 1);
}

#[tokio::test]
async fn an_incident_has_a_risk_looked_at_again() {
    let cycle = Cycle::new().await;
    let new = json!({ "reference": "INC-2026-042", "title": "Gestolen laptop" });
    let (status, incident) = cycle.risk(&cycle.officer, "/incidents", new.clone()).await;
    assert_eq!((status, &incident["risks"][0]), (StatusCode::OK, &json!(cycle.reference)));
    let (_, risk) = cycle.risk(&cycle.officer, "", Value::Null).await;
    assert_eq!(
        (&risk["state"], &risk["reassess"][0]["cause"]),
        (&json!("reassess"), &json!("incident_linked"))
    );
    let (status, _) = cycle.risk(&cycle.officer, "/incidents", new).await;
    assert_eq!(status, StatusCode::OK, "linking it again changes nothing");
    let (_, list) = cycle.lab.call(&cycle.dpo, "GET", "/api/v1/incidents", Value::Null).await;
    assert_eq!(list["total"], 1);
}
