//! What is done with the rows that somebody chose: each is one change, on the version that was seen, with its
//! own record in the audit log.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use belfort_model::asset::Authorised;
use belfort_model::id::{AssetId, BatchId};
use belfort_model::ownership::OwnershipRole;
use uuid::Uuid;

use super::kind::{Kind, What};
use super::proposal::{Proposal, proposals};
use crate::app::App;
use crate::app::access::{Actor, Right};
use crate::app::assets::AssetEdit;
use crate::app::classes::WordedClass;
use crate::app::owners::NewOwner;
use crate::clock;
use crate::rest::Api;
use crate::rest::auth::blocking;
use crate::rest::problem::Problem;
use crate::web::look::own_path;
use crate::web::sent::{Fields, Sent};

/// Rows at most: those of the longest page.
const MOST: usize = 250;

/// A row that was chosen: the asset and the version that was seen.
struct Chosen {
    asset: AssetId,
    version: u64,
}

impl std::str::FromStr for Chosen {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::bad_request(format!("id: `{text}` is no asset with its version"));
        let (asset, version) = text.split_once('@').ok_or_else(wrong)?;
        let asset = asset.parse().map_err(|_| wrong())?;
        Ok(Self { asset, version: version.parse().map_err(|_| wrong())? })
    }
}

/// What is done.
enum Act {
    Accept,
    Own(NewOwner),
    Classify(WordedClass),
    ConfirmOwner,
    Verify,
    Authorise(Authorised),
}

impl Act {
    fn of(kind: Kind, fields: &Fields) -> Result<Self, Problem> {
        Ok(match (fields.need("actie")?, kind) {
            ("aanvaarden", Kind::Unowned | Kind::OwnerEnded | Kind::Unclassified) => Self::Accept,
            ("toewijzen", Kind::Unowned | Kind::OwnerEnded) => Self::Own(NewOwner {
                unit: fields.need("dienst")?.to_owned(),
                role: OwnershipRole::Owner,
                function: fields.get("functie").unwrap_or_default().to_owned(),
            }),
            ("classificeren", Kind::Unclassified) => Self::Classify(WordedClass {
                scheme: fields.get("schema").unwrap_or_default().to_owned(),
                b: fields.need("b")?.to_owned(),
                i: fields.need("i")?.to_owned(),
                v: fields.need("v")?.to_owned(),
                basis: fields.need("grond")?.to_owned(),
                decided_by: String::new(),
                proposed: false,
            }),
            ("bevestigen", Kind::Unconfirmed) => Self::ConfirmOwner,
            ("nakijken", Kind::Unverified | Kind::Unseen) => Self::Verify,
            ("toelaten", Kind::Neighbours) => Self::Authorise(Authorised::Yes),
            ("weigeren", Kind::Neighbours) => Self::Authorise(Authorised::No),
            (other, _) => {
                return Err(Problem::bad_request(format!("actie: `{other}` is nothing here")));
            }
        })
    }

    /// The right it takes; whoever accepts a proposal needs that of what it proposes.
    fn rights(&self) -> &'static [Right] {
        match self {
            Self::Own(_) | Self::Classify(_) | Self::Authorise(_) => &[Right::Manage],
            Self::ConfirmOwner => &[Right::Confirm],
            Self::Accept | Self::Verify => &[Right::Manage, Right::Confirm],
        }
    }

    /// Whether it is a change of values, which can be put back. That somebody looked stays so.
    fn is_undoable(&self) -> bool {
        !matches!(self, Self::ConfirmOwner | Self::Verify)
    }

    fn apply(
        &self,
        app: &App,
        actor: &Actor,
        chosen: &Chosen,
        proposal: Option<&Proposal>,
    ) -> Result<(), Problem> {
        let Chosen { asset, version } = *chosen;
        let (expected, now) = (Some(version), clock::now());
        match self {
            Self::Accept => {
                let gone = || Problem::conflict("the proposal is another one by now");
                proposal.ok_or_else(gone)?.accept(app, actor, asset, version)?;
            }
            Self::Own(new) => app.owner_assign(actor, asset, new, expected, now)?,
            Self::Classify(new) => {
                app.class_set(actor, asset, new, expected, now)?;
            }
            Self::ConfirmOwner => {
                app.owner_confirm(actor, asset, OwnershipRole::Owner, expected, now)?;
            }
            Self::Verify => {
                app.asset_verify(actor, asset, expected, now)?;
            }
            Self::Authorise(authorised) => {
                let edit = AssetEdit { authorised: Some(*authorised), ..AssetEdit::default() };
                app.asset_edit(actor, asset, &edit, expected, now)?;
            }
        }
        Ok(())
    }
}

/// The proposals that are still those that were seen.
fn seen(
    app: &App,
    actor: &Actor,
    kind: Kind,
    chosen: &[Chosen],
    fields: &Fields,
) -> Result<Vec<Option<Proposal>>, Problem> {
    let ids: Vec<_> = chosen.iter().map(|one| one.asset).collect();
    let mut found = proposals(app, actor, kind, &ids)?;
    let same = |one: &Chosen| {
        let mark = format!("voorstel-{}", one.asset);
        found.remove(&one.asset).filter(|now| fields.get(&mark) == Some(now.mark().as_str()))
    };
    Ok(chosen.iter().map(same).collect())
}

/// Does it for every chosen row. What was changed meanwhile, or may not be changed, stays on the list; when
/// nothing could be done at all, the first reason is told.
pub(super) async fn act(
    State(api): State<Api>,
    Path(text): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { visitor, fields } = sent;
    let actor = visitor.actor;
    let kind: Kind = text.parse()?;
    let list = format!("/werklijst/{}", kind.code());
    let back = fields.get("terug").map(own_path).filter(|back| back.starts_with(&list));
    let back = back.unwrap_or(&list).to_owned();
    if kind.what() != What::Assets {
        return Err(Problem::bad_request("nothing is done with several of these at once"));
    }
    let act = Act::of(kind, &fields)?;
    if !act.rights().iter().any(|right| actor.may(*right)) {
        for right in act.rights() {
            actor.require(*right)?;
        }
    }
    let chosen: Vec<Chosen> = fields.all("id").map(str::parse).collect::<Result<_, _>>()?;
    if chosen.is_empty() || chosen.len() > MOST {
        let reason = format!("id: choose 1 to {MOST} rows");
        return Err(Problem::bad_request(reason));
    }
    let batch = act.is_undoable().then(|| BatchId(Uuid::now_v7()));
    let actor = Actor { batch, ..actor };
    let done = blocking(move || {
        let proposals = match act {
            Act::Accept => seen(&api.app, &actor, kind, &chosen, &fields)?,
            _ => chosen.iter().map(|_| None).collect(),
        };
        let (mut done, mut refused) = (0, None);
        for (one, proposal) in chosen.iter().zip(&proposals) {
            match act.apply(&api.app, &actor, one, proposal.as_ref()) {
                Ok(()) => done += 1,
                // A fault is one for all rows; what was done stays done.
                Err(problem) if problem.status >= 500 => return Err(problem),
                Err(problem) => refused = refused.or(Some(problem)),
            }
        }
        if done > 0 {
            api.wake.notify_one();
        }
        match (done, refused) {
            (0, Some(problem)) => Err(problem),
            (_, None) => Ok("werk-gedaan"),
            (_, Some(_)) => Ok("werk-deels"),
        }
    })
    .await?;
    let joint = if back.contains('?') { '&' } else { '?' };
    let of_batch = batch.map(|batch| format!("&reeks={batch}")).unwrap_or_default();
    Ok(Redirect::to(&format!("{back}{joint}melding={done}{of_batch}")).into_response())
}
