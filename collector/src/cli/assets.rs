//! `unit`, `asset`, `owner`, `classify` and `dataset`.

use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::data_set::{PersonalData, Relation};
use belfort_model::scale::{Biv, Level};
use belfort_model::unit::UnitKind;
use belfort_store::record::{AssetFilter, Page};
use clap::{Args, Subcommand};

use super::Context;
use crate::app::access::Right;
use crate::app::assets::{NewClass, NewUnit};
use crate::clock;
use crate::failure::Failure;
use crate::view::{Asset as AssetView, AssetFull, Change, List, Unit as UnitView};

/// Which part of a list.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Paging {
    /// How many at most
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// How many to pass over
    #[arg(long, default_value_t = 0)]
    offset: u32,
}

impl Paging {
    pub(super) fn page(self) -> Page {
        Page { limit: self.limit, offset: self.offset.into() }
    }
}

/// Organisational units.
#[derive(Debug, Subcommand)]
pub(super) enum Unit {
    /// Add a unit
    #[command(after_help = "Examples:\n  \
        belfort-collector unit add DMT \"Departement Dienstverlening\" --kind department\n  \
        belfort-collector unit add BZ \"Dienst Burgerzaken\" --kind service --parent DMT")]
    Add {
        /// Short code, unique
        code: String,
        /// Name
        name: String,
        /// `department`, `service`, `team` or `external`
        #[arg(long, default_value = "service")]
        kind: UnitKind,
        /// Code of the unit it is part of
        #[arg(long, value_name = "CODE")]
        parent: Option<String>,
    },
    /// List units, by code
    List,
}

impl Unit {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::Add { code, name, kind, parent } => {
                let new = NewUnit { code, name, kind, parent };
                let unit = app.unit_create(&actor, &new, clock::now())?;
                context.output.one(&UnitView::from(unit), |unit| {
                    vec![format!("unit {} ({}) is added", unit.code, unit.name)]
                })
            }
            Self::List => {
                let units = List::all(app.store.unit_list()?, UnitView::from);
                context.output.list(&units, &["CODE", "NAME", "KIND"], |unit| {
                    vec![unit.code.clone(), unit.name.clone(), unit.kind.clone()]
                })
            }
        }
    }
}

/// Assets.
#[derive(Debug, Subcommand)]
pub(super) enum Asset {
    /// List assets, by name
    #[command(after_help = "Examples:\n  \
        belfort-collector asset list --kind device --unowned\n  \
        belfort-collector asset list --unit BZ --json")]
    List {
        /// Of this kind
        #[arg(long)]
        kind: Option<AssetKind>,
        /// In this state of life
        #[arg(long)]
        lifecycle: Option<Lifecycle>,
        /// Owned by the unit with this code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Without an owner
        #[arg(long, conflicts_with = "unit")]
        unowned: bool,
        /// Without a class
        #[arg(long)]
        unclassified: bool,
        /// Whose name contains this
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one asset with all that belongs to it
    Show {
        /// Name, id, or the beginning of its id
        asset: String,
    },
    /// Show what changed on an asset, newest first
    History {
        /// Name, id, or the beginning of its id
        asset: String,
        #[command(flatten)]
        paging: Paging,
    },
}

impl Asset {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::List { kind, lifecycle, unit, unowned, unclassified, text, paging } => {
                let unit = unit.map(|code| app.unit(&code)).transpose()?.map(|unit| unit.id);
                let (owned, classified) = (unowned.then_some(false), unclassified.then_some(false));
                let scope = actor.scope(Right::Read);
                let filter = AssetFilter { kind, lifecycle, unit, owned, classified, text, scope };
                let found = app.store.asset_list(&filter, paging.page())?;
                let assets = List::of(found, AssetView::from);
                let head = ["NAME", "KIND", "OS", "OWNER", "CLASS", "FINDINGS", "LAST SEEN", "ID"];
                context.output.list(&assets, &head, |asset| {
                    vec![
                        asset.name.clone(),
                        asset.kind.clone(),
                        asset.operating_system.clone(),
                        asset.owner.as_ref().map(|o| o.unit.clone()).unwrap_or_default(),
                        class(asset),
                        asset.open_findings.to_string(),
                        asset.last_seen.clone(),
                        asset.id.clone(),
                    ]
                })
            }
            Self::Show { asset } => {
                let full = AssetFull::of(app.asset(&asset)?, &app.catalogue);
                context.output.one(&full, lines)
            }
            Self::History { asset, paging } => {
                let id = app.asset(&asset)?.summary.asset.id;
                let changes = List::of(app.store.asset_history(id, paging.page())?, Change::from);
                let head = ["AT", "SECTION", "WHAT", "BEFORE", "AFTER"];
                context.output.list(&changes, &head, |change| {
                    vec![
                        change.at.clone(),
                        change.section.clone(),
                        change.subject.clone(),
                        change.before.clone().unwrap_or_default(),
                        change.after.clone().unwrap_or_default(),
                    ]
                })
            }
        }
    }
}

fn class(asset: &AssetView) -> String {
    let biv = asset.class.biv;
    let assumed = if asset.class.assumed { " (assumed)" } else { "" };
    format!("B{} I{} V{}{assumed}", biv.b, biv.i, biv.v)
}

/// An asset for people.
fn lines(full: &AssetFull) -> Vec<String> {
    let asset = &full.asset;
    let mut lines = vec![format!("{} ({}, {})", asset.name, asset.kind, asset.subtype)];
    let mut say = |what: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("  {what:<12} {value}"));
        }
    };
    say("id", &asset.id);
    say("state", &asset.lifecycle);
    say("system", &asset.operating_system);
    if let Some(facts) = &full.facts {
        say("hardware", format!("{} {}", facts.manufacturer, facts.model).trim());
        say("processor", &format!("{} ({} threads)", facts.processor, facts.threads));
        say("memory", &format!("{} MiB", facts.memory_bytes >> 20));
        say("packages", &facts.package_count.to_string());
    }
    let owner = asset.owner.as_ref().map(|o| match o.function.as_str() {
        "" => format!("{} ({})", o.unit_name, o.unit),
        function => format!("{} ({}), {function}", o.unit_name, o.unit),
    });
    say("owner", owner.as_deref().unwrap_or("none"));
    let origin = &asset.class;
    let from = format!(
        "{}; B from {}, I from {}, V from {}",
        class(asset),
        origin.b_from,
        origin.i_from,
        origin.v_from
    );
    say("class", &from);
    for link in &full.data_sets {
        say(&link.relation, &link.name);
    }
    for link in &full.linked_from {
        say("on", &format!("{} ({})", link.name, link.relation));
    }
    say("first seen", &asset.first_seen);
    say("last seen", &asset.last_seen);
    for finding in &full.findings {
        let evidence: Vec<_> = finding.evidence.iter().map(|item| item.value.as_str()).collect();
        let (status, code, evidence) = (&finding.status, &finding.code, evidence.join("; "));
        say(&format!("{status}:"), &format!("{code}: {evidence}"));
    }
    lines
}

/// Who answers for an asset.
#[derive(Debug, Subcommand)]
pub(super) enum Owner {
    /// Make a unit the owner of an asset
    #[command(
        after_help = "Example:\n  belfort-collector owner set pc-0142 BZ --function \"dienstchef Burgerzaken\""
    )]
    Set {
        /// Name, id, or the beginning of the id of the asset
        asset: String,
        /// Code of the unit
        unit: String,
        /// Function of the holder, never a person's name
        #[arg(long, default_value = "")]
        function: String,
    },
}

impl Owner {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let Self::Set { asset, unit, function } = self;
        let (app, actor) = context.acting()?;
        let (asset, now) = (app.asset(&asset)?.summary.asset, clock::now());
        app.owner_set(&actor, asset.id, &unit, &function, now)?;
        app.evaluate_soon(now);
        context.output.done(&format!("{unit} owns {}", asset.name))
    }
}

/// Classify an asset or a data set.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  belfort-collector classify \"Bevolkingsregister\" --b 3 --i 4 --v 4 --basis \"collegebesluit 2026/12\""
)]
pub(super) struct Classify {
    /// Name, id, or the beginning of the id of the asset or data set
    subject: String,
    /// Availability, 1 to 5
    #[arg(long, value_parser = level)]
    b: Level,
    /// Integrity, 1 to 5
    #[arg(long, value_parser = level)]
    i: Level,
    /// Confidentiality, 1 to 5
    #[arg(long, value_parser = level)]
    v: Level,
    /// Why
    #[arg(long)]
    basis: String,
    /// Function of who decided
    #[arg(long, value_name = "FUNCTION", default_value = "")]
    decided_by: String,
}

impl Classify {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let (subject, now) = (app.asset(&self.subject)?.summary.asset, clock::now());
        let biv = Biv::new(self.b, self.i, self.v);
        let new = NewClass { biv, basis: self.basis, decided_by: self.decided_by };
        app.classify(&actor, subject.id, &new, now)?;
        app.evaluate_soon(now);
        context.output.done(&format!("{} is classified {biv}", subject.name))
    }
}

fn level(text: &str) -> Result<Level, String> {
    let number: i64 = text.parse().map_err(|_| "not a level from 1 to 5".to_owned())?;
    Level::try_from(number).map_err(|error| error.to_string())
}

/// Data sets.
#[derive(Debug, Subcommand)]
pub(super) enum Dataset {
    /// Add a data set
    #[command(
        after_help = "Example:\n  belfort-collector dataset add \"Bevolkingsregister\" --personal-data national_register"
    )]
    Add {
        /// Name
        name: String,
        /// `none`, `ordinary`, `special_category`, `national_register` or `social_security`
        #[arg(long, default_value = "none")]
        personal_data: PersonalData,
    },
    /// Say which asset holds a data set
    #[command(
        after_help = "Example:\n  belfort-collector dataset link srv-db1 \"Bevolkingsregister\" --relation stores"
    )]
    Link {
        /// Name, id, or the beginning of the id of the asset
        asset: String,
        /// Name, id, or the beginning of the id of the data set or application
        data_set: String,
        /// `stores`, `processes`, `transmits` or `accesses`
        #[arg(long, default_value = "stores")]
        relation: Relation,
    },
}

impl Dataset {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let now = clock::now();
        match self {
            Self::Add { name, personal_data } => {
                let asset = app.data_set_create(&actor, &name, personal_data, now)?;
                if context.output.is_json() {
                    let made = app.asset(&asset.id.to_string())?;
                    let full = AssetFull::of(made, &app.catalogue);
                    return context.output.one(&full, lines);
                }
                context.output.done(&format!("data set {} is added: {}", asset.name, asset.id))
            }
            Self::Link { asset, data_set, relation } => {
                let asset = app.asset(&asset)?.summary.asset;
                let data_set = app.asset(&data_set)?.summary.asset;
                app.data_link(&actor, asset.id, relation, data_set.id, now)?;
                app.evaluate_soon(now);
                let (asset, data_set) = (asset.name, data_set.name);
                context.output.done(&format!("{asset} {relation} {data_set}"))
            }
        }
    }
}
