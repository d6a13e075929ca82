//! The audit log as a file that proves itself, whole and streamed.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::header;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::super::frame::Visitor;
use crate::app::AppError;
use crate::app::access::Right;
use crate::app::audit::may_read;
use crate::app::audit_file::Line;
use crate::rest::Api;
use crate::rest::problem::Problem;

/// Pieces that wait for a slow reader at most.
const PIECES: usize = 4;
/// Bytes of a piece, about.
const PIECE_BYTES: usize = 64 << 10;

/// Why the file ends early.
enum Ended {
    App(AppError),
    /// The reader went away.
    Gone,
    Unwritable,
}

impl From<AppError> for Ended {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

/// The file.
pub(super) async fn file(State(api): State<Api>, visitor: Visitor) -> Result<Response, Problem> {
    let Visitor { actor, .. } = visitor.may(Right::Export)?;
    may_read(&actor)?;
    let (to, from) = mpsc::channel::<Result<Bytes, std::io::Error>>(PIECES);
    tokio::task::spawn_blocking(move || {
        let (mut previous, mut piece) = ([0; 32], Vec::new());
        let done = api.app.audit_each(&actor, |record| -> Result<(), Ended> {
            let line = Line::of(previous, record);
            previous = record.hash;
            serde_json::to_writer(&mut piece, &line).map_err(|_| Ended::Unwritable)?;
            piece.push(b'\n');
            if piece.len() >= PIECE_BYTES {
                let full = Bytes::from(std::mem::take(&mut piece));
                to.blocking_send(Ok(full)).map_err(|_| Ended::Gone)?;
            }
            Ok(())
        });
        let last = match done {
            Ok(_) => Ok(Bytes::from(piece)),
            Err(Ended::Gone) => return,
            Err(Ended::App(error)) => Err(std::io::Error::other(error.to_string())),
            Err(Ended::Unwritable) => Err(std::io::Error::other("a record cannot be written")),
        };
        // Whoever went away needs no more.
        let _ = to.blocking_send(last);
    });
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "application/jsonl")
        .header(header::CONTENT_DISPOSITION, "attachment; filename=\"belfort-audit.jsonl\"");
    Ok(response.body(Body::from_stream(ReceiverStream::new(from))).unwrap_or_default())
}
