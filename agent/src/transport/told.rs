//! A TLS stream that remembers why the other side ended it.
//!
//! In TLS 1.3 a client is done before the server has judged its certificate. What the client writes next
//! meets a closed connection, and HTTP/2 gives up without reading the alert that says why.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Why a connection ended; empty while it is open, or when nobody said.
#[derive(Clone, Debug, Default)]
pub(super) struct Reason(Arc<OnceLock<rustls::Error>>);

impl Reason {
    /// The error for calls that come too late.
    pub(super) fn closed(&self) -> io::Error {
        self.0.get().map_or_else(
            || io::Error::other("the connection was closed"),
            |alert| io::Error::other(alert.clone()),
        )
    }

    fn keep(&self, error: &io::Error) -> bool {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let alert = tls.filter(|tls| matches!(tls, rustls::Error::AlertReceived(_)));
        if let Some(alert) = alert {
            // Only the first one counts.
            let _ = self.0.set(alert.clone());
        }
        alert.is_some()
    }
}

/// The stream.
pub(super) struct ToldStream<S> {
    stream: S,
    reason: Reason,
    /// What writing came to, until it is known why.
    failed: Option<io::Error>,
}

impl<S: AsyncRead + Unpin> ToldStream<S> {
    pub(super) fn new(stream: S, reason: Reason) -> Self {
        Self { stream, reason, failed: None }
    }

    /// After a failed write, reads what is left, up to the alert; the connection is lost anyway. What
    /// was closed is always readable in the end, so this waits for nothing that does not come.
    fn ask<T>(&mut self, context: &mut Context<'_>, error: io::Error) -> Poll<io::Result<T>> {
        let mut space = [0; 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(Err(told)) if self.reason.keep(&told) => {
                    return Poll::Ready(Err(told));
                }
                Poll::Ready(_) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.failed = Some(error);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ToldStream<S> {
    fn write<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Some(error) = self.failed.take() {
            return self.ask(context, error);
        }
        match write(Pin::new(&mut self.stream), context) {
            Poll::Ready(Err(error)) => self.ask(context, error),
            other => other,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ToldStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Err(error)) = &poll {
            self.reason.keep(error);
        }
        poll
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ToldStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(context, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
