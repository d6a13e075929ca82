//! What there is, whose it is, and what lies on it.

use belfort_tests::agent::Agent;
use belfort_tests::client::Client;
use belfort_tests::{city, scenario, wait};
use http::Method;
use serde_json::{Value, json};

use crate::{City, PATIENCE};

pub(crate) fn units_and_assets_are_imported(city: &mut City) {
    let [officer, others @ ..] = scenario::PEOPLE;
    city.let_in(officer);
    let (units, assets) = (city::units_csv(), city::assets_csv());
    imported(city, "units", &units, city::UNITS.len() as u64);
    imported(city, "assets", &assets, city::ASSETS as u64);
    // Their roles reach units that exist now.
    for person in others {
        city.let_in(person);
    }
}

/// Looks at an import, writes exactly that, and tries it again.
fn imported(city: &City, what: &str, csv: &str, count: u64) {
    let (officer, path) = (city.officer(), format!("/api/v1/imports/{what}"));
    let list = format!("/api/v1/{what}");
    let send = |to: &str| officer.post(to).file(csv).gives(200);
    let preview = send(&path);
    assert_eq!((&preview["new"], &preview["errors"]), (&json!(count), &json!([])), "{preview:#}");
    assert_eq!(city.total(&list), 0, "a preview writes nothing");
    officer.post(&format!("{path}/apply")).file(csv).refused(400);
    let apply = |token: &Value| format!("{path}/apply?token={}", token.as_str().unwrap());
    let other = format!("{csv}\r\n");
    officer.post(&apply(&preview["token"])).file(other).refused(422);
    assert_eq!(city.total(&list), 0, "only what was seen is written");

    // The answer was lost on the way: the same call with the same key gives it again.
    let sent = || officer.post(&apply(&preview["token"])).key(what).file(csv).answer().must(200);
    let (first, again) = (sent(), sent());
    assert_eq!(first.json()["new"], count);
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
    officer.post(&path).key(what).file(csv).refused(422);
    assert_eq!(city.total(&list), count);
    // The same file once more changes nothing.
    let before = city.total("/api/v1/audit?limit=1");
    let preview = send(&path);
    assert_eq!((&preview["new"], &preview["same"]), (&json!(0), &json!(count)));
    let done = send(&apply(&preview["token"]));
    assert_eq!((&done["new"], &done["changed"]), (&json!(0), &json!(0)));
    assert_eq!((city.total(&list), city.total("/api/v1/audit?limit=1")), (count, before));
}

pub(crate) fn rules_assign_owners(city: &City) {
    let officer = city.officer();
    let unowned = || city.total("/api/v1/assets?owned=false&limit=1");
    assert_eq!(unowned(), city::ASSETS as u64);
    for code in city::SERVICES {
        let name = code.to_lowercase();
        let rule = json!({ "name": name, "condition": scenario::condition(code),
            "assigns": { "owner": code } });
        let made = officer.post("/api/v1/rules").json(&rule).answer().must(201);
        let path = format!("/api/v1/rules/{name}");
        let enable = format!("{path}/enable");
        let said = officer.post(&enable).json(&json!({})).refused(422);
        assert!(said.contains("preview"), "nobody has seen what it does: {said}");
        let preview = officer.post(&format!("{path}/preview")).gives(200);
        assert!(preview["total"].as_u64().unwrap() >= 20, "{preview:#}");
        officer.post(&enable).on("\"99\"").json(&json!({})).refused(412);
        officer.post(&enable).on(&made.version()).json(&json!({})).gives(200);
    }
    wait::until("assets that all have an owner", PATIENCE, || (unowned() == 0).then_some(()));
    let owned = officer.get("/api/v1/assets?unit=BZ&limit=1");
    assert_eq!(owned["items"][0]["owner"]["method"], "rule", "the method is told");
}

pub(crate) fn the_device_has_an_owner(city: &City, agent: &Agent) -> String {
    let id = agent.status()["agent_id"].clone();
    let agents = city.officer().get("/api/v1/agents");
    let own = agents["items"].as_array().unwrap().iter().find(|line| line["id"] == id).unwrap();
    let asset = own["asset"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/assets/{asset}");
    let owner = json!({ "unit": "BZ", "function": scenario::FUNCTION });
    on_version(city.officer(), &path, "owner", &owner);
    let shown = city.officer().get(&path);
    assert_eq!(
        (&shown["owner"]["unit"], &shown["owner"]["method"]),
        (&json!("BZ"), &json!("manual"))
    );
    // Who reaches another department does not see it.
    city.by("hoofd").get(&path);
    city.by("ander-hoofd").call(Method::GET, &path).refused(404);
    asset
}

/// Sets something of an asset on the version that was read. It has moved on then: the same again is refused.
fn on_version(by: &Client, path: &str, what: &str, value: &Value) {
    let version = by.call(Method::GET, path).answer().must(200).version();
    let set = || by.put(&format!("{path}/{what}")).on(&version).json(value).answer();
    let status = set().status;
    assert!(status == 200 || status == 204, "{path}/{what}: {status}");
    assert_eq!(set().status, 412, "{path}/{what} on an older version");
}

pub(crate) fn data_is_classified_and_linked(city: &City, asset: &str) {
    let officer = city.officer();
    let path = format!("/api/v1/assets/{asset}");
    for (name, personal, v) in scenario::DATA_SETS {
        let new = json!({ "name": name, "personal_data": personal });
        let made = officer.post("/api/v1/data-sets").json(&new).answer().must(201);
        let set = made.header("location").to_owned();
        let class = json!({ "b": 3, "i": 3, "v": v, "basis": scenario::BASIS });
        on_version(officer, &set, "classification", &class);
        let link = json!({ "data_set": set.rsplit('/').next(), "relation": "stores" });
        officer.post(&format!("{path}/data-links")).json(&link).gives(204);
    }
    let class = officer.get(&path)["class"].clone();
    let levels = (&class["b"], &class["i"], &class["v"]);
    assert_eq!(levels, (&json!(3), &json!(3), &json!(4)), "{class:#}");
    assert_eq!(
        (&class["assumed"], &class["v_from"]),
        (&json!(false), &json!("Bevolkingsregister"))
    );
}
