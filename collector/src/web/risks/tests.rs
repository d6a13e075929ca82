//! The register as people work with it: from a proposal to a decision, and who is refused on the way.

use belfort_model::access::{Role, RoleGrant};
use belfort_store::record::{Page, RiskFilter};
use http::StatusCode;

use crate::web::tests::{Browser, Lab};

/// A register with one risk: a data set of the unit `BZ` that nobody classified for sixty days.
struct Case {
    lab: Lab,
    path: String,
}

impl Case {
    fn new() -> Self {
        let lab = Lab::with_one_risk();
        let risks = lab.app.store.risk_list(&RiskFilter::default(), Page::ALL).unwrap();
        assert_eq!(risks.total, 1);
        let path = format!("/risicos/{}", risks.items[0].risk.reference);
        Self { lab, path }
    }

    fn version(&self) -> String {
        let reference = self.path.rsplit('/').next().unwrap();
        self.lab.app.store.risk_get(reference).unwrap().unwrap().risk.version.to_string()
    }

    /// Sends a form on the newest version; says what came back.
    async fn does(&self, who: &Browser<'_>, what: &str, more: &[(&str, &str)]) -> StatusCode {
        let version = self.version();
        let mut fields = vec![("versie", version.as_str())];
        fields.extend(more);
        let shown = who.post(&format!("{}/{what}", self.path), &fields).await;
        if shown.status == StatusCode::SEE_OTHER {
            let page = who.page(&shown.location).await;
            assert!(page.contains("class=\"alert\" role=\"status\""), "{}", shown.location);
        }
        shown.status
    }

    async fn evaluated(&self, officer: &Browser<'_>) {
        let values = [("kans", "2"), ("b", "3"), ("reden", "lokaal is afgesloten")];
        for (what, fields) in [("analyseren", &[][..]), ("beoordelen", &values), ("evalueren", &[])]
        {
            assert_eq!(self.does(officer, what, fields).await, StatusCode::SEE_OTHER, "{what}");
        }
    }
}

const DONE: StatusCode = StatusCode::SEE_OTHER;
const REFUSED: StatusCode = StatusCode::FORBIDDEN;
const DECISION: [(&str, &str); 2] = [("behandeling", "avoid"), ("reden", "stopzetten")];

#[tokio::test]
async fn the_list_filters_sorts_and_draws() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let list = officer.page("/risicos").await;
    assert!(list.contains("Bevolkingsregister") || list.contains("Dienst Burgerzaken"), "{list}");
    assert!(list.contains("<svg class=\"heat compact\"") && list.contains("Toon als tabel"));
    assert!(list.contains("/risicos?kans="), "cells lead to their risks");
    for (query, found) in [
        ("status=proposed&dienst=BZ&behandeling=open&sort=-titel&per=25", true),
        ("status=proposed&status=closed&ernst=1&ernst=2&ernst=3&ernst=4&ernst=5", true),
        ("status=closed", false),
        ("dienst=MOB", false),
        ("q=bevolking", false),
        ("q=burgerzaken", true),
        ("stand=2020-01-01", false),
    ] {
        let page = officer.page(&format!("/risicos?{query}")).await;
        assert_eq!(page.contains("class=\"name\" href=\"/risicos/R-"), found, "{query}");
    }
    for wrong in ["kans=6", "kans=x", "status=x", "stand=gisteren", "dienst=X", "sort=kleur", "k=1"]
    {
        let shown = officer.get(&format!("/risicos?{wrong}")).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let csv = officer.page("/risicos.csv?status=alle").await;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let reader = case.lab.browser(Role::Reader);
    assert_eq!(reader.get("/risicos.csv").await.status, REFUSED);
    assert!(!reader.page("/risicos").await.contains("/risicos.csv"));
}

#[tokio::test]
async fn an_empty_register_says_what_comes() {
    let lab = Lab::new();
    let reader = lab.browser(Role::Reader);
    assert!(reader.page("/risicos").await.contains("Er staan geen risico’s op de agenda"));
    assert!(reader.page("/risicos/vergaderingen").await.contains("Nog geen vergaderingen"));
    assert_eq!(reader.get("/risicos/R-2026-0001").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_risk_goes_from_proposal_to_decision() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let head = case.lab.head_of("BZ");
    let fresh = officer.page(&case.path).await;
    assert!(fresh.contains("In analyse nemen") && fresh.contains("aria-current=\"step\""));
    assert!(!fresh.contains("/beslissen"), "nothing to decide yet");
    case.evaluated(&officer).await;

    let page = head.page(&case.path).await;
    assert!(page.contains("/beslissen") && page.contains("Verminderen kan pas"), "{page}");
    let mitigate = [("behandeling", "mitigate"), ("reden", "we classificeren")];
    let refused = case.does(&head, "beslissen", &mitigate).await;
    assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY);
    let action = [
        ("titel", "classificeren"),
        ("dienst", "BZ"),
        ("functie", "dienstchef Burgerzaken"),
        ("uiterlijk", "2099-01-31"),
    ];
    assert_eq!(case.does(&officer, "acties", &action).await, DONE);
    assert_eq!(case.does(&head, "beslissen", &mitigate).await, DONE);
    let page = head.page(&case.path).await;
    assert!(page.contains("we classificeren") && page.contains("<ins>"), "{page}");
    assert!(page.contains("Afsluiten kan wanneer"), "not yet");
    let close = [("reden", "klaar"), ("bevestigd", "ja")];
    let refused = case.does(&head, "afsluiten", &close).await;
    assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY);
    let sure = case.does(&head, "afsluiten", &[("reden", "klaar")]).await;
    assert_eq!(sure, StatusCode::BAD_REQUEST, "without being sure");
}

#[tokio::test]
async fn an_action_is_followed_up_by_two_persons() {
    let case = Case::new();
    let (officer, head) = (case.lab.browser(Role::SecurityOfficer), case.lab.head_of("BZ"));
    let action = [
        ("titel", "classificeren"),
        ("dienst", "BZ"),
        ("functie", "dienstchef"),
        ("uiterlijk", "2099-01-31"),
    ];
    assert_eq!(case.does(&officer, "acties", &action).await, DONE);
    let page = officer.page(&case.path).await;
    let at = page.find("/acties/").unwrap();
    let id = page[at + 8..].split('"').next().unwrap();
    let path = format!("{}/acties/{id}", case.path);
    let set = |status| [("versie", "1"), ("status", status)];
    assert_eq!(officer.post(&path, &set("done")).await.status, DONE);
    assert_eq!(officer.post(&path, &set("running")).await.status, StatusCode::CONFLICT);
    let again = |status| [("versie", "2"), ("status", status)];
    let own = officer.post(&path, &again("verified")).await.status;
    assert_eq!(own, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(head.post(&path, &again("verified")).await.status, DONE);
    let reader = case.lab.browser(Role::Reader);
    assert_eq!(reader.post(&path, &again("done")).await.status, REFUSED);
}

#[tokio::test]
async fn a_dpo_advises_and_never_decides() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    case.evaluated(&officer).await;
    let grants = [Role::Dpo, Role::DepartmentHead].map(|role| RoleGrant { role, unit: None });
    let dpo = case.lab.browser_with("dpo", &grants);
    let page = dpo.page(&case.path).await;
    assert!(page.contains("Uw advies") && !page.contains("/beslissen"), "{page}");
    assert_eq!(case.does(&dpo, "adviseren", &[("advies", "beperk de toegang")]).await, DONE);
    for (what, fields) in [
        ("beslissen", &DECISION[..]),
        ("beoordelen", &[("reden", "x")]),
        ("evalueren", &[]),
        ("analyseren", &[]),
        ("verwerpen", &[("reden", "x")]),
        ("afsluiten", &[("reden", "x"), ("bevestigd", "ja")]),
        ("beschrijven", &[]),
        ("incidenten", &[("incident", "I-1")]),
    ] {
        assert_eq!(case.does(&dpo, what, fields).await, REFUSED, "{what}");
    }
    let page = officer.page(&case.path).await;
    assert!(
        page.contains("beperk de toegang") && page.contains("evaluated")
            || page.contains("geëvalueerd")
    );
    assert!(!page.contains("name=\"advies\""), "an officer does not advise");
    let forged = case.does(&officer, "adviseren", &[("advies", "x")]).await;
    assert_eq!(forged, REFUSED);
}

#[tokio::test]
async fn only_the_own_department_head_or_a_meeting_decides() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    case.evaluated(&officer).await;
    let other = case.lab.head_of("MOB");
    assert_eq!(other.get(&case.path).await.status, REFUSED);
    assert_eq!(case.does(&other, "beslissen", &DECISION).await, REFUSED);
    assert!(!other.page("/risicos").await.contains("href=\"/risicos/R-"));
    // Who reads everywhere and heads another department sees it, and decides nothing on it.
    let unit = Some(case.lab.app.unit("MOB").unwrap().id);
    let grants = [
        RoleGrant { role: Role::Reader, unit: None },
        RoleGrant { role: Role::DepartmentHead, unit },
    ];
    let reads = case.lab.browser_with("leest overal", &grants);
    assert!(!reads.page(&case.path).await.contains("/beslissen"));
    assert_eq!(case.does(&reads, "beslissen", &DECISION).await, REFUSED);
    let ciso = case.lab.browser(Role::Ciso);
    assert!(!ciso.page(&case.path).await.contains("/beslissen"));
    assert_eq!(case.does(&ciso, "beslissen", &DECISION).await, REFUSED);
    assert_eq!(case.does(&officer, "beslissen", &DECISION).await, REFUSED, "without a meeting");

    let meeting = [
        ("referentie", "CI-2026-11"),
        ("gehouden_op", "2026-11-02"),
        ("titel", "Overleg CI"),
        ("aanwezig", "CISO\r\nDPO"),
    ];
    let head = case.lab.head_of("BZ");
    assert_eq!(head.post("/risicos/vergaderingen", &meeting).await.status, REFUSED);
    let added = officer.post("/risicos/vergaderingen", &meeting).await;
    assert_eq!(added.location, "/risicos/vergaderingen?melding=vergadering-toegevoegd");
    let page = officer.page(&added.location).await;
    assert!(page.contains("CISO, DPO") && page.contains("De vergadering is toegevoegd."));
    assert!(officer.page(&case.path).await.contains("value=\"CI-2026-11\""));
    let decision = [DECISION[0], DECISION[1], ("vergadering", "CI-2026-11")];
    assert_eq!(case.does(&officer, "beslissen", &decision).await, DONE);
}

#[tokio::test]
async fn nobody_overwrites_what_somebody_changed_meanwhile() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let words = [("titel", "Eigen titel"), ("maatregelen", "sloten\r\ncamera’s")];
    assert_eq!(case.does(&officer, "beschrijven", &words).await, DONE);
    let page = officer.page(&case.path).await;
    assert!(page.contains("Eigen titel") && page.contains("<li>sloten</li>"), "{page}");
    let old = officer.post(&format!("{}/analyseren", case.path), &[("versie", "1")]).await;
    assert_eq!(old.status, StatusCode::CONFLICT);
    assert!(old.text.contains("Intussen gewijzigd"));
    let none = officer.post(&format!("{}/analyseren", case.path), &[]).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    let past = officer.page(&format!("{}?stand=2099-01-01", case.path)).await;
    assert!(past.contains("zoals het toen stond") && !past.contains("/analyseren"));
}

#[tokio::test]
async fn an_incident_and_a_rejection_are_recorded() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let incident =
        [("incident", "INC-7"), ("titel", "laptop verloren"), ("gebeurd_op", "2026-11-01")];
    assert_eq!(case.does(&officer, "incidenten", &incident).await, DONE);
    assert!(officer.page(&case.path).await.contains("laptop verloren"));
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    assert_eq!(case.does(&officer, "verwerpen", &[("reden", "geen persoonsgegevens")]).await, DONE);
    let page = officer.page(&case.path).await;
    assert!(page.contains("geen persoonsgegevens") && page.contains("verworpen"));
    assert!(!officer.page("/risicos").await.contains("href=\"/risicos/R-"), "off the agenda");
}
