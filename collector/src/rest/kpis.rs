//! Key figures.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::agents::invalid;
use super::auth::{By, Query, blocking};
use super::problem::{Problem, Reads};
use crate::app::access::Right;
use crate::calendar::moment;
use crate::clock;
use crate::view::KpisView;

/// As of when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct KpiQuery {
    /// The end of this day (`2026-11-23`, Europe/Brussels), or this moment (RFC 3339); now when left out.
    #[param(max_length = 40)]
    as_of: Option<String>,
}

/// The key figures K1 to K16. What cannot be told is unknown, with the reason.
#[utoipa::path(get, path = "/api/v1/kpis", tag = "reports", params(KpiQuery), responses(
    (status = 200, body = KpisView),
    Reads,
))]
pub async fn kpis(
    State(api): State<Api>,
    By(actor): By,
    Query(query): Query<KpiQuery>,
) -> Result<Json<KpisView>, Problem> {
    actor.require(Right::Read)?;
    let as_of = query.as_of.as_deref().map(|text| moment(text).map_err(invalid("as_of")));
    let as_of = as_of.transpose()?.unwrap_or_else(clock::now);
    let view = blocking(move || {
        let kpis = api.app.kpis(&actor, as_of)?;
        Ok(KpisView::of(kpis, &api.app.store.unit_list()?))
    })
    .await?;
    Ok(Json(view))
}
