//! Users: what they may do, and their sessions.

use axum::extract::State;
use belfort_model::id::{SessionId, UserId};
use belfort_store::record::Account;
use http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::{By, Json, Path, Query, blocking};
use super::precondition::{IfMatch, Versioned};
use super::problem::{Problem, Reads, Writes};
use super::risks::meant;
use super::{Api, Paging};
use crate::app::App;
use crate::app::access::{Actor, require_administrator};
use crate::clock;
use crate::rest::agents::invalid;
use crate::view::{List, ResetCodeView, SessionView, UserView};

/// Most roles of a user.
const MOST_ROLES: usize = 100;

fn view(app: &App, account: Account) -> Result<UserView, Problem> {
    let roles = app.role_texts(&account.user.roles)?;
    Ok(UserView::of(account, roles, clock::now()))
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map_err(invalid("id"))
}

fn few(roles: &[String]) -> Result<(), Problem> {
    if roles.len() > MOST_ROLES {
        return Err(Problem::bad_request(format!("roles: at most {MOST_ROLES}")));
    }
    Ok(())
}

/// All users, by name. The view is logged.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(Paging), responses(
    (status = 200, body = List<UserView>),
    Reads,
))]
pub async fn list(
    State(api): State<Api>,
    By(actor): By,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<UserView>>, Problem> {
    require_administrator(&actor)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    blocking(move || {
        let accounts = api.app.account_list(&actor, clock::now())?;
        let List { items, total } = List::page(accounts, page, |account| account);
        let items: Result<_, _> = items.into_iter().map(|one| view(&api.app, one)).collect();
        Ok(axum::Json(List { items: items?, total }))
    })
    .await
}

/// One user; its version is the `ETag`. The view is logged.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = UserView),
    Reads,
))]
pub async fn show(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<Versioned<UserView>, Problem> {
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    let account = move || {
        let account = api.app.account(&actor, id, clock::now())?;
        view(&api.app, account)
    };
    let user = blocking(account).await?;
    Ok(Versioned(user.version, user))
}

/// A new user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Login name: a function, for example `veiligheid`.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
    /// Roles: `role`, or `role@CODE` for a unit and all below it.
    #[schema(max_items = 100)]
    pub roles: Vec<String>,
}

/// Adds a user. It gets in with the code that `reset` gives.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = UserView, description = "Added; `Location` is its address"),
    Writes,
))]
pub async fn create(
    State(api): State<Api>,
    By(actor): By,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, [(HeaderName, String); 1], axum::Json<UserView>), Problem> {
    require_administrator(&actor)?;
    few(&new.roles)?;
    blocking(move || {
        let now = clock::now();
        let roles = api.app.role_grants(&new.roles)?;
        let user = api.app.user_create(&actor, &new.name, &roles, now)?;
        let location = format!("/api/v1/users/{}", user.id);
        let account = Account {
            user,
            password_at: None,
            second_factor_at: None,
            recovery_codes: 0,
            reset_until: None,
            identity: None,
        };
        let made = view(&api.app, account)?;
        Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)))
    })
    .await
}

/// Roles for a user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRoles {
    /// Roles: `role`, or `role@CODE` for a unit and all below it.
    #[schema(max_items = 100)]
    pub roles: Vec<String>,
    /// The version that was read; nothing to overwrite whatever is there.
    pub version: Option<u64>,
}

/// Gives a user these roles instead of those it has; they count at once.
#[utoipa::path(put, path = "/api/v1/users/{id}/roles", tag = "users", request_body = SetRoles,
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn set_roles(
    State(api): State<Api>,
    By(actor): By,
    if_match: IfMatch,
    Path(id): Path<String>,
    Json(set): Json<SetRoles>,
) -> Result<StatusCode, Problem> {
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    few(&set.roles)?;
    blocking(move || {
        let roles = api.app.role_grants(&set.roles)?;
        let version = if_match.0.or(set.version);
        let done = api.app.user_roles_set(&actor, id, version, &roles, clock::now());
        done.map_err(meant(if_match))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs work on one user.
async fn on_user(
    api: Api,
    actor: Actor,
    id: &str,
    work: impl FnOnce(&App, &Actor, UserId) -> Result<(), crate::app::AppError> + Send + 'static,
) -> Result<StatusCode, Problem> {
    require_administrator(&actor)?;
    let id = user_id(id)?;
    blocking(move || Ok(work(&api.app, &actor, id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Switches a user off: its sessions end and its API tokens are revoked.
#[utoipa::path(post, path = "/api/v1/users/{id}/disable", tag = "users",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn disable(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    on_user(api, actor, &id, |app, actor, id| app.user_disable(actor, id, clock::now())).await
}

/// Switches a user on again.
#[utoipa::path(post, path = "/api/v1/users/{id}/enable", tag = "users",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn enable(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    on_user(api, actor, &id, |app, actor, id| app.user_enable(actor, id, clock::now())).await
}

/// Takes back a user's password, second factor, sessions and API tokens; gives a one-time code to set a new
/// password with.
#[utoipa::path(post, path = "/api/v1/users/{id}/reset", tag = "users",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = ResetCodeView),
    Writes,
))]
pub async fn reset(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<axum::Json<ResetCodeView>, Problem> {
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    let code = blocking(move || Ok(api.app.user_reset(&actor, id, clock::now())?)).await?;
    Ok(axum::Json(code.into()))
}

/// Sessions of a user, newest first. The view is logged.
#[utoipa::path(get, path = "/api/v1/users/{id}/sessions", tag = "users",
    params(("id" = String, Path, format = Uuid), Paging), responses(
    (status = 200, body = List<SessionView>),
    Reads,
))]
pub async fn sessions(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<List<SessionView>>, Problem> {
    require_administrator(&actor)?;
    let id = user_id(&id)?;
    let page = Paging::page(paging.limit, paging.offset)?;
    let found = blocking(move || Ok(api.app.session_list(&actor, id, clock::now())?)).await?;
    Ok(axum::Json(List::page(found, page, |session| SessionView::of(session, None))))
}

/// Ends every session of a user.
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions", tag = "users",
    params(("id" = String, Path, format = Uuid)), responses(
    (status = 204),
    Writes,
))]
pub async fn end_sessions(
    State(api): State<Api>,
    By(actor): By,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    on_user(api, actor, &id, |app, actor, id| app.session_end_all(actor, id, clock::now())).await
}

/// Ends one session of a user.
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions/{session}", tag = "users",
    params(("id" = String, Path, format = Uuid), ("session" = String, Path, format = Uuid)),
    responses((status = 204), Writes)
)]
pub async fn end_session(
    State(api): State<Api>,
    By(actor): By,
    Path((id, session)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    require_administrator(&actor)?;
    let session: SessionId = session.parse().map_err(invalid("session"))?;
    on_user(api, actor, &id, move |app, actor, id| {
        app.session_end(actor, id, session, clock::now())
    })
    .await
}
