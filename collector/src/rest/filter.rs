//! Which assets a list holds: the query of the list.

use belfort_model::access::Scope;
use belfort_model::asset;
use belfort_model::scale::Level;
use belfort_store::record::AssetFilter;
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
pub struct AssetQuery {
    /// Of this kind: `device`, `software`, `application`, `data_set` or `external_service`.
    kind: Option<String>,
    /// Of this form: `laptop`, `server` …
    subtype: Option<String>,
    /// In this state of life.
    lifecycle: Option<String>,
    /// That came into the registry this way: `agent`, `import`, `manual` or `neighbour`.
    source: Option<String>,
    /// With this answer to whether they may be there: `yes`, `no`, `unknown` or `exception`.
    authorised: Option<String>,
    /// Used for `production`, `test` or `development`.
    environment: Option<String>,
    /// Reachable from `internal`, `dmz`, `internet` or `unknown`.
    exposure: Option<String>,
    /// At this site, exactly.
    #[param(max_length = 200)]
    site: Option<String>,
    /// With this label.
    #[param(max_length = 200)]
    label: Option<String>,
    /// Of this legal entity.
    #[param(max_length = 200)]
    legal_entity: Option<String>,
    /// Last seen before this moment, for example `2026-11-01T00:00:00Z`.
    seen_before: Option<String>,
    /// With at least this class on one dimension, 1 to 5.
    #[param(minimum = 1, maximum = 5)]
    class_min: Option<i64>,
    /// Owned by this unit, by code.
    unit: Option<String>,
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

/// A value that may be left out.
fn optional<T: std::str::FromStr>(
    field: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, Problem>
where
    T::Err: std::fmt::Display,
{
    text.map(|text| text.parse().map_err(invalid(field))).transpose()
}

impl AssetQuery {
    /// The filter, within what somebody may see. It asks the store for the unit.
    pub(super) fn filter(&self, app: &App, scope: Scope) -> Result<AssetFilter, Problem> {
        let unit = self.unit.as_ref().map(|code| app.unit(code)).transpose()?;
        let now = clock::now();
        let level = |number: i64| Level::try_from(number).map_err(invalid("class_min"));
        Ok(AssetFilter {
            in_service: false,
            kind: optional("kind", self.kind.as_ref())?,
            subtype: optional("subtype", self.subtype.as_ref())?,
            lifecycle: optional("lifecycle", self.lifecycle.as_ref())?,
            source: optional("source", self.source.as_ref())?,
            authorised: optional("authorised", self.authorised.as_ref())?,
            environment: optional("environment", self.environment.as_ref())?,
            exposure: optional("exposure", self.exposure.as_ref())?,
            site: self.site.clone(),
            label: self
                .label
                .as_ref()
                .map(|label| asset::label(label).map_err(invalid("label")))
                .transpose()?,
            legal_entity: self.legal_entity.clone(),
            seen_before: optional("seen_before", self.seen_before.as_ref())?,
            class_min: self.class_min.map(level).transpose()?,
            owner_ended_at: self.owner_ended.then_some(now),
            owner_unconfirmed: self.owner_unconfirmed,
            verify_overdue_at: self.verify_overdue.then_some(now),
            unit: unit.map(|unit| unit.id),
            owned: self.owned,
            classified: self.classified,
            text: self.text.clone(),
            scope,
            sort: optional("sort", self.sort.as_ref())?.unwrap_or_default(),
        })
    }
}
