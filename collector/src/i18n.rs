//! Texts for people, in Dutch and English: Fluent files with the same keys in both (`i18n/*/*.ftl`).
//!
//! Numbers and dates come in as text that was formatted before: [`crate::report::format`] writes them as
//! they are written in Belgium, which Fluent does not know.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// A language of the interface.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Dutch, as it is written in Belgium.
    Nl,
    /// English.
    En,
}

impl Language {
    /// Its code: `nl` or `en`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }

    /// Its tag for documents (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Nl => "nl-BE",
            Self::En => "en",
        }
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "nl" => Ok(Self::Nl),
            "en" => Ok(Self::En),
            other => Err(format!("`{other}` is not one of nl, en")),
        }
    }
}

/// The texts of one language.
pub struct Texts {
    bundle: FluentBundle<FluentResource>,
}

const NL: &[&str] = &[
    include_str!("../i18n/nl/report.ftl"),
    include_str!("../i18n/nl/web.ftl"),
    include_str!("../i18n/nl/web-overview.ftl"),
    include_str!("../i18n/nl/web-undo.ftl"),
    include_str!("../i18n/nl/web-views.ftl"),
    include_str!("../i18n/nl/web-assets.ftl"),
    include_str!("../i18n/nl/web-asset.ftl"),
    include_str!("../i18n/nl/web-search.ftl"),
    include_str!("../i18n/nl/web-findings.ftl"),
    include_str!("../i18n/nl/web-risks.ftl"),
    include_str!("../i18n/nl/web-worklist.ftl"),
    include_str!("../i18n/nl/web-units.ftl"),
    include_str!("../i18n/nl/web-data.ftl"),
    include_str!("../i18n/nl/web-software.ftl"),
    include_str!("../i18n/nl/web-enrol.ftl"),
    include_str!("../i18n/nl/web-reports.ftl"),
    include_str!("../i18n/nl/web-agents.ftl"),
    include_str!("../i18n/nl/web-audit.ftl"),
    include_str!("../i18n/nl/web-settings.ftl"),
    include_str!("../i18n/nl/web-login.ftl"),
];
const EN: &[&str] = &[
    include_str!("../i18n/en/report.ftl"),
    include_str!("../i18n/en/web.ftl"),
    include_str!("../i18n/en/web-overview.ftl"),
    include_str!("../i18n/en/web-undo.ftl"),
    include_str!("../i18n/en/web-views.ftl"),
    include_str!("../i18n/en/web-assets.ftl"),
    include_str!("../i18n/en/web-asset.ftl"),
    include_str!("../i18n/en/web-search.ftl"),
    include_str!("../i18n/en/web-findings.ftl"),
    include_str!("../i18n/en/web-risks.ftl"),
    include_str!("../i18n/en/web-worklist.ftl"),
    include_str!("../i18n/en/web-units.ftl"),
    include_str!("../i18n/en/web-data.ftl"),
    include_str!("../i18n/en/web-software.ftl"),
    include_str!("../i18n/en/web-enrol.ftl"),
    include_str!("../i18n/en/web-reports.ftl"),
    include_str!("../i18n/en/web-agents.ftl"),
    include_str!("../i18n/en/web-audit.ftl"),
    include_str!("../i18n/en/web-settings.ftl"),
    include_str!("../i18n/en/web-login.ftl"),
];

impl Texts {
    /// The texts of a language.
    pub fn of(language: Language) -> &'static Self {
        static DUTCH: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::Nl));
        static ENGLISH: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::En));
        match language {
            Language::Nl => &DUTCH,
            Language::En => &ENGLISH,
        }
    }

    fn read(language: Language) -> Self {
        let files = match language {
            Language::Nl => NL,
            Language::En => EN,
        };
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Isolation marks are for mixed directions of writing; here they would only stand in the way.
        bundle.set_use_isolating(false);
        for file in files {
            // A file that cannot be read whole gives what can be: the tests refuse it.
            let resource = FluentResource::try_new((*file).to_owned());
            let resource = resource.unwrap_or_else(|(readable, _)| readable);
            let _ = bundle.add_resource(resource);
        }
        Self { bundle }
    }

    /// The text of a key.
    pub fn get(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The text of a key with values in it.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        let args: FluentArgs<'_> = values.iter().copied().collect();
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return format!("⟦{key}⟧");
        };
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Every key with the names of the values in its text.
    fn keys(files: &[&str]) -> BTreeMap<String, Vec<String>> {
        let mut keys = BTreeMap::new();
        for file in files {
            let resource = FluentResource::try_new((*file).to_owned());
            assert!(resource.is_ok(), "{:?}", resource.err().map(|(_, errors)| errors));
            for line in file.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
                let (key, text) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
                let mut values: Vec<String> = text
                    .split("{ $")
                    .skip(1)
                    .map(|rest| rest.split(' ').next().unwrap().to_owned())
                    .collect();
                values.sort();
                let before = keys.insert(key.to_owned(), values);
                assert!(before.is_none(), "`{key}` stands twice");
            }
        }
        keys
    }

    #[test]
    fn both_languages_have_the_same_keys_and_values() {
        assert_eq!(keys(NL), keys(EN));
        assert!(keys(NL).len() > 50);
    }

    #[test]
    fn a_missing_text_shows() {
        assert_eq!(Texts::of(Language::Nl).get("no-such-text"), "⟦no-such-text⟧");
    }
}
