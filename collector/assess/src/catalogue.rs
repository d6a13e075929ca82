//! The catalogue: findings and scenarios as data, so that an organisation reads, changes and adds
//! its own without touching code.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::scale::Matrix;
use serde::Deserialize;

use crate::end_of_life::EndOfLife;
use crate::matchers;
use crate::products::ProductTable;

mod kind;

pub use kind::{Adjustment, Baseline, DueDays, FindingKind, Params, Scenario, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Option<String>,
    #[serde(default)]
    scenario: Vec<Scenario>,
    #[serde(default)]
    finding: Vec<FindingKind>,
    #[serde(default)]
    adjust: Vec<Adjustment>,
}

/// Everything an evaluation goes by.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Version of the catalogue, for the record.
    pub version: String,
    /// Findings, by code.
    pub findings: BTreeMap<String, FindingKind>,
    /// Scenarios, by code.
    pub scenarios: BTreeMap<String, Scenario>,
    /// Codes of findings that are about people, also of those that were switched off.
    pub personal: BTreeSet<String>,
    /// The risk matrix.
    pub matrix: Matrix,
    /// When support of operating systems ends.
    pub end_of_life: EndOfLife,
    /// Which product an operating system or a package is.
    pub products: ProductTable,
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not a catalogue at all, or a key or value that cannot be.
    #[error("catalogue `{name}` cannot be read{}", finding.as_ref().map(|code| format!(", at `{code}`")).unwrap_or_default())]
    Syntax {
        /// Which file.
        name: String,
        /// The finding, scenario or adjustment it is in.
        finding: Option<String>,
        /// What is wrong, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A file of an organisation without a version.
    #[error(
        "catalogue `{0}` has no version: begin it with `version = \"own/1\"` and raise it with every change, so that an evaluation can be told from another"
    )]
    NoVersion(String),
    /// The same code twice.
    #[error(
        "catalogue `{name}` has `{code}`, which exists already: give it a code of its own, or change the existing one with `[[adjust]]`"
    )]
    Twice {
        /// Which file.
        name: String,
        /// The code.
        code: String,
    },
    /// A finding names what does not exist.
    #[error(
        "catalogue `{name}`: `{finding}` names {what} `{named}`, which does not exist; there are {known}"
    )]
    Dangling {
        /// Which file.
        name: String,
        /// The finding, scenario or adjustment.
        finding: String,
        /// What it names.
        what: &'static str,
        /// The name.
        named: String,
        /// What there is.
        known: String,
    },
    /// A finding that cannot be.
    #[error("catalogue `{name}`: `{finding}` {reason}")]
    Entry {
        /// Which file.
        name: String,
        /// The finding.
        finding: String,
        /// What is wrong and what would do.
        reason: &'static str,
    },
}

impl Catalogue {
    /// Version of the catalogue this build ships; raised with every change of its files.
    pub const VERSION: &str = "belfort/3";

    /// The files of the catalogue this build ships.
    pub const SHIPPED: &[(&str, &str)] = &[
        ("scenarios.toml", include_str!("../data/scenarios.toml")),
        ("asset.toml", include_str!("../data/asset.toml")),
        ("device.toml", include_str!("../data/device.toml")),
        ("protection.toml", include_str!("../data/protection.toml")),
        ("software.toml", include_str!("../data/software.toml")),
        ("advisories.toml", include_str!("../data/advisories.toml")),
    ];

    /// The catalogue this build ships.
    pub fn shipped() -> Result<Self, CatalogueError> {
        Self::with(&[])
    }

    /// The catalogue this build ships with the files of an organisation, each a name for messages and
    /// its text; they add to it in this order.
    pub fn with(own: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            version: Self::VERSION.to_owned(),
            findings: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            personal: BTreeSet::new(),
            matrix: Matrix::default(),
            end_of_life: EndOfLife::shipped()?,
            products: ProductTable::shipped()?,
        };
        let mut origin = Origin::default();
        for (name, text) in Self::SHIPPED {
            let file = read(name, text)?;
            catalogue.add(name, file, &mut origin)?;
        }
        for (name, text) in own {
            let mut file = read(name, text)?;
            let version = file.version.take();
            let version = version.filter(|version| !version.trim().is_empty());
            let version = version.ok_or_else(|| CatalogueError::NoVersion((*name).to_owned()))?;
            catalogue.version.push('+');
            catalogue.version.push_str(&version);
            catalogue.add(name, file, &mut origin)?;
        }
        catalogue.check(&origin)?;
        Ok(catalogue)
    }

    fn add<'a>(
        &mut self,
        name: &'a str,
        file: File,
        origin: &mut Origin<'a>,
    ) -> Result<(), CatalogueError> {
        let twice = |code| CatalogueError::Twice { name: name.to_owned(), code };
        for scenario in file.scenario {
            let code = scenario.code.clone();
            if self.scenarios.insert(code.clone(), scenario).is_some() {
                return Err(twice(code));
            }
            origin.insert(code, name);
        }
        for finding in file.finding {
            let code = finding.code.clone();
            if finding.is_personal() {
                self.personal.insert(code.clone());
            }
            if self.findings.insert(code.clone(), finding).is_some() {
                return Err(twice(code));
            }
            origin.insert(code, name);
        }
        for adjustment in file.adjust {
            let code = adjustment.finding;
            let Some(finding) = self.findings.get_mut(&code) else {
                let known = list(self.findings.keys());
                return Err(dangling(name, "adjust", "finding", &code, known));
            };
            finding.likelihood = adjustment.likelihood.unwrap_or(finding.likelihood);
            finding.due_days = adjustment.due_days.unwrap_or(finding.due_days);
            finding.params.adjust(adjustment.params);
            if adjustment.off {
                self.findings.remove(&code);
                for scenario in self.scenarios.values_mut() {
                    scenario.mitigated_by.retain(|check| *check != code);
                }
            }
        }
        Ok(())
    }

    fn check(&self, origin: &Origin<'_>) -> Result<(), CatalogueError> {
        for (code, finding) in &self.findings {
            let name = origin.get(code).copied().unwrap_or_default();
            let wrong = |reason| {
                Err(CatalogueError::Entry { name: name.to_owned(), finding: code.clone(), reason })
            };
            if !is_code(code) {
                return wrong(
                    "is no code: it has 1 to 80 lower-case letters, digits, `_` and dots",
                );
            }
            if [&finding.title, &finding.remedy].iter().any(|text| !text.is_complete()) {
                return wrong("lacks a title or a remedy in Dutch or English");
            }
            match (&finding.matcher, &finding.condition) {
                (Some(matcher), None) => {
                    if matchers::by_name(matcher).is_none() {
                        let known = list(matchers::ALL.iter().map(|(name, _)| name));
                        return Err(dangling(name, code, "matcher", matcher, known));
                    }
                }
                (None, Some(_)) => {}
                _ => return wrong("has both a matcher and a condition, or neither: give one"),
            }
            if !self.scenarios.contains_key(&finding.scenario) {
                let known = list(self.scenarios.keys());
                return Err(dangling(name, code, "scenario", &finding.scenario, known));
            }
        }
        for (code, scenario) in &self.scenarios {
            let name = origin.get(code).copied().unwrap_or_default();
            for check in &scenario.mitigated_by {
                if !self.findings.contains_key(check) {
                    let known = list(self.findings.keys());
                    return Err(dangling(name, code, "finding", check, known));
                }
            }
        }
        Ok(())
    }

    /// Codes of the checks that are linked to a scenario.
    pub fn linked_checks(&self, scenario: &str) -> BTreeSet<&str> {
        self.findings
            .values()
            .filter(|finding| finding.scenario == scenario)
            .map(|finding| finding.code.as_str())
            .collect()
    }
}

/// Which file an entry comes from.
type Origin<'a> = BTreeMap<String, &'a str>;

fn read(name: &str, text: &str) -> Result<File, CatalogueError> {
    toml::from_str(text).map_err(|source: toml::de::Error| CatalogueError::Syntax {
        name: name.to_owned(),
        finding: source.span().and_then(|span| entry_at(text, span.start)),
        source: Box::new(source),
    })
}

/// The code of the entry a place in the text belongs to.
fn entry_at(text: &str, place: usize) -> Option<String> {
    let entry = text.get(..place)?.rfind("[[").unwrap_or(0);
    let entry = text.get(entry..)?;
    // The entry ends where the next begins.
    let end = entry.get(2..)?.find("[[").map_or(entry.len(), |end| end + 2);
    let key = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let value = value.split('#').next()?.trim().trim_matches('"');
        matches!(key.trim(), "code" | "finding").then(|| value.to_owned())
    };
    entry.get(..end)?.lines().find_map(key)
}

fn list(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<_> = names.map(|name| name.as_ref().to_owned()).collect();
    names.join(", ")
}

fn dangling(
    name: &str,
    finding: &str,
    what: &'static str,
    named: &str,
    known: String,
) -> CatalogueError {
    let (name, finding, named) = (name.to_owned(), finding.to_owned(), named.to_owned());
    CatalogueError::Dangling { name, finding, what, named, known }
}

fn is_code(code: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
    (1..=80).contains(&code.len()) && code.chars().all(allowed)
}

#[cfg(test)]
mod tests;
