//! `dataset`: data sets, and where they live.

use belfort_model::data_set::{PersonalData, RecordsBand, Relation};
use clap::{Args, Subcommand};

use super::Context;
use super::assets::show;
use crate::app::data_sets::DataSetEdit;
use crate::clock;
use crate::failure::Failure;

/// What is said of a data set.
#[derive(Debug, Args)]
pub(super) struct About {
    /// `none`, `ordinary`, `special_category`, `national_register` or `social_security`
    #[arg(long)]
    personal_data: Option<PersonalData>,
    /// `up_to_100`, `up_to_1000`, `up_to_10000`, `up_to_100000`, `above_100000` or `unknown`
    #[arg(long)]
    records: Option<RecordsBand>,
    /// Identifier in the register of processing activities; can be repeated
    #[arg(long, value_name = "ID")]
    register_id: Vec<String>,
    /// How long it is kept and by which rule
    #[arg(long)]
    retention: Option<String>,
}

impl About {
    fn edit(self) -> DataSetEdit {
        DataSetEdit {
            personal_data: self.personal_data,
            records: self.records,
            register_ids: Some(self.register_id).filter(|ids| !ids.is_empty()),
            retention: self.retention,
        }
    }
}

/// Data sets.
#[derive(Debug, Subcommand)]
pub(super) enum Dataset {
    /// Add a data set
    #[command(
        after_help = "Example:\n  belfort-collector dataset add \"Bevolkingsregister\" --personal-data national_register --records above_100000"
    )]
    Add {
        /// Name
        name: String,
        #[command(flatten)]
        about: About,
    },
    /// Change what is said of a data set
    #[command(
        after_help = "Example:\n  belfort-collector dataset edit \"Bevolkingsregister\" --register-id VR-12 --retention \"30 jaar\""
    )]
    Edit {
        /// Name, id, or the beginning of its id
        data_set: String,
        #[command(flatten)]
        about: About,
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
    /// Say that an asset does not hold a data set any more
    Unlink {
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
            Self::Add { name, about } => {
                let asset = app.data_set_add(&actor, &name, &about.edit(), now)?;
                if context.output.is_json() {
                    return show(context, &app, &actor, asset.id, str::to_owned);
                }
                context.output.done(&format!("data set {} is added: {}", asset.name, asset.id))
            }
            Self::Edit { data_set, about } => {
                let id = app.asset_in_sight(&actor, &data_set)?.summary.asset.id;
                app.data_set_edit(&actor, id, &about.edit(), None, now)?;
                app.evaluate_soon(now);
                show(context, &app, &actor, id, |name| format!("{name} is changed"))
            }
            Self::Link { asset, data_set, relation } => {
                let asset = app.asset_in_sight(&actor, &asset)?.summary.asset;
                let data_set = app.asset_in_sight(&actor, &data_set)?.summary.asset;
                app.data_link(&actor, asset.id, relation, data_set.id, now)?;
                app.evaluate_soon(now);
                let (asset, data_set) = (asset.name, data_set.name);
                context.output.done(&format!("{asset} {relation} {data_set}"))
            }
            Self::Unlink { asset, data_set, relation } => {
                let asset = app.asset_in_sight(&actor, &asset)?.summary.asset;
                let data_set = app.asset_in_sight(&actor, &data_set)?.summary.asset;
                app.data_unlink(&actor, asset.id, relation, data_set.id, None, now)?;
                app.evaluate_soon(now);
                let (asset, data_set) = (asset.name, data_set.name);
                context.output.done(&format!("{asset} {relation} {data_set} no more"))
            }
        }
    }
}
