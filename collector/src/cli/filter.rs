//! Which assets a list holds, and what can be said of one: options several commands share.

use belfort_model::access::Scope;
use belfort_model::asset::{
    AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype, label,
};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_store::record::{AssetFilter, AssetSort, RiskIs};
use clap::Args;

use crate::app::App;
use crate::app::assets::AssetEdit;
use crate::clock;
use crate::failure::Failure;

/// Which assets.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Filter {
    /// Of this kind; this and others can be repeated: then one of them holds
    #[arg(long)]
    kind: Vec<AssetKind>,
    /// Of this form
    #[arg(long)]
    subtype: Vec<Subtype>,
    /// In this state of life
    #[arg(long)]
    lifecycle: Vec<Lifecycle>,
    /// That came into the registry this way
    #[arg(long)]
    source: Vec<Source>,
    /// With this answer to whether they may be there
    #[arg(long)]
    authorised: Vec<Authorised>,
    /// Used for this
    #[arg(long)]
    environment: Vec<Environment>,
    /// Reachable from here
    #[arg(long)]
    exposure: Vec<Exposure>,
    /// At this site
    #[arg(long)]
    site: Vec<String>,
    /// With this label
    #[arg(long)]
    label: Vec<String>,
    /// Of this legal entity
    #[arg(long, value_name = "CODE")]
    legal_entity: Vec<String>,
    /// Only those in service
    #[arg(long)]
    in_service: bool,
    /// Last seen before this moment
    #[arg(long, value_name = "MOMENT")]
    seen_before: Option<Timestamp>,
    /// With at least this class on one dimension
    #[arg(long, value_name = "LEVEL", value_parser = super::classes::level)]
    class_min: Option<Level>,
    /// Owned by the unit with this code
    #[arg(long, value_name = "CODE")]
    unit: Vec<String>,
    /// Owned by the unit with this code or one below it
    #[arg(long, value_name = "CODE")]
    department: Vec<String>,
    /// On which an open risk of at least this severity rests
    #[arg(long, value_name = "LEVEL", value_parser = super::classes::level)]
    risk_min: Option<Level>,
    /// With this software, by id or name
    #[arg(long, value_name = "ID|NAME")]
    software: Vec<String>,
    /// With this version of the software: <3.0.15, <=, >=, > or one version exactly
    #[arg(long, value_name = "VERSION", requires = "software")]
    software_version: Vec<String>,
    /// With this vulnerability, for example CVE-2024-3094
    #[arg(long, value_name = "CVE")]
    cve: Vec<String>,
    /// Without an owner
    #[arg(long, conflicts_with = "unit")]
    unowned: bool,
    /// Whose owner is a unit that has ended
    #[arg(long)]
    owner_ended: bool,
    /// Whose owner nobody has confirmed
    #[arg(long)]
    owner_unconfirmed: bool,
    /// Whose verification is past
    #[arg(long)]
    verify_overdue: bool,
    /// Without a class
    #[arg(long)]
    unclassified: bool,
    /// Whose name contains this
    #[arg(long)]
    text: Option<String>,
    /// In this order: `name`, `last_seen`, `first_seen`, `findings`, `class`, `system` or `site`; with `-` before it descending
    #[arg(long, allow_hyphen_values = true, default_value = "name")]
    sort: AssetSort,
}

impl Filter {
    pub(super) fn read(self, app: &App, scope: Scope) -> Result<AssetFilter, Failure> {
        let now = clock::now();
        let label = self.label.iter().map(|text| label(text)).collect::<Result<_, _>>();
        let named = self.software.iter().map(String::as_str);
        let cve = self.cve.iter().map(|cve| app.vulnerable_by(cve));
        Ok(AssetFilter {
            in_service: self.in_service,
            kind: self.kind,
            subtype: self.subtype,
            lifecycle: self.lifecycle,
            source: self.source,
            authorised: self.authorised,
            environment: self.environment,
            exposure: self.exposure,
            site: self.site,
            label: label.map_err(Failure::bad_input)?,
            legal_entity: self.legal_entity,
            seen_before: self.seen_before,
            class_min: self.class_min,
            owner_ended_at: self.owner_ended.then_some(now),
            owner_unconfirmed: self.owner_unconfirmed,
            verify_overdue_at: self.verify_overdue.then_some(now),
            unit: app.units_named(self.unit.iter().map(String::as_str))?,
            department: app.units_below(self.department.iter().map(String::as_str))?,
            risk: self.risk_min.map(RiskIs::AtLeast).into_iter().collect(),
            software: app.software_wanted(named, &self.software_version)?,
            cve: cve.collect::<Result<_, _>>()?,
            owner: Vec::new(),
            class: Vec::new(),
            owned: self.unowned.then_some(false),
            classified: self.unclassified.then_some(false),
            text: self.text,
            scope,
            sort: self.sort,
        })
    }
}

/// What is said of an asset.
#[derive(Debug, Args)]
pub(super) struct Said {
    /// Form
    #[arg(long)]
    subtype: Option<Subtype>,
    /// Legal entity; empty for unknown
    #[arg(long, value_name = "CODE")]
    legal_entity: Option<String>,
    /// Site code; empty for unknown
    #[arg(long)]
    site: Option<String>,
    /// `production`, `test` or `development`
    #[arg(long)]
    environment: Option<Environment>,
    /// `internal`, `dmz`, `internet` or `unknown`
    #[arg(long)]
    exposure: Option<Exposure>,
    /// `yes`, `no`, `unknown` or `exception`
    #[arg(long)]
    authorised: Option<Authorised>,
    /// Label to add; can be repeated
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Label to take away; can be repeated
    #[arg(long, value_name = "LABEL")]
    unlabel: Vec<String>,
}

impl Said {
    pub(super) fn edit(self) -> AssetEdit {
        AssetEdit {
            name: None,
            subtype: self.subtype,
            legal_entity: self.legal_entity,
            site: self.site,
            environment: self.environment,
            exposure: self.exposure,
            authorised: self.authorised,
            labels: None,
            add_labels: self.label,
            remove_labels: self.unlabel,
        }
    }
}
