//! What can be changed on many assets at once.

use belfort_model::asset::{self, Lifecycle};
use belfort_model::id::AssetId;
use belfort_model::ownership::OwnershipRole;
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_store::record::AssetSummary;

use crate::app::access::{Actor, Right};
use crate::app::assets::AssetEdit;
use crate::app::classes::WordedClass;
use crate::app::lifecycle::NewMove;
use crate::app::owners::NewOwner;
use crate::app::{App, AppError};
use crate::rest::problem::Problem;
use crate::web::frame::Frame;
use crate::web::sent::Fields;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Another owner.
    Owner,
    /// A class.
    Class,
    /// Labels that come and go.
    Labels,
    /// A move in the life cycle.
    Lifecycle,
}

impl std::str::FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Owner, Self::Class, Self::Labels, Self::Lifecycle];
        let found = all.into_iter().find(|action| action.code() == text);
        found.ok_or_else(|| format!("there is no action `{text}`"))
    }
}

impl Action {
    /// Its name in forms and texts.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Owner => "eigenaar",
            Self::Class => "classificeren",
            Self::Labels => "label",
            Self::Lifecycle => "status",
        }
    }

    /// One of its texts: `act`, what it is called, or `col`, what changes.
    pub(super) fn text(self, frame: &Frame, which: &str) -> String {
        frame.t(&format!("bulk-{which}-{}", self.code()))
    }

    /// What an asset has now of what will change, in words.
    pub(super) fn states(self, frame: &Frame, summary: &AssetSummary) -> Vec<String> {
        match self {
            Self::Owner => match &summary.owner_unit {
                Some(unit) => vec![unit.name.clone()],
                None => vec![frame.t("unowned")],
            },
            Self::Class if summary.class.is_assumed() => vec![frame.t("unclassified")],
            Self::Class => {
                let biv = summary.class.biv;
                let (b, v) = (frame.t("biv-b"), frame.t("biv-v"));
                vec![format!("{b}{} I{} {v}{}", biv.b, biv.i, biv.v)]
            }
            Self::Labels if summary.asset.labels.is_empty() => {
                vec![frame.t("bulk-without-labels")]
            }
            Self::Labels => summary.asset.labels.clone(),
            Self::Lifecycle => vec![frame.code("lifecycle", summary.asset.lifecycle.as_str())],
        }
    }
}

/// States an asset can be moved to with many others. What is disposed of has evidence of its own.
pub(super) const MOVES: &[Lifecycle] = &[
    Lifecycle::Decommissioned,
    Lifecycle::InStock,
    Lifecycle::InUse,
    Lifecycle::InRepair,
    Lifecycle::Missing,
];

/// A change, checked as far as it does not depend on the asset.
pub(super) enum Change {
    Owner(NewOwner),
    Class(WordedClass),
    Labels(AssetEdit),
    Lifecycle(NewMove),
}

/// Labels as somebody types them: with commas between.
fn labels(fields: &Fields, key: &str) -> Result<Vec<String>, Problem> {
    let texts = fields.get(key).unwrap_or_default().split(',').map(str::trim);
    let texts = texts.filter(|text| !text.is_empty());
    let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
    texts.map(|text| asset::label(text).map_err(wrong)).collect()
}

/// A level from 1 to 5.
fn level(fields: &Fields, key: &str) -> Result<String, Problem> {
    let wrong = |error| Problem::bad_request(format!("{key}: {error}"));
    Level::try_from(fields.need_parsed::<i64>(key)?).map(|level| level.to_string()).map_err(wrong)
}

impl Change {
    pub(super) fn of(
        app: &App,
        actor: &Actor,
        action: Action,
        fields: &Fields,
    ) -> Result<Self, Problem> {
        let text = |key: &str| fields.get(key).unwrap_or_default().to_owned();
        Ok(match action {
            Action::Owner => {
                let unit = app.unit(fields.need("dienst")?)?;
                actor.require_for(Right::Manage, Some(unit.id))?;
                let function = text("functie");
                Self::Owner(NewOwner { unit: unit.code, role: OwnershipRole::Owner, function })
            }
            Action::Class => Self::Class(WordedClass {
                b: level(fields, "b")?,
                i: level(fields, "i")?,
                v: level(fields, "v")?,
                basis: fields.need("motivering")?.to_owned(),
                decided_by: text("beslist"),
                ..WordedClass::default()
            }),
            Action::Labels => {
                let (add, remove) = (labels(fields, "erbij")?, labels(fields, "eraf")?);
                if add.is_empty() && remove.is_empty() {
                    return Err(Problem::bad_request("erbij: give a label to add or to take away"));
                }
                let edit = AssetEdit::default();
                Self::Labels(AssetEdit { add_labels: add, remove_labels: remove, ..edit })
            }
            Action::Lifecycle => {
                let to: Lifecycle = fields.need_parsed("naar")?;
                if !MOVES.contains(&to) {
                    let reason = format!("naar: assets become {to} one by one, with evidence");
                    return Err(Problem::bad_request(reason));
                }
                let reason = text("reden");
                Self::Lifecycle(NewMove { to, at: None, reason, disposal: None })
            }
        })
    }

    /// Makes the change on one asset, as it was when it was read.
    pub(super) fn make(
        &self,
        app: &App,
        actor: &Actor,
        id: AssetId,
        version: u64,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let version = Some(version);
        match self {
            Self::Owner(new) => app.owner_assign(actor, id, new, version, now),
            Self::Class(new) => app.class_set(actor, id, new, version, now).map(drop),
            Self::Labels(edit) => app.asset_edit(actor, id, edit, version, now).map(drop),
            Self::Lifecycle(new) => app.asset_move(actor, id, new, version, now).map(drop),
        }
    }
}
