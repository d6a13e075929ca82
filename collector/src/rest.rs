//! The REST API under `/api/v1`, with bearer tokens or a session; its description is `/api/v1/openapi.json`.
//!
//! One file per resource; every handler calls one function of [`crate::app`] and shows what it gives.
//! Which role may call which endpoint is in the golden list of `rest/tests.rs`.

pub mod advisories;
pub mod agents;
pub mod api_tokens;
pub mod assets;
pub mod auth;
pub mod batches;
pub mod classes;
pub mod data_sets;
pub mod exceptions;
pub mod filter;
pub mod findings;
pub mod idempotency;
pub mod imports;
pub mod kpis;
pub mod lifecycle;
pub mod me;
pub mod meetings;
pub mod owners;
pub mod precondition;
pub mod problem;
pub mod reports;
pub mod risks;
pub mod rules;
pub mod session;
pub mod software;
mod spool;
pub mod system;
pub mod units;
pub mod users;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use belfort_store::record::Page;
use serde::Deserialize;
use tokio::sync::Notify;
use utoipa::openapi::Required;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use problem::Problem;

/// What handlers work with.
#[derive(Clone)]
pub struct Api {
    /// The application.
    pub app: App,
    /// What enrolment tokens are completed with: the authority's fingerprint and where to enrol.
    pub enrolment: EnrolmentAddress,
    /// Woken after a change that findings or risks follow from.
    pub wake: Arc<Notify>,
    /// The folder where large bodies lie while they are read.
    pub spool: PathBuf,
}

/// How devices find and recognise the collector.
#[derive(Clone, Debug)]
pub struct EnrolmentAddress {
    /// `https://host:port` of the enrolment listener.
    pub endpoint: String,
    /// SHA-256 of the authority's certificate.
    pub fingerprint: [u8; 32],
}

impl EnrolmentAddress {
    /// The command that enrols a device with a token.
    pub fn command(&self, token: &str) -> String {
        format!("sudo belfort-agent enroll --collector {} --token {token}", self.endpoint)
    }
}

/// Goes with an answer that holds a secret: it is kept nowhere on the way.
pub type NoStore = [(http::HeaderName, &'static str); 1];

/// See [`NoStore`].
pub const NO_STORE: NoStore = [(http::header::CACHE_CONTROL, "no-store")];

/// Largest request body, bytes; imports take more.
const BODY: usize = 1 << 20;

/// Largest request body of a call, bytes.
fn body_bound(path: &str) -> usize {
    if path.starts_with("/api/v1/imports/") { crate::app::imports::BYTES } else { BODY }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Belfort",
        description = "Assets, owners, classes, findings and risks. Errors are problem details (RFC 9457).",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    components(schemas(problem::Problem)),
    modifiers(&Bearer),
    security(("bearer" = []), ("session" = []))
)]
struct Description;

/// Takes away what was left in the folder of [`Api::spool`]; nobody may be reading there.
pub fn clear_spool(directory: &Path) {
    spool::clear(directory);
}

/// Adds the header that a `POST` takes to its description.
fn describe_idempotency(description: &mut utoipa::openapi::OpenApi) {
    for (name, path) in &mut description.paths.paths {
        let Some(operation) = &mut path.post else { continue };
        if idempotency::is_repeatable(name) {
            continue;
        }
        let text = Some("Repeat the same call with the same key until there is an answer");
        let schema = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some("^[\\x21-\\x7e]+$"));
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(text)
            .schema(Some(schema))
            .build();
        operation.parameters.get_or_insert_default().push(header.into());
    }
}

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token: `belfort-collector api-token create`."))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let session = ApiKeyValue::with_description(
            session::COOKIE,
            "A session that began at /aanmelden. What changes something also needs the header \
             `X-CSRF-Token` with the token of /api/v1/me.",
        );
        let session = SecurityScheme::ApiKey(ApiKey::Cookie(session));
        components.add_security_scheme("session", session);
    }
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: u32,
    /// How many to pass over.
    #[serde(default)]
    pub offset: u64,
}

fn default_limit() -> u32 {
    100
}

impl Paging {
    fn page(limit: u32, offset: u64) -> Result<Page, Problem> {
        if !(1..=1000).contains(&limit) {
            return Err(Problem::bad_request(format!("limit: {limit} is not 1 to 1000")));
        }
        // What databases count with.
        if offset > i64::MAX as u64 {
            return Err(Problem::bad_request(format!("offset: {offset} is too large")));
        }
        Ok(Page { limit, offset })
    }
}

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi()).merge(register()).merge(access())
}

/// The register, and what it goes by.
fn register() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(system::health))
        .routes(routes!(system::overview))
        .routes(routes!(system::audit))
        .routes(routes!(system::verify_audit))
        .routes(routes!(assets::list, assets::create))
        .routes(routes!(assets::show, assets::edit))
        .routes(routes!(assets::history))
        .routes(routes!(assets::section))
        .routes(routes!(lifecycle::list, lifecycle::make))
        .routes(routes!(lifecycle::verify))
        .routes(routes!(owners::set_owner))
        .routes(routes!(owners::list))
        .routes(routes!(owners::set, owners::end))
        .routes(routes!(owners::confirm))
        .routes(routes!(classes::classify))
        .routes(routes!(classes::list))
        .routes(routes!(classes::confirm))
        .routes(routes!(classes::schemes))
        .routes(routes!(data_sets::link, data_sets::unlink))
        .routes(routes!(data_sets::create))
        .routes(routes!(data_sets::edit))
        .routes(routes!(units::list, units::create))
        .routes(routes!(units::tree))
        .routes(routes!(units::edit))
        .routes(routes!(rules::list, rules::create))
        .routes(routes!(rules::show, rules::edit, rules::remove))
        .routes(routes!(rules::preview))
        .routes(routes!(rules::enable))
        .routes(routes!(rules::disable))
        .routes(routes!(rules::order))
        .routes(routes!(rules::batches))
        .routes(routes!(rules::batch))
        .routes(routes!(rules::undo))
        .routes(routes!(rules::of_asset))
        .routes(routes!(batches::undo))
        .routes(routes!(imports::preview))
        .routes(routes!(imports::apply))
        .routes(routes!(findings::findings))
        .routes(routes!(kpis::kpis))
        .routes(routes!(reports::list, reports::create))
        .routes(routes!(reports::preview))
        .routes(routes!(reports::show))
        .routes(routes!(reports::verify))
        .routes(routes!(reports::html))
        .routes(routes!(reports::pdf))
        .routes(routes!(reports::csv))
        .routes(routes!(reports::json))
        .routes(routes!(findings::finding))
        .routes(routes!(findings::confirm))
        .routes(routes!(findings::false_positive))
        .routes(routes!(findings::reopen))
        .routes(routes!(findings::assign))
        .routes(routes!(exceptions::list, exceptions::create))
        .routes(routes!(exceptions::show))
        .routes(routes!(exceptions::approve))
        .routes(routes!(exceptions::reject))
        .routes(routes!(exceptions::close))
        .routes(routes!(risks::list))
        .routes(routes!(risks::show, risks::work::describe))
        .routes(routes!(risks::history))
        .routes(routes!(risks::work::analyse))
        .routes(routes!(risks::work::assess))
        .routes(routes!(risks::work::evaluate))
        .routes(routes!(risks::work::reject))
        .routes(routes!(risks::work::decide))
        .routes(routes!(risks::work::close))
        .routes(routes!(risks::work::advise))
        .routes(routes!(risks::actions::of_risk, risks::actions::create))
        .routes(routes!(risks::actions::list))
        .routes(routes!(risks::actions::show, risks::actions::set))
        .routes(routes!(meetings::list, meetings::create))
        .routes(routes!(meetings::incidents, meetings::incident))
        .routes(routes!(meetings::link))
        .routes(routes!(software::list, software::create))
        .routes(routes!(software::show, software::change))
        .routes(routes!(software::approve))
        .routes(routes!(advisories::sources))
        .routes(routes!(advisories::import))
        .routes(routes!(advisories::vulnerability))
        .routes(routes!(advisories::suppressions, advisories::suppress))
        .routes(routes!(advisories::unsuppress))
}

/// Devices, people and programs that are let in.
fn access() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(agents::list))
        .routes(routes!(agents::revoke))
        .routes(routes!(agents::token_list, agents::token_create))
        .routes(routes!(agents::token_revoke))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::show))
        .routes(routes!(users::set_roles))
        .routes(routes!(users::disable))
        .routes(routes!(users::enable))
        .routes(routes!(users::reset))
        .routes(routes!(users::sessions, users::end_sessions))
        .routes(routes!(users::end_session))
        .routes(routes!(api_tokens::list, api_tokens::create))
        .routes(routes!(api_tokens::revoke))
        .routes(routes!(me::show))
        .routes(routes!(me::set_password))
        .routes(routes!(me::propose_second_factor, me::confirm_second_factor))
        .routes(routes!(me::api_tokens, me::create_api_token))
        .routes(routes!(me::revoke_api_token))
        .routes(routes!(me::sessions))
        .routes(routes!(me::end_session))
}

/// The API's router.
pub fn router(api: Api) -> Router {
    let (router, mut description) = routes().split_for_parts();
    describe_idempotency(&mut description);
    // What was generated from our own types can be written; an empty text would show at once.
    let description = description.to_json().unwrap_or_default();
    router
        .route(
            "/api/v1/openapi.json",
            axum::routing::get(move || {
                let json = [(http::header::CONTENT_TYPE, "application/json")];
                std::future::ready((json, description.clone()))
            }),
        )
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn_with_state(api.clone(), idempotency::once))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(api)
}

/// The description of the API, for the reference that is committed.
pub fn openapi_json() -> Option<String> {
    let mut description = routes().split_for_parts().1;
    describe_idempotency(&mut description);
    description.to_pretty_json().ok()
}

#[cfg(test)]
mod tests;
