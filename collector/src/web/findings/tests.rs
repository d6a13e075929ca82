//! Findings as people judge them, and exceptions from request to end.

use belfort_model::access::{Role, RoleGrant};
use belfort_store::record::{FindingFilter, Page};
use http::StatusCode;

use crate::clock;
use crate::web::tests::{Browser, Lab, root};

const DONE: StatusCode = StatusCode::SEE_OTHER;
const REFUSED: StatusCode = StatusCode::FORBIDDEN;

/// A register with one finding: a data set of the unit `BZ` that nobody classified for sixty days.
struct Case {
    lab: Lab,
    path: String,
}

impl Case {
    fn new() -> Self {
        let lab = Lab::with_one_risk();
        let found = lab.app.store.finding_list(&FindingFilter::default(), Page::ALL).unwrap();
        assert_eq!(found.total, 1);
        let path = format!("/bevindingen/{}", found.items[0].finding.id);
        Self { lab, path }
    }

    fn version(&self) -> String {
        let id = self.path.rsplit('/').next().unwrap().parse().unwrap();
        let found = self.lab.app.store.finding_get(id).unwrap().unwrap();
        found.finding.triage.version.to_string()
    }

    async fn does(&self, who: &Browser<'_>, what: &str, more: &[(&str, &str)]) -> StatusCode {
        let version = self.version();
        let mut fields = vec![("versie", version.as_str())];
        fields.extend(more);
        let shown = who.post(&format!("{}/{what}", self.path), &fields).await;
        if shown.status == DONE {
            let page = who.page(&shown.location).await;
            assert!(page.contains("class=\"alert\" role=\"status\""), "{}", shown.location);
        }
        shown.status
    }

    /// Asks for an exception; answers its page.
    async fn requested(&self, who: &Browser<'_>, reach: &str) -> String {
        let end = clock::now().plus_days(30).day();
        let fields = [("voor", reach), ("reden", "wordt vervangen"), ("einde", end.as_str())];
        let shown = who.post(&format!("{}/uitzondering", self.path), &fields).await;
        assert_eq!(shown.status, DONE, "{}", shown.text);
        shown.location.split('?').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_list_shows_open_ones_and_filters() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let row = "class=\"name\" href=\"/bevindingen/";
    for (query, found) in [
        ("", true),
        ("status=alle&dienst=BZ&kans=1&sort=-kans&per=25", true),
        ("status=open&sort=termijn", true),
        ("code=asset.unclassified&sort=bevinding", true),
        ("status=resolved&sort=-sinds", false),
        ("dienst=MOB", false),
        ("toegewezen=BZ", false),
        ("kans=5", false),
    ] {
        let page = officer.page(&format!("/bevindingen?{query}")).await;
        assert_eq!(page.contains(row), found, "{query}");
    }
    for wrong in [
        "status=x",
        "kans=9",
        "dienst=X",
        "code=geen",
        "kleur=1",
        "sort=x",
        "status=open&status=alle",
    ] {
        let shown = officer.get(&format!("/bevindingen?{wrong}")).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let csv = officer.page("/bevindingen.csv?status=alle").await;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let reader = case.lab.browser(Role::Reader);
    assert_eq!(reader.get("/bevindingen.json").await.status, REFUSED);
    let other = case.lab.head_of("MOB");
    assert!(!other.page("/bevindingen").await.contains(row), "another unit's");
    assert_eq!(other.get(&case.path).await.status, REFUSED);
}

#[tokio::test]
async fn empty_lists_say_what_comes() {
    let lab = Lab::new();
    let reader = lab.browser(Role::Reader);
    assert!(reader.page("/bevindingen").await.contains("Er zijn geen open bevindingen"));
    assert!(
        reader.page("/bevindingen/uitzonderingen").await.contains("Er zijn geen uitzonderingen")
    );
    assert_eq!(reader.get("/bevindingen/geen").await.status, StatusCode::NOT_FOUND);
    let other = "/bevindingen/uitzonderingen?status=x";
    assert_eq!(reader.get(other).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_finding_is_judged_and_assigned() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let page = officer.page(&case.path).await;
    for part in ["CyFun 2025", "ID.AM", "Wat eraan te doen", "/risicos/R-", "Bevolkingsregister"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(case.does(&officer, "toewijzen", &[("dienst", "MOB")]).await, DONE);
    let list = officer.page("/bevindingen?toegewezen=MOB").await;
    assert!(list.contains("Dienst Mobiliteit") && list.contains("Bevolkingsregister"));
    assert_eq!(case.does(&officer, "bevestigen", &[]).await, DONE);
    assert_eq!(case.does(&officer, "vals-alarm", &[]).await, StatusCode::BAD_REQUEST);
    assert_eq!(case.does(&officer, "vals-alarm", &[("reden", "bewust zo")]).await, DONE);
    let page = officer.page(&case.path).await;
    assert!(page.contains("bewust zo") && page.contains("/heropenen"), "{page}");
    assert!(!page.contains("/bevestigen"));
    let old = [("versie", "1"), ("reden", "toch niet")];
    let shown = officer.post(&format!("{}/heropenen", case.path), &old).await;
    assert_eq!(shown.status, StatusCode::CONFLICT);
    assert_eq!(case.does(&officer, "heropenen", &[("reden", "toch niet")]).await, DONE);
}

#[tokio::test]
async fn whoever_may_not_judge_sees_no_form_and_is_refused() {
    let case = Case::new();
    let end = clock::now().plus_days(30).day();
    for role in [Role::Dpo, Role::Reader, Role::Auditor, Role::Ciso] {
        let browser = case.lab.browser(role);
        assert!(!browser.page(&case.path).await.contains("name=\"versie\""), "{role}");
        let except = [("voor", "bevinding"), ("reden", "x"), ("einde", end.as_str())];
        for (what, fields) in [
            ("bevestigen", &[][..]),
            ("vals-alarm", &[("reden", "x")]),
            ("heropenen", &[("reden", "x")]),
            ("toewijzen", &[]),
            ("uitzondering", &except),
            (
                "overslaan",
                &[("cve", "CVE-2024-0001"), ("waar", "asset"), ("reden", "x"), ("dagen", "9")],
            ),
        ] {
            assert_eq!(case.does(&browser, what, fields).await, REFUSED, "{role} {what}");
        }
    }
    let other = case.lab.head_of("MOB");
    assert_eq!(case.does(&other, "bevestigen", &[]).await, REFUSED);
}

#[tokio::test]
async fn an_exception_is_approved_by_somebody_else() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let path = case.requested(&officer, "bevinding").await;
    let page = officer.page(&path).await;
    assert!(
        page.contains("iemand anders keurt ze goed") && !page.contains("/goedkeuren"),
        "{page}"
    );
    let approve = format!("{path}/goedkeuren");
    let first = [("versie", "1")];
    let grants = [Role::Dpo, Role::DepartmentHead].map(|role| RoleGrant { role, unit: None });
    let dpo = case.lab.browser_with("dpo", &grants);
    assert!(!dpo.page(&path).await.contains("/goedkeuren"));
    for who in [&officer, &dpo, &case.lab.head_of("MOB")] {
        assert_eq!(who.post(&approve, &first).await.status, REFUSED);
    }
    let head = case.lab.head_of("BZ");
    assert!(head.page(&path).await.contains("/goedkeuren"));
    let done = head.post(&approve, &first).await;
    assert_eq!(done.location, format!("{path}?melding=uitzondering-goedgekeurd"));
    assert!(head.page(&done.location).await.contains("De uitzondering is goedgekeurd."));
    assert_eq!(head.post(&approve, &first).await.status, StatusCode::CONFLICT);
    case.lab.app.evaluate_due(clock::now()).unwrap();
    let page = officer.page(&case.path).await;
    assert!(page.contains("Uitzondering goedgekeurd"), "{page}");
    let end = [("versie", "2"), ("reden", "niet meer nodig")];
    assert_eq!(officer.post(&format!("{path}/beeindigen"), &end).await.status, DONE);
    let list = officer.page("/bevindingen/uitzonderingen?status=closed").await;
    assert!(list.contains("één bevinding op Bevolkingsregister"), "{list}");
}

#[tokio::test]
async fn an_exception_reaches_as_far_as_was_asked_and_can_be_refused() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    let head = case.lab.head_of("BZ");
    for reach in ["asset", "dienst"] {
        let path = case.requested(&officer, reach).await;
        let refuse = format!("{path}/weigeren");
        let without = head.post(&refuse, &[("versie", "1")]).await;
        assert_eq!(without.status, StatusCode::BAD_REQUEST);
        let reason = [("versie", "1"), ("reden", "eerst oplossen")];
        assert_eq!(head.post(&refuse, &reason).await.status, DONE, "{reach}");
        assert!(officer.page(&path).await.contains("eerst oplossen"));
    }
    let end = clock::now().plus_days(30).day();
    let wrong = [("voor", "alles"), ("reden", "x"), ("einde", end.as_str())];
    assert_eq!(case.does(&officer, "uitzondering", &wrong).await, StatusCode::BAD_REQUEST);
    let ends = [("voor", "bevinding"), ("reden", "x"), ("einde", "2099-01-01")];
    assert_eq!(case.does(&officer, "uitzondering", &ends).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_vulnerability_is_passed_over_for_a_time() {
    let case = Case::new();
    let officer = case.lab.browser(Role::SecurityOfficer);
    assert!(!officer.page(&case.path).await.contains("/overslaan"), "it names none");
    let fields = |days| {
        [("cve", "CVE-2024-0001"), ("waar", "asset"), ("reden", "niet bereikbaar"), ("dagen", days)]
    };
    assert_eq!(case.does(&officer, "overslaan", &fields("30")).await, DONE);
    assert_eq!(case.does(&officer, "overslaan", &fields("999")).await, StatusCode::BAD_REQUEST);
    let all = case.lab.app.suppressions(&root(), true, clock::now()).unwrap();
    assert_eq!(all.len(), 1);
    let head = case.lab.head_of("BZ");
    assert_eq!(case.does(&head, "overslaan", &fields("30")).await, REFUSED);
}
