//! The registry over the API: within the own units, on versions, by rules and from files.

use super::*;

fn items(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect()
}

/// Units `DMT` with `BZ` below it, and `FIN`; each service owns one application.
async fn city(lab: &Lab, token: &str) -> (String, String) {
    let csv = "code;naam;soort;deel van\nBZ;Burgerzaken;dienst;DMT\nDMT;Dienstverlening;departement;\nFIN;Financiën;dienst;\n";
    let (status, preview) = lab.send(token, "/api/v1/imports/units", csv).await;
    assert_eq!((status, preview["new"].as_u64()), (StatusCode::OK, Some(3)), "{preview}");
    let token_seen = preview["token"].as_str().unwrap();
    let path = format!("/api/v1/imports/units/apply?token={token_seen}");
    assert_eq!(lab.send(token, &path, csv).await.0, StatusCode::OK);
    let mut ids = Vec::new();
    for (name, unit) in [("loket", "BZ"), ("boekhouding", "FIN")] {
        let new = json!({ "kind": "application", "asset": { "name": name } });
        let (status, made) = lab.call(token, "POST", "/api/v1/assets", new).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let path = format!("/api/v1/assets/{}", made["id"].as_str().unwrap());
        let owner = json!({ "unit": unit, "function": "dienstchef" });
        let (status, _) = lab.call(token, "PUT", &format!("{path}/owner"), owner).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        ids.push(path);
    }
    let second = ids.pop().unwrap();
    (ids.pop().unwrap(), second)
}

#[tokio::test]
async fn what_lies_outside_the_own_unit_is_not_there() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    let (mine, theirs) = city(&lab, &officer).await;
    let head = lab.token_at(Role::HeadOfService, "DMT");
    let (_, list) = lab.call(&head, "GET", "/api/v1/assets", Value::Null).await;
    assert_eq!(items(&list), ["loket"]);
    for part in ["", "/history", "/owners", "/classifications", "/lifecycle", "/assignments"] {
        let (status, _) = lab.call(&head, "GET", &format!("{mine}{part}"), Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{part}");
        let (status, _) = lab.call(&head, "GET", &format!("{theirs}{part}"), Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{part}");
    }
    // The head of a service confirms its own and changes nothing; an officer of one unit changes only that.
    let confirm = |path: &str| format!("{path}/owners/owner/confirm");
    assert_eq!(
        lab.call(&head, "POST", &confirm(&mine), Value::Null).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        lab.call(&head, "POST", &confirm(&theirs), Value::Null).await.0,
        StatusCode::NOT_FOUND
    );
    let edit = json!({ "site": "Gent Zuid" });
    assert_eq!(lab.call(&head, "PATCH", &mine, edit.clone()).await.0, StatusCode::FORBIDDEN);
    let own = lab.token_at(Role::SecurityOfficer, "BZ");
    assert_eq!(lab.call(&own, "PATCH", &mine, edit.clone()).await.0, StatusCode::OK);
    assert_eq!(lab.call(&own, "PATCH", &theirs, edit).await.0, StatusCode::NOT_FOUND);
    let give = json!({ "unit": "FIN" });
    let (status, _) = lab.call(&own, "PUT", &format!("{mine}/owner"), give).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "not to another unit");
    let rule = json!({ "name": "x", "condition": "true", "assigns": { "site": "G" } });
    assert_eq!(lab.call(&own, "POST", "/api/v1/rules", rule).await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        lab.send(&own, "/api/v1/imports/assets", "naam\nx\n").await.0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_class_is_proposed_in_words_and_confirmed_by_the_owner() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    let (mine, _) = city(&lab, &officer).await;
    let head = lab.token_at(Role::HeadOfService, "BZ");
    let class = json!({
        "b": "high", "i": "middle", "v": "low", "scheme": "low-middle-high/1", "basis": "BIA",
        "proposed": true,
    });
    let path = format!("{mine}/classification");
    let (status, given) = lab.call(&officer, "PUT", &path, class).await;
    assert_eq!(status, StatusCode::OK, "{given}");
    assert_eq!((given["b"].as_u64(), given["status"].as_str()), (Some(4), Some("proposed")));
    let (_, asset) = lab.call(&officer, "GET", &mine, Value::Null).await;
    assert_eq!(asset["class"]["assumed"], true, "a proposal is not a class");
    let (status, given) = lab.call(&head, "POST", &format!("{path}/confirm"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{given}");
    assert_eq!(given["decided_by"], "dienstchef", "the register names functions");
    let (_, asset) = lab.call(&head, "GET", &mine, Value::Null).await;
    assert_eq!((asset["class"]["b"].as_u64(), asset["class"]["v"].as_u64()), (Some(4), Some(2)));
    let wrong = json!({ "b": "hoogst", "i": 1, "v": 1, "basis": "x" });
    let (status, problem) = lab.call(&officer, "PUT", &path, wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("1, 2, 3, 4, 5"), "{problem}");
}

#[tokio::test]
async fn a_life_ends_with_evidence() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    let new = json!({ "kind": "device", "asset": { "name": "kiosk" } });
    let (_, made) = lab.call(&officer, "POST", "/api/v1/assets", new).await;
    let path = format!("/api/v1/assets/{}", made["id"].as_str().unwrap());
    let life = format!("{path}/lifecycle");
    let to = |to: &str| json!({ "to": to });
    let (status, problem) = lab.call(&officer, "POST", &life, to("disposed")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().unwrap().contains("decommissioned"), "{problem}");
    let (status, _) = lab.call(&officer, "POST", &life, to("decommissioned")).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = lab.call(&officer, "POST", &life, to("disposed")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "no evidence");
    let proof = json!({ "to": "disposed", "disposal_method": "wiped", "certificate": "C-7" });
    let (status, asset) = lab.call(&officer, "POST", &life, proof).await;
    assert_eq!((status, asset["disposal"]["proven"].as_bool()), (StatusCode::OK, Some(true)));
    let (_, steps) = lab.call(&officer, "GET", &life, Value::Null).await;
    assert_eq!(steps["total"], 2);
}

#[tokio::test]
async fn a_rule_is_seen_before_it_is_on_and_can_be_undone() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    let (mine, _) = city(&lab, &officer).await;
    for number in 0..3 {
        let new = json!({ "kind": "application", "asset": { "name": format!("FIN-{number}") } });
        lab.call(&officer, "POST", "/api/v1/assets", new).await;
    }
    let wrong = json!({ "name": "fin", "condition": "asset.colour == \"blue\"", "assigns": { "site": "G" } });
    let (status, problem) = lab.call(&officer, "POST", "/api/v1/rules", wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    let rule = json!({
        "name": "fin",
        "condition": "asset.name.startsWith(\"FIN-\") || asset.name == \"loket\"",
        "assigns": { "owner": "FIN", "labels": ["Financiën"], "class": ["3", "3", "4"] },
    });
    let (status, made) = lab.call(&officer, "POST", "/api/v1/rules", rule).await;
    assert_eq!((status, made["state"].as_str()), (StatusCode::CREATED, Some("draft")), "{made}");
    let on = "/api/v1/rules/fin/enable";
    let (status, problem) = lab.call(&officer, "POST", on, json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let seen = "/api/v1/rules/fin/preview?limit=4";
    let (status, preview) = lab.call(&officer, "POST", seen, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{preview}");
    // Three without an owner get owner, class and label; the desk keeps its owner.
    assert_eq!((preview["holds"].as_u64(), preview["changed"].as_u64()), (Some(4), Some(4)));
    assert_eq!((preview["total"].as_u64(), preview["kept"].as_u64()), (Some(11), Some(1)));
    assert_eq!(preview["items"].as_array().unwrap().len(), 4);
    let (_, list) = lab.call(&officer, "GET", "/api/v1/assets?unit=FIN", Value::Null).await;
    assert_eq!(list["total"], 1, "a preview writes nothing");

    let (status, applied) = lab.call(&officer, "POST", on, json!({})).await;
    assert_eq!((status, applied["assets"].as_u64()), (StatusCode::OK, Some(4)), "{applied}");
    let (_, list) = lab
        .call(&officer, "GET", "/api/v1/assets?unit=FIN&label=financi%C3%ABn", Value::Null)
        .await;
    assert_eq!(items(&list), ["FIN-0", "FIN-1", "FIN-2"]);
    assert_eq!(list["items"][0]["owner"]["method"], "rule");
    let (_, asset) = lab.call(&officer, "GET", &mine, Value::Null).await;
    assert_eq!(asset["owner"]["unit"], "BZ");
    // What comes later is assigned with its evaluation.
    let new = json!({ "kind": "application", "asset": { "name": "FIN-9" } });
    let (_, made) = lab.call(&officer, "POST", "/api/v1/assets", new).await;
    lab.app.evaluate_due(clock::now()).unwrap();
    let later = format!("/api/v1/assets/{}", made["id"].as_str().unwrap());
    let (_, asset) = lab.call(&officer, "GET", &later, Value::Null).await;
    assert_eq!((asset["owner"]["unit"].as_str(), asset["site"].as_str()), (Some("FIN"), Some("")));

    let batch = applied["batch"].as_str().unwrap();
    let (_, assigned) =
        lab.call(&officer, "GET", &format!("/api/v1/rule-batches/{batch}"), Value::Null).await;
    assert_eq!(assigned["total"], 11);
    let undo = format!("/api/v1/rule-batches/{batch}/undo");
    let (status, undone) = lab.call(&officer, "POST", &undo, Value::Null).await;
    assert_eq!((status, undone["reverted"].as_u64()), (StatusCode::OK, Some(11)), "{undone}");
    assert_eq!(undone["disabled"], json!(["fin"]));
    let (_, list) = lab.call(&officer, "GET", "/api/v1/assets?unit=FIN", Value::Null).await;
    assert_eq!(items(&list), ["boekhouding", "FIN-9"]);
    lab.app.evaluate_due(clock::now()).unwrap();
    let (_, list) = lab.call(&officer, "GET", "/api/v1/assets?unit=FIN", Value::Null).await;
    assert_eq!(list["total"], 2, "it is off");
    assert!(lab.app.store.audit_verify().unwrap().is_ok());
}

#[tokio::test]
async fn a_batch_of_changes_is_looked_at_and_undone_once() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    city(&lab, &officer).await;
    let new = json!({ "kind": "application", "asset": { "name": "loket" } });
    let (_, made) = lab.call(&officer, "POST", "/api/v1/assets", new).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let batch = belfort_model::id::BatchId(uuid::Uuid::now_v7());
    let mut actor = crate::app::access::Actor::with_roles("els", &[Role::SecurityOfficer]);
    actor.batch = Some(batch);
    let asset = id.parse().unwrap();
    lab.app.owner_set(&actor, asset, "BZ", "dienstchef", clock::now()).unwrap();
    let path = format!("/api/v1/batches/{batch}/undo");
    let (status, seen) =
        lab.call(&officer, "POST", &format!("{path}?dry_run=true"), Value::Null).await;
    assert_eq!((status, seen["put_back"].as_u64()), (StatusCode::OK, Some(1)), "{seen}");
    assert_eq!((&seen["undone_in"], &seen["lines"][0]["to"]), (&Value::Null, &Value::Null));
    let (_, now) = lab.call(&officer, "GET", &format!("/api/v1/assets/{id}"), Value::Null).await;
    assert_eq!(now["owner"]["unit"], "BZ", "nothing was written");
    let (status, undone) = lab.call(&officer, "POST", &path, Value::Null).await;
    assert_eq!((status, undone["put_back"].as_u64()), (StatusCode::OK, Some(1)), "{undone}");
    assert!(lab.app.store.asset_get(asset).unwrap().unwrap().ownerships.is_empty());
    let (status, twice) = lab.call(&officer, "POST", &path, Value::Null).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{twice}");
    assert!(lab.app.store.audit_verify().unwrap().is_ok());
}

#[tokio::test]
async fn an_import_writes_what_was_seen_and_once() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    city(&lab, &officer).await;
    let csv = "\u{feff}naam;soort;serienummer;eigenaar;b;i;v;labels;kleur\n\
        pc-1;toestel;5B5RM12;FIN;2;3;4;Balie,kassa;rood\n\
        pc-2;toestel;To be filled by O.E.M.;;;;;;\n\
        pc-3;toestel;5B5RM12;;;;;;\n\
        loket;toepassing;;NERGENS;;;;;\n\
        register;gegevensverzameling;;BZ;;;;;\n";
    let path = "/api/v1/imports/assets";
    let (status, preview) = lab.send(&officer, path, csv).await;
    assert_eq!(status, StatusCode::OK, "{preview}");
    assert_eq!((preview["new"].as_u64(), preview["ignored"].clone()), (Some(2), json!(["kleur"])));
    let rows: Vec<_> = preview["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["row"].as_u64().unwrap())
        .collect();
    assert_eq!(rows, [3, 4, 5], "{preview}");
    let (_, list) = lab.call(&officer, "GET", "/api/v1/assets?source=import", Value::Null).await;
    assert_eq!(list["total"], 0, "a preview writes nothing");
    let token = preview["token"].as_str().unwrap();
    let apply = |more: &str| format!("{path}/apply?token={token}{more}");
    let (status, _) = lab.send(&officer, &format!("{path}/apply"), csv).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = lab.send(&officer, &apply(""), csv).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "rows are wrong");
    let other = csv.replace("pc-1", "pc-9");
    let (status, _) = lab.send(&officer, &apply("&skip_errors=true"), &other).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "not what was seen");
    let (status, done) = lab.send(&officer, &apply("&skip_errors=true"), csv).await;
    assert_eq!((status, done["new"].as_u64()), (StatusCode::OK, Some(2)), "{done}");
    let (_, list) = lab.call(&officer, "GET", "/api/v1/assets?source=import", Value::Null).await;
    assert_eq!(items(&list), ["pc-1", "register"]);
    assert_eq!(list["items"][0]["labels"], json!(["balie", "kassa"]));
    assert_eq!(list["items"][0]["owner"]["method"], "import");
    let unconfirmed = "/api/v1/assets?owner_unconfirmed=true";
    let (_, list) = lab.call(&officer, "GET", unconfirmed, Value::Null).await;
    assert_eq!(list["total"], 2);
    let (_, again) = lab.send(&officer, path, csv).await;
    assert_eq!((again["new"].as_u64(), again["same"].as_u64()), (Some(0), Some(2)), "{again}");
    // Renamed, it is known by its serial number.
    let renamed = "naam;serienummer\nPC-0001;5b5rm12\n";
    let (_, preview) = lab.send(&officer, path, renamed).await;
    assert_eq!(preview["rows"][0]["changes"][0]["before"], "pc-1", "{preview}");
    let (status, _) = lab.send(&officer, "/api/v1/imports/cars", csv).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_inventory_finds_the_asset_of_the_list() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    let csv = "naam;serienummer\nlap-0007;5B5RM12\n";
    let (_, preview) = lab.send(&officer, "/api/v1/imports/assets", csv).await;
    let path = format!("/api/v1/imports/assets/apply?token={}", preview["token"].as_str().unwrap());
    lab.send(&officer, &path, csv).await;
    let inventory = json!([
        { "deviceid": "lap-0007-2026", "content": {
            "hardware": { "name": "LAP-7", "uuid": "4C4C4544-0042-3510-8052-B4C04F4D3132" },
            "bios": { "ssn": "5B5RM12", "smodel": "Book 14" },
            "softwares": [{ "name": "openssl", "version": "3.0.11", "from": "deb" }] } },
        { "deviceid": "x" },
    ])
    .to_string();
    let path = "/api/v1/imports/glpi";
    let (status, preview) = lab.send(&officer, path, &inventory).await;
    assert_eq!(status, StatusCode::OK, "{preview}");
    assert_eq!(
        (preview["changed"].as_u64(), preview["new"].as_u64()),
        (Some(1), Some(0)),
        "{preview}"
    );
    assert_eq!(preview["errors"][0]["row"], 2);
    let apply =
        format!("{path}/apply?skip_errors=true&token={}", preview["token"].as_str().unwrap());
    let (status, done) = lab.send(&officer, &apply, &inventory).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    let (_, list) = lab.call(&officer, "GET", "/api/v1/assets?kind=device", Value::Null).await;
    assert_eq!(items(&list), ["LAP-7"]);
    let asset = format!("/api/v1/assets/{}", list["items"][0]["id"].as_str().unwrap());
    let (_, asset) = lab.call(&officer, "GET", &asset, Value::Null).await;
    assert_eq!(
        (asset["facts"]["model"].as_str(), asset["source"].as_str()),
        (Some("Book 14"), Some("import"))
    );
    let packages = format!("/api/v1/assets/{}/sections/packages", asset["id"].as_str().unwrap());
    let (_, packages) = lab.call(&officer, "GET", &packages, Value::Null).await;
    assert!(packages.to_string().contains("openssl"), "{packages}");
    let (_, again) = lab.send(&officer, path, &inventory).await;
    assert_eq!(again["same"], 1, "{again}");
}

#[test]
fn a_form_that_is_given_is_decided_by_hand() {
    use crate::app::assets::AssetEdit;
    use belfort_model::asset::Subtype;
    use belfort_model::data_set::PersonalData;
    use belfort_model::rule::SUBTYPE_TARGET;

    let lab = Lab::new();
    let now = clock::now();
    let id = lab.app.data_set_create(&root(), "Register", PersonalData::None, now).unwrap().id;
    let edit = AssetEdit { subtype: Some(Subtype::Saas), ..AssetEdit::default() };
    lab.app.asset_edit(&root(), id, &edit, None, now).unwrap();
    let input = lab.app.store.rule_input(id).unwrap().unwrap();
    assert!(input.by_hand.contains(SUBTYPE_TARGET), "{:?}", input.by_hand);
}

#[test]
fn two_who_change_a_data_set_at_once_lose_nothing() {
    use crate::app::data_sets::DataSetEdit;
    use belfort_model::data_set::PersonalData;

    let lab = Lab::new();
    let now = clock::now();
    let set = lab.app.data_set_create(&root(), "Register", PersonalData::None, now).unwrap().id;
    let edit = |edit: &DataSetEdit| {
        while let Err(error) = lab.app.data_set_edit(&root(), set, edit, None, now) {
            assert!(error.to_string().contains("changed"), "{error}");
        }
    };
    let seen = || lab.app.store.asset_get(set).unwrap().unwrap().data_set.unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..60 {
                let retention = Some(turn.to_string());
                edit(&DataSetEdit { retention: retention.clone(), ..DataSetEdit::default() });
                assert_eq!(Some(seen().retention), retention);
            }
        });
        scope.spawn(|| {
            for turn in 0..60 {
                let register_ids = vec![format!("V-{turn}")];
                let ids = Some(register_ids.clone());
                edit(&DataSetEdit { register_ids: ids, ..DataSetEdit::default() });
                assert_eq!(seen().register_ids, register_ids);
            }
        });
    });
}

#[tokio::test]
async fn a_change_on_an_older_version_is_refused() {
    let lab = Lab::new();
    let officer = lab.token(Role::SecurityOfficer);
    let (mine, _) = city(&lab, &officer).await;
    let with = |version: &str, body: Value| {
        Request::builder()
            .method("PATCH")
            .uri(&mine)
            .header("authorization", format!("Bearer {officer}"))
            .header("if-match", version)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    let send = |request| lab.router.clone().oneshot(request);
    let answer = send(with("\"2\"", json!({ "site": "G1" }))).await.unwrap();
    assert_eq!(
        (answer.status(), answer.headers()["etag"].to_str().unwrap()),
        (StatusCode::OK, "\"3\"")
    );
    let answer = send(with("\"2\"", json!({ "site": "G2" }))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED);
    let (_, asset) = lab.call(&officer, "GET", &mine, Value::Null).await;
    assert_eq!((asset["site"].as_str(), asset["version"].as_u64()), (Some("G1"), Some(3)));
    let ended = json!({ "active_to": "2026-01-01T00:00:00Z" });
    let (status, _) = lab.call(&officer, "PATCH", "/api/v1/units/BZ", ended).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "it began later");
    let circle = json!({ "parent": "BZ" });
    let (status, problem) = lab.call(&officer, "PATCH", "/api/v1/units/DMT", circle).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let (_, tree) = lab.call(&officer, "GET", "/api/v1/units/tree", Value::Null).await;
    let depths: Vec<_> = tree["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["depth"].as_u64().unwrap())
        .collect();
    assert_eq!(depths, [0, 1, 0]);
}
