//! What one entry of the catalogue says.

use std::collections::BTreeMap;

use belfort_model::scale::{Dimensions, Level};
use serde::Deserialize;

use crate::condition::Condition;

/// A text in the languages of the interface.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Whether both are there.
    pub(super) fn is_complete(&self) -> bool {
        [&self.nl, &self.en].iter().all(|text| !text.trim().is_empty())
    }
}

/// Numbers and lists a matcher works by. Which of them it reads is said in the matcher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Days after which the matcher speaks.
    pub days: Option<i64>,
    /// Days for class 4.
    pub days_class_4: Option<i64>,
    /// Days for class 5.
    pub days_class_5: Option<i64>,
    /// Seconds from which the matcher speaks.
    pub seconds: Option<i64>,
    /// Seconds from which it is worse.
    pub severe_seconds: Option<i64>,
    /// Likelihood when it is worse.
    pub severe_likelihood: Option<Level>,
    /// Likelihood for devices that leave the building.
    pub mobile_likelihood: Option<Level>,
    /// The oldest version that will do.
    pub minimum: Option<String>,
    /// Whether what is not allowed is not in order.
    pub enforced: Option<bool>,
    /// Ports as `tcp/23`, each with the name of its service.
    pub ports: BTreeMap<String, String>,
    /// What is in order: ports, names of administrators …
    pub allowed: Vec<String>,
    /// What else is in order on some assets.
    pub baselines: Vec<Baseline>,
    /// Names of services; one that ends in `*` stands for all that begin so.
    pub services: Vec<String>,
    /// Names of packages, in the same way.
    pub packages: Vec<String>,
}

impl Params {
    /// Takes over what an organisation adjusts: numbers take the place of ours, lists are added to them.
    pub(super) fn adjust(&mut self, by: Self) {
        self.days = by.days.or(self.days);
        self.days_class_4 = by.days_class_4.or(self.days_class_4);
        self.days_class_5 = by.days_class_5.or(self.days_class_5);
        self.seconds = by.seconds.or(self.seconds);
        self.severe_seconds = by.severe_seconds.or(self.severe_seconds);
        self.severe_likelihood = by.severe_likelihood.or(self.severe_likelihood);
        self.mobile_likelihood = by.mobile_likelihood.or(self.mobile_likelihood);
        self.minimum = by.minimum.or(self.minimum.take());
        self.enforced = by.enforced.or(self.enforced);
        self.ports.extend(by.ports);
        self.allowed.extend(by.allowed);
        self.baselines.extend(by.baselines);
        self.services.extend(by.services);
        self.packages.extend(by.packages);
    }
}

/// What is in order on the assets of which a condition holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// On which assets.
    pub when: Condition,
    /// What is in order there.
    pub allowed: Vec<String>,
}

/// Days within which a finding is to be dealt with, by the severity of what it leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DueDays {
    /// At severity 5.
    pub very_high: Option<u16>,
    /// At severity 4.
    pub high: Option<u16>,
    /// At severity 3.
    pub medium: Option<u16>,
    /// At severity 2.
    pub low: Option<u16>,
    /// At severity 1.
    pub very_low: Option<u16>,
}

impl DueDays {
    /// Days at a severity.
    pub fn at(self, severity: Level) -> Option<u16> {
        match severity.get() {
            5 => self.very_high,
            4 => self.high,
            3 => self.medium,
            2 => self.low,
            _ => self.very_low,
        }
    }
}

/// One kind of finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingKind {
    /// Stable code, for example `disk.unencrypted`.
    pub code: String,
    /// Title.
    pub title: Text,
    /// Name of the matcher that observes it; or else a condition.
    pub matcher: Option<String>,
    /// Condition under which it is observed; or else a matcher.
    pub condition: Option<Condition>,
    /// Condition under which it concerns an asset at all; every asset without it.
    pub applies: Option<Condition>,
    /// Whether it concerns assets that are out of service, and only those.
    #[serde(default)]
    pub outside_service: bool,
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
    /// Subcategories of CyFun 2023, where they are known.
    #[serde(default)]
    pub cyfun_2023: Vec<String>,
    /// Controls of ISO/IEC 27001:2022, annex A.
    pub iso_27001: Vec<String>,
    /// Other rules it bears on, for example an article of the GDPR.
    #[serde(default)]
    pub other: Vec<String>,
    /// Within how many days it is to be dealt with.
    #[serde(default)]
    pub due_days: DueDays,
    /// What to do about it.
    pub remedy: Text,
}

/// Matchers that observe persons, under the pseudonyms of their accounts.
const PERSONAL_MATCHERS: &[&str] = &["admin_unexpected"];
/// Fields of a device that come from sections about people. How the SSH server is set up comes with them and
/// says nothing of anybody.
const PERSONAL_FIELDS: &[&str] = &[
    "accounts",
    "login_accounts",
    "empty_passwords",
    "never_expiring_passwords",
    "administrators",
    "sudo_without_password",
];

impl FindingKind {
    /// Whether what it observes is about people: its views are logged, and what it says goes when the asset
    /// goes out of service.
    pub fn is_personal(&self) -> bool {
        let reads = |condition: &Condition| {
            let mut names = condition.names().iter();
            names
                .any(|(record, field)| *record == "device" && PERSONAL_FIELDS.contains(&field.name))
        };
        let observes = |matcher: &str| PERSONAL_MATCHERS.contains(&matcher);
        self.matcher.as_deref().is_some_and(observes) || self.condition.as_ref().is_some_and(reads)
    }
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

/// What an organisation changes in a finding that exists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// Code of the finding.
    pub finding: String,
    /// Takes the finding out of the catalogue.
    #[serde(default)]
    pub off: bool,
    /// Another likelihood.
    pub likelihood: Option<Level>,
    /// Days within which it is to be dealt with.
    pub due_days: Option<DueDays>,
    /// Numbers that take the place of those of the finding, and lists that are added to them.
    #[serde(default)]
    pub params: Params,
}
