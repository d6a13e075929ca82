//! Saved views: keeping the list one looks at, and a page of those that are kept.

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use belfort_store::record::SavedView;
use http::StatusCode;

use super::frame::{Frame, Visitor};
use super::list::Asked;
use super::look::own_path;
use super::render;
use super::sent::Sent;
use crate::app::access::Right;
use crate::app::views::NewView;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/weergaven", get(page).post(save))
        .route("/weergaven/nieuw", get(form))
        .route("/weergaven/{id}/verwijderen", post(delete))
}

/// A view as a link.
pub(super) struct View {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) shared: bool,
}

impl From<SavedView> for View {
    fn from(view: SavedView) -> Self {
        let href =
            if view.query.is_empty() { view.page } else { format!("{}?{}", view.page, view.query) };
        Self { id: view.id.to_string(), name: view.name, href, shared: view.owner.is_none() }
    }
}

#[derive(Template)]
#[template(path = "views.html")]
struct ViewsPage {
    frame: Frame,
    done: Option<String>,
    views: Vec<View>,
    may_share: bool,
}

async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, caller, frame, .. } = visitor.may(Right::Read)?;
    let asked = Asked::of("/weergaven", query.as_deref(), &[])?;
    let views = blocking(move || Ok(api.app.view_list(caller.user.id, None)?)).await?;
    let page = ViewsPage {
        done: asked.done(&frame),
        views: views.into_iter().map(View::from).collect(),
        may_share: actor.may(Right::Manage),
        frame,
    };
    Ok(render(StatusCode::OK, &page))
}

#[derive(Template)]
#[template(path = "view_new.html")]
struct NewViewPage {
    frame: Frame,
    from: String,
    may_share: bool,
}

async fn form(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let pairs = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let from = pairs.into_iter().find(|(key, _)| key == "van").map(|(_, value)| value.into_owned());
    let from = own_path(&from.unwrap_or_default()).to_owned();
    let page = NewViewPage { may_share: actor.may(Right::Manage), frame, from };
    Ok(render(StatusCode::OK, &page))
}

async fn save(State(api): State<Api>, sent: Sent) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let Visitor { actor, caller, .. } = visitor.may(Right::Read)?;
    let from = own_path(fields.need("van")?).to_owned();
    let (page, query) = from.split_once('?').unwrap_or((&from, ""));
    let new = NewView {
        page: page.to_owned(),
        name: fields.need("naam")?.to_owned(),
        query: query.to_owned(),
        shared: fields.get("gedeeld").is_some(),
    };
    let saved =
        blocking(move || Ok(api.app.view_save(&actor, caller.user.id, &new, clock::now())?))
            .await?;
    Ok(Redirect::to(&View::from(saved).href).into_response())
}

async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Visitor { actor, caller, .. } = sent.visitor.may(Right::Read)?;
    let id = id.parse().map_err(|_| Problem::not_found("there is no such view"))?;
    blocking(move || Ok(api.app.view_delete(&actor, caller.user.id, id, clock::now())?)).await?;
    Ok(Redirect::to("/weergaven?melding=weergave-verwijderd").into_response())
}

#[cfg(test)]
mod tests {
    use belfort_model::access::Role;
    use http::StatusCode;

    use crate::web::tests::Lab;

    #[tokio::test]
    async fn a_view_is_kept_shown_where_it_belongs_and_removed() {
        let lab = Lab::new();
        let reader = lab.browser(Role::Reader);
        reader.page("/weergaven/nieuw?van=%2Fassets%3Fbiv%3Dgeen").await;
        let fields = [("van", "/assets?biv=geen&sort=-gezien"), ("naam", "Te classificeren")];
        let saved = reader.post("/weergaven", &fields).await;
        assert_eq!(saved.location, "/assets?biv=geen&sort=-gezien");
        let list = reader.page("/assets").await;
        assert!(list.contains("Te classificeren"), "{list}");
        assert!(!lab.browser(Role::Auditor).page("/assets").await.contains("Te classificeren"));
        // What everybody sees is not a reader's to decide.
        let shared = [fields[0], fields[1], ("gedeeld", "1")];
        assert_eq!(reader.post("/weergaven", &shared).await.status, StatusCode::FORBIDDEN);
        let all = reader.page("/weergaven").await;
        let remove = all.split("action=\"").find(|part| part.contains("/verwijderen\"")).unwrap();
        let remove = remove.split('"').next().unwrap();
        let officer = lab.browser(Role::SecurityOfficer);
        assert_eq!(officer.post(remove, &[]).await.status, StatusCode::NOT_FOUND, "not its own");
        assert_eq!(reader.post(remove, &[]).await.status, StatusCode::SEE_OTHER);
        assert!(!reader.page("/assets").await.contains("Te classificeren"));
    }

    #[tokio::test]
    async fn a_view_leads_nowhere_else() {
        let lab = Lab::new();
        let reader = lab.browser(Role::Reader);
        for elsewhere in ["https://evil.example/", "//evil.example/x", "/assets/../../x y"] {
            let saved = reader.post("/weergaven", &[("van", elsewhere), ("naam", "x")]).await;
            assert!(saved.location.is_empty() || saved.location == "/", "{elsewhere}: {saved:?}");
        }
    }
}
