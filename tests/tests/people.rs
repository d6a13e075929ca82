//! People: the first administrator's way in, logging in with a browser, and an audit log that shows
//! when somebody changed it.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;

use belfort_collector::clock;
use belfort_collector::login::totp;
use belfort_model::time::Timestamp;
use belfort_tests::browser::Browser;
use belfort_tests::collector::{Backend, Collector};
use serde_json::Value;

const PASSWORD: &str = "paard batterij nietje";

/// The secret of an authenticator app, from base 32 as the page shows it.
fn secret(base32: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut held, mut bytes) = (0_u64, 0, Vec::new());
    for sign in base32.bytes() {
        let five = alphabet.iter().position(|known| *known == sign).unwrap();
        bits = (bits << 5) | u64::try_from(five).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    bytes
}

struct Scene {
    collector: Collector,
    web: String,
}

impl Scene {
    fn new(backend: Backend) -> Self {
        let collector = Collector::start(backend);
        let web = format!("http://{}", collector.web);
        Self { collector, web }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.web)
    }

    fn me(&self, browser: &mut Browser) -> (u16, Value) {
        let answer = browser.get(&self.at("/api/v1/me"));
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    fn log_in(&self, name: &str, password: &str, code: &str) -> (Browser, Option<String>) {
        let mut browser = Browser::default();
        let form = [("name", name), ("password", password), ("code", code)];
        let answer = browser.submit(&self.at("/aanmelden"), &form);
        (browser, answer.location)
    }

    /// Chooses a password with a one-time code.
    fn choose(&self, code: &str, password: &str) -> Option<String> {
        let form = [("code", code), ("new", password), ("again", password)];
        Browser::default().submit(&self.at("/wachtwoord"), &form).location
    }
}

#[test]
fn the_first_administrator_gets_in_on_sqlite() {
    the_first_administrator_gets_in(Backend::Sqlite);
}

#[test]
fn the_first_administrator_gets_in_on_postgres() {
    the_first_administrator_gets_in(Backend::Postgres);
}

fn the_first_administrator_gets_in(backend: Backend) {
    let scene = Scene::new(backend);
    let code = scene.collector.password_code.clone();
    assert_eq!(scene.choose("bfr1.guess", PASSWORD), None);
    assert_eq!(scene.choose(&code, "admin1234567"), None, "too weak");
    assert_eq!(scene.choose(&code, PASSWORD), Some(scene.at("/aanmelden?ingesteld=1")));
    assert_eq!(scene.choose(&code, PASSWORD), None, "once");

    // An administrator can change things, so a second factor comes first.
    let (mut browser, next) = scene.log_in("admin", PASSWORD, "");
    assert_eq!(next, Some(scene.at("/tweede-factor")));
    assert_eq!(browser.get(&scene.at("/")).location, next);
    assert_eq!(browser.get(&scene.at("/api/v1/assets")).status, 403);
    let page = browser.get(&scene.at("/tweede-factor"));
    assert!(page.body.contains("data:image/svg+xml;base64,"), "{}", page.body);
    let shown = page.body.split_once("Sleutel: <code>").unwrap().1.split_once('<').unwrap().0;
    let secret = secret(shown);
    let before = browser.cookie(&scene.web, "__Host-belfort").unwrap();
    let now = clock::now();
    let code = totp::code(&secret, now).unwrap();
    let confirm = [("step", "confirm"), ("code", code.as_str())];
    let done = browser.submit(&scene.at("/tweede-factor"), &confirm);
    let recovery = done.body.split("<li><code>").nth(1).unwrap().split_once('<').unwrap().0;
    let after = browser.cookie(&scene.web, "__Host-belfort").unwrap();
    assert_ne!(before, after, "the session is another one now");
    let mut old = Browser::default();
    old.set_cookie(&scene.web, "__Host-belfort", &before);
    assert_eq!(scene.me(&mut old).0, 401);
    assert!(browser.get(&scene.at("/")).body.contains("Overzicht"));

    // The password alone is not enough any more, nor is a code twice.
    let refused = Some(scene.at("/aanmelden?geweigerd=1"));
    assert_eq!(scene.log_in("admin", PASSWORD, "").1, refused);
    assert_eq!(scene.log_in("admin", PASSWORD, &code).1, refused);
    let (mut other, next) = scene.log_in("admin", PASSWORD, recovery);
    assert_eq!(next, Some(scene.at("/")));
    let (_, me) = scene.me(&mut other);
    assert_eq!((&me["name"], &me["recovery_codes"]), (&"admin".into(), &9.into()));
    // Later than any step that was used.
    let later = totp::code(&secret, Timestamp(now.0 + 30_000)).unwrap();
    assert_eq!(scene.log_in("admin", PASSWORD, &later).1, Some(scene.at("/")));

    let sessions = scene.collector.json(&["user", "sessions", "admin"]);
    assert_eq!(sessions["total"], 3);
    scene.collector.say(&["user", "logout", "admin"]);
    assert_eq!(scene.me(&mut browser).0, 401);
    scene.collector.say(&["audit", "verify"]);
}

#[test]
fn a_form_from_elsewhere_does_nothing() {
    let scene = Scene::new(Backend::Sqlite);
    scene.collector.say(&["user", "add", "els", "--role", "reader"]);
    let code = scene.collector.json(&["user", "reset", "els"]);
    scene.choose(code["code"].as_str().unwrap(), PASSWORD).unwrap();
    let form = [("csrf", ""), ("name", "els"), ("password", PASSWORD)];
    let expired = Some(scene.at("/aanmelden?verlopen=1"));
    // Without the cookie of the form, and without its token.
    assert_eq!(Browser::default().post(&scene.at("/aanmelden"), &form).location, expired);
    let mut browser = Browser::default();
    browser.get(&scene.at("/aanmelden"));
    assert_eq!(browser.post(&scene.at("/aanmelden"), &form).location, expired);
    // With them, but sent by a page of somebody else.
    browser.headers = vec![("Sec-Fetch-Site".to_owned(), "cross-site".to_owned())];
    let form = [("name", "els"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&scene.at("/aanmelden"), &form).location, expired);
    browser.headers = vec![("Origin".to_owned(), "null".to_owned())];
    assert_eq!(browser.submit(&scene.at("/aanmelden"), &form).location, expired);
    browser.headers = vec![("Origin".to_owned(), scene.web.clone())];
    let answer = browser.submit(&scene.at("/aanmelden"), &form);
    assert_eq!(answer.location, Some(scene.at("/")));
    let cookie = answer.set_cookies.iter().find(|it| it.starts_with("__Host-belfort=")).unwrap();
    for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    // Logging out takes the token too.
    browser.headers = vec![];
    browser.post(&scene.at("/afmelden"), &[("csrf", "guess")]);
    assert_eq!(scene.me(&mut browser).0, 200);
    let token = browser.get(&scene.at("/")).field("csrf");
    browser.post(&scene.at("/afmelden"), &[("csrf", &token)]);
    assert_eq!(scene.me(&mut browser).0, 401);
}

#[test]
fn guessing_is_slowed_down_behind_a_proxy_too() {
    let scene = Scene::new(Backend::Sqlite);
    scene.collector.say(&["user", "add", "els", "--role", "reader"]);
    let code = scene.collector.json(&["user", "reset", "els"]);
    scene.choose(code["code"].as_str().unwrap(), PASSWORD).unwrap();
    let attempt = |from: &str, name: &str, password: &str| {
        let mut browser = Browser::default();
        // What a proxy on this machine adds; what stands before it the visitor made up.
        let said = format!("203.0.113.{}, {from}", password.len());
        browser.headers = vec![("X-Forwarded-For".to_owned(), said)];
        let form = [("name", name), ("password", password)];
        browser.submit(&scene.at("/aanmelden"), &form).location
    };
    let refused = Some(scene.at("/aanmelden?geweigerd=1"));
    for number in 0..20 {
        let (name, guess) = (format!("name-{number}"), "x".repeat(number + 1));
        assert_eq!(attempt("192.0.2.1", &name, &guess), refused);
    }
    assert_eq!(attempt("192.0.2.1", "els", PASSWORD), refused, "it has to wait");
    assert_eq!(attempt("192.0.2.2", "els", PASSWORD), Some(scene.at("/")));
    let failed = scene.collector.json(&["audit", "list", "--action", "login.failed"]);
    assert_eq!(failed["total"], 20);
    assert!(!failed.to_string().contains("name-"), "what was typed is not kept");
}

#[test]
fn the_command_line_acts_as_the_user_of_a_token() {
    let collector = Collector::set_up(Backend::Sqlite);
    collector.say(&["user", "add", "lezer", "--role", "reader"]);
    let token = collector.json(&["api-token", "create", "--user", "lezer", "--label", "x"]);
    let file = collector.scratch().join("token");
    fs::write(&file, token["secret"].as_str().unwrap()).unwrap();
    let file = file.to_str().unwrap();
    for arguments in [
        ["user", "list"].as_slice(),
        &["user", "add", "x", "--role", "admin"],
        &["user", "reset", "admin"],
        &["user", "disable", "admin"],
        &["user", "sessions", "admin"],
        &["api-token", "list"],
        &["audit", "list"],
        &["audit", "export"],
        &["audit", "verify"],
    ] {
        let mut all = vec!["--token-file", file];
        all.extend(arguments);
        collector.fails(&all, 7);
    }
    // As the machine's administrator they work, but not against the last one who administers.
    collector.fails(&["user", "disable", "admin"], 7);
    collector.fails(&["user", "roles", "admin", "--role", "reader"], 7);
    collector.fails(&["user", "show", "nobody"], 8);
    collector.fails(&["user", "add", "x", "--role", "admin@XYZ"], 8);
}

#[test]
fn a_look_at_users_is_recorded() {
    let collector = Collector::set_up(Backend::Sqlite);
    for _ in 0..3 {
        collector.say(&["user", "list"]);
    }
    collector.say(&["user", "show", "admin"]);
    let views = collector.json(&["audit", "list", "--action", "view.personal"]);
    assert_eq!(views["total"], 2, "{views}");
    assert_eq!(views["items"][1]["subject"], "users");
    assert!(views["items"][0]["actor"].as_str().unwrap().starts_with("cli:"));
}

#[test]
fn tampering_with_the_audit_log_shows() {
    let collector = Collector::set_up(Backend::Sqlite);
    for number in 0..5 {
        collector.say(&["unit", "add", &format!("U{number}"), "Dienst"]);
    }
    collector.say(&["audit", "verify"]);
    let export = collector.scratch().join("audit.jsonl");
    let export = export.to_str().unwrap();
    collector.say(&["audit", "export", "--output", export]);
    let whole = fs::read_to_string(export).unwrap();
    assert_eq!(collector.say(&["audit", "export"]), whole);
    let proven = collector.json(&["audit", "verify", "--file", export]);
    assert_eq!(proven["last"].as_u64().unwrap(), whole.lines().count() as u64);
    collector.say(&["audit", "verify", "--against", export]);

    let database = collector.data().join("belfort.db");
    let clean = fs::read(&database).unwrap();
    let last = proven["last"].as_u64().unwrap();
    let tamper = |sql: &str| {
        fs::write(&database, &clean).unwrap();
        let connection = rusqlite::Connection::open(&database).unwrap();
        connection.execute_batch(sql).unwrap_err();
        let free = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;";
        connection.execute_batch(&format!("{free} {sql}")).unwrap();
        drop(connection);
    };
    for (what, sql) in [
        ("changed", "UPDATE audit SET subject = 'x' WHERE seq = 4"),
        ("removed", "DELETE FROM audit WHERE seq = 4"),
        ("the first removed", "DELETE FROM audit WHERE seq = 1"),
        (
            "swapped",
            "UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;
             UPDATE audit SET seq = 4 WHERE seq = 99",
        ),
    ] {
        tamper(sql);
        let said = collector.fails(&["audit", "verify"], 4);
        assert!(said.contains("the chain is broken at record"), "{what}: {said}");
        let copy = collector.scratch().join("tampered.jsonl");
        collector.run(&["audit", "export", "--output", copy.to_str().unwrap()]);
        collector.fails(&["audit", "verify", "--file", copy.to_str().unwrap()], 4);
    }
    // The triggers do not keep anybody from appending: the chain does.
    fs::write(&database, &clean).unwrap();
    let connection = rusqlite::Connection::open(&database).unwrap();
    let forge = format!(
        "INSERT INTO audit SELECT {}, at, 'eva', action, subject, detail, hash FROM audit
         WHERE seq = {last}",
        last + 1
    );
    connection.execute_batch(&forge).unwrap();
    drop(connection);
    let said = collector.fails(&["audit", "verify"], 4);
    assert!(said.contains(&format!("record {}", last + 1)), "{said}");

    // What was cut off at the end leaves a chain that holds; an earlier export shows it.
    tamper(&format!("DELETE FROM audit WHERE seq = {last}"));
    collector.say(&["audit", "verify"]);
    let said = collector.fails(&["audit", "verify", "--against", export], 4);
    assert!(said.contains("cut off"), "{said}");
}
