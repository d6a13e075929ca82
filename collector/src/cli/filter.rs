//! Which assets a list holds, and what can be said of one: options several commands share.

use belfort_model::access::Scope;
use belfort_model::asset::{
    AssetKind, Authorised, Environment, Exposure, Lifecycle, Source, Subtype, label,
};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_store::record::{AssetFilter, AssetSort};
use clap::Args;

use crate::app::App;
use crate::app::assets::AssetEdit;
use crate::clock;
use crate::failure::Failure;

/// Which assets.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Filter {
    /// Of this kind
    #[arg(long)]
    kind: Option<AssetKind>,
    /// Of this form
    #[arg(long)]
    subtype: Option<Subtype>,
    /// In this state of life
    #[arg(long)]
    lifecycle: Option<Lifecycle>,
    /// That came into the registry this way
    #[arg(long)]
    source: Option<Source>,
    /// With this answer to whether they may be there
    #[arg(long)]
    authorised: Option<Authorised>,
    /// Used for this
    #[arg(long)]
    environment: Option<Environment>,
    /// Reachable from here
    #[arg(long)]
    exposure: Option<Exposure>,
    /// At this site
    #[arg(long)]
    site: Option<String>,
    /// With this label
    #[arg(long)]
    label: Option<String>,
    /// Of this legal entity
    #[arg(long, value_name = "CODE")]
    legal_entity: Option<String>,
    /// Last seen before this moment
    #[arg(long, value_name = "MOMENT")]
    seen_before: Option<Timestamp>,
    /// With at least this class on one dimension
    #[arg(long, value_name = "LEVEL", value_parser = super::classes::level)]
    class_min: Option<Level>,
    /// Owned by the unit with this code
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
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
        let unit = self.unit.map(|code| app.unit(&code)).transpose()?.map(|unit| unit.id);
        let now = clock::now();
        let label = self.label.map(|text| label(&text)).transpose().map_err(Failure::bad_input)?;
        Ok(AssetFilter {
            in_service: false,
            kind: self.kind,
            subtype: self.subtype,
            lifecycle: self.lifecycle,
            source: self.source,
            authorised: self.authorised,
            environment: self.environment,
            exposure: self.exposure,
            site: self.site,
            label,
            legal_entity: self.legal_entity,
            seen_before: self.seen_before,
            class_min: self.class_min,
            owner_ended_at: self.owner_ended.then_some(now),
            owner_unconfirmed: self.owner_unconfirmed,
            verify_overdue_at: self.verify_overdue.then_some(now),
            unit,
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
