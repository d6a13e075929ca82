//! The organisation's logo and colours, as pages show them.

use crate::branding::{Branding, Logo};
use crate::i18n::Language;

/// What a page shows of the organisation.
#[derive(Clone, Debug)]
pub(super) struct Brand {
    /// What it is called, in the language of the page.
    pub(super) name: String,
    /// The stylesheet with its colours.
    pub(super) stylesheet: Option<String>,
    /// Its logo, for light backgrounds and for dark ones.
    pub(super) by_day: Option<String>,
    pub(super) by_night: Option<String>,
}

/// Where a logo is found. Its mark changes with the folder: browsers keep no old one.
pub(super) fn address(branding: &Branding, logo: &Logo) -> String {
    format!("/static/{}?v={}", logo.name, branding.mark)
}

impl Brand {
    /// What there is to show; nothing where no folder is configured.
    pub(super) fn of(branding: &Branding, language: Language) -> Option<Self> {
        if !branding.is_there() {
            return None;
        }
        let name = branding.names.as_ref().map(|names| names.in_language(language).to_owned());
        let has_colours = !branding.stylesheet.is_empty();
        let logo = |dark| branding.logo(dark).map(|logo| address(branding, logo));
        Some(Self {
            name: name.unwrap_or_default(),
            stylesheet: has_colours.then(|| format!("/static/brand.css?v={}", branding.mark)),
            by_day: logo(false),
            by_night: logo(true),
        })
    }
}
