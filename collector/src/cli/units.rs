//! `unit`: organisational units.

use belfort_model::time::Timestamp;
use belfort_model::unit::UnitKind;
use clap::Subcommand;

use super::Context;
use crate::app::AppError;
use crate::app::access::Right;
use crate::app::units::{NewUnit, UnitEdit};
use crate::clock;
use crate::failure::Failure;
use crate::view::{List, Unit as UnitView, UnitNode};

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
    /// Rename or move a unit
    #[command(after_help = "Examples:\n  \
        belfort-collector unit edit BZ --name \"Dienst Burgerzaken en Migratie\"\n  \
        belfort-collector unit edit BZ --parent \"\"")]
    Edit {
        /// Code of the unit
        code: String,
        /// Name
        #[arg(long)]
        name: Option<String>,
        /// `department`, `service`, `team` or `external`
        #[arg(long)]
        kind: Option<UnitKind>,
        /// Code of the unit it is part of; empty for none
        #[arg(long, value_name = "CODE")]
        parent: Option<String>,
    },
    /// End a unit: `asset list --owner-ended` then shows what it still owns
    #[command(after_help = "Example:\n  belfort-collector unit end BZ --at 2026-12-31T23:00:00Z")]
    End {
        /// Code of the unit
        code: String,
        /// When; now when left out
        #[arg(long, value_name = "MOMENT", conflicts_with = "reopen")]
        at: Option<Timestamp>,
        /// It does not end after all
        #[arg(long)]
        reopen: bool,
    },
    /// List units, by code
    List,
    /// Show units as a tree, with how many assets each owns
    Tree,
}

impl Unit {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let now = clock::now();
        match self {
            Self::Add { code, name, kind, parent } => {
                let new = NewUnit { code, name, kind, parent };
                let unit = app.unit_create(&actor, &new, now)?;
                context.output.one(&UnitView::from(unit), |unit| {
                    vec![format!("unit {} ({}) is added", unit.code, unit.name)]
                })
            }
            Self::Edit { code, name, kind, parent } => {
                let edit = UnitEdit { name, kind, parent, active_to: None };
                let unit = app.unit_edit(&actor, &code, &edit, now)?;
                context.output.one(&UnitView::from(unit), |unit| {
                    vec![format!("unit {} ({}) is changed", unit.code, unit.name)]
                })
            }
            Self::End { code, at, reopen } => {
                let end = (!reopen).then(|| at.unwrap_or(now));
                let edit = UnitEdit { active_to: Some(end), ..UnitEdit::default() };
                let unit = app.unit_edit(&actor, &code, &edit, now)?;
                app.evaluate_soon(now);
                context.output.one(&UnitView::from(unit), |unit| {
                    vec![match &unit.active_to {
                        Some(end) => format!("unit {} ends {end}", unit.code),
                        None => format!("unit {} does not end", unit.code),
                    }]
                })
            }
            Self::List => {
                actor.require(Right::Read).map_err(AppError::from)?;
                let units = List::all(app.store.unit_list()?, UnitView::from);
                context.output.list(&units, &["CODE", "NAME", "KIND", "ENDS"], |unit| {
                    vec![
                        unit.code.clone(),
                        unit.name.clone(),
                        unit.kind.clone(),
                        unit.active_to.clone().unwrap_or_default(),
                    ]
                })
            }
            Self::Tree => {
                actor.require(Right::Read).map_err(AppError::from)?;
                let nodes = UnitNode::tree(&app.store.unit_list()?, &app.store.unit_assets()?);
                let nodes = List::all(nodes, |node| node);
                context.output.list(&nodes, &["UNIT", "NAME", "KIND", "ASSETS", "ENDS"], |node| {
                    let indent = "  ".repeat(usize::try_from(node.depth).unwrap_or(0));
                    vec![
                        format!("{indent}{}", node.unit.code),
                        node.unit.name.clone(),
                        node.unit.kind.clone(),
                        node.assets.to_string(),
                        node.unit.active_to.clone().unwrap_or_default(),
                    ]
                })
            }
        }
    }
}
