//! Saved views: a list with its filters, order and columns, under a name.

use belfort_model::id::{UserId, ViewId};
use belfort_model::time::Timestamp;
use belfort_store::StoreError;
use belfort_store::record::SavedView;
use serde_json::json;
use uuid::Uuid;

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};

/// Characters of a query at most.
const QUERY: usize = 2_000;

/// A view to keep.
#[derive(Clone, Debug)]
pub struct NewView {
    /// Path of the page.
    pub page: String,
    /// Name.
    pub name: String,
    /// Query of the page, without the question mark.
    pub query: String,
    /// Whether it is for everybody; that takes the right to change the register.
    pub shared: bool,
}

/// The right that a view takes: what everybody sees is changed by who may change the register.
fn right(shared: bool) -> Right {
    if shared { Right::Manage } else { Right::Read }
}

impl App {
    /// Keeps a view.
    pub fn view_save(
        &self,
        actor: &Actor,
        user: UserId,
        new: &NewView,
        now: Timestamp,
    ) -> Result<SavedView> {
        let is_page = new.page.starts_with('/')
            && new.page.len() <= 100
            && new.page.chars().all(|char| char.is_ascii_lowercase() || "/-".contains(char));
        if !is_page {
            return Err(AppError::Invalid(format!("page: `{}` is no list", new.page)));
        }
        if new.query.chars().count() > QUERY || new.query.chars().any(char::is_control) {
            return Err(AppError::Invalid(format!("query: at most {QUERY} characters")));
        }
        let view = SavedView {
            id: ViewId(Uuid::now_v7()),
            owner: (!new.shared).then_some(user),
            page: new.page.clone(),
            name: text("name", &new.name, 60)?,
            query: new.query.clone(),
            created_at: now,
            created_by: actor.name.clone(),
        };
        let detail = json!({ "page": view.page, "name": view.name, "shared": new.shared });
        let record = audit(actor, right(new.shared), "view.save", &view.id, &detail, now)?;
        self.store.view_insert(&view, &record)?;
        Ok(view)
    }

    /// Views of a page, or of all: those of this user and those of everybody.
    pub fn view_list(&self, user: UserId, page: Option<&str>) -> Result<Vec<SavedView>> {
        Ok(self.store.view_list(user, page)?)
    }

    /// Removes a view of one's own, or one of everybody. Another person's is not there.
    pub fn view_delete(
        &self,
        actor: &Actor,
        user: UserId,
        id: ViewId,
        now: Timestamp,
    ) -> Result<()> {
        let found = self.store.view_get(id)?.filter(|view| view.owner.is_none_or(|it| it == user));
        let none = || StoreError::NotFound { what: "saved view", id: id.to_string() };
        let view = found.ok_or_else(none)?;
        let detail = json!({ "page": view.page, "name": view.name });
        let right = right(view.owner.is_none());
        let record = audit(actor, right, "view.delete", &id, &detail, now)?;
        Ok(self.store.view_delete(id, &record)?)
    }
}
