//! A body too large to be held in memory, as a file that is gone when nobody reads it any more.

use std::fs;
use std::future::poll_fn;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::pin::pin;

use axum::body::{Body, HttpBody as _};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::AsyncWriteExt as _;

use super::auth::blocking;
use super::problem::Problem;

/// Writes a body to a file in `directory`, which is made when it is not there. A body of more than `most`
/// bytes is refused, as soon as that shows.
pub(super) async fn to_file(body: Body, directory: &Path, most: u64) -> Result<TempPath, Problem> {
    let too_large = || Problem::too_large(most);
    if body.size_hint().lower() > most {
        return Err(too_large());
    }
    let directory = directory.to_owned();
    let made = blocking(move || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(failed)?;
        NamedTempFile::new_in(&directory).map_err(failed)
    });
    let (file, path) = made.await?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut body = pin!(body);
    let mut size = 0;
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| {
            Problem::bad_request("the body broke off: send the whole file, and its length with it")
        })?;
        // Whatever else there is are trailers.
        let Ok(data) = frame.into_data() else { continue };
        size += data.len() as u64;
        if size > most {
            return Err(too_large());
        }
        file.write_all(&data).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(path)
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err wants")]
fn failed(error: std::io::Error) -> Problem {
    tracing::error!(%error, "a body cannot be kept in the data directory");
    Problem::internal()
}

/// Takes away what a collector left that was killed while it read.
pub(super) fn clear(directory: &Path) {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, directory = %directory.display(), "cannot be cleared");
        }
        _ => {}
    }
}
