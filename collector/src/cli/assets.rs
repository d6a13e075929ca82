//! `asset`: listed, shown, entered, edited, moved in its life cycle, verified.

use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::id::AssetId;
use belfort_model::lifecycle::DisposalMethod;
use belfort_model::time::Timestamp;
use belfort_store::record::Page;
use clap::{Args, Subcommand};

use super::Context;
use super::filter::{Filter, Said};
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::app::assets::{AssetEdit, NewAsset};
use crate::app::lifecycle::NewMove;
use crate::clock;
use crate::failure::Failure;
use crate::view::{Asset as AssetView, AssetFull, Change, List, StepView};

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

/// Assets.
#[derive(Debug, Subcommand)]
pub(super) enum Asset {
    /// List assets, by name
    #[command(after_help = "Examples:\n  \
        belfort-collector asset list --kind device --unowned\n  \
        belfort-collector asset list --unit BZ --json")]
    List {
        #[command(flatten)]
        filter: Box<Filter>,
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
    /// Enter an asset that no agent reports
    #[command(after_help = "Examples:\n  \
        belfort-collector asset add \"Bevolkingsloket\" --kind application --label kritiek\n  \
        belfort-collector asset add \"Salarisdienst\" --kind external_service --subtype saas")]
    Add {
        /// Name
        name: String,
        /// `device`, `software`, `application` or `external_service`
        #[arg(long, default_value = "application")]
        kind: AssetKind,
        /// State of life
        #[arg(long, default_value = "in_use")]
        lifecycle: Lifecycle,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// Change what is said of an asset
    #[command(after_help = "Examples:\n  \
        belfort-collector asset edit srv-web1 --exposure internet --site \"Gent Zuid\"\n  \
        belfort-collector asset edit srv-web1 --label kritiek --unlabel proef")]
    Edit {
        /// Name, id, or the beginning of its id
        asset: String,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        said: Box<Said>,
        /// Only when the asset is at this version
        #[arg(long, value_name = "NUMBER")]
        if_version: Option<u64>,
    },
    /// Move an asset in its life cycle
    #[command(after_help = "Examples:\n  \
        belfort-collector asset move pc-0142 in_repair --reason \"scherm\"\n  \
        belfort-collector asset move pc-0142 disposed --disposal wiped --certificate C-2026-7")]
    Move {
        /// Name, id, or the beginning of its id
        asset: String,
        /// The state it shall have
        to: Lifecycle,
        /// Since when, for example 2026-11-01T00:00:00Z
        #[arg(long, value_name = "MOMENT")]
        at: Option<Timestamp>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        /// How data carriers were disposed of: `wiped`, `key_destroyed`, `destroyed`, `returned` or `no_data_carrier`
        #[arg(long, value_name = "METHOD")]
        disposal: Option<DisposalMethod>,
        /// Reference of the certificate that proves it
        #[arg(long, default_value = "", requires = "disposal")]
        certificate: String,
        /// Only when the asset is at this version
        #[arg(long, value_name = "NUMBER")]
        if_version: Option<u64>,
    },
    /// Show the moves an asset has made, newest first
    Lifecycle {
        /// Name, id, or the beginning of its id
        asset: String,
    },
    /// Say that the record of an asset was looked at and is right
    Verify {
        /// Name, id, or the beginning of its id
        asset: String,
    },
}

impl Asset {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::List { filter, paging } => {
                let filter = filter.read(&app, actor.scope(Right::Read))?;
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
                let id = app.asset_in_sight(&actor, &asset)?.summary.asset.id;
                let shown = app.asset_shown(&actor, id, clock::now())?;
                context.output.one(&AssetFull::of(shown, &app.catalogue), lines)
            }
            Self::History { asset, paging } => {
                let id = app.asset_in_sight(&actor, &asset)?.summary.asset.id;
                let changes = app.asset_history(&actor, id, paging.page(), clock::now())?;
                let changes = List::of(changes, Change::from);
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
            Self::Add { name, kind, lifecycle, said } => {
                let edit = AssetEdit { name: Some(name), ..said.edit() };
                let new = NewAsset { kind, lifecycle, edit };
                let asset = app.asset_add(&actor, &new, clock::now())?;
                show(context, &app, &actor, asset.id, |name| format!("{name} is added"))
            }
            Self::Edit { asset, name, said, if_version } => {
                let id = app.asset_in_sight(&actor, &asset)?.summary.asset.id;
                let edit = AssetEdit { name, ..said.edit() };
                let now = clock::now();
                app.asset_edit(&actor, id, &edit, if_version, now)?;
                app.evaluate_soon(now);
                show(context, &app, &actor, id, |name| format!("{name} is changed"))
            }
            Self::Move { asset, to, at, reason, disposal, certificate, if_version } => {
                let id = app.asset_in_sight(&actor, &asset)?.summary.asset.id;
                let disposal = disposal.map(|method| (method, certificate));
                let (new, now) = (NewMove { to, at, reason, disposal }, clock::now());
                app.asset_move(&actor, id, &new, if_version, now)?;
                app.evaluate_soon(now);
                show(context, &app, &actor, id, |name| format!("{name} is {to}"))
            }
            Self::Lifecycle { asset } => {
                let id = app.asset_in_sight(&actor, &asset)?.summary.asset.id;
                let steps = List::all(app.lifecycle_history(&actor, id)?, StepView::from);
                let head = ["SINCE", "FROM", "TO", "BY", "REASON", "DISPOSAL", "CERTIFICATE"];
                context.output.list(&steps, &head, |step| {
                    let disposal = step.disposal.as_ref();
                    vec![
                        step.at.clone(),
                        step.from.clone(),
                        step.to.clone(),
                        step.by.clone(),
                        step.reason.clone(),
                        disposal.map(|one| one.method.clone()).unwrap_or_default(),
                        disposal.map(|one| one.certificate.clone()).unwrap_or_default(),
                    ]
                })
            }
            Self::Verify { asset } => {
                let asset = app.asset_in_sight(&actor, &asset)?.summary.asset;
                let due = app.asset_verify(&actor, asset.id, None, clock::now())?;
                let text = format!("{} is verified; again by {}", asset.name, due.day());
                context.output.done(&text)
            }
        }
    }
}

/// Shows an asset after a change: whole as JSON, a line for people.
pub(super) fn show(
    context: &Context,
    app: &App,
    actor: &Actor,
    id: AssetId,
    done: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let full = AssetFull::of(app.asset_shown(actor, id, clock::now())?, &app.catalogue);
    context.output.one(&full, |full| vec![format!("{}: {}", done(&full.asset.name), full.asset.id)])
}

fn class(asset: &AssetView) -> String {
    let biv = asset.class.biv;
    let assumed = if asset.class.assumed { " (assumed)" } else { "" };
    format!("B{} I{} V{}{assumed}", biv.b, biv.i, biv.v)
}

/// An asset for people.
pub(super) fn lines(full: &AssetFull) -> Vec<String> {
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
    say("entity", &asset.legal_entity);
    say("site", &asset.site);
    say("labels", &asset.labels.join(", "));
    say("environment", &asset.environment);
    say("exposure", &asset.exposure);
    say("authorised", &asset.authorised);
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
    for other in full.ownerships.iter().filter(|one| one.role != "owner") {
        say(&other.role, &other.function);
    }
    if let Some(set) = &full.data_set {
        say("personal", &set.personal_data);
        say("records", &set.records);
        say("processing", &set.register_ids.join(", "));
        say("retention", &set.retention);
    }
    if let Some(disposal) = &asset.disposal {
        say("disposal", &format!("{} {}", disposal.method, disposal.certificate));
    }
    say("verified", asset.verified_at.as_deref().unwrap_or("never"));
    say("verify by", asset.verify_due.as_deref().unwrap_or_default());
    say("version", &asset.version.to_string());
    say("first seen", &asset.first_seen);
    say("last seen", &asset.last_seen);
    for finding in &full.findings {
        let evidence: Vec<_> = finding.evidence.iter().map(|item| item.value.as_str()).collect();
        let (status, code, evidence) = (&finding.status, &finding.code, evidence.join("; "));
        say(&format!("{status}:"), &format!("{code}: {evidence}"));
    }
    lines
}
