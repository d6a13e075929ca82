//! Which assets a list holds: the query of the list.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use belfort_model::access::Scope;
use belfort_model::asset;
use belfort_model::scale::Level;
use belfort_store::record::{AssetFilter, RiskIs};
use serde::Deserialize;
use utoipa::IntoParams;

use super::default_limit;
use super::problem::Problem;
use crate::app::App;
use crate::clock;
use crate::rest::agents::invalid;

/// Which assets.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own in the address")]
pub struct AssetQuery {
    /// Of this kind: `device`, `software`, `application`, `data_set` or `external_service`.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    kind: Many,
    /// Of this form: `laptop`, `server` …
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    subtype: Many,
    /// In this state of life.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    lifecycle: Many,
    /// That came into the registry this way: `agent`, `import`, `manual` or `neighbour`.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    source: Many,
    /// With this answer to whether they may be there: `yes`, `no`, `unknown` or `exception`.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    authorised: Many,
    /// Used for `production`, `test` or `development`.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    environment: Many,
    /// Reachable from `internal`, `dmz`, `internet` or `unknown`.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    exposure: Many,
    /// At this site, exactly.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    site: Many,
    /// With this label.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    label: Many,
    /// Of this legal entity.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    legal_entity: Many,
    /// Only those in service.
    #[serde(default)]
    in_service: bool,
    /// Last seen before this moment, for example `2026-11-01T00:00:00Z`.
    seen_before: Option<String>,
    /// With at least this class on one dimension, 1 to 5.
    #[param(minimum = 1, maximum = 5)]
    class_min: Option<i64>,
    /// Owned by this unit, by code.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    unit: Many,
    /// Owned by this unit or one below it, by code.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    department: Many,
    /// On which an open risk rests, or none does.
    has_risk: Option<bool>,
    /// On which an open risk of at least this severity rests, 1 to 5.
    #[param(minimum = 1, maximum = 5)]
    risk_min: Option<i64>,
    /// With this software, by id or name.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    software: Many,
    /// With this version of the software: `<3.0.15`, `<=`, `>=`, `>` or one version exactly.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    software_version: Many,
    /// With this vulnerability, for example `CVE-2024-3094`.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    cve: Many,
    /// With an owner, or without.
    owned: Option<bool>,
    /// Whose owner is a unit that has ended.
    #[serde(default)]
    owner_ended: bool,
    /// Whose owner nobody has confirmed.
    #[serde(default)]
    owner_unconfirmed: bool,
    /// Whose verification is past.
    #[serde(default)]
    verify_overdue: bool,
    /// With a class that is not assumed, or without.
    classified: Option<bool>,
    /// Whose name contains this.
    text: Option<String>,
    /// In this order: `name`, `last_seen`, `first_seen`, `findings`, `class`, `system` or `site`; with `-`
    /// before it, as in `-last_seen`, descending.
    sort: Option<String>,
    /// How many at most, 1 to 1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub(super) limit: u32,
    /// How many to pass over.
    #[serde(default)]
    pub(super) offset: u64,
}

/// Values of a key that can be repeated: one of them has to hold.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "String")]
struct Many(Vec<String>);

/// Stands between the values of a repeated key while the query is read; no value holds it.
const BETWEEN: char = '\u{1f}';
/// Values of one key at most.
const MOST: usize = 100;
/// Keys that can be repeated.
const REPEATED: [&str; 15] = [
    "kind",
    "subtype",
    "lifecycle",
    "source",
    "authorised",
    "environment",
    "exposure",
    "site",
    "label",
    "legal_entity",
    "unit",
    "department",
    "software",
    "software_version",
    "cve",
];

impl From<String> for Many {
    fn from(text: String) -> Self {
        Self(text.split(BETWEEN).map(str::to_owned).collect())
    }
}

impl Many {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn read<T: FromStr>(&self, field: &'static str) -> Result<Vec<T>, Problem>
    where
        T::Err: Display,
    {
        self.texts().map(|text| text.parse().map_err(invalid(field))).collect()
    }
}

/// A value that may be left out.
fn optional<T: FromStr>(field: &'static str, text: Option<&String>) -> Result<Option<T>, Problem>
where
    T::Err: Display,
{
    text.map(|text| text.parse().map_err(invalid(field))).transpose()
}

impl AssetQuery {
    /// Reads the query of a request. A key that can be repeated has all its values.
    pub(super) fn of(query: Option<&str>) -> Result<Self, Problem> {
        let mut merged: Vec<(Cow<'_, str>, String)> = Vec::new();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let repeated = REPEATED.contains(&&*key);
            match merged.iter_mut().find(|(name, _)| repeated && *name == key) {
                Some((_, values)) if values.matches(BETWEEN).count() + 1 >= MOST => {
                    return Err(Problem::bad_request(format!("{key}: at most {MOST} values")));
                }
                Some((_, values)) => {
                    values.push(BETWEEN);
                    values.push_str(&value);
                }
                None => merged.push((key, value.into_owned())),
            }
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(merged).finish();
        let uri = format!("/?{query}").parse().map_err(invalid("query"))?;
        let axum::extract::Query(query) = axum::extract::Query::try_from_uri(&uri)?;
        Ok(query)
    }

    /// The filter, within what somebody may see. It asks the store for units and software.
    pub(super) fn filter(&self, app: &App, scope: Scope) -> Result<AssetFilter, Problem> {
        let now = clock::now();
        let class = |number: i64| Level::try_from(number).map_err(invalid("class_min"));
        let severity = |number: i64| Level::try_from(number).map_err(invalid("risk_min"));
        let has_risk = self.has_risk.map(|has| if has { RiskIs::Open } else { RiskIs::Absent });
        let least = self.risk_min.map(severity).transpose()?.map(RiskIs::AtLeast);
        if has_risk == Some(RiskIs::Absent) && least.is_some() {
            let reason = "risk_min: what has no risk has none of this severity";
            return Err(Problem::bad_request(reason));
        }
        let labels = self.label.texts().map(|one| asset::label(one).map_err(invalid("label")));
        let versions = self.software_version.0.clone();
        let cve = self.cve.texts().map(|cve| app.vulnerable_by(cve));
        Ok(AssetFilter {
            in_service: self.in_service,
            kind: self.kind.read("kind")?,
            subtype: self.subtype.read("subtype")?,
            lifecycle: self.lifecycle.read("lifecycle")?,
            source: self.source.read("source")?,
            authorised: self.authorised.read("authorised")?,
            environment: self.environment.read("environment")?,
            exposure: self.exposure.read("exposure")?,
            site: self.site.0.clone(),
            label: labels.collect::<Result<_, _>>()?,
            legal_entity: self.legal_entity.0.clone(),
            seen_before: optional("seen_before", self.seen_before.as_ref())?,
            class_min: self.class_min.map(class).transpose()?,
            owner_ended_at: self.owner_ended.then_some(now),
            owner_unconfirmed: self.owner_unconfirmed,
            verify_overdue_at: self.verify_overdue.then_some(now),
            unit: app.units_named(self.unit.texts())?,
            department: app.units_below(self.department.texts())?,
            owned: self.owned,
            classified: self.classified,
            owner: Vec::new(),
            class: Vec::new(),
            risk: least.or(has_risk).into_iter().collect(),
            software: app.software_wanted(self.software.texts(), &versions)?,
            cve: cve.collect::<Result<_, _>>()?,
            text: self.text.clone(),
            scope,
            sort: optional("sort", self.sort.as_ref())?.unwrap_or_default(),
        })
    }
}
