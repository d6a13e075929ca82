//! `belfort-agent show`.

use belfort_proto::{reflect, section};
use serde_json::{Map, Value, json};

use super::{Context, Failure, ShowArgs, print_value};
use crate::probe::Host;
use crate::report::Report;
use crate::run;

/// Prints what would be sent.
pub(super) fn show(context: &Context<'_>, args: &ShowArgs) -> Result<(), Failure> {
    let policy = run::policy(context.state, &context.config)?;
    let report = Report::read(&Host::system(policy).with(run::kept(context.state)))?;
    let mut sections = Map::new();
    for encoded in &report.sections {
        let kind = encoded.entry.kind;
        if !args.section.is_empty() && !args.section.contains(&kind) {
            continue;
        }
        let content = reflect::section_json(kind, &encoded.bytes).map_err(Failure::output)?;
        let shown = json!({
            "hash": encoded.entry.hash.to_string(),
            "bytes": encoded.bytes.len(),
            "schema_version": encoded.entry.schema_version,
            "content": content,
        });
        sections.insert(section::name(kind).to_owned(), shown);
    }
    let shown = json!({
        // Over all sections, also when only some are shown.
        "root_hash": report.root().to_string(),
        "sections": Value::Object(sections),
    });
    print_value(&shown, args.json)
}
