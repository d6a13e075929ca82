//! `owner`: who answers for an asset.

use belfort_model::ownership::OwnershipRole;
use clap::Subcommand;

use super::Context;
use crate::app::owners::NewOwner;
use crate::clock;
use crate::failure::Failure;
use crate::view::{List, OwnershipView};

/// Who answers for an asset.
#[derive(Debug, Subcommand)]
pub(super) enum Owner {
    /// Make a unit answer for an asset
    #[command(after_help = "Examples:\n  \
        belfort-collector owner set pc-0142 BZ --function \"dienstchef Burgerzaken\"\n  \
        belfort-collector owner set srv-db1 D09 --role technical_manager")]
    Set {
        /// Name, id, or the beginning of the id of the asset
        asset: String,
        /// Code of the unit
        unit: String,
        /// `owner`, `technical_manager`, `responsible` or `accountable`
        #[arg(long, default_value = "owner")]
        role: OwnershipRole,
        /// Function of the holder, never a person's name
        #[arg(long, default_value = "")]
        function: String,
    },
    /// Confirm that a unit answers for an asset: its head of service, or whoever stands above
    #[command(
        after_help = "Example:\n  belfort-collector --token-file dienstchef.token owner confirm pc-0142"
    )]
    Confirm {
        /// Name, id, or the beginning of the id of the asset
        asset: String,
        /// `owner`, `technical_manager`, `responsible` or `accountable`
        #[arg(long, default_value = "owner")]
        role: OwnershipRole,
    },
    /// End who answers for an asset in a role other than owner
    End {
        /// Name, id, or the beginning of the id of the asset
        asset: String,
        /// `technical_manager`, `responsible` or `accountable`
        #[arg(long)]
        role: OwnershipRole,
    },
    /// Show all who answered for an asset, newest first
    History {
        /// Name, id, or the beginning of the id of the asset
        asset: String,
    },
}

impl Owner {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let now = clock::now();
        match self {
            Self::Set { asset, unit, role, function } => {
                let asset = app.asset_in_sight(&actor, &asset)?.summary.asset;
                let new = NewOwner { unit, role, function };
                app.owner_assign(&actor, asset.id, &new, None, now)?;
                app.evaluate_soon(now);
                let unit = &new.unit;
                context.output.done(&match role {
                    OwnershipRole::Owner => format!("{unit} owns {}", asset.name),
                    role => format!("{unit} is {role} of {}", asset.name),
                })
            }
            Self::Confirm { asset, role } => {
                let asset = app.asset_in_sight(&actor, &asset)?.summary.asset;
                app.owner_confirm(&actor, asset.id, role, None, now)?;
                app.evaluate_soon(now);
                context.output.done(&format!("the {role} of {} is confirmed", asset.name))
            }
            Self::End { asset, role } => {
                let asset = app.asset_in_sight(&actor, &asset)?.summary.asset;
                app.owner_end(&actor, asset.id, role, None, now)?;
                context.output.done(&format!("{} has no {role} any more", asset.name))
            }
            Self::History { asset } => {
                let id = app.asset_in_sight(&actor, &asset)?.summary.asset.id;
                let units = app.store.unit_list()?;
                let history = List::all(app.owner_history(&actor, id)?, OwnershipView::from);
                let head = ["ROLE", "UNIT", "FUNCTION", "FROM", "TO", "METHOD", "CONFIRMED BY"];
                context.output.list(&history, &head, |one| {
                    let unit = units.iter().find(|unit| unit.id.to_string() == one.unit_id);
                    vec![
                        one.role.clone(),
                        unit.map(|unit| unit.code.clone()).unwrap_or_default(),
                        one.function.clone(),
                        one.valid_from.clone(),
                        one.valid_to.clone().unwrap_or_default(),
                        one.method.clone(),
                        one.confirmed_by.clone(),
                    ]
                })
            }
        }
    }
}
