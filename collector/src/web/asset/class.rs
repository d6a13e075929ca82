//! How much an asset matters: classified with a look at the effect, and confirmed.

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use belfort_model::scale::Level;
use http::StatusCode;

use super::{Head, change, found};
use crate::app::access::Right;
use crate::app::classes::WordedClass;
use crate::clock;
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::view::{Class, GivenClass, SchemeView};
use crate::web::frame::{Frame, Visitor};
use crate::web::list::Asked;
use crate::web::render;
use crate::web::sent::{Fields, Sent};

#[derive(Template)]
#[template(path = "asset/class.html")]
struct ClassPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    /// What was typed, when the effect is shown.
    typed: WordedClass,
    scheme: SchemeView,
    schemes: Vec<String>,
    /// The levels to begin with: as asked, or as it is classified now.
    now: [String; 3],
    /// What would count, and what counts now, per dimension: name, before, after, where that comes from.
    effect: Option<Vec<(String, u8, u8, String)>>,
    history: Vec<GivenClass>,
}

#[derive(Template)]
#[template(path = "asset/class_confirm.html")]
struct ConfirmPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    newest: GivenClass,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/assets/{id}/classificatie", get(form).post(set))
        .route("/assets/{id}/classificatie/bevestigen", get(confirm_form).post(confirm))
}

impl ClassPage {
    /// The three dimensions: name of the field, its text, and the level to begin with.
    fn dimensions(&self) -> [(&'static str, String, &str); 3] {
        let [b, i, v] = &self.now;
        [
            ("b", self.frame.t("asset-b"), b),
            ("i", self.frame.t("asset-i"), i),
            ("v", self.frame.t("asset-v"), v),
        ]
    }
}

async fn form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = Asked::of(&format!("/assets/{id}/classificatie"), query.as_deref(), &["schema"])?;
    let typed = WordedClass { scheme: asked.text("schema").to_owned(), ..WordedClass::default() };
    show(api, visitor, &id, typed, false).await
}

/// The form, with the effect of what was typed when that is asked.
async fn show(
    api: Api,
    visitor: Visitor,
    id: &str,
    typed: WordedClass,
    wants_effect: bool,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Manage)?;
    let id = asset_id(id)?;
    let page = blocking(move || {
        let (detail, head) = found(&api, &actor, &frame, id)?;
        let registry = &api.app.registry;
        let own = detail.classification.as_ref();
        let name = match typed.scheme.as_str() {
            "" => own.map(|own| own.scheme.as_str()).unwrap_or_default(),
            name => name,
        };
        let scheme = registry.scheme(name)?;
        // The word of the scheme for a level, to begin with what holds.
        let word = |level: Level| {
            let word = scheme.levels.iter().find(|one| one.level == level);
            word.map(|word| word.code.clone()).unwrap_or_default()
        };
        let now = if wants_effect {
            [typed.b.clone(), typed.i.clone(), typed.v.clone()]
        } else {
            own.map_or_else(Default::default, |own| {
                [word(own.biv.b), word(own.biv.i), word(own.biv.v)]
            })
        };
        let effect = if wants_effect {
            // The basis is asked when it is saved.
            let basis = if typed.basis.is_empty() { "–".to_owned() } else { typed.basis.clone() };
            let new = WordedClass { basis, ..typed.clone() };
            let after = api.app.class_effect(&actor, id, &new, clock::now())?;
            Some(effect(&frame, &head.asset.class, &Class::from(&after)))
        } else {
            None
        };
        let history = api.app.class_history(&actor, id)?;
        Ok(ClassPage {
            history: history.into_iter().map(GivenClass::from).collect(),
            schemes: registry.all_schemes().into_iter().map(|scheme| scheme.name).collect(),
            scheme: SchemeView::of(scheme, &registry.scheme),
            done: None,
            effect,
            typed,
            now,
            head,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// What the form says.
fn typed(fields: &Fields) -> Result<WordedClass, Problem> {
    Ok(WordedClass {
        scheme: fields.get("schema").unwrap_or_default().to_owned(),
        b: fields.need("b")?.to_owned(),
        i: fields.need("i")?.to_owned(),
        v: fields.need("v")?.to_owned(),
        basis: fields.get("basis").unwrap_or_default().to_owned(),
        decided_by: fields.get("beslist").unwrap_or_default().to_owned(),
        proposed: fields.get("voorstel").is_some(),
    })
}

fn effect(frame: &Frame, before: &Class, after: &Class) -> Vec<(String, u8, u8, String)> {
    let origin = |from: &str| match from {
        "own" => frame.t("asset-class-own"),
        "assumed" => frame.t("asset-class-assumed"),
        name => frame.tv("asset-class-from", "name", name),
    };
    vec![
        (frame.t("asset-b"), before.biv.b, after.biv.b, origin(&after.b_from)),
        (frame.t("asset-i"), before.biv.i, after.biv.i, origin(&after.i_from)),
        (frame.t("asset-v"), before.biv.v, after.biv.v, origin(&after.v_from)),
    ]
}

async fn set(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let sent = sent.may(Right::Manage)?;
    if sent.fields.get("tonen").is_some() {
        let typed = typed(&sent.fields)?;
        return show(api, sent.visitor, &id, typed, true).await;
    }
    let is_proposal = sent.fields.get("voorstel").is_some();
    let done = if is_proposal { "asset-class-proposed" } else { "asset-class-set" };
    change(api, sent, &id, done, |api, actor, id, fields, expected| {
        fields.need("basis")?;
        api.app.class_set(actor, id, &typed(fields)?, expected, clock::now())?;
        Ok(())
    })
    .await
}

async fn confirm_form(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Confirm)?;
    let id = asset_id(&id)?;
    let page = blocking(move || {
        let (_, head) = found(&api, &actor, &frame, id)?;
        let newest = api.app.class_history(&actor, id)?.into_iter().next();
        let newest = newest.ok_or_else(|| Problem::not_found(frame.t("asset-no-class")))?;
        Ok(ConfirmPage { newest: newest.into(), done: None, head, frame })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn confirm(
    State(api): State<Api>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let sent = sent.may(Right::Confirm)?;
    change(api, sent, &id, "asset-class-confirmed", |api, actor, id, fields, expected| {
        let basis = fields.get("basis").unwrap_or_default();
        api.app.class_confirm(actor, id, basis, expected, clock::now())?;
        Ok(())
    })
    .await
}
