//! Logging in at an identity provider: the real collector and a certified provider, on loopback.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;

use belfort_tests::browser::{Answer, Browser};
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::provider::{CLIENT, Provider, SECRET};
use serde_json::Value;

struct Scene {
    collector: Collector,
    provider: Provider,
    web: String,
}

impl Scene {
    fn new(backend: Backend) -> Self {
        let mut collector = Collector::set_up(backend);
        collector.say(&["unit", "add", "DMT", "Departement", "--kind", "department"]);
        // The collector is told of the provider and the provider of the collector: one of them has to
        // know its address first.
        let web = format!("http://{}", collector.web);
        let provider = Provider::start(&format!("{web}/aanmelden/oidc/terug"));
        let secret = collector.data().join("oidc.secret");
        let mut file = fs::OpenOptions::new();
        let file = file.write(true).create(true).truncate(true).mode(0o600).open(secret);
        std::io::Write::write_all(&mut file.unwrap(), SECRET.as_bytes()).unwrap();
        let path = collector.data().join("collector.toml");
        let text = fs::read_to_string(&path).unwrap();
        let login = format!(
            r#"
[login.oidc]
issuer = "{}"
client_id = "{CLIENT}"
client_secret_file = "oidc.secret"
label = "Stad Voorbeeld"

[[login.oidc.roles]]
group = "g-security"
role = "security_officer"

[[login.oidc.roles]]
group = "g-heads"
role = "department_head"
unit = "DMT"

[[login.oidc.roles]]
group = "g-admins"
role = "admin"
"#,
            provider.issuer
        );
        fs::write(path, text + &login).unwrap();
        collector.serve();
        assert_eq!(web, format!("http://{}", collector.web), "the address was taken meanwhile");
        Self { collector, provider, web }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.web)
    }

    /// Where the provider asks who it is.
    fn begin(&self, browser: &mut Browser, change: impl FnOnce(String) -> String) -> String {
        let begun = browser.get(&self.at("/aanmelden/oidc"));
        let url = change(begun.location.unwrap());
        assert!(url.starts_with(&self.provider.issuer), "{url}");
        assert!(url.contains("code_challenge_method=S256"), "{url}");
        browser.follow(&url, "").0
    }

    /// Logs in at the provider; gives the address it sends the browser back to.
    fn answer(&self, browser: &mut Browser, interaction: &str, account: &str) -> String {
        let sent = browser.post(interaction, &[("account", account)]);
        let next = sent.location.unwrap();
        let (back, _) = browser.follow(&next, &self.web);
        assert!(back.starts_with(&self.at("/aanmelden/oidc/terug?")), "{back}");
        back
    }

    /// Logs in, all the way.
    fn log_in(&self, account: &str) -> (Browser, Answer) {
        let mut browser = Browser::default();
        let interaction = self.begin(&mut browser, |url| url);
        let back = self.answer(&mut browser, &interaction, account);
        let answer = browser.get(&back);
        (browser, answer)
    }

    fn me(&self, browser: &mut Browser) -> (u16, Value) {
        let answer = browser.get(&self.at("/api/v1/me"));
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    fn audit(&self, action: &str) -> Vec<Value> {
        let list = self.collector.json(&["audit", "list", "--action", action]);
        list["items"].as_array().unwrap().clone()
    }
}

fn is_let_in(answer: &Answer) -> bool {
    answer.set_cookies.iter().any(|cookie| cookie.starts_with("__Host-belfort="))
}

#[test]
fn groups_give_roles_on_sqlite() {
    groups_give_roles(Backend::Sqlite);
}

#[test]
fn groups_give_roles_on_postgres() {
    groups_give_roles(Backend::Postgres);
}

fn groups_give_roles(backend: Backend) {
    let scene = Scene::new(backend);
    let (mut browser, answer) = scene.log_in("officer");
    assert_eq!(answer.location, Some(scene.at("/")), "{answer:?}");
    let cookie = answer.set_cookies.iter().find(|it| it.starts_with("__Host-belfort=")).unwrap();
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let (_, me) = scene.me(&mut browser);
    assert_eq!(me["name"], "veiligheid");
    assert_eq!(me["roles"], serde_json::json!(["security_officer"]));
    assert_eq!(me["identity_provider"], scene.provider.issuer.as_str());
    assert!(browser.get(&scene.at("/")).body.contains("veiligheid"));

    let (mut head, _) = scene.log_in("head");
    let (_, me) = scene.me(&mut head);
    assert_eq!(me["roles"], serde_json::json!(["department_head@DMT"]));

    // Somebody else with the same name is somebody else.
    let (mut namesake, _) = scene.log_in("namesake");
    let (_, me) = scene.me(&mut namesake);
    assert!(me["name"].as_str().unwrap().starts_with("veiligheid #"), "{me}");
    // The same person again is the same user.
    scene.log_in("officer");
    assert_eq!(scene.collector.json(&["user", "list"])["total"], 4);
    assert_eq!(scene.audit("login.ok").len(), 4);

    // Logging out ends the session here and shows the way out there.
    let page = browser.get(&scene.at("/"));
    let out = browser.post(&scene.at("/afmelden"), &[("csrf", &page.field("csrf"))]);
    let provider = &scene.provider.issuer;
    assert!(out.body.contains(&format!("{provider}/session/end?client_id=")), "{}", out.body);
    assert_eq!(scene.me(&mut browser).0, 401);
    scene.collector.say(&["audit", "verify"]);
}

#[test]
fn claims_that_the_token_leaves_out_are_asked_for() {
    let scene = Scene::new(Backend::Sqlite);
    scene.provider.tell("stop-claims");
    let (mut browser, answer) = scene.log_in("officer");
    assert!(is_let_in(&answer), "{answer:?}");
    assert_eq!(scene.me(&mut browser).1["name"], "veiligheid");
}

#[test]
fn new_keys_of_the_provider_are_found() {
    let scene = Scene::new(Backend::Sqlite);
    assert!(is_let_in(&scene.log_in("officer").1));
    scene.provider.tell("keys");
    // What was asked a moment ago is not asked again at once: nobody can make the collector ask.
    let (_, early) = scene.log_in("officer");
    assert!(!is_let_in(&early), "{early:?}");
    std::thread::sleep(std::time::Duration::from_secs(31));
    assert!(is_let_in(&scene.log_in("officer").1));
}

#[test]
fn an_answer_that_was_not_asked_for_is_refused() {
    let scene = Scene::new(Backend::Sqlite);
    let mut browser = Browser::default();
    let interaction = scene.begin(&mut browser, |url| url);
    let back = scene.answer(&mut browser, &interaction, "officer");

    // Another state.
    let (start, state) = back.split_once("state=").unwrap();
    let rest = state.split_once('&').map_or("", |(_, rest)| rest);
    let mut copy = browser.clone();
    let answer = copy.get(&format!("{start}state=guess&{rest}"));
    assert!(answer.status == 400 && !is_let_in(&answer), "{answer:?}");
    // Another browser, without the login that was begun: what an attacker sends to a victim.
    let answer = Browser::default().get(&back);
    assert!(answer.status == 400 && !is_let_in(&answer), "{answer:?}");
    // The login of one browser with the answer for another.
    let mut other = Browser::default();
    let theirs = scene.begin(&mut other, |url| url);
    let theirs = scene.answer(&mut other, &theirs, "admin");
    let answer = browser.clone().get(&theirs);
    assert!(answer.status == 400 && !is_let_in(&answer), "{answer:?}");

    // The real one works once; the same again does not, even with the cookie of before.
    let taken = browser.clone();
    assert!(is_let_in(&browser.get(&back)));
    let mut taken = taken;
    let answer = taken.get(&back);
    assert!(answer.status == 403 && !is_let_in(&answer), "{answer:?}");
    // Without the cookie it is nobody's answer.
    assert!(!is_let_in(&browser.get(&back)));
}

#[test]
fn a_token_for_another_login_is_refused() {
    let scene = Scene::new(Backend::Sqlite);
    let mut browser = Browser::default();
    let with_other_nonce = |url: String| {
        let (start, nonce) = url.split_once("nonce=").unwrap();
        let rest = nonce.split_once('&').map_or("", |(_, rest)| rest);
        format!("{start}nonce=of-another-login&{rest}")
    };
    let interaction = scene.begin(&mut browser, with_other_nonce);
    let back = scene.answer(&mut browser, &interaction, "officer");
    let answer = browser.get(&back);
    assert!(answer.status == 403 && !is_let_in(&answer), "{answer:?}");
    let failed = scene.audit("login.failed");
    assert!(failed[0]["detail"]["reason"].as_str().unwrap().contains("nonce"), "{failed:?}");
}

#[test]
fn who_has_no_role_or_is_switched_off_stays_out() {
    let scene = Scene::new(Backend::Sqlite);
    let (_, answer) = scene.log_in("stranger");
    assert!(answer.status == 403 && !is_let_in(&answer), "{answer:?}");
    assert!(answer.body.contains("geen van uw groepen"), "{}", answer.body);
    assert_eq!(scene.collector.json(&["user", "list"])["total"], 1, "nobody was added");
    let (_, answer) = scene.log_in("overfull");
    assert!(!is_let_in(&answer) && answer.body.contains("te veel groepen"), "{answer:?}");
    // Who is refused at the provider comes back without a code.
    let (_, answer) = scene.log_in("nobody");
    assert!(answer.status == 403 && !is_let_in(&answer), "{answer:?}");

    let (mut officer, _) = scene.log_in("officer");
    assert_eq!(scene.me(&mut officer).0, 200);
    scene.collector.say(&["user", "disable", "veiligheid"]);
    assert_eq!(scene.me(&mut officer).0, 401);
    let (_, answer) = scene.log_in("officer");
    assert!(!is_let_in(&answer) && answer.body.contains("uitgeschakeld"), "{answer:?}");
    scene.collector.say(&["user", "enable", "veiligheid"]);
    let (mut officer, _) = scene.log_in("officer");
    assert_eq!(scene.me(&mut officer).0, 200);

    // Who leaves the group loses the role and the sessions at the next login.
    scene.provider.tell("leave-groups");
    let (_, answer) = scene.log_in("officer");
    assert!(!is_let_in(&answer), "{answer:?}");
    assert_eq!(scene.me(&mut officer).0, 401);
    let user = scene.collector.json(&["user", "show", "veiligheid"]);
    assert_eq!(user["roles"], serde_json::json!([]));
    // There is no password to set for whom the provider answers.
    scene.collector.fails(&["user", "reset", "veiligheid"], 7);
}
