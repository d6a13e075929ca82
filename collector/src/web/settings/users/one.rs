//! One user: roles, switching off and on, a one-time code, sessions and API tokens.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_model::id::{ApiTokenId, UserId};
use http::StatusCode;

use super::super::super::frame::{Frame, Visitor};
use super::super::super::list::Asked;
use super::super::super::render;
use super::super::super::sent::Sent;
use super::super::super::sure::Sure;
use super::super::own_tokens::SecretPage;
use super::RoleForm;
use crate::app::access::{Actor, require_administrator};
use crate::app::{App, AppError};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::view::{ApiTokenView, SessionView, UserView};

#[derive(Template)]
#[template(path = "settings_user.html")]
struct UserPage {
    frame: Frame,
    done: Option<String>,
    user: UserView,
    form: RoleForm,
    sessions: Vec<SessionView>,
    tokens: Vec<ApiTokenView>,
    now: String,
}

/// What can be done to a user after asking whether one is sure.
const STEPS: [&str; 3] = ["uit", "herstel", "sessies"];

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/instellingen/gebruikers/{id}", get(page))
        .route("/instellingen/gebruikers/{id}/rollen", post(set_roles))
        .route("/instellingen/gebruikers/{id}/zeker/{step}", get(sure))
        .route("/instellingen/gebruikers/{id}/aan", post(enable))
        .route("/instellingen/gebruikers/{id}/uit", post(disable))
        .route("/instellingen/gebruikers/{id}/sessies", post(end_sessions))
        .route("/instellingen/gebruikers/{id}/herstel", post(reset))
        .route("/instellingen/gebruikers/{id}/tokens/{token}/intrekken", post(revoke))
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|_| Problem::not_found("there is no such user"))
}

fn address(id: UserId, done: &str) -> String {
    format!("/instellingen/gebruikers/{id}?melding={done}")
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    let asked = Asked::of("/instellingen/gebruikers", query.as_deref(), &[])?;
    let page = blocking(move || {
        let (app, now) = (&api.app, clock::now());
        let account = app.account(&actor, id, now)?;
        let roles = app.role_texts(&account.user.roles)?;
        let sessions = app.session_list(&actor, id, now)?.into_iter();
        let tokens = app.api_token_list(&actor)?.into_iter().filter(|token| token.user == id);
        Ok(UserPage {
            done: asked.done(&frame),
            form: RoleForm::of(app, &roles)?,
            user: UserView::of(account, roles, now),
            sessions: sessions.map(|session| SessionView::of(session, None)).collect(),
            tokens: tokens.map(ApiTokenView::from).collect(),
            now: now.to_string(),
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// Gives a user these roles instead of those it has.
async fn set_roles(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { visitor: Visitor { actor, .. }, fields } = sent;
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    let version = fields.parse("versie")?;
    let roles = RoleForm::read(&fields);
    blocking(move || {
        let roles = api.app.role_grants(&roles)?;
        Ok(api.app.user_roles_set(&actor, id, version, &roles, clock::now())?)
    })
    .await?;
    Ok(Redirect::to(&address(id, "rollen")).into_response())
}

/// Whether one is sure.
async fn sure(
    State(api): State<Api>,
    visitor: Visitor,
    Path((id, step)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor;
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    if !STEPS.contains(&step.as_str()) {
        return Err(Problem::not_found("there is no such step"));
    }
    let account = blocking(move || Ok(api.app.account(&actor, id, clock::now())?)).await?;
    let sure = Sure {
        title: frame.t(&format!("user-{step}")),
        text: frame.t(&format!("user-{step}-text")),
        facts: vec![(frame.t("users-name"), account.user.name)],
        action: format!("/instellingen/gebruikers/{id}/{step}"),
        fields: vec![],
        back: format!("/instellingen/gebruikers/{id}"),
        button: frame.t(&format!("user-{step}")),
        frame,
    };
    Ok(sure.show())
}

/// Runs work on a user, then shows its page.
async fn on_user(
    api: Api,
    sent: Sent,
    id: &str,
    done: &str,
    work: impl FnOnce(&App, &Actor, UserId) -> Result<(), AppError> + Send + 'static,
) -> Result<Response, Problem> {
    let actor = sent.visitor.actor;
    require_administrator(&actor)?;
    let id = user_id(id)?;
    blocking(move || Ok(work(&api.app, &actor, id)?)).await?;
    Ok(Redirect::to(&address(id, done)).into_response())
}

async fn disable(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let work = |app: &App, actor: &Actor, id| app.user_disable(actor, id, clock::now());
    on_user(api, sent, &id, "gebruiker-uit", work).await
}

async fn enable(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let work = |app: &App, actor: &Actor, id| app.user_enable(actor, id, clock::now());
    on_user(api, sent, &id, "gebruiker-aan", work).await
}

async fn end_sessions(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let work = |app: &App, actor: &Actor, id| app.session_end_all(actor, id, clock::now());
    on_user(api, sent, &id, "sessies", work).await
}

/// Takes back password, second factor, sessions and tokens; the one-time code is on this page alone.
async fn reset(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = sent.visitor;
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    let code = blocking(move || Ok(api.app.user_reset(&actor, id, clock::now())?)).await?;
    let page = SecretPage {
        title: frame.t("user-code-made"),
        text: frame.tv("user-code-use", "until", &frame.moment(&code.until.to_string())),
        secret: code.code,
        back: format!("/instellingen/gebruikers/{id}"),
        frame,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Revokes an API token of a user.
async fn revoke(
    State(api): State<Api>,
    Path((id, token)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Problem> {
    let token: ApiTokenId =
        token.parse().map_err(|_| Problem::not_found("there is no such token"))?;
    let work = move |app: &App, actor: &Actor, _| app.api_token_revoke(actor, token, clock::now());
    on_user(api, sent, &id, "eigen-token", work).await
}
