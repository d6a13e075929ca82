//! Pages as browsers meet them, over a real database: who sees what, and that no page shows the name of a
//! text instead of a text.

mod filled;
mod roles;
mod routes;
mod scope;

use axum::body::Body;
use belfort_assess::catalogue::Catalogue;
use belfort_model::access::{Role, RoleGrant};
use belfort_model::data_set::PersonalData;
use belfort_model::unit::UnitKind;
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::*;
use crate::app::App;
use crate::app::access::Actor;
use crate::app::assets::NewUnit;
use crate::app::log_in::{Credentials, Visitor};
use crate::clock;
use crate::config::login::{LoginConfig, SecondFactor};
use crate::login::Login;
use crate::rest::EnrolmentAddress;
use crate::rest::session::{COOKIE, csrf_token};

const PASSWORD: &str = "vier gewone woorden samen";

/// A collector with its pages, nobody logged in.
pub(super) struct Lab {
    pub(super) router: Router,
    pub(super) app: App,
    directory: tempfile::TempDir,
}

/// Somebody's browser.
pub(super) struct Browser<'a> {
    lab: &'a Lab,
    secret: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) status: StatusCode,
    /// Where it leads, for a redirection.
    pub(super) location: String,
    pub(super) text: String,
    /// What came, as it came: for files that are no text.
    bytes: Vec<u8>,
}

/// Somebody who may do what tests prepare.
pub(super) fn root() -> Actor {
    Actor::with_roles("test", &[Role::Admin, Role::SecurityOfficer])
}

impl Lab {
    pub(super) fn new() -> Self {
        Self::with(|app| app)
    }

    /// The same, with an application that was made another.
    pub(super) fn with(change: impl FnOnce(App) -> App) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("belfort.db").display());
        Self::over(belfort_store::create(&url).unwrap(), directory, change)
    }

    /// The same collector on a copy of its data: what is done to one is not done to the other.
    fn copy(&self) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.directory.path()).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
            }
        }
        let url = format!("sqlite:{}", directory.path().join("belfort.db").display());
        Self::over(belfort_store::open(&url).unwrap(), directory, |app| app)
    }

    fn over(
        store: Box<dyn belfort_store::Store>,
        directory: tempfile::TempDir,
        change: impl FnOnce(App) -> App,
    ) -> Self {
        let config = LoginConfig { totp: SecondFactor::Optional, ..LoginConfig::default() };
        let app = App::new(store.into(), Catalogue::shipped().unwrap())
            .with_login(Login::new(&config, [7; 32], None));
        let app = change(app);
        let enrolment = EnrolmentAddress {
            endpoint: "https://collector.example:7441".to_owned(),
            fingerprint: [7; 32],
        };
        let spool = directory.path().join("spool");
        let api = Api { app: app.clone(), enrolment, wake: std::sync::Arc::default(), spool };
        Self { router: with_headers(router(api)), app, directory }
    }

    /// The units `BZ` and `MOB`, and a data set of `BZ` that nobody classified for sixty days: one finding
    /// and one risk.
    pub(super) fn with_one_risk() -> Self {
        let lab = Self::new();
        let then = clock::now().plus_days(-60);
        for (code, name) in [("BZ", "Dienst Burgerzaken"), ("MOB", "Dienst Mobiliteit")] {
            let (code, name, kind) = (code.to_owned(), name.to_owned(), UnitKind::Service);
            let unit = NewUnit { code, name, kind, parent: None };
            lab.app.unit_create(&root(), &unit, then).unwrap();
        }
        let name = "Bevolkingsregister";
        let set = lab.app.data_set_create(&root(), name, PersonalData::None, then).unwrap();
        lab.app.owner_set(&root(), set.id, "BZ", "dienstchef", clock::now()).unwrap();
        lab.app.evaluate_due(clock::now()).unwrap();
        lab
    }

    /// The browser of the head of a unit.
    pub(super) fn head_of(&self, code: &str) -> Browser<'_> {
        let unit = Some(self.app.unit(code).unwrap().id);
        let name = format!("departementshoofd {code}");
        self.browser_with(&name, &[RoleGrant { role: Role::DepartmentHead, unit }])
    }

    /// The browser of a user with this role, logged in.
    pub(super) fn browser(&self, role: Role) -> Browser<'_> {
        self.browser_with(role.as_str(), &[RoleGrant { role, unit: None }])
    }

    pub(super) fn browser_with(&self, name: &str, grants: &[RoleGrant]) -> Browser<'_> {
        let now = clock::now();
        let user = self.app.user_create(&root(), name, grants, now).unwrap();
        self.app.user_password_set(&root(), user.id, PASSWORD, now).unwrap();
        let (name, password) = (name.to_owned(), PASSWORD.to_owned());
        let given = Credentials { name, password, code: String::new() };
        let from = Visitor { address: [192, 0, 2, 1].into(), browser: "test".to_owned() };
        let secret = self.app.log_in(&given, &from, None, now).unwrap().unwrap().secret;
        Browser { lab: self, secret }
    }

    async fn send(&self, request: Request<Body>) -> Shown {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let location = answer.headers().get("location");
        let location = location.map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = axum::body::to_bytes(answer.into_body(), 8 << 20).await.unwrap();
        let bytes = bytes.to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains('⟦'), "a text is missing: {text}");
        Shown { status, location, text, bytes }
    }
}

impl Browser<'_> {
    /// The same person, at a copy of the collector.
    fn at<'b>(&self, lab: &'b Lab) -> Browser<'b> {
        Browser { lab, secret: self.secret.clone() }
    }

    /// Opens a page.
    pub(super) async fn get(&self, path: &str) -> Shown {
        let request = Request::builder()
            .uri(path)
            .header("cookie", format!("{COOKIE}={}", self.secret))
            .header("accept", "text/html");
        self.lab.send(request.body(Body::empty()).unwrap()).await
    }

    /// Opens a page that must be there; gives its HTML.
    pub(super) async fn page(&self, path: &str) -> String {
        let shown = self.get(path).await;
        assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.text);
        shown.text
    }

    /// Sends a form, with the token that its page has.
    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let token = csrf_token(&self.secret);
        let all = fields.iter().copied().chain([("csrf", token.as_str())]);
        self.post_as_is(path, all).await
    }

    /// Sends a form with a file, with the token that its page has.
    pub(super) async fn upload(&self, path: &str, fields: &[(&str, &str)], file: &str) -> Shown {
        let token = csrf_token(&self.secret);
        let part = |name: &str, value: &str| {
            format!("--rand\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n")
        };
        let fields = fields.iter().copied().chain([("csrf", token.as_str())]);
        let mut body: String = fields.map(|(name, value)| part(name, value)).collect();
        body.push_str(&part("\"bestand\"; filename=\"a.csv\"", file));
        body.push_str("--rand--\r\n");
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("cookie", format!("{COOKIE}={}", self.secret))
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "multipart/form-data; boundary=rand");
        self.lab.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn post_as_is<'a>(
        &self,
        path: &str,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Shown {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("cookie", format!("{COOKIE}={}", self.secret))
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.lab.send(request.body(Body::from(body)).unwrap()).await
    }
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_led_back_after_logging_in() {
    let lab = Lab::new();
    let request = Request::builder().uri("/assets?biv=geen").body(Body::empty()).unwrap();
    let shown = lab.send(request).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    assert_eq!(shown.location, "/aanmelden?naar=%2Fassets%3Fbiv%3Dgeen");
    let request = Request::builder().uri(&shown.location).body(Body::empty()).unwrap();
    let login = lab.send(request).await.text;
    assert!(login.contains("value=\"/assets?biv=geen\""), "{login}");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_language_of_the_reader() {
    let lab = Lab::new();
    let reader = lab.browser(Role::Reader);
    let wrong = reader.get("/assets?bvi=geen").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("Dit kan zo niet") && wrong.text.contains("no filter `bvi`"));
    assert_eq!(reader.get("/nergens").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn lists_and_overview_are_there_when_nothing_is() {
    let lab = Lab::new();
    let officer = lab.browser(Role::SecurityOfficer);
    for path in ["/", "/assets", "/assets?biv=geen&gezien=30&sort=-gezien&per=25"] {
        officer.page(path).await;
    }
    let csv = officer.page("/assets.csv").await;
    assert!(csv.starts_with("\u{feff}Id;Naam;"), "{csv}");
    assert_eq!(officer.get("/assets.pdf").await.status, StatusCode::NOT_FOUND);
    let reader = lab.browser(Role::Reader);
    assert_eq!(reader.get("/assets.csv").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_spoken_to_in_the_chosen_language() {
    let lab = Lab::new();
    for (path, dutch, english) in [
        ("/aanmelden?geweigerd=1", "Aanmelden is niet gelukt", "Logging in did not work"),
        ("/wachtwoord", "Eenmalige code", "One-time code"),
        ("/toegankelijkheid", "Gekende beperkingen", "Known limits"),
        ("/nergens", "Niet gevonden", "Not found"),
    ] {
        let request = || Request::builder().uri(path).header("accept", "text/html");
        let shown = lab.send(request().body(Body::empty()).unwrap()).await.text;
        assert!(shown.contains(dutch) && shown.contains("lang=\"nl-BE\""), "{path}: {shown}");
        let request = request().header("cookie", "taal=en");
        let shown = lab.send(request.body(Body::empty()).unwrap()).await.text;
        assert!(shown.contains(english) && shown.contains("<html lang=\"en\">"), "{path}: {shown}");
        assert!(shown.contains("name=\"taal\" value=\"nl\""), "{path}: {shown}");
    }
}

#[tokio::test]
async fn no_form_is_taken_without_its_token_and_none_from_who_may_only_read() {
    // What somebody does to be let in or to leave, and what is one's own.
    const OWN: [&str; 5] =
        ["/aanmelden", "/afmelden", "/wachtwoord", "/tweede-factor", "/weergaven"];
    let lab = Lab::new();
    let admin = lab.browser_with(
        "alles",
        &[Role::Admin, Role::SecurityOfficer].map(|role| RoleGrant { role, unit: None }),
    );
    let auditor = lab.browser(Role::Auditor);
    let all = routes::all();
    let forms: Vec<_> = all.iter().filter(|route| route.post).map(|route| &route.path).collect();
    assert!(forms.len() > 70, "{}", forms.len());
    for path in forms {
        if OWN.contains(&path.as_str()) {
            continue;
        }
        let id = path.replace(['{', '}'], "");
        let forged = admin.post_as_is(&id, [("csrf", "x"), ("versie", "1")].into_iter()).await;
        // A form with a file is taken in parts, which this one has not.
        let takes_parts =
            ["/assets/toevoegen/import", "/eigenaars/importeren"].contains(&path.as_str());
        let wanted = if takes_parts { StatusCode::BAD_REQUEST } else { StatusCode::FORBIDDEN };
        assert_eq!(forged.status, wanted, "{path} without a token");
        if path.starts_with("/instellingen/account") || path.starts_with("/weergaven") {
            continue;
        }
        let tried = auditor.post(&id, &[("versie", "1")]).await;
        assert!(tried.status.is_client_error(), "{path} by an auditor: {}", tried.status);
    }
}
