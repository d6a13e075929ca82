//! What the device itself reported, section by section.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde_json::Value;

use super::{Head, history};
use crate::app::access::Right;
use crate::rest::Api;
use crate::rest::assets::asset_id;
use crate::rest::auth::{Path, blocking};
use crate::rest::problem::Problem;
use crate::view::Section;
use crate::web::frame::{Frame, Visitor};
use crate::web::render;
use crate::{clock, ingest};

/// Rows of a table that are shown; the API gives all.
const ROWS: usize = 1_000;

#[derive(Template)]
#[template(path = "asset/sections.html")]
struct SectionsPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    /// Each with its title, and whether it is about people.
    sections: Vec<(Section, String, bool)>,
}

#[derive(Template)]
#[template(path = "asset/section.html")]
struct SectionPage {
    frame: Frame,
    head: Head,
    done: Option<String>,
    name: String,
    title: String,
    personal: bool,
    /// Single values.
    values: Vec<(String, String)>,
    tables: Vec<Table>,
}

/// A list of things of the section.
struct Table {
    title: String,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    /// How many there are.
    total: usize,
}

/// Its pages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/assets/{id}/gegevens", get(list))
        .route("/assets/{id}/secties/{name}", get(show))
}

async fn list(
    State(api): State<Api>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = asset_id(&id)?;
    let page = blocking(move || {
        let detail = api.app.visible(&actor, id)?;
        let head = Head::of(&frame, &actor, &detail, Some("/gegevens"));
        let sections = detail.sections.into_iter().map(Section::from).map(|section| {
            let title = history::title(&frame, &section.name);
            let personal = ingest::is_personal(&section.name);
            (section, title, personal)
        });
        Ok(SectionsPage { sections: sections.collect(), done: None, head, frame })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let Visitor { actor, frame, .. } = visitor.may(Right::Read)?;
    let id = asset_id(&id)?;
    let page = blocking(move || {
        let section = api.app.section_shown(&actor, id, &name, clock::now())?;
        let detail = api.app.visible(&actor, id)?;
        let head = Head::of(&frame, &actor, &detail, Some("/gegevens"));
        let (mut values, mut tables) = (Vec::new(), Vec::new());
        if let Value::Object(fields) = section {
            for (field, value) in fields {
                match value {
                    Value::Array(all) if all.is_empty() => {}
                    Value::Array(all) => tables.push(table(&field, &all)),
                    other => values.push((words(&field), text(&other))),
                }
            }
        }
        values.retain(|(_, value)| !value.is_empty());
        Ok(SectionPage {
            title: history::title(&frame, &name),
            personal: ingest::is_personal(&name),
            done: None,
            values,
            tables,
            name,
            head,
            frame,
        })
    })
    .await?;
    Ok(render(StatusCode::OK, &page))
}

/// The name of a field as people read it: the schema documents it under the same name.
fn words(field: &str) -> String {
    field.replace('_', " ")
}

/// A value as text; what was not known is empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => {
            let all: Vec<_> = all.iter().map(text).filter(|text| !text.is_empty()).collect();
            all.join(", ")
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(field, value)| (words(field), text(value)));
            let fields: Vec<_> = fields
                .filter(|(_, value)| !value.is_empty())
                .map(|(field, value)| format!("{field}: {value}"))
                .collect();
            fields.join("; ")
        }
        other => other.to_string(),
    }
}

/// A list as a table: a column for each field that says something in any row.
fn table(field: &str, all: &[Value]) -> Table {
    let shown = all.iter().take(ROWS);
    let title = words(field);
    let total = all.len();
    let mut fields: Vec<&String> = Vec::new();
    for object in shown.clone().filter_map(Value::as_object) {
        for (field, value) in object {
            if !fields.contains(&field) && !text(value).is_empty() {
                fields.push(field);
            }
        }
    }
    // What a thing is called stands first.
    fields.sort_by_key(|field| field.as_str() != "name");
    if fields.is_empty() {
        let rows = shown.map(|value| vec![text(value)]).collect();
        return Table { heads: vec![title.clone()], title, rows, total };
    }
    let cell = |value: &Value, field: &str| value.get(field).map(text).unwrap_or_default();
    let rows = shown.map(|value| fields.iter().map(|field| cell(value, field)).collect());
    let rows = rows.collect();
    Table { title, heads: fields.into_iter().map(|field| words(field)).collect(), rows, total }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_a_table_of_what_it_says() {
        let all = [
            json!({ "name": "eth0", "speed": null, "addresses": ["192.0.2.1", "192.0.2.2"] }),
            json!({ "name": "lo", "speed": "" }),
        ];
        let table = table("network_interfaces", &all);
        assert_eq!((table.title.as_str(), table.total), ("network interfaces", 2));
        assert_eq!(table.heads, ["name", "addresses"]);
        assert_eq!(table.rows, [["eth0", "192.0.2.1, 192.0.2.2"], ["lo", ""]]);
        let plain = super::table("groups", &[json!("wheel")]);
        assert_eq!((plain.heads, plain.rows), (vec!["groups".into()], vec![vec!["wheel".into()]]));
        assert_eq!(text(&json!({ "a_b": { "c": 1 }, "d": [] })), "a b: c: 1");
    }
}
