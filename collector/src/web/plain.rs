//! Pages without the frame: logging in, passwords, what failed, the accessibility statement.

use http::{HeaderMap, Uri};

use super::brand::Brand;
use super::frame::Look;
use crate::branding::Branding;
use crate::i18n::{Language, Texts};

/// What such a page needs to speak the language of the reader.
pub(super) struct Plain {
    look: Look,
    /// Path and query to come back to after another language was chosen.
    pub(super) here: String,
    /// The organisation's logo and colours.
    pub(super) brand: Option<Brand>,
}

impl Plain {
    /// As the cookies of a request say; `here` is where the page is.
    pub(super) fn of(headers: &HeaderMap, here: &str) -> Self {
        Self { look: Look::of(headers), here: here.to_owned(), brand: None }
    }

    /// The same, dressed as the organisation wants it.
    pub(super) fn dressed(self, branding: &Branding) -> Self {
        Self { brand: Brand::of(branding, self.look.language), ..self }
    }

    /// The same, at the address of a request.
    pub(super) fn at(headers: &HeaderMap, uri: &Uri) -> Self {
        Self::of(headers, uri.path_and_query().map_or("/", |here| here.as_str()))
    }

    /// The text of a key.
    pub(super) fn t(&self, key: &str) -> String {
        Texts::of(self.look.language).get(key)
    }

    /// The text of a key with one value in it.
    pub(super) fn tv(&self, key: &str, name: &str, value: &str) -> String {
        Texts::of(self.look.language).with(key, &[(name, value)])
    }

    /// Tag of the language for the document.
    pub(super) fn tag(&self) -> &'static str {
        self.look.language.tag()
    }

    /// The theme that was chosen, if any.
    pub(super) fn theme(&self) -> Option<&'static str> {
        self.look.theme
    }

    /// Whether it is in English.
    pub(super) fn is_english(&self) -> bool {
        self.look.language == Language::En
    }
}
