//! Users, API tokens and units.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::id::{ApiTokenId, UnitId, UserId, ViewId};

use super::fixture::{NOW, add_unit, audit, hash, id, unit};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{ApiToken, Page, SavedView, User};

fn user(name: &str) -> User {
    User {
        id: UserId(id()),
        name: name.to_owned(),
        roles: vec![
            RoleGrant { role: Role::Auditor, unit: None },
            RoleGrant { role: Role::Reader, unit: None },
        ],
        created_at: NOW,
        disabled_at: None,
        version: 1,
    }
}

pub(super) fn users_are_found_by_name_whatever_its_case(lab: &Lab) {
    let els = user("Els");
    for user in [user("zoë"), els.clone()] {
        lab.store.user_insert(&user, &audit("user.add")).unwrap();
    }
    let again = lab.store.user_insert(&user("ZOË"), &audit("user.add"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    let users = lab.store.user_list().unwrap();
    assert_eq!(users.len(), 2);
    assert_eq!(users[0], els);
}

pub(super) fn api_tokens_live_and_end(lab: &Lab) {
    let user = user("els");
    lab.store.user_insert(&user, &audit("user.add")).unwrap();
    let token = |label: &str, days: i64| ApiToken {
        id: ApiTokenId(id()),
        user: user.id,
        label: label.to_owned(),
        created_at: NOW.plus_days(days),
        expires_at: NOW.plus_days(90),
        revoked_at: None,
        rights: None,
        last_used_at: None,
    };
    let (old, new) = (token("old", 0), token("new", 1));
    for token in [&old, &new] {
        let secret = hash(&token.label);
        lab.store.api_token_insert(token, secret, &audit("api_token.add")).unwrap();
    }
    let again = lab.store.api_token_insert(&old, hash("x"), &audit("api_token.add"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    let found = lab.store.api_token_find(hash("old")).unwrap();
    assert_eq!(found, Some((old.clone(), user.clone())));
    assert_eq!(lab.store.api_token_find(hash("nobody")).unwrap(), None);

    for _ in 0..2 {
        lab.store.api_token_revoke(old.id, &audit("api_token.revoke")).unwrap();
    }
    let revoked = ApiToken { revoked_at: Some(NOW), ..old };
    assert_eq!(lab.store.api_token_list().unwrap(), vec![new, revoked]);
    let audits = lab.store.audit_list(Page::ALL).unwrap();
    let revocations = audits.items.iter().filter(|a| a.action == "api_token.revoke");
    assert_eq!(revocations.count(), 1);
    let nobody = lab.store.api_token_revoke(ApiTokenId(id()), &audit("api_token.revoke"));
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
}

pub(super) fn units_have_one_code_whatever_its_case(lab: &Lab) {
    let zorg = unit("ÉCH-Zorg");
    lab.store.unit_insert(&zorg, &audit("unit.add")).unwrap();
    add_unit(&*lab.store, "bz");
    add_unit(&*lab.store, "Fin");
    assert_eq!(lab.store.unit_by_code("éch-ZORG").unwrap(), Some(zorg));
    assert_eq!(lab.store.unit_by_code("ZORG").unwrap(), None);
    let again = lab.store.unit_insert(&unit("éch-zorg"), &audit("unit.add"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    let codes: Vec<String> =
        lab.store.unit_list().unwrap().into_iter().map(|unit| unit.code).collect();
    assert_eq!(codes, ["bz", "Fin", "ÉCH-Zorg"]);
}

pub(super) fn a_unit_needs_an_existing_parent(lab: &Lab) {
    let mut child = unit("TEAM");
    child.parent = Some(UnitId(id()));
    let orphan = lab.store.unit_insert(&child, &audit("unit.add"));
    assert!(matches!(orphan, Err(StoreError::NotFound { .. })), "{orphan:?}");
    child.parent = Some(add_unit(&*lab.store, "BZ"));
    lab.store.unit_insert(&child, &audit("unit.add")).unwrap();
    assert_eq!(lab.store.unit_by_code("team").unwrap(), Some(child));
}

pub(super) fn a_change_that_fails_leaves_no_trace(lab: &Lab) {
    add_unit(&*lab.store, "BZ");
    std::thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                for turn in 0..10 {
                    // Every second one fails, in the same group of commits as others that do not.
                    let code = match turn % 2 {
                        0 => "BZ".to_owned(),
                        _ => format!("U{number}-{turn}"),
                    };
                    let added = lab.store.unit_insert(&unit(&code), &audit("unit.add"));
                    assert_eq!(added.is_ok(), turn % 2 == 1, "{added:?}");
                }
            });
        }
    });
    assert_eq!(lab.store.unit_list().unwrap().len(), 21);
    assert_eq!(lab.store.audit_verify().unwrap(), Ok(21));
}

pub(super) fn views_are_ones_own_or_everybodys(lab: &Lab) {
    let store = &lab.store;
    let (els, zoe) = (user("els"), user("zoe"));
    for user in [&els, &zoe] {
        store.user_insert(user, &audit("user.add")).unwrap();
    }
    let view = |owner: Option<UserId>, page: &str, name: &str| SavedView {
        id: ViewId(id()),
        owner,
        page: page.to_owned(),
        name: name.to_owned(),
        query: "biv=geen&sort=-gezien".to_owned(),
        created_at: NOW,
        created_by: "els".to_owned(),
    };
    let shared = view(None, "/assets", "zonder klasse");
    let own = view(Some(els.id), "/assets", "balie");
    let other = view(Some(els.id), "/risicos", "hoog");
    for one in [&shared, &own, &other] {
        store.view_insert(one, &audit("view.save")).unwrap();
    }
    let again = store.view_insert(&own, &audit("view.save"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    assert_eq!(store.view_list(els.id, Some("/assets")).unwrap(), [own.clone(), shared.clone()]);
    assert_eq!(store.view_list(els.id, None).unwrap().len(), 3);
    assert_eq!(store.view_list(zoe.id, None).unwrap(), std::slice::from_ref(&shared));
    assert_eq!(store.view_get(own.id).unwrap(), Some(own.clone()));
    store.view_delete(own.id, &audit("view.delete")).unwrap();
    let gone = store.view_delete(own.id, &audit("view.delete"));
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    assert_eq!(store.view_get(own.id).unwrap(), None);
}
