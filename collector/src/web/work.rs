//! Work that takes long: begun by a form, followed on a page, and what the register still works on itself.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use belfort_model::id::UserId;
use http::{HeaderValue, StatusCode, header};

use super::frame::{Frame, Visitor};
use super::list::Asked;
use super::render;
use crate::app::access::Right;
use crate::app::work::{Progress, Work};
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;

/// So many objects are changed while somebody waits; more become work that is followed.
const AT_ONCE: u64 = 200;

/// How often a page that was asked to shows itself again, seconds.
const AGAIN: &str = "5";

/// What is to be done.
pub(super) struct Job {
    /// The end of the key of its text.
    pub(super) kind: &'static str,
    /// How many objects it changes, as the page before counted them.
    pub(super) rows: u64,
    /// Where what it made is seen.
    pub(super) after: &'static str,
}

/// Does it: at once where it is little, otherwise as work that its page follows.
pub(super) async fn run(
    api: &Api,
    user: UserId,
    job: Job,
    todo: impl FnOnce(&Progress) -> Result<(), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    if job.rows <= AT_ONCE {
        blocking(move || todo(&Progress::default())).await?;
        return Ok(Redirect::to(job.after).into_response());
    }
    let work = api.app.works.begin(user, job.kind, job.after, clock::now())?;
    let to = format!("/werk/{}", work.id);
    tokio::spawn(async move {
        let doing = work.clone();
        // Also what ends unexpectedly has ended.
        let outcome = blocking(move || todo(&doing.progress)).await;
        work.end(outcome.map_err(|problem| problem.detail));
    });
    Ok(Redirect::to(&to).into_response())
}

/// Something that was begun, as it is shown.
struct Line {
    id: String,
    kind: &'static str,
    since: String,
    after: &'static str,
    done: u64,
    total: u64,
    writing: bool,
    ended: bool,
    failed: Option<String>,
}

impl From<&Arc<Work>> for Line {
    fn from(work: &Arc<Work>) -> Self {
        let (done, total) = work.progress.seen();
        let outcome = work.outcome();
        Self {
            id: work.id.to_string(),
            kind: work.kind,
            since: work.since.to_string(),
            after: work.after,
            done,
            total,
            writing: work.progress.is_writing(),
            ended: outcome.is_some(),
            failed: outcome.and_then(Result::err),
        }
    }
}

#[derive(Template)]
#[template(path = "work.html")]
struct WorkPage {
    frame: Frame,
    /// Assets that wait for an evaluation, and all there are.
    waiting: (u64, u64),
    lines: Vec<Line>,
    /// Whether it shows itself again without being asked each time.
    again: bool,
}

impl WorkPage {
    /// Whether something goes on.
    fn goes_on(&self) -> bool {
        self.waiting.0 > 0 || self.lines.iter().any(|line| !line.ended)
    }
}

#[derive(Template)]
#[template(path = "work_one.html")]
struct OnePage {
    frame: Frame,
    line: Line,
    again: bool,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/werk", get(page)).route("/werk/{id}", get(one))
}

/// Shows a page; again by itself where somebody asked for that and there is something to wait for.
fn show(page: &impl Template, again: bool) -> Response {
    let mut response = render(StatusCode::OK, page);
    if again {
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static(AGAIN));
    }
    response
}

/// What goes on.
async fn page(
    State(api): State<Api>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { actor, caller, frame } = visitor.may(Right::Read)?;
    let asked = Asked::of("/werk", query.as_deref(), &["vanzelf"])?;
    let again = asked.is("vanzelf", "ja");
    let page = blocking(move || {
        let waiting = api.app.evaluation_waiting(&actor, clock::now())?;
        let lines = api.app.works.of(caller.user.id).iter().map(Line::from).collect();
        Ok(WorkPage { frame, waiting, lines, again })
    })
    .await?;
    Ok(show(&page, again && page.goes_on()))
}

/// How far one's own work is.
async fn one(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Visitor { caller, frame, .. } = visitor;
    let asked = Asked::of("/werk", query.as_deref(), &["vanzelf"])?;
    let again = asked.is("vanzelf", "ja");
    let all = api.app.works.of(caller.user.id);
    let work = all.iter().find(|work| work.id.to_string() == id);
    let work = work.ok_or_else(|| Problem::not_found(frame.t("running-unknown")))?;
    let page = OnePage { line: Line::from(work), frame, again };
    Ok(show(&page, again && !page.line.ended))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tests::Lab;
    use belfort_model::access::Role;

    #[tokio::test]
    async fn it_is_seen_what_waits_for_an_evaluation() {
        let lab = Lab::with_one_risk();
        let reader = lab.browser(Role::Reader);
        let page = reader.page("/werk").await;
        assert!(page.contains("Alles is beoordeeld"), "{page}");
        lab.app.store.evaluation_request_all().unwrap();
        let page = reader.page("/werk?vanzelf=ja").await;
        assert!(page.contains("Nog 1 van 1 assets te beoordelen"), "{page}");
        assert_eq!(reader.get("/werk?x=1").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(reader.get("/werk/x").await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn what_fails_says_why_and_is_seen_by_who_began_it_alone() {
        let lab = Lab::new();
        let officer = lab.browser(Role::SecurityOfficer);
        let reader = lab.browser(Role::Reader);
        let users = lab.app.store.user_list().unwrap();
        let user = users.iter().find(|user| user.name == Role::SecurityOfficer.as_str()).unwrap();
        let work = lab.app.works.begin(user.id, "import", "/assets", clock::now()).unwrap();
        let path = format!("/werk/{}", work.id);
        work.progress.begin(4_000);
        work.progress.step();
        let page = officer.page(&path).await;
        assert!(page.contains("1 van 4.000") && page.contains("data-live=\"ja\""), "{page}");
        assert!(page.contains("<progress") && page.contains("vanzelf=ja"), "{page}");
        assert_eq!(reader.get(&path).await.status, StatusCode::NOT_FOUND);
        work.end(Err("<the file is another one>".to_owned()));
        let page = officer.page(&path).await;
        assert!(page.contains("is another one") && !page.contains("data-live=\"ja\""), "{page}");
        assert!(officer.page("/werk").await.contains(&path));
    }
}
