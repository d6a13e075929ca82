//! Classifications: proposed, confirmed by the owner, reviewed.

use belfort_model::classification::{
    Classification, ClassificationStatus, EffectiveClass, REVIEW_DAYS,
};
use belfort_model::id::AssetId;
use belfort_model::ownership::Method;
use belfort_model::scale::Biv;
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::AssetDetail;
use serde_json::json;

use super::access::{Actor, Right};
use super::{App, Result, audit, text};

/// What a classification is made from.
#[derive(Clone, Debug)]
pub struct NewClass {
    /// The levels.
    pub biv: Biv,
    /// Why.
    pub basis: String,
    /// Function of who decided; the actor's name when empty.
    pub decided_by: String,
}

/// What a classification is made from, in the words of a scheme.
#[derive(Clone, Debug, Default)]
pub struct WordedClass {
    /// Scheme and version; the configured one when empty.
    pub scheme: String,
    /// Availability, as the scheme says it.
    pub b: String,
    /// Integrity.
    pub i: String,
    /// Confidentiality.
    pub v: String,
    /// Why.
    pub basis: String,
    /// Function of who decided; the actor's name when empty.
    pub decided_by: String,
    /// Whether it waits for the owner.
    pub proposed: bool,
}

impl App {
    /// Classifies an asset or data set on the configured scheme. What a person enters is confirmed.
    pub fn classify(
        &self,
        actor: &Actor,
        subject: AssetId,
        new: &NewClass,
        now: Timestamp,
    ) -> Result<Classification> {
        let worded = WordedClass {
            scheme: belfort_model::classification::DEFAULT_SCHEME.to_owned(),
            b: new.biv.b.to_string(),
            i: new.biv.i.to_string(),
            v: new.biv.v.to_string(),
            basis: new.basis.clone(),
            decided_by: new.decided_by.clone(),
            proposed: false,
        };
        self.class_set(actor, subject, &worded, None, now)
    }

    /// Classifies an asset or data set. A proposal waits for the owner and does not lower what holds.
    pub fn class_set(
        &self,
        actor: &Actor,
        subject: AssetId,
        new: &WordedClass,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Classification> {
        self.held(actor, Right::Manage, subject)?;
        let classification = self.worded(actor, subject, new, now)?;
        self.class_write(actor, Right::Manage, "classification.set", &classification, expected)?;
        Ok(classification)
    }

    /// The class that would count if an asset were classified so. Nothing is written.
    pub fn class_effect(
        &self,
        actor: &Actor,
        subject: AssetId,
        new: &WordedClass,
        now: Timestamp,
    ) -> Result<EffectiveClass> {
        self.held(actor, Right::Manage, subject)?;
        let class = self.worded(actor, subject, new, now)?;
        let known = self.store.evaluation_input(subject)?;
        let (own, links) = known.map(|known| (known.classification, known.links)).unzip();
        // A proposal lowers and raises nothing until it is confirmed.
        let counts = if new.proposed { own.flatten() } else { Some(class) };
        Ok(EffectiveClass::of(counts.as_ref(), &links.unwrap_or_default()))
    }

    /// Confirms the newest proposal, or that the class still holds: that is its review. For the unit that
    /// owns the asset.
    pub fn class_confirm(
        &self,
        actor: &Actor,
        subject: AssetId,
        basis: &str,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Classification> {
        let detail = self.held(actor, Right::Confirm, subject)?;
        let newest = self.store.classification_history(subject)?.into_iter().next();
        let newest = newest.ok_or_else(|| StoreError::NotFound {
            what: "classification of asset",
            id: detail.summary.asset.name.clone(),
        })?;
        let basis = match basis {
            "" => newest.basis.clone(),
            basis => text("basis", basis, 2000)?,
        };
        let confirmed = Classification {
            basis,
            decided_by: function_of(actor, &detail),
            decided_at: now,
            review_due: now.plus_days(REVIEW_DAYS),
            status: ClassificationStatus::Confirmed,
            method: Method::Manual,
            ..newest
        };
        let expected = expected.or(Some(detail.summary.version));
        self.class_write(actor, Right::Confirm, "classification.confirm", &confirmed, expected)?;
        Ok(confirmed)
    }

    /// All classes an asset has had, newest first.
    pub fn class_history(&self, actor: &Actor, subject: AssetId) -> Result<Vec<Classification>> {
        self.visible(actor, subject)?;
        Ok(self.store.classification_history(subject)?)
    }

    /// Reads a classification in the words of a scheme.
    fn worded(
        &self,
        actor: &Actor,
        subject: AssetId,
        new: &WordedClass,
        now: Timestamp,
    ) -> Result<Classification> {
        let scheme = self.registry.scheme(&new.scheme)?;
        let level = |field: &str, value: &str| {
            let wrong = |error| super::AppError::Invalid(format!("{field}: {error}"));
            scheme.level(value).map_err(wrong)
        };
        let biv = Biv::new(level("b", &new.b)?, level("i", &new.i)?, level("v", &new.v)?);
        let decided_by = match new.decided_by.as_str() {
            "" => actor.name.clone(),
            function => text("decided_by", function, 200)?,
        };
        Ok(Classification {
            subject,
            scheme: scheme.name.clone(),
            biv,
            basis: text("basis", &new.basis, 2000)?,
            decided_by,
            decided_at: now,
            review_due: now.plus_days(REVIEW_DAYS),
            status: if new.proposed {
                ClassificationStatus::Proposed
            } else {
                ClassificationStatus::Confirmed
            },
            method: Method::Manual,
        })
    }

    fn class_write(
        &self,
        actor: &Actor,
        right: Right,
        action: &'static str,
        class: &Classification,
        expected: Option<u64>,
    ) -> Result<()> {
        let detail = json!({
            "biv": class.biv, "scheme": class.scheme, "status": class.status.as_str(),
            "decided_by": class.decided_by, "method": class.method.as_str(),
        });
        let record = audit(actor, right, action, &class.subject, &detail, class.decided_at)?;
        Ok(self.store.classification_change(class, expected, &record)?)
    }
}

/// The function of the owner when there is one, otherwise who asks: the register names functions.
fn function_of(actor: &Actor, detail: &AssetDetail) -> String {
    let function = detail.summary.owner.as_ref().map(|owner| owner.function.clone());
    function.filter(|function| !function.is_empty()).unwrap_or_else(|| actor.name.clone())
}
