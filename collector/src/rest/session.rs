//! Sessions on the wire: the cookie, the token that proves a request comes from our own pages, and the
//! headers by which browsers say where a request comes from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::app::log_in::Visitor;
use crate::login::{Login, network};

/// The peer of a connection; put into every request by the listener.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub std::net::IpAddr);

/// Cookie with the session's secret. The prefix makes browsers take it from this host over TLS alone.
pub const COOKIE: &str = "__Host-belfort";
/// Cookie of a browser that is not logged in yet: forms are bound to it.
pub const VISIT_COOKIE: &str = "__Host-belfort-bezoek";
/// Cookie of a login that was begun at an identity provider.
pub const PENDING_COOKIE: &str = "__Host-belfort-oidc";
/// Header with the token of requests that change something.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// Sets a cookie until the browser is closed. `lax` lets it come along when another site sends the
/// browser here, as an identity provider does.
pub fn set_cookie(name: &str, value: &str, lax: bool) -> String {
    let same_site = if lax { "Lax" } else { "Strict" };
    format!("{name}={value}; Path=/; HttpOnly; Secure; SameSite={same_site}")
}

/// Takes a cookie back.
pub fn drop_cookie(name: &str) -> String {
    format!("{name}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict")
}

/// The token that forms and requests carry which belong to a cookie: who knows the token does not know
/// the cookie, and no other cookie has the same.
pub fn csrf_token(secret: &str) -> String {
    let hash = Sha256::new_with_prefix(b"belfort csrf 1\n").chain_update(secret).finalize();
    URL_SAFE_NO_PAD.encode(hash)
}

/// Whether a token belongs to a cookie.
pub fn is_csrf_token(secret: &str, token: &str) -> bool {
    csrf_token(secret).as_bytes().ct_eq(token.as_bytes()).into()
}

/// Whether a request comes from our own pages, as far as the browser says. Programs say nothing.
pub fn is_same_origin(headers: &HeaderMap, url: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // Pages cannot set this header; a browser that sends it says all there is to say. With a strict
    // referrer policy it hides the origin of its forms as `null` even from their own site.
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text("origin") else { return true };
    let Some((_, host)) = origin.split_once("://") else { return false };
    let own = url.and_then(|url| url.split_once("://")).map(|(_, host)| host);
    text("host") == Some(host) || own == Some(host)
}

/// Where a request comes from.
pub fn visitor(headers: &HeaderMap, peer: Option<Peer>, login: &Login) -> Visitor {
    let unknown = std::net::IpAddr::from([0, 0, 0, 0]);
    let peer = peer.map_or(unknown, |peer| peer.0);
    let forwarded: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let address = network::source(peer, &forwarded, &login.trusted_proxies);
    let browser = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Visitor { address, browser: browser.unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in all {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let map = headers(&[("cookie", "a=1; __Host-belfort=x"), ("cookie", "b=2")]);
        assert_eq!(cookie(&map, COOKIE).as_deref(), Some("x"));
        assert_eq!(cookie(&map, "b").as_deref(), Some("2"));
        assert_eq!(cookie(&map, "belfort"), None);
    }

    #[test]
    fn a_token_belongs_to_one_cookie() {
        assert!(is_csrf_token("one", &csrf_token("one")));
        assert!(!is_csrf_token("one", &csrf_token("two")));
        assert!(!is_csrf_token("one", ""));
    }

    #[test]
    fn other_origins_are_seen() {
        let own = Some("https://belfort.example");
        let same = |all| is_same_origin(&headers(all), own);
        assert!(same(&[]));
        assert!(same(&[("origin", "http://a.example"), ("host", "a.example")]));
        assert!(same(&[("origin", "https://belfort.example"), ("host", "127.0.0.1:7480")]));
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(same(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(!same(&[("origin", "https://evil.example"), ("host", "a.example")]));
        assert!(!same(&[("origin", "null"), ("host", "a.example")]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "same-site")]));
        assert!(!same(&[("sec-fetch-site", "cross-site"), ("origin", "https://belfort.example")]));
    }
}
