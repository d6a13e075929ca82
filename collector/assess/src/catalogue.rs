//! The catalogue: findings and scenarios as data, so that an organisation reads, changes and adds
//! its own without touching code.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::scale::{Dimensions, Level, Matrix};
use serde::Deserialize;

use crate::end_of_life::EndOfLife;
use crate::matchers::{self, Matcher};
use crate::products::ProductTable;

/// A text in the languages of the interface.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

/// Numbers and lists a matcher works by. Which of them it reads is said in the matcher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Days after which the matcher speaks.
    pub days: Option<i64>,
    /// Likelihood for devices that leave the building.
    pub mobile_likelihood: Option<Level>,
    /// Ports as `tcp/23`, each with the name of its service.
    pub ports: BTreeMap<String, String>,
}

/// One kind of finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingKind {
    /// Stable code, for example `disk.unencrypted`.
    pub code: String,
    /// Title.
    pub title: Text,
    /// Name of the matcher that observes it.
    pub matcher: String,
    /// What the matcher works by.
    #[serde(default)]
    pub params: Params,
    /// Suggested likelihood.
    pub likelihood: Level,
    /// Dimensions it touches.
    pub dimensions: Dimensions,
    /// Scenario it counts for.
    pub scenario: String,
    /// Controls of CyFun (the Belgian cyber fundamentals framework), 2025.
    pub cyfun_2025: Vec<String>,
    /// Controls of ISO/IEC 27001:2022, annex A.
    pub iso_27001: Vec<String>,
    /// What to do about it.
    pub remedy: Text,
}

/// One scenario: what could happen, and which checks bear on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Stable code, for example `network_intrusion`.
    pub code: String,
    /// Title, completed by the unit or asset it concerns.
    pub title: Text,
    /// What could happen, in a sentence or two.
    pub description: Text,
    /// Checks that lower the likelihood on the assets hit, as far as they pass there and did not fail
    /// themselves.
    #[serde(default)]
    pub mitigated_by: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    #[serde(default)]
    scenario: Vec<Scenario>,
    #[serde(default)]
    finding: Vec<FindingKind>,
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
    /// Not a catalogue at all, or a key that does not exist.
    #[error("catalogue `{name}` cannot be read")]
    Syntax {
        /// Which file.
        name: String,
        /// What is wrong, with line and column.
        source: Box<toml::de::Error>,
    },
    /// The same code twice.
    #[error("catalogue has `{0}` twice")]
    Twice(String),
    /// A finding names what does not exist.
    #[error("finding `{finding}` names {what} `{name}`, which does not exist")]
    Dangling {
        /// The finding or scenario.
        finding: String,
        /// What it names.
        what: &'static str,
        /// The name.
        name: String,
    },
}

impl Catalogue {
    /// The text of the catalogue this build ships.
    pub const SHIPPED: &str = include_str!("../data/catalogue.toml");

    /// All files of the catalogue this build ships, by name.
    pub const SHIPPED_FILES: &[(&str, &str)] = &[
        ("catalogue.toml", Self::SHIPPED),
        ("advisories.toml", include_str!("../data/advisories.toml")),
    ];

    /// The catalogue this build ships.
    pub fn shipped() -> Result<Self, CatalogueError> {
        Self::read(Self::SHIPPED_FILES)
    }

    /// Reads catalogue files; later ones add to earlier ones.
    pub fn read(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            version: String::new(),
            findings: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            matrix: Matrix::default(),
            end_of_life: EndOfLife::shipped()?,
            products: ProductTable::shipped()?,
        };
        for (name, text) in files {
            let file: File = toml::from_str(text).map_err(|source| CatalogueError::Syntax {
                name: (*name).to_owned(),
                source: Box::new(source),
            })?;
            catalogue.add(file)?;
        }
        catalogue.check()?;
        Ok(catalogue)
    }

    fn add(&mut self, file: File) -> Result<(), CatalogueError> {
        if !self.version.is_empty() {
            self.version.push('+');
        }
        self.version.push_str(&file.version);
        for scenario in file.scenario {
            let code = scenario.code.clone();
            if self.scenarios.insert(code.clone(), scenario).is_some() {
                return Err(CatalogueError::Twice(code));
            }
        }
        for finding in file.finding {
            let code = finding.code.clone();
            if self.findings.insert(code.clone(), finding).is_some() {
                return Err(CatalogueError::Twice(code));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), CatalogueError> {
        let dangling = |finding: &str, what, name: &str| CatalogueError::Dangling {
            finding: finding.to_owned(),
            what,
            name: name.to_owned(),
        };
        for (code, finding) in &self.findings {
            if matchers::by_name(&finding.matcher).is_none() {
                return Err(dangling(code, "matcher", &finding.matcher));
            }
            if !self.scenarios.contains_key(&finding.scenario) {
                return Err(dangling(code, "scenario", &finding.scenario));
            }
        }
        for (code, scenario) in &self.scenarios {
            for check in &scenario.mitigated_by {
                if !self.findings.contains_key(check) {
                    return Err(dangling(code, "finding", check));
                }
            }
        }
        Ok(())
    }

    /// Findings with their matchers, by code.
    pub fn checks(&self) -> impl Iterator<Item = (&FindingKind, Matcher)> {
        self.findings
            .values()
            .filter_map(|finding| Some((finding, matchers::by_name(&finding.matcher)?)))
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

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = Catalogue::SHIPPED;

    #[test]
    fn the_shipped_catalogue_is_complete() {
        let catalogue = Catalogue::shipped().unwrap();
        for finding in catalogue.findings.values() {
            let texts = [&finding.title, &finding.remedy];
            assert!(
                texts.iter().all(|text| !text.nl.is_empty() && !text.en.is_empty()),
                "{} lacks a text",
                finding.code
            );
            assert!(!finding.cyfun_2025.is_empty(), "{} cites no CyFun control", finding.code);
            assert!(!finding.iso_27001.is_empty(), "{} cites no ISO control", finding.code);
        }
        for code in catalogue.scenarios.keys() {
            assert!(!catalogue.linked_checks(code).is_empty(), "{code} has no check");
        }
    }

    #[test]
    fn an_organisation_adds_its_own_and_errors_say_where() {
        let own = r#"
            version = "own/1"
            [[finding]]
            code = "gent.telnet"
            title = { nl = "Telnet", en = "Telnet" }
            matcher = "listener_insecure"
            params = { ports = { "tcp/2323" = "telnet" } }
            likelihood = 4
            dimensions = "IV"
            scenario = "network_intrusion"
            cyfun_2025 = ["PR.PS-01.3"]
            iso_27001 = ["8.20"]
            remedy = { nl = "Zet uit.", en = "Switch off." }
        "#;
        let both = Catalogue::read(&[("catalogue.toml", SHIPPED), ("own.toml", own)]).unwrap();
        assert!(both.findings.contains_key("gent.telnet"));
        assert!(both.version.ends_with("+own/1"));

        let twice = Catalogue::read(&[("a", SHIPPED), ("b", SHIPPED)]).unwrap_err();
        assert!(matches!(twice, CatalogueError::Twice(_)));
        let matcher = own.replace("listener_insecure", "no_such");
        let error = Catalogue::read(&[("a", SHIPPED), ("b", &matcher)]).unwrap_err();
        assert!(error.to_string().contains("names matcher `no_such`"), "{error}");
        let level = own.replace("likelihood = 4", "likelihood = 6");
        let error = Catalogue::read(&[("a", SHIPPED), ("own.toml", &level)]).unwrap_err();
        let CatalogueError::Syntax { name, source } = error else { panic!("{error}") };
        assert_eq!(name, "own.toml");
        assert!(source.to_string().contains("not a level from 1 to 5"), "{source}");
    }
}
