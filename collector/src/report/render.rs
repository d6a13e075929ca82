//! A report in one of its forms.

use super::document::{Document, Kind};
use super::{csv, html, json, pdf};
use crate::app::reports::Made;
use crate::i18n::Language;

/// How a report is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// A page that can be printed.
    Html,
    /// PDF, tagged.
    Pdf,
    /// Tables.
    Csv,
    /// The content and its hash.
    Json,
}

impl std::str::FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Html, Self::Pdf, Self::Csv, Self::Json]
            .into_iter()
            .find(|form| form.extension() == text)
            .ok_or_else(|| format!("`{text}` is not one of html, pdf, csv, json"))
    }
}

impl Form {
    /// What files of this form end in.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf => "application/pdf",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// Why a report could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// As a page.
    #[error("report cannot be written as HTML")]
    Html(#[source] askama::Error),
    /// As CSV.
    #[error("report cannot be written as CSV")]
    Csv(#[source] ::csv::Error),
    /// As PDF.
    #[error(transparent)]
    Pdf(#[from] pdf::PdfError),
}

/// Writes a report down. The same report, kind, form and language give the same bytes. The content as JSON
/// is the same of every kind.
pub fn render(
    made: &Made,
    kind: Kind,
    form: Form,
    language: Language,
) -> Result<Vec<u8>, RenderError> {
    if form == Form::Json {
        return Ok(json::render(&made.content, made.sha256));
    }
    let document = Document::of(&made.report, kind, language, made.sha256);
    match form {
        Form::Html => html::render(&document).map_err(RenderError::Html),
        Form::Csv => csv::render(&document).map_err(RenderError::Csv),
        _ => Ok(pdf::render(&document, &made.report)?),
    }
}
