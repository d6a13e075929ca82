//! Adding assets: with an agent, by hand, or from a file. A way is a page.

mod by_hand;
pub(super) mod import;
#[cfg(test)]
mod tests;
mod token;
pub(super) mod upload;

use axum::Router;

use super::frame::{Frame, Visitor};
use crate::app::access::{Actor, Right};
use crate::rest::Api;
use crate::rest::problem::Problem;

/// Where they are.
const PATH: &str = "/assets/toevoegen";

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().merge(token::routes()).merge(by_hand::routes()).merge(import::routes())
}

/// A way to add assets.
struct Tab {
    href: String,
    text: String,
    current: bool,
}

/// The ways: what follows [`PATH`], and the key of their text.
const TABS: [(&str, &str); 5] = [
    ("", "enrol-linux"),
    ("/windows", "enrol-windows"),
    ("/macos", "enrol-macos"),
    ("/zonder-agent", "enrol-by-hand"),
    ("/import", "enrol-import"),
];

fn tabs(frame: &Frame, current: &str) -> Vec<Tab> {
    let tab = |(end, key): (&str, &str)| Tab {
        href: format!("{PATH}{end}"),
        text: frame.t(key),
        current: end == current,
    };
    TABS.map(tab).into()
}

/// Whether somebody may add to the whole register: what is added belongs to nobody yet.
fn may_add(actor: &Actor) -> bool {
    actor.require_for(Right::Manage, None).is_ok()
}

/// A visitor who may add something in one of the ways; a problem otherwise.
fn welcome(visitor: Visitor) -> Result<Visitor, Problem> {
    if visitor.actor.may(Right::Administer) { Ok(visitor) } else { visitor.may(Right::Manage) }
}
