//! Users: who there are, what they may do, and their way in.

mod one;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use belfort_model::access::Role;
use http::StatusCode;

use super::super::frame::{Frame, Visitor};
use super::super::list::{Asked, Pager};
use super::super::render;
use super::super::sent::{Fields, Sent};
use super::account::roles_in_words;
use crate::app::App;
use crate::app::access::require_administrator;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{List, UserView};
use crate::web::choice;

/// Most roles of a user, as over REST.
const MOST_ROLES: usize = 100;
/// Rows of the form in which a role can be added.
const EMPTY_ROWS: usize = 3;

struct Row {
    user: UserView,
    roles: Vec<String>,
}

#[derive(Template)]
#[template(path = "settings_users.html")]
struct UsersPage {
    frame: Frame,
    done: Option<String>,
    rows: Vec<Row>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "settings_user_new.html")]
struct NewPage {
    frame: Frame,
    form: RoleForm,
}

/// The fields that roles are chosen with: rows of a role and a unit.
struct RoleForm {
    /// Code and unit of each row; empty rows at the end.
    rows: Vec<(String, String)>,
    roles: Vec<&'static str>,
    units: Vec<(String, String)>,
}

impl RoleForm {
    fn of(app: &App, given: &[String]) -> Result<Self, Problem> {
        let row = |text: &String| match text.split_once('@') {
            Some((role, unit)) => (role.to_owned(), unit.to_owned()),
            None => (text.clone(), String::new()),
        };
        let empty = std::iter::repeat_with(Default::default).take(EMPTY_ROWS);
        let rows: Vec<_> = given.iter().map(row).chain(empty).collect();
        let kept: Vec<_> = rows.iter().map(|(_, unit)| unit.as_str()).collect();
        Ok(Self {
            units: choice::units(app, &kept)?,
            rows,
            roles: Role::ALL.iter().map(|role| role.as_str()).collect(),
        })
    }

    /// The roles that were chosen, in the form REST takes them.
    fn read(fields: &Fields) -> Vec<String> {
        let mut chosen = Vec::new();
        for number in 0..MOST_ROLES {
            let (role, unit) = (format!("rol-{number}"), format!("dienst-{number}"));
            let Some(role) = fields.get(&role) else { continue };
            chosen.push(match fields.get(&unit) {
                Some(unit) => format!("{role}@{unit}"),
                None => role.to_owned(),
            });
        }
        chosen
    }
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen/gebruikers", get(page))
        .route("/instellingen/gebruikers/nieuw", get(form).post(create))
        .merge(one::routes())
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    require_administrator(&actor)?;
    let asked = Asked::of("/instellingen/gebruikers", query.as_deref(), &[])?;
    let page = blocking(move || {
        let (app, now) = (&api.app, clock::now());
        let accounts = app.account_list(&actor, now)?;
        let List { items, total } = List::page(accounts, asked.page()?, |account| account);
        let mut rows = Vec::with_capacity(items.len());
        for account in items {
            let roles = app.role_texts(&account.user.roles)?;
            let words = roles_in_words(&frame, &roles);
            rows.push(Row { user: UserView::of(account, roles, now), roles: words });
        }
        Ok(UsersPage {
            done: asked.done(&frame),
            pager: asked.pager(total, rows.len()),
            rows,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn form(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    require_administrator(&actor)?;
    let form = blocking(move || RoleForm::of(&api.app, &[])).await?;
    Ok(render(StatusCode::OK, &NewPage { frame, form }))
}

/// Adds a user; it gets in with the code that its page gives.
async fn create(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor: Visitor { actor, .. }, fields } = sent;
    require_administrator(&actor)?;
    let name = fields.need("naam")?.to_owned();
    let roles = RoleForm::read(&fields);
    let user = blocking(move || {
        let roles = api.app.role_grants(&roles)?;
        Ok(api.app.user_create(&actor, &name, &roles, clock::now())?)
    })
    .await?;
    let to = format!("/instellingen/gebruikers/{}?melding=gebruiker-toegevoegd", user.id);
    Ok(Redirect::to(&to).into_response())
}
