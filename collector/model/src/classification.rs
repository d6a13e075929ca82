//! Classification: what damage the loss of availability, integrity or confidentiality does.

use serde::{Deserialize, Serialize};

use crate::data_set::{PersonalData, Relation};
use crate::id::AssetId;
use crate::ownership::Method;
use crate::scale::{Biv, Dimension, Level};
use crate::time::Timestamp;

/// The default scheme, after the Flemish information classification framework: 1 open, 2 limited,
/// 3 confidential, 4 secret, 5 top secret.
pub const DEFAULT_SCHEME: &str = "gent-biv5/1";

/// Days until a classification is reviewed.
pub const REVIEW_DAYS: i64 = 365;

/// What counts for an asset that nobody has classified: marked *assumed* wherever it is shown.
pub const ASSUMED: Biv = Biv::new(Level::TWO, Level::THREE, Level::THREE);

crate::text_enum! {
    /// Where a classification stands.
    ClassificationStatus {
        /// Waits for confirmation.
        Proposed = "proposed",
        /// Holds.
        Confirmed = "confirmed",
        /// Its review is past.
        Expired = "expired",
    }
}

/// One classification of an asset or data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// What is classified.
    pub subject: AssetId,
    /// Scheme and its version.
    pub scheme: String,
    /// The levels.
    pub biv: Biv,
    /// Why.
    pub basis: String,
    /// Who decided: a function.
    pub decided_by: String,
    /// When.
    pub decided_at: Timestamp,
    /// When it is to be reviewed.
    pub review_due: Timestamp,
    /// Where it stands.
    pub status: ClassificationStatus,
    /// How it came to be.
    #[serde(default = "manual")]
    pub method: Method,
}

fn manual() -> Method {
    Method::Manual
}

impl Classification {
    /// Where it stands at a moment: a confirmed class whose review is past is expired. It still counts, or
    /// a forgotten review would lower the class of what matters most.
    pub fn status_at(&self, now: Timestamp) -> ClassificationStatus {
        match self.status {
            ClassificationStatus::Confirmed if self.review_due <= now => {
                ClassificationStatus::Expired
            }
            status => status,
        }
    }

    /// Whether an assignment rule may put its own in its place: only another rule proposed it.
    pub fn yields_to_rule(&self) -> bool {
        self.method == Method::Rule && self.status == ClassificationStatus::Proposed
    }
}

/// One link from an asset to something classified, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// The data set (or application) the asset is linked to.
    pub from: AssetId,
    /// Its name, for the explanation.
    pub from_name: String,
    /// What the asset does with it.
    pub relation: Relation,
    /// Its confirmed class.
    pub biv: Option<Biv>,
    /// What personal data it holds.
    pub personal_data: PersonalData,
}

/// Where one dimension of an effective class comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// The asset's own classification.
    Own,
    /// A data set it stores or processes.
    DataSet {
        /// Its id.
        id: AssetId,
        /// Its name.
        name: String,
    },
    /// Nothing is classified: the default counts.
    Assumed,
}

/// The class that counts for an asset, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveClass {
    /// The levels.
    pub biv: Biv,
    /// Where B comes from.
    pub b_from: Origin,
    /// Where I comes from.
    pub i_from: Origin,
    /// Where V comes from.
    pub v_from: Origin,
    /// The most sensitive personal data among the data sets that count.
    pub personal_data: PersonalData,
}

impl EffectiveClass {
    /// Whether the default counts on any dimension: nothing is classified, or something it holds is not.
    pub fn is_assumed(&self) -> bool {
        [&self.b_from, &self.i_from, &self.v_from].contains(&&Origin::Assumed)
    }

    /// High-water mark: per dimension the maximum of the asset's own confirmed class and of every data
    /// set it stores or processes; a data set that nobody has classified counts as [`ASSUMED`]. On a tie
    /// the asset's own class is named, then the first link.
    pub fn of(own: Option<&Classification>, links: &[Inherited]) -> Self {
        let own = own.filter(|class| class.status == ClassificationStatus::Confirmed);
        let counting: Vec<&Inherited> =
            links.iter().filter(|link| link.relation.inherits_class()).collect();
        let personal_data =
            counting.iter().map(|link| link.personal_data).max().unwrap_or(PersonalData::None);
        let level = |dimension: Dimension| {
            let mut best = own.map(|class| (class.biv.get(dimension), Origin::Own));
            for link in &counting {
                // A data set among its own links lends its personal data, not another class.
                if own.is_some_and(|class| class.subject == link.from) {
                    continue;
                }
                let (level, origin) = match link.biv {
                    Some(biv) => {
                        let (id, name) = (link.from, link.from_name.clone());
                        (biv.get(dimension), Origin::DataSet { id, name })
                    }
                    None => (ASSUMED.get(dimension), Origin::Assumed),
                };
                if best.as_ref().is_none_or(|(highest, _)| level > *highest) {
                    best = Some((level, origin));
                }
            }
            best.unwrap_or((ASSUMED.get(dimension), Origin::Assumed))
        };
        let (b, b_from) = level(Dimension::B);
        let (i, i_from) = level(Dimension::I);
        let (v, v_from) = level(Dimension::V);
        Self { biv: Biv { b, i, v }, b_from, i_from, v_from, personal_data }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn biv(b: i64, i: i64, v: i64) -> Biv {
        Biv::new(Level::clamped(b), Level::clamped(i), Level::clamped(v))
    }

    fn own(levels: Biv, status: ClassificationStatus) -> Classification {
        Classification {
            subject: AssetId(Uuid::nil()),
            scheme: DEFAULT_SCHEME.to_owned(),
            biv: levels,
            basis: String::new(),
            decided_by: "dienstchef Burgerzaken".to_owned(),
            decided_at: Timestamp(0),
            review_due: Timestamp(0),
            status,
            method: Method::Manual,
        }
    }

    #[test]
    fn a_class_expires_with_its_review_and_still_counts() {
        let class = Classification {
            review_due: Timestamp(10),
            ..own(biv(5, 5, 5), ClassificationStatus::Confirmed)
        };
        assert_eq!(class.status_at(Timestamp(9)), ClassificationStatus::Confirmed);
        assert_eq!(class.status_at(Timestamp(10)), ClassificationStatus::Expired);
        assert_eq!(EffectiveClass::of(Some(&class), &[]).biv, biv(5, 5, 5));
        let proposed = Classification { status: ClassificationStatus::Proposed, ..class };
        assert_eq!(proposed.status_at(Timestamp(10)), ClassificationStatus::Proposed);
    }

    fn link(number: u128, relation: Relation, levels: Option<Biv>) -> Inherited {
        Inherited {
            from: AssetId(Uuid::from_u128(number)),
            from_name: format!("gegevens {number}"),
            relation,
            biv: levels,
            personal_data: PersonalData::Ordinary,
        }
    }

    #[test]
    fn the_highest_counts_per_dimension_and_says_from_where() {
        let links = [
            link(1, Relation::Stores, Some(biv(1, 4, 2))),
            link(2, Relation::Processes, Some(biv(2, 4, 5))),
        ];
        let class =
            EffectiveClass::of(Some(&own(biv(3, 1, 2), ClassificationStatus::Confirmed)), &links);
        assert_eq!(class.biv, biv(3, 4, 5));
        assert_eq!(class.b_from, Origin::Own);
        let name = |origin: &Origin| match origin {
            Origin::DataSet { name, .. } => name.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(name(&class.i_from), "gegevens 1");
        assert_eq!(name(&class.v_from), "gegevens 2");
        assert_eq!(class.personal_data, PersonalData::Ordinary);
    }

    #[test]
    fn what_is_only_looked_at_or_passed_on_does_not_count() {
        let links = [
            link(1, Relation::Accesses, Some(biv(5, 5, 5))),
            link(2, Relation::Transmits, Some(biv(5, 5, 5))),
        ];
        let class = EffectiveClass::of(None, &links);
        assert_eq!((class.biv, class.is_assumed()), (ASSUMED, true));
        assert_eq!(class.personal_data, PersonalData::None);
    }

    #[test]
    fn a_proposal_is_not_a_class() {
        let class =
            EffectiveClass::of(Some(&own(biv(5, 5, 5), ClassificationStatus::Proposed)), &[]);
        assert_eq!((class.biv, class.is_assumed()), (ASSUMED, true));
    }

    #[test]
    fn an_unclassified_data_set_counts_as_assumed() {
        let unclassified = [link(1, Relation::Stores, None)];
        let class = EffectiveClass::of(None, &unclassified);
        assert_eq!((class.biv, class.is_assumed()), (ASSUMED, true));
        assert_eq!(class.personal_data, PersonalData::Ordinary);
        // An open class of its own does not hide what nobody has looked at.
        let open = own(biv(1, 1, 1), ClassificationStatus::Confirmed);
        let class = EffectiveClass::of(Some(&open), &unclassified);
        assert_eq!((class.biv, class.is_assumed()), (ASSUMED, true));
        let high = own(biv(4, 4, 4), ClassificationStatus::Confirmed);
        let class = EffectiveClass::of(Some(&high), &unclassified);
        assert_eq!((class.biv, class.is_assumed()), (biv(4, 4, 4), false));
    }

    #[test]
    fn a_data_set_lends_itself_personal_data_only() {
        let mut itself = link(0, Relation::Stores, None);
        itself.from = AssetId(Uuid::nil());
        let class = own(biv(1, 1, 1), ClassificationStatus::Confirmed);
        let class = EffectiveClass::of(Some(&class), &[itself]);
        assert_eq!((class.biv, class.is_assumed()), (biv(1, 1, 1), false));
        assert_eq!(class.personal_data, PersonalData::Ordinary);
    }
}
