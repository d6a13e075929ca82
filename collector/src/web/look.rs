//! Language and theme, kept in the browser.

use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderValue;
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::frame::{LANGUAGE_COOKIE, THEME_COOKIE};

/// What was chosen, and where one was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    taal: Option<String>,
    thema: Option<String>,
    #[serde(default)]
    naar: String,
}

/// Keeps the choice for a year, and goes back.
pub(super) async fn choose(Query(chosen): Query<Chosen>) -> Response {
    let mut response = Redirect::to(own_path(&chosen.naar)).into_response();
    let known = |text: Option<String>, values: [&'static str; 2]| {
        text.and_then(|text| values.into_iter().find(|value| *value == text))
    };
    let language = known(chosen.taal, ["nl", "en"]).map(|value| (LANGUAGE_COOKIE, value));
    let theme = known(chosen.thema, ["light", "dark"]).map(|value| (THEME_COOKIE, value));
    for (name, value) in language.into_iter().chain(theme) {
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; Secure; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// A path of our own to go to; the first page for anything else, which could lead elsewhere.
pub(super) fn own_path(text: &str) -> &str {
    let mut rest = text.chars();
    let is_path = rest.next() == Some('/') && !matches!(rest.next(), Some('/' | '\\'));
    let plain = text.chars().all(|char| char.is_ascii_graphic() && char != '\\');
    if is_path && plain && text.len() <= 2_000 { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert_eq!(own_path("/assets?biv=geen"), "/assets?biv=geen");
        for elsewhere in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/\n/x"]
        {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere}");
        }
    }
}
