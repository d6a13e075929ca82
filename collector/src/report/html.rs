//! The report as one HTML file: print-ready, without scripts, with everything it needs inside.

mod chart;

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::document::{Block, Document};

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/fira-sans-400.woff2");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/fira-sans-600.woff2");

static STYLE: LazyLock<String> = LazyLock::new(|| {
    let face = |weight: u16, font: &[u8]| {
        format!(
            "@font-face{{font-family:\"Fira Sans\";font-weight:{weight};\
             src:url(data:font/woff2;base64,{}) format(\"woff2\")}}\n",
            STANDARD.encode(font)
        )
    };
    let css = include_str!("../../assets/report.css");
    format!("{}{}{css}", face(400, REGULAR), face(600, SEMIBOLD))
});

/// What the page may load: nothing but the style and the fonts it holds itself.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; font-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
});

#[derive(Template)]
#[template(path = "report.html", escape = "html")]
struct Page<'a> {
    document: &'a Document,
    style: &'a str,
}

/// The HTML of a report.
pub fn render(document: &Document) -> Result<Vec<u8>, askama::Error> {
    Page { document, style: &STYLE }.render().map(String::into_bytes)
}
