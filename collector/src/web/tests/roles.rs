//! Who may what, of every page and every form: a table to read. An address that is added is in it, or the
//! test fails.

use std::fmt::Write as _;

use super::filled::{Common, Things};
use super::*;

/// Columns of the table after the address: nobody, and every role for the whole organisation.
const WIDTH: usize = 9;

/// How an answer stands in the table. Whoever is nobody yet is refused by being led to the login.
fn cell(shown: &Shown, is_nobody: bool) -> String {
    match shown.status {
        _ if is_nobody && shown.location.starts_with("/aanmelden") => "-".to_owned(),
        StatusCode::FORBIDDEN => "-".to_owned(),
        StatusCode::OK => "yes".to_owned(),
        status => status.as_u16().to_string(),
    }
}

/// Whether a form is about the sender alone: being let in, leaving, the own account and views.
fn is_own(path: &str) -> bool {
    let own = ["/aanmelden", "/afmelden", "/wachtwoord", "/tweede-factor", "/weergaven"];
    own.contains(&path) || path.starts_with("/instellingen/account")
}

/// Sends an empty form, as nobody or somebody: `yes` whatever becomes of it, unless it is refused.
async fn sent(lab: &Lab, who: Option<&Browser<'_>>, path: &str) -> String {
    let lab = lab.copy();
    let shown = match who {
        // A form with a file is taken in parts.
        Some(who) if path.ends_with("/import") || path.ends_with("/importeren") => {
            who.at(&lab).upload(path, &[], "").await
        }
        // What is done with rows takes another right for each thing that can be done.
        Some(who) if path.starts_with("/werklijst/") => {
            who.at(&lab).post(path, &[("actie", "bevestigen")]).await
        }
        Some(who) => who.at(&lab).post(path, &[]).await,
        None => {
            let request = Request::builder()
                .method("POST")
                .uri(path)
                .header("content-type", "application/x-www-form-urlencoded");
            lab.send(request.body(Body::empty()).unwrap()).await
        }
    };
    assert!(!shown.status.is_server_error(), "{path}: {}", shown.text);
    match cell(&shown, who.is_none()).as_str() {
        "-" => "-".to_owned(),
        _ => "yes".to_owned(),
    }
}

async fn opened(lab: &Lab, who: Option<&Browser<'_>>, path: &str) -> String {
    let shown = if let Some(who) = who {
        who.get(path).await
    } else {
        let request = Request::builder().uri(path).header("accept", "text/html");
        lab.send(request.body(Body::empty()).unwrap()).await
    };
    assert!(!shown.status.is_server_error(), "{path}: {}", shown.text);
    cell(&shown, who.is_none())
}

#[tokio::test]
async fn who_may_what_of_every_page_and_form() {
    let lab = Lab::new();
    let things = Things::of(&lab, "BZ", "Kwartel");
    let common = Common::of(&lab);
    let mut people = vec![None];
    people.extend(Role::ALL.iter().map(|role| Some(lab.browser(*role))));
    let names =
        ["nobody", "admin", "officer", "ciso", "head", "service", "dpo", "auditor", "reader"];
    assert_eq!(names.len(), people.len(), "a column for every role, in the order of `Role::ALL`");
    let mut table = format!("{:<60}", "");
    for name in names {
        write!(table, "{name:<WIDTH$}").unwrap();
    }
    for route in routes::all() {
        // The first will do: the others are of the same kind.
        let path = things.addresses(&common, &route.path).remove(0);
        for (method, is_there) in [("GET", route.get), ("POST", route.post)] {
            if !is_there {
                continue;
            }
            write!(table, "\n{:<60}", format!("{method:<4} {}", route.path)).unwrap();
            for (name, who) in names.iter().zip(&people) {
                let cell = match method {
                    "GET" => opened(&lab, who.as_ref(), &path).await,
                    _ => sent(&lab, who.as_ref(), &path).await,
                };
                let reads_only = match *name {
                    "dpo" => !route.path.ends_with("/adviseren"),
                    name => ["nobody", "auditor", "reader"].contains(&name),
                };
                if method == "POST" && reads_only && !is_own(&route.path) {
                    assert_eq!(cell, "-", "{name} at {}", route.path);
                }
                write!(table, "{cell:<WIDTH$}").unwrap();
            }
            table.truncate(table.trim_end().len());
        }
    }
    insta::assert_snapshot!(table);
}
