//! Texts and small phrases that several sections use.

use belfort_assess::kpi::{Colour, Known, Reason, Share};
use belfort_model::scale::Level;

use super::{Block, Cell, Column, Tone};
use crate::i18n::{Language, Texts};
use crate::report::format::percent;
use crate::report::{Both, UnitRef};

/// The words of one language.
pub(super) struct Words {
    pub(super) texts: &'static Texts,
    pub(super) language: Language,
}

impl Words {
    pub(super) fn get(&self, key: &str) -> String {
        self.texts.get(key)
    }

    pub(super) fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.texts.with(key, values)
    }

    /// The side of a text that is in this language.
    pub(super) fn side<'a>(&self, both: &'a Both) -> &'a str {
        match self.language {
            Language::Nl => &both.nl,
            Language::En => &both.en,
        }
    }

    /// `onbekend: reden`.
    pub(super) fn unknown(&self, reason: Reason) -> String {
        let reason = self.get(&format!("reason-{}", reason.code().replace('_', "-")));
        self.with("unknown-because", &[("reason", &reason)])
    }

    /// What is made of a value, or why it is unknown.
    pub(super) fn known<T>(
        &self,
        value: &Known<T>,
        make: impl FnOnce(&T) -> Vec<Block>,
    ) -> Vec<Block> {
        match value {
            Known::Known(value) => make(value),
            Known::Unknown(reason) => vec![Block::Unknown(self.unknown(*reason))],
        }
    }

    /// A column of text.
    pub(super) fn column(&self, key: &str, weight: u16) -> Column {
        Column { title: self.get(&format!("col-{key}")), numeric: false, weight }
    }

    /// A column of numbers.
    pub(super) fn numbers(&self, key: &str, weight: u16) -> Column {
        Column { numeric: true, ..self.column(key, weight) }
    }

    /// A unit, or that there is none.
    pub(super) fn unit(&self, unit: Option<&UnitRef>) -> String {
        unit.map_or_else(|| self.get("no-owner"), |unit| format!("{} ({})", unit.name, unit.code))
    }

    /// A share as `87,3%`, or a dash of nothing.
    pub(super) fn share(&self, share: Share) -> String {
        share.per_mille().map_or_else(|| "–".to_owned(), |share| percent(self.language, share))
    }

    /// A severity: its number and its name.
    pub(super) fn severity(&self, severity: Level) -> Cell {
        let text = format!("{severity} {}", self.get(&format!("severity-{severity}")));
        Cell { text, tone: tone_of(severity) }
    }

    /// How something stands, in a word.
    pub(super) fn judgement(&self, colour: Colour) -> String {
        self.get(match colour {
            Colour::Green => "colour-green",
            Colour::Amber => "colour-amber",
            Colour::Red => "colour-red",
            Colour::Unknown => "colour-unknown",
        })
    }
}

/// The tone of a severity.
pub(super) fn tone_of(severity: Level) -> Tone {
    match severity.get() {
        5 => Tone::Critical,
        4 => Tone::High,
        3 => Tone::Moderate,
        _ => Tone::Low,
    }
}

/// The tone of a colour.
pub(super) fn tone(colour: Colour) -> Tone {
    match colour {
        Colour::Green => Tone::Good,
        Colour::Amber => Tone::Warn,
        Colour::Red => Tone::Bad,
        Colour::Unknown => Tone::Unknown,
    }
}
