//! Connections that say nothing for too long are closed: an interrupted request must not hold a file for ever.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{UnixListener, UnixStream, unix::SocketAddr},
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep},
};

/// Longer than any answer takes, so that nobody is closed who waits for one.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The Unix socket, whose connections lose patience.
pub(super) struct Unix(pub(super) UnixListener);

/// A connection that fails when nothing has come and nothing was taken for `PATIENCE`.
pub(super) struct Patient<S> {
    stream: S,
    end: Pin<Box<Sleep>>,
    _seat: Option<OwnedSemaphorePermit>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, end: Box::pin(sleep(PATIENCE)), _seat: None }
    }

    /// The seat is free again when the connection ends.
    pub(super) fn holding(stream: S, seat: OwnedSemaphorePermit) -> Self {
        Self { _seat: Some(seat), ..Self::new(stream) }
    }

    pub(super) fn stream(&self) -> &S {
        &self.stream
    }
}

impl Listener for Unix {
    type Io = Patient<UnixStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Patient::new(stream), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if Pin::new(&mut self.stream).poll_read(cx, buf)?.is_ready() {
            self.end.as_mut().reset(Instant::now() + PATIENCE);
            return Poll::Ready(Ok(()));
        }
        ready!(self.end.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        // A long answer is on its way: nobody has to say anything meanwhile.
        self.end.as_mut().reset(Instant::now() + PATIENCE);
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
