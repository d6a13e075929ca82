//! What columns say that stands beside the line of an asset, read only for those that are shown.

use std::collections::HashMap;

use belfort_store::record::{AssetExtra, AssetSummary};

use super::fields::Field;
use crate::app::App;
use crate::rest::problem::Problem;

/// By the id of the asset.
pub(super) struct Extras {
    all: HashMap<String, AssetExtra>,
    /// For assets of which nothing more is known.
    none: AssetExtra,
}

impl Extras {
    /// Reads what these columns need; nothing when they need nothing.
    pub(super) fn read(
        app: &App,
        assets: &[AssetSummary],
        fields: &[Field],
    ) -> Result<Self, Problem> {
        let mut all = HashMap::new();
        if fields.iter().any(|field| field.is_extra()) {
            let ids: Vec<_> = assets.iter().map(|one| one.asset.id).collect();
            let found = app.store.asset_extras(&ids)?.into_iter();
            all = found.map(|(id, extra)| (id.to_string(), extra)).collect();
        }
        Ok(Self { all, none: AssetExtra::default() })
    }

    /// What is known of an asset.
    pub(super) fn of(&self, id: &str) -> &AssetExtra {
        self.all.get(id).unwrap_or(&self.none)
    }
}
