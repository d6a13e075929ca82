//! The web interface: pages rendered here, over the same application functions as REST.
//!
//! It is Dutch unless somebody chooses English, works without JavaScript, and sends nothing to anyone else.
//! Every view is an address ([`list`]); every form proves where it comes from ([`sent`]). A page is a
//! module here, a template in `templates/`, and its texts in `i18n/*/web-*.ftl`.

mod agents;
mod asset;
mod assets;
mod audit;
mod brand;
mod bulk;
mod chart;
mod choice;
mod data_sets;
mod enrol;
mod export;
mod failed;
mod files;
mod findings;
mod frame;
mod list;
mod login;
mod look;
mod matrix;
mod oidc;
mod overview;
mod password;
mod plain;
mod reports;
mod risks;
mod search;
mod second_factor;
mod sent;
mod session;
mod settings;
mod software;
mod sources;
mod statement;
mod sure;
#[cfg(test)]
mod tests;
mod undo;
mod units;
mod views;
mod work;
mod worklist;

use askama::Template;
use axum::Router;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

use crate::rest::{Api, problem};

/// The pages' router.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/", get(overview::page))
        .route("/aanmelden", get(login::form).post(login::log_in))
        .route("/aanmelden/oidc", get(oidc::begin))
        .route("/aanmelden/oidc/terug", get(oidc::back))
        .route("/wachtwoord", get(password::form).post(password::set))
        .route("/tweede-factor", get(second_factor::form).post(second_factor::change))
        .route("/afmelden", axum::routing::post(session::log_out))
        .route("/weergave", get(look::choose))
        .route("/static/{name}", get(files::file))
        .merge(asset::routes())
        .merge(assets::routes())
        .merge(views::routes())
        .merge(bulk::routes())
        .merge(undo::routes())
        .merge(findings::routes())
        .merge(risks::routes())
        .merge(software::routes())
        .merge(units::routes())
        .merge(agents::routes())
        .merge(audit::routes())
        .merge(reports::routes())
        .merge(settings::routes())
        .merge(sources::routes())
        .merge(search::routes())
        .merge(enrol::routes())
        .merge(data_sets::routes())
        .merge(work::routes())
        .merge(worklist::routes())
        .merge(statement::routes())
        .layer(axum::extract::DefaultBodyLimit::max(64 << 10))
        .with_state(api)
}

/// Puts the security headers on every answer, also on that for an address where there is nothing.
pub fn with_headers(router: Router) -> Router {
    router
        .fallback(problem::no_such_path)
        .layer(axum::middleware::from_fn(failed::pages))
        .layer(axum::middleware::map_response(security_headers))
}

/// What every answer says to browsers: load nothing from elsewhere, be framed by nobody, guess
/// nothing, tell no other site where one came from.
async fn security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; \
        connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    // A document that holds its own style says so itself, and allows no more than that.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Renders a page.
fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
