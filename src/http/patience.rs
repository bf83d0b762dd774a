//! Connections that say nothing for too long are closed: an interrupted request must not hold a file for ever.

use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{UnixListener, UnixStream, unix::SocketAddr},
    time::{Instant, Sleep, sleep},
};

/// Longer than any answer takes, so that nobody is closed who waits for one.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A listener whose connections lose patience.
pub(super) struct Patient(pub(super) UnixListener);

/// A connection that fails when nothing has come for `PATIENCE`.
pub(super) struct Connection {
    stream: UnixStream,
    end: Pin<Box<Sleep>>,
}

impl Connection {
    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }
}

impl Listener for Patient {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Connection { stream, end: Box::pin(sleep(PATIENCE)) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if pin!(&mut self.stream).poll_read(cx, buf)?.is_ready() {
            self.end.as_mut().reset(Instant::now() + PATIENCE);
            return Poll::Ready(Ok(()));
        }
        ready!(self.end.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        pin!(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.stream).poll_shutdown(cx)
    }
}
