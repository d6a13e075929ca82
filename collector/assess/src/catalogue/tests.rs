use std::error::Error as _;

use belfort_model::scale::Level;

use super::*;

const OWN: &str = r#"
    version = "own/1"
    [[finding]]
    code = "gent.telnet"
    title = { nl = "Telnet", en = "Telnet" }
    matcher = "listener_insecure"
    params = { ports = { "tcp/2323" = "telnet" } }
    likelihood = 4
    dimensions = "IV"
    scenario = "network_intrusion"
    cyfun_2025 = ["PR.PS-01.3"]
    iso_27001 = ["8.20"]
    remedy = { nl = "Zet uit.", en = "Switch off." }
"#;

fn wrong(text: &str) -> String {
    let error = Catalogue::with(&[("own.toml", text)]).expect_err("is not refused");
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[test]
fn the_shipped_catalogue_is_complete() {
    let catalogue = Catalogue::shipped().unwrap();
    assert_eq!(catalogue.version, Catalogue::VERSION);
    for finding in catalogue.findings.values() {
        let cites = [&finding.cyfun_2025, &finding.other];
        assert!(cites.iter().any(|list| !list.is_empty()), "{} cites no control", finding.code);
        assert!(!finding.iso_27001.is_empty(), "{} cites no ISO control", finding.code);
        let lists = [&finding.cyfun_2025, &finding.cyfun_2023, &finding.iso_27001, &finding.other];
        let mut all = lists.into_iter().flatten();
        assert!(all.all(|control| !control.is_empty()), "{} cites nothing", finding.code);
    }
    for (code, scenario) in &catalogue.scenarios {
        assert!(!catalogue.linked_checks(code).is_empty(), "{code} has no check");
        assert!(scenario.title.is_complete() && scenario.description.is_complete(), "{code}");
    }
}

/// The table of the domain model, but for what advisory data brings.
#[test]
fn every_finding_of_the_domain_model_is_shipped() {
    let table = "
        asset.unowned 2 BIV, asset.owner_unconfirmed 2 BIV, asset.unclassified 2 BIV,
        class.review_overdue 2 BIV, asset.no_data_link 2 IV, asset.verify_overdue 2 I,
        agent.stale 2 BIV, asset.missing 3 V, identity.duplicate 3 IV, hw.unauthorised 3 IV,
        hw.changed 2 I, life.active_after_decommission 3 V, life.disposal_unproven 3 V,
        agent.version_unsupported 2 I, agent.certificate_expiring 2 B, patch.overdue 3 BIV,
        reboot.pending 2 BIV, firmware.outdated 2 I, disk.unencrypted 2 V, boot.secure_off 2 I,
        tpm.absent 2 IV, firewall.off 3 BIV, malware_protection.absent 4 BIV,
        malware_protection.outdated 3 BIV, clock.drift 2 I, time_sync.off 2 I, admin.unexpected 3 IV,
        listener.unknown 3 IV, listener.insecure 4 IV, software.unauthorised 3 IV,
        software.remote_control 4 IV, logging.absent 2 I, backup.absent 3 B, exception.expired 3 BIV,
        privacy.overcollection 2 V";
    let catalogue = Catalogue::shipped().unwrap();
    for line in table.split(',').map(str::trim) {
        let code = line.split(' ').next().unwrap();
        let finding = catalogue.findings.get(code).unwrap_or_else(|| panic!("no {code}"));
        assert_eq!(format!("{code} {} {}", finding.likelihood, finding.dimensions), line);
    }
}

#[test]
fn an_organisation_adds_its_own() {
    let both = Catalogue::with(&[("own.toml", OWN)]).unwrap();
    assert!(both.findings.contains_key("gent.telnet"));
    assert!(both.version.ends_with("+own/1"));
}

#[test]
fn an_organisation_adjusts_ours() {
    let own = r#"
        version = "own/1"
        [[adjust]]
        finding = "asset.unowned"
        likelihood = 3
        due_days = { high = 10 }
        params = { days = 5 }
        [[adjust]]
        finding = "firewall.off"
        off = true
    "#;
    let catalogue = Catalogue::with(&[("own.toml", own)]).unwrap();
    let unowned = &catalogue.findings["asset.unowned"];
    assert_eq!((unowned.likelihood.get(), unowned.params.days), (3, Some(5)));
    assert_eq!(unowned.due_days.at(Level::FOUR), Some(10));
    assert_eq!(unowned.due_days.at(Level::THREE), None);
    assert!(!catalogue.findings.contains_key("firewall.off"));
    assert!(catalogue.scenarios["network_intrusion"].mitigated_by.is_empty());
}

#[test]
fn errors_say_which_file_which_finding_and_what_to_do() {
    for (change, to, expected) in [
        (
            "listener_insecure",
            "no_such",
            "`own.toml`: `gent.telnet` names matcher `no_such`, which does not exist; there are active_after",
        ),
        (
            "network_intrusion",
            "no_such",
            "names scenario `no_such`, which does not exist; there are confused_identity",
        ),
        (
            "likelihood = 4",
            "likelihood = 6",
            "`own.toml` cannot be read, at `gent.telnet`: TOML parse error at line 8",
        ),
        ("likelihood = 4", "likelihoods = 4", "unknown field `likelihoods`"),
        (
            "gent.telnet",
            "firewall.off",
            "`firewall.off`, which exists already: give it a code of its own",
        ),
        ("gent.telnet", "Gent Telnet", "is no code"),
        (r#"version = "own/1""#, "", "`own.toml` has no version: begin it with"),
        (r#"en = "Switch off.""#, r#"en = """#, "lacks a title or a remedy"),
        (r#"matcher = "listener_insecure""#, "", "has both a matcher and a condition, or neither"),
        (
            r#"matcher = "listener_insecure""#,
            r#"condition = "device.model == 3""#,
            "is not made for text and number",
        ),
    ] {
        assert!(OWN.contains(change), "{change}");
        let error = wrong(&OWN.replace(change, to));
        assert!(error.contains(expected), "{to}: {error}");
    }
    let error = wrong("version = 'own/1'\n[[adjust]]\nfinding = 'no.such'");
    assert!(error.contains("`adjust` names finding `no.such`"), "{error}");
}

#[test]
fn a_finding_can_be_a_condition() {
    let own = OWN.replace(
        r#"matcher = "listener_insecure""#,
        r#"applies = 'asset.subtype == "server"'
    condition = 'device.hostname.startsWith("tmp-")'"#,
    );
    let catalogue = Catalogue::with(&[("own.toml", &own)]).unwrap();
    let mut fixture = crate::testing::Fixture::device();
    let on = |fixture: &crate::testing::Fixture| {
        let evaluation = crate::evaluate::evaluate(&catalogue, &fixture.subject());
        let hit = evaluation.hits.into_iter().find(|hit| hit.code == "gent.telnet");
        let evidence = hit.map(|hit| format!("{}={}", hit.evidence[0].name, hit.evidence[0].value));
        (evaluation.results["gent.telnet"].as_str(), evidence)
    };
    assert_eq!(on(&fixture), ("unknown", None));
    fixture.facts.host_name = "srv-1".to_owned();
    assert_eq!(on(&fixture), ("pass", None));
    fixture.facts.host_name = "tmp-1".to_owned();
    assert_eq!(on(&fixture), ("hit", Some("device.hostname=tmp-1".to_owned())));
    fixture.asset.subtype = belfort_model::asset::Subtype::Laptop;
    assert_eq!(on(&fixture), ("not_applicable", None));
}

/// What the guide shows is what works.
#[test]
fn the_guide_is_right() {
    const GUIDE: &str = include_str!("../../../../docs/guides/add-a-finding.md");
    let blocks = |language: &str| {
        let fence = format!("```{language}\n");
        let parts: Vec<_> = GUIDE.split(fence.as_str()).skip(1).collect();
        parts.into_iter().filter_map(|part| part.split("```").next()).collect::<Vec<_>>()
    };
    let toml = blocks("toml");
    assert_eq!(toml.len(), 2);
    for block in toml {
        let version = if block.contains("version =") { "" } else { "version = 'x'\n" };
        let catalogue = Catalogue::with(&[("guide", &format!("{version}{block}"))]);
        catalogue.unwrap_or_else(|error| panic!("{error}: {:?}", error.source()));
    }
    for line in blocks("cel").into_iter().flat_map(str::lines) {
        crate::condition::Condition::compile(line).unwrap();
    }
}

#[test]
fn what_is_about_people_is_known_by_what_it_reads() {
    let shipped = Catalogue::shipped().unwrap();
    let personal: Vec<_> = shipped.personal.iter().map(String::as_str).collect();
    assert_eq!(personal, ["admin.unexpected"]);
    let finding = |code: &str, condition: &str| {
        format!(
            r#"
            [[finding]]
            code = "{code}"
            title = {{ nl = "x", en = "x" }}
            condition = '{condition}'
            likelihood = 2
            dimensions = "I"
            scenario = "unauthorised_access"
            cyfun_2025 = []
            iso_27001 = []
            remedy = {{ nl = "x", en = "x" }}
            "#
        )
    };
    let own = [
        "version = \"own/1\"".to_owned(),
        finding("own.people", "\"x\" in device.administrators"),
        finding("own.name", "device.hostname == \"x\""),
        "[[adjust]]\nfinding = \"admin.unexpected\"\noff = true".to_owned(),
    ];
    let catalogue = Catalogue::with(&[("own", &own.join("\n"))]).unwrap();
    let personal: Vec<_> = catalogue.personal.iter().map(String::as_str).collect();
    assert_eq!(
        personal,
        ["admin.unexpected", "own.people"],
        "what was found before stays personal"
    );
}
