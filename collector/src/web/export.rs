//! Lists as files: the same filter and order, all rows, streamed.

mod xlsx;

use std::borrow::Cow;
use std::io::Write as _;

use axum::body::Body;
use axum::response::Response;
use belfort_store::record::Page;
use bytes::Bytes;
use http::header;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::rest::problem::Problem;

/// Rows that are asked for at once.
const ROWS: u32 = 1_000;
/// Pieces that wait for a slow reader at most.
const PIECES: usize = 4;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Semicolons, UTF-8 with a byte-order mark, as spreadsheets in Belgium expect.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// One array of objects.
    Json,
}

/// The kind a name such as `assets.csv` ends with.
impl std::str::FromStr for Kind {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text {
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            "json" => Ok(Self::Json),
            other => Err(Problem::not_found(format!("there is no `{other}` of a list"))),
        }
    }
}

/// A column of the file: its name for programs, and its heading for people.
pub(super) type Head = (&'static str, String);

/// Sends all rows. `rows` gives those of a page, in the order of `heads`; a page that is not full is the
/// last one.
pub(super) fn send(
    name: &str,
    kind: Kind,
    heads: Vec<Head>,
    rows: impl Fn(Page) -> Result<Vec<Vec<String>>, Problem> + Send + 'static,
) -> Response {
    let (to, from) = mpsc::channel::<Sending>(PIECES);
    tokio::task::spawn_blocking(move || match kind {
        Kind::Xlsx => send_workbook(&heads, &rows, &to),
        Kind::Csv | Kind::Json => send_text(kind, &heads, &rows, &to),
    });
    let (kind_of, end) = match kind {
        Kind::Csv => ("text/csv; charset=utf-8", "csv"),
        Kind::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        Kind::Json => ("application/json", "json"),
    };
    let response = Response::builder()
        .header(header::CONTENT_TYPE, kind_of)
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{end}\""));
    // Nothing in it can be wrong: names are our own.
    response.body(Body::from_stream(ReceiverStream::new(from))).unwrap_or_default()
}

/// A piece of the file, or why there are no more.
type Sending = std::io::Result<Bytes>;
/// The rows of a part of the list.
type Rows = dyn Fn(Page) -> Result<Vec<Vec<String>>, Problem>;

fn send_text(kind: Kind, heads: &[Head], rows: &Rows, to: &mpsc::Sender<Sending>) {
    let mut offset = 0;
    let mut first = true;
    loop {
        let page = rows(Page { limit: ROWS, offset });
        let piece = match &page {
            Ok(rows) => piece(kind, heads, rows, first, rows.len() < ROWS as usize),
            Err(problem) => Err(std::io::Error::other(problem.detail.clone())),
        };
        let last = piece.is_err() || page.is_ok_and(|rows| rows.len() < ROWS as usize);
        // Whoever went away needs no more.
        if to.blocking_send(piece.map(Bytes::from)).is_err() || last {
            break;
        }
        first = false;
        offset += u64::from(ROWS);
    }
}

/// A workbook is sent once it is whole: its end says where its parts are.
fn send_workbook(heads: &[Head], rows: &Rows, to: &mpsc::Sender<Sending>) {
    let made = xlsx::file(heads, |offset| {
        if to.is_closed() {
            return Err(std::io::Error::other("nobody waits for it any more"));
        }
        rows(Page { limit: ROWS, offset }).map_err(|problem| std::io::Error::other(problem.detail))
    });
    let mut file = match made {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(%error, "a workbook cannot be made");
            drop(to.blocking_send(Err(error)));
            return;
        }
    };
    while let Some(piece) = xlsx::piece(&mut file).transpose() {
        let last = piece.is_err();
        if to.blocking_send(piece.map(Bytes::from)).is_err() || last {
            break;
        }
    }
}

fn piece(
    kind: Kind,
    heads: &[Head],
    rows: &[Vec<String>],
    first: bool,
    last: bool,
) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    match kind {
        Kind::Csv => {
            if first {
                out.extend_from_slice("\u{feff}".as_bytes());
            }
            let mut writer = csv::WriterBuilder::new()
                .delimiter(b';')
                .terminator(csv::Terminator::CRLF)
                .from_writer(&mut out);
            if first {
                writer.write_record(heads.iter().map(|(_, title)| title))?;
            }
            for row in rows {
                writer.write_record(row.iter().map(|cell| guarded(cell).into_owned()))?;
            }
            writer.flush()?;
        }
        // It is not made in pieces.
        Kind::Xlsx => {}
        Kind::Json => {
            if first {
                out.push(b'[');
            }
            for (index, row) in rows.iter().enumerate() {
                out.write_all(if first && index == 0 { b"\n" } else { b",\n" })?;
                let object: serde_json::Map<_, _> = heads
                    .iter()
                    .zip(row)
                    .map(|((key, _), cell)| ((*key).to_owned(), cell.as_str().into()))
                    .collect();
                serde_json::to_writer(&mut out, &object)?;
            }
            if last {
                out.extend_from_slice(b"\n]\n");
            }
        }
    }
    Ok(out)
}

/// A cell that no spreadsheet takes for a formula.
fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: Kind, rows: &[&[&str]]) -> String {
        let heads = [("name", "Naam".to_owned()), ("os", "Systeem".to_owned())];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect();
        String::from_utf8(piece(kind, &heads, &rows, true, true).unwrap()).unwrap()
    }

    #[test]
    fn a_spreadsheet_opens_it_and_computes_nothing() {
        let rows: &[&[&str]] = &[&["srv;1", "=1+1"], &["-", "\"x\""]];
        let csv = file(Kind::Csv, rows);
        assert_eq!(csv, "\u{feff}Naam;Systeem\r\n\"srv;1\";'=1+1\r\n'-;\"\"\"x\"\"\"\r\n");
    }

    #[test]
    fn json_is_one_array() {
        let empty: serde_json::Value = serde_json::from_str(&file(Kind::Json, &[])).unwrap();
        assert_eq!(empty, serde_json::json!([]));
        let two = file(Kind::Json, &[&["a", "=x"], &["b", ""]]);
        let two: serde_json::Value = serde_json::from_str(&two).unwrap();
        assert_eq!(two[0], serde_json::json!({ "name": "a", "os": "=x" }));
        assert_eq!(two[1]["name"], "b");
    }
}
