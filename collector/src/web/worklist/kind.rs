//! Kinds of work.

use belfort_model::asset::{AssetKind, Source};
use belfort_model::time::Timestamp;
use belfort_store::record::{AssetFilter, AssetSort};

use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::rest::problem::Problem;
use crate::web::list::Asked;

/// Days after which a device that reported nothing is looked for.
const UNSEEN_DAYS: i64 = 30;

/// What a kind lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Assets,
    Findings,
    Risks,
}

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Kind {
    /// Assets nobody answers for.
    Unowned,
    /// Assets for which an assumed class counts.
    Unclassified,
    /// Assets whose owner nobody has confirmed.
    Unconfirmed,
    /// Assets whose record was to be verified by now.
    Unverified,
    /// Assets of a unit that has ended.
    OwnerEnded,
    /// Findings nobody has judged.
    Findings,
    /// Risks that wait for a decision.
    Decisions,
    /// Assets that may be one and the same.
    Duplicates,
    /// Devices that were not seen for a while.
    Unseen,
    /// What only its neighbours saw.
    Neighbours,
}

impl Kind {
    /// All of them, in the order of the page.
    pub(super) const ALL: &'static [Self] = &[
        Self::Unowned,
        Self::Unclassified,
        Self::Unconfirmed,
        Self::Unverified,
        Self::OwnerEnded,
        Self::Findings,
        Self::Decisions,
        Self::Duplicates,
        Self::Unseen,
        Self::Neighbours,
    ];

    /// Its name in addresses and texts.
    pub(in crate::web) fn code(self) -> &'static str {
        match self {
            Self::Unowned => "zonder-eigenaar",
            Self::Unclassified => "niet-geclassificeerd",
            Self::Unconfirmed => "te-herbevestigen",
            Self::Unverified => "na-te-kijken",
            Self::OwnerEnded => "eigenaar-gestopt",
            Self::Findings => "bevindingen",
            Self::Decisions => "beslissingen",
            Self::Duplicates => "dubbels",
            Self::Unseen => "niet-gezien",
            Self::Neighbours => "buren",
        }
    }

    /// What it lists.
    pub(super) fn what(self) -> What {
        match self {
            Self::Findings | Self::Duplicates => What::Findings,
            Self::Decisions => What::Risks,
            _ => What::Assets,
        }
    }

    /// Whether another unit can be made the owner there.
    pub(super) fn takes_owner(self) -> bool {
        matches!(self, Self::Unowned | Self::OwnerEnded)
    }

    /// Whether something can be proposed there.
    pub(super) fn takes_proposal(self) -> bool {
        self.takes_owner() || self == Self::Unclassified
    }

    /// Whether whoever may only confirm can do something there.
    pub(super) fn takes_confirmation(self) -> bool {
        matches!(self, Self::Unclassified | Self::Unconfirmed | Self::Unverified | Self::Unseen)
    }

    /// Whether it is this kind.
    pub(super) fn is(self, other: Self) -> bool {
        self == other
    }

    /// What was not seen since then is on the list of the unseen.
    pub(in crate::web) fn unseen_before(now: Timestamp) -> Timestamp {
        now.plus_days(-UNSEEN_DAYS)
    }

    /// Which assets, within what somebody may see.
    pub(in crate::web) fn assets(self, actor: &Actor, now: Timestamp) -> AssetFilter {
        let mut filter = AssetFilter {
            in_service: true,
            scope: actor.scope(Right::Read),
            ..AssetFilter::default()
        };
        match self {
            Self::Unowned => filter.owned = Some(false),
            Self::Unclassified => filter.classified = Some(false),
            Self::Unconfirmed => filter.owner_unconfirmed = true,
            Self::Unverified => filter.verify_overdue_at = Some(now),
            Self::OwnerEnded => filter.owner_ended_at = Some(now),
            Self::Unseen => {
                filter.kind = vec![AssetKind::Device];
                filter.source = vec![Source::Agent];
                filter.seen_before = Some(Self::unseen_before(now));
                filter.sort = AssetSort::LastSeen;
            }
            Self::Neighbours => {
                filter.source = vec![Source::Neighbour];
                filter.sort = AssetSort::LastSeenDescending;
            }
            Self::Findings | Self::Decisions | Self::Duplicates => {}
        }
        filter
    }

    /// The same, narrowed by what the query asks for.
    pub(super) fn asked(
        self,
        app: &App,
        actor: &Actor,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<AssetFilter, Problem> {
        let unit = asked.get("dienst").map(|code| app.unit(code)).transpose()?;
        Ok(AssetFilter {
            text: asked.get("q").map(str::to_owned),
            unit: unit.into_iter().map(|unit| unit.id).collect(),
            ..self.assets(actor, now)
        })
    }
}

impl std::str::FromStr for Kind {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let found = Self::ALL.iter().copied().find(|kind| kind.code() == text);
        found.ok_or_else(|| Problem::not_found(format!("there is no worklist `{text}`")))
    }
}
