//! Settings: one's own account, users, assignment rules, and what the register goes by.

mod account;
mod basis;
mod branding;
mod own_tokens;
mod rules;
mod users;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::render;
use crate::app::access::{Right, require_administrator};
use crate::rest::Api;

/// A room of the settings.
struct Room {
    href: &'static str,
    icon: &'static str,
    name: String,
    text: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    rooms: Vec<Room>,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen", get(page))
        .merge(account::routes())
        .merge(own_tokens::routes())
        .merge(users::routes())
        .merge(rules::routes())
        .merge(basis::routes())
        .merge(branding::routes())
}

/// What one may go to.
async fn page(visitor: Visitor) -> Response {
    let Visitor { actor, frame, .. } = visitor;
    let administers = require_administrator(&actor).is_ok();
    let reads = actor.may(Right::Read);
    let all = [
        (true, "/instellingen/account", "user-round", "account"),
        (administers, "/instellingen/gebruikers", "user-round", "users"),
        (reads, "/instellingen/regels", "sliders-horizontal", "rules"),
        (reads, "/instellingen/grondslag", "tag", "basis"),
        (reads, "/instellingen/huisstijl", "building-2", "branding"),
        (reads, "/bronnen", "rss", "sources"),
        (reads, "/werk", "list-checks", "work"),
    ];
    let rooms = all.into_iter().filter(|(may, ..)| *may).map(|(_, href, icon, key)| Room {
        href,
        icon,
        name: frame.t(&format!("settings-{key}")),
        text: frame.t(&format!("settings-{key}-text")),
    });
    render(StatusCode::OK, &SettingsPage { rooms: rooms.collect(), frame })
}

#[cfg(test)]
mod tests;
