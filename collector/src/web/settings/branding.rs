//! How the organisation dresses its pages, shown and not changed here: it is read from a folder.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::super::brand;
use super::super::frame::{Frame, Visitor};
use super::super::render;
use crate::app::access::Right;
use crate::branding::Branding;
use crate::i18n::Language;
use crate::rest::Api;
use crate::rest::problem::Problem;

/// A logo, and where it is.
struct LogoLine {
    name: &'static str,
    media_type: &'static str,
    bytes: usize,
    dark: bool,
    href: String,
}

/// A colour by day and by night.
struct ColourLine {
    key: &'static str,
    light: String,
    dark: String,
}

/// What stands on what, with the contrast it has.
struct ContrastLine {
    front: &'static str,
    back: &'static str,
    least: String,
    light: String,
    dark: String,
}

#[derive(Template)]
#[template(path = "settings_branding.html")]
struct BrandingPage {
    frame: Frame,
    is_there: bool,
    /// In Dutch and in English.
    names: Option<(String, String)>,
    logos: Vec<LogoLine>,
    colours: Vec<ColourLine>,
    contrasts: Vec<ContrastLine>,
}

/// Its page.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/instellingen/huisstijl", get(page))
}

impl BrandingPage {
    fn of(branding: &Branding, frame: Frame) -> Self {
        let logo = |logo: &crate::branding::Logo| LogoLine {
            name: logo.name,
            media_type: logo.kind.media_type(),
            bytes: logo.content.len(),
            dark: logo.dark,
            href: brand::address(branding, logo),
        };
        let ratio = |ratio: f64| ratio_text(ratio, frame.look.language);
        let contrasts = branding.contrasts.iter().map(|pair| ContrastLine {
            front: pair.front,
            back: pair.back,
            least: ratio(pair.least),
            light: ratio(pair.light),
            dark: ratio(pair.dark),
        });
        let colours = branding.colours.iter().map(|one| ColourLine {
            key: one.key,
            light: one.light.to_string(),
            dark: one.dark.to_string(),
        });
        Self {
            is_there: branding.is_there(),
            names: branding.names.clone().map(|names| (names.nl, names.en)),
            logos: branding.logos.iter().map(logo).collect(),
            colours: colours.collect(),
            contrasts: contrasts.collect(),
            frame,
        }
    }
}

/// A ratio with one decimal, rounded down: what is too little never looks like enough.
fn ratio_text(ratio: f64, language: Language) -> String {
    let text = format!("{:.1}:1", (ratio * 10.0).floor() / 10.0);
    match language {
        Language::Nl => text.replace('.', ","),
        Language::En => text,
    }
}

async fn page(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { frame, .. } = visitor.may(Right::Read)?;
    Ok(render(StatusCode::OK, &BrandingPage::of(&api.app.branding, frame)))
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};
    use tower::ServiceExt as _;

    use crate::branding::Branding;
    use crate::web::tests::Lab;
    use belfort_model::access::Role;

    const WORDS: &str = "[organisation]\nnl = \"Stad Voorbeeld\"\nen = \"City of Example\"\n\
        [light]\ntopbar = \"#5a0020\"\n[dark]\ntopbar = \"#30000f\"\n";

    fn dressed() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 4\"><path d=\"M0 0h9v4z\"/></svg>";
        std::fs::write(folder.path().join("logo.svg"), svg).unwrap();
        std::fs::write(folder.path().join("brand.toml"), WORDS).unwrap();
        let branding = Branding::read(folder.path()).unwrap();
        Lab::with(|app| app.with_branding(branding))
    }

    #[tokio::test]
    async fn nothing_is_other_than_it_was_without_a_folder() {
        let lab = Lab::new();
        let reader = lab.browser(Role::Reader);
        let page = reader.page("/instellingen/huisstijl").await;
        assert!(page.contains("Er is geen huisstijl ingesteld"), "{page}");
        assert!(!page.contains("brand.css") && !page.contains("class=\"logo"), "{page}");
        assert_eq!(reader.get("/static/brand.css").await.status, StatusCode::NOT_FOUND);
        assert_eq!(reader.get("/static/logo.svg").await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn logo_name_and_colours_are_on_every_page() {
        let lab = dressed();
        let reader = lab.browser(Role::Reader);
        let page = reader.page("/instellingen/huisstijl").await;
        for part in
            ["Stad Voorbeeld", "City of Example", "#5a0020", "logo.svg", "image/svg+xml", "5,9"]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
        for path in ["/", "/aanmelden", "/wachtwoord", "/toegankelijkheid"] {
            let page = reader.page(path).await;
            assert!(page.contains("href=\"/static/brand.css?v="), "{path}: {page}");
            assert!(page.contains("alt=\"Stad Voorbeeld\""), "{path}: {page}");
        }
        let css = reader.page("/static/brand.css").await;
        assert!(css.contains("--topbar: light-dark(#5a0020, #30000f);"), "{css}");
        assert_eq!(reader.get("/static/brand.toml").await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_logo_that_is_opened_by_itself_runs_nothing() {
        let lab = dressed();
        let request = Request::builder().uri("/static/logo.svg?v=1");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let answer = lab.router.clone().oneshot(request).await.unwrap();
        let head = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(head("content-type"), "image/svg+xml");
        assert_eq!(head("x-content-type-options"), "nosniff");
        let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        assert_eq!(head("content-security-policy"), policy);
    }
}
