//! Printing: tables for people, JSON for programs. A reader that went away ends the program quietly.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::failure::Failure;

/// How a command shows what it gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON is wanted.
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// Shows a list: JSON whole, or a table of these columns with the total below.
    pub(super) fn list<T: Serialize>(
        self,
        list: &crate::view::List<T>,
        head: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), Failure> {
        if self.json {
            return json(list);
        }
        if list.items.is_empty() {
            return line("nothing found");
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(head);
        for item in &list.items {
            table.add_row(row(item).iter().map(|cell| clean(cell, false)));
        }
        // Lines are padded to the table's width; nobody needs the blanks.
        for text in table.to_string().lines() {
            line(text.trim_end())?;
        }
        let shown = list.items.len() as u64;
        if shown < list.total {
            line("")?;
            line(&format!("{shown} of {}; --limit and --offset show others", list.total))?;
        }
        Ok(())
    }

    /// Shows one thing: JSON, or these lines.
    pub(super) fn one<T: Serialize>(
        self,
        value: &T,
        lines: impl FnOnce(&T) -> Vec<String>,
    ) -> Result<(), Failure> {
        if self.json {
            return json(value);
        }
        lines(value).iter().try_for_each(|text| line(text))
    }

    /// Says that something was done.
    pub(super) fn done(self, text: &str) -> Result<(), Failure> {
        if self.json { json(&serde_json::json!({ "done": text })) } else { line(text) }
    }
}

/// Prints a value as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| anyhow::anyhow!("the answer cannot be written as JSON: {error}"))?;
    // JSON escapes control characters itself.
    bytes(format!("{text}\n").as_bytes())
}

/// Prints a line. What comes from devices may hold control characters; they do not reach a terminal.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    bytes(format!("{}\n", clean(text, false)).as_bytes())
}

/// A text without control characters, but for line ends where they are ours.
fn clean(text: &str, lines: bool) -> String {
    let keep = |c: char| !c.is_control() || (lines && c == '\n');
    text.chars().map(|c| if keep(c) { c } else { '\u{fffd}' }).collect()
}

/// Prints bytes as they are.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::anyhow!("cannot print: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Prints a failure with its causes.
pub(super) fn failure(failure: &Failure) {
    let mut text = String::new();
    for cause in failure.error.chain() {
        let cause = cause.to_string();
        // A transparent error repeats its source.
        if !text.ends_with(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    let error = if io::stderr().is_terminal() { "\u{1b}[31;1merror\u{1b}[0m" } else { "error" };
    // Nobody is left to tell when even this fails.
    let _ = writeln!(io::stderr(), "{error}: {}", clean(&text, true));
}
