//! A browser without windows: pages, forms, cookies per site, and redirects where the test wants them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A browser.
#[derive(Clone, Default)]
pub struct Browser {
    /// By site (`host:port`) and name.
    cookies: BTreeMap<(String, String), String>,
    /// Headers sent along with every request.
    pub headers: Vec<(String, String)>,
}

/// What a site answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Where it sends the browser, as a whole address.
    pub location: Option<String>,
    /// What it sets as cookies, as it says it.
    pub set_cookies: Vec<String>,
    /// The page.
    pub body: String,
}

impl Browser {
    /// Gets a page; redirects are not followed.
    pub fn get(&mut self, url: &str) -> Answer {
        self.call("GET", url, None)
    }

    /// Sends a form.
    pub fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<_> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.call("POST", url, Some(&pairs.join("&")))
    }

    /// Sends a form of ours with the token that stands in the page.
    pub fn submit(&mut self, page: &str, form: &[(&str, &str)]) -> Answer {
        let token = self.get(page).field("csrf");
        let mut all = vec![("csrf", token.as_str())];
        all.extend(form);
        let action = page.split('?').next().unwrap_or(page);
        self.post(action, &all)
    }

    /// Gets a page and goes wherever it sends the browser, until somewhere starts with `until` or a
    /// page is shown.
    pub fn follow(&mut self, url: &str, until: &str) -> (String, Answer) {
        let mut url = url.to_owned();
        let mut answer = self.get(&url);
        for _ in 0..10 {
            let Some(next) = answer.location.clone() else { break };
            if !until.is_empty() && next.starts_with(until) {
                return (next, answer);
            }
            answer = self.get(&next);
            url = next;
        }
        (url, answer)
    }

    /// The value of a cookie.
    pub fn cookie(&self, url: &str, name: &str) -> Option<String> {
        let (site, _) = split(url);
        self.cookies.get(&(site, name.to_owned())).cloned()
    }

    /// Sets a cookie, as somebody would who took it elsewhere.
    pub fn set_cookie(&mut self, url: &str, name: &str, value: &str) {
        let (site, _) = split(url);
        self.cookies.insert((site, name.to_owned()), value.to_owned());
    }

    fn call(&mut self, method: &str, url: &str, form: Option<&str>) -> Answer {
        let (site, path) = split(url);
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .filter(|((of, _), _)| *of == site)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {site}\r\nUser-Agent: test\r\n");
        if !cookies.is_empty() {
            let _ = write!(head, "Cookie: {}\r\n", cookies.join("; "));
        }
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if let Some(form) = form {
            let length = form.len();
            head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
            let _ = write!(head, "Content-Length: {length}\r\n");
        }
        let mut stream = TcpStream::connect(&site).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "{head}\r\n{}", form.unwrap_or_default()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers: Vec<(String, &str)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
            .collect();
        let all = |name: &str| {
            let found = headers.iter().filter(|(known, _)| known == name);
            found.map(|(_, value)| (*value).to_owned()).collect::<Vec<_>>()
        };
        let set_cookies = all("set-cookie");
        for set in &set_cookies {
            let pair = set.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or_default();
            let key = (site.clone(), name.to_owned());
            if value.is_empty() || set.contains("Max-Age=0") || set.contains("1970") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
        let location = all("location").pop().map(|to| match to.strip_prefix('/') {
            Some(path) => format!("http://{site}/{path}"),
            None => to,
        });
        Answer { status: status.unwrap_or(0), location, set_cookies, body: body.to_owned() }
    }
}

impl Answer {
    /// The value of a field of the page's first form.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.body.split_once(&start).map(|(_, rest)| rest);
        let value = rest.and_then(|rest| rest.split_once('"')).map(|(value, _)| value);
        assert!(value.is_some(), "no field {name} in: {}", self.body);
        value.unwrap_or_default().to_owned()
    }
}

fn split(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").expect("an address with http");
    let (site, path) = rest.split_once('/').unwrap_or((rest, ""));
    (site.to_owned(), format!("/{path}"))
}

/// A value as forms carry it.
pub fn encoded(value: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value
        .bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
