//! One connection to the event socket: opening it, and moving bytes.

use std::{net::SocketAddr, time::Duration};

use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    escape, translate,
    wire::{Decoder, Kind, WireError},
};
use crate::{base::text::Label, ports::engine::Settings};

/// A step of opening, or a write, may take this long.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("nothing listens on {address} ({source}): start FreeSWITCH, or correct engine.address")]
    Unreachable { address: SocketAddr, source: std::io::Error },
    #[error(
        "FreeSWITCH refused the password: put the one of its event_socket.conf into engine.password_file"
    )]
    WrongPassword,
    #[error("the event socket's password is empty or has a line break: correct engine.password_file")]
    UnusablePassword,
    #[error("FreeSWITCH admits no connection from here: allow it in apply-inbound-acl of event_socket.conf")]
    NotAdmitted,
    #[error("FreeSWITCH refused {command:?}: {answer}")]
    Refused { command: &'static str, answer: Label },
    #[error("FreeSWITCH did not answer within {0:?}: is it overloaded or stopped?")]
    Silent(Duration),
    #[error("no heartbeat of FreeSWITCH for {0:?}: connecting anew")]
    Deaf(Duration),
    #[error("FreeSWITCH closed the connection")]
    Closed,
    #[error("the connection to FreeSWITCH broke: {0}")]
    Broken(#[from] std::io::Error),
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl LinkError {
    /// Trying again soon would not help: a human has to correct something.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::WrongPassword | Self::UnusablePassword | Self::NotAdmitted)
    }
}

/// A connection with what was read and what is still to be written.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    pub decoder: Decoder,
    outgoing: Vec<u8>,
    written: usize,
}

impl Line {
    /// Connects and logs in.
    pub async fn open(settings: &Settings) -> Result<Self, LinkError> {
        let address = settings.address;
        let stream = timeout(PATIENCE, TcpStream::connect(address))
            .await
            .map_err(|_| LinkError::Silent(PATIENCE))?
            .map_err(|source| LinkError::Unreachable { address, source })?;
        stream.set_nodelay(true)?;
        let mut line = Self { stream, decoder: Decoder::default(), outgoing: Vec::new(), written: 0 };
        let password =
            escape::password(settings.password.expose_secret()).ok_or(LinkError::UnusablePassword)?;
        line.expect(|kind| kind == Kind::AuthRequest).await?;
        line.queue(escape::Message::new(&format!("auth {password}")).bytes());
        match line.reply("auth").await {
            Err(LinkError::Refused { .. }) => Err(LinkError::WrongPassword),
            other => other.map(|_| line),
        }
    }

    /// Sends one command and waits for its reply; only while opening.
    pub async fn ask(&mut self, name: &'static str, command: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        self.queue(command);
        self.flush().await?;
        self.expect(|kind| matches!(kind, Kind::CommandReply | Kind::ApiResponse)).await.inspect_err(
            |error| {
                tracing::debug!(command = name, %error, "no reply");
            },
        )
    }

    async fn reply(&mut self, command: &'static str) -> Result<Vec<u8>, LinkError> {
        self.flush().await?;
        let answer = self.expect(|kind| kind == Kind::CommandReply).await?;
        translate::taken(&answer).map(|()| answer).map_err(|answer| LinkError::Refused { command, answer })
    }

    /// Like `ask`, for commands that answer `+OK`.
    pub async fn order(&mut self, name: &'static str, command: Vec<u8>) -> Result<(), LinkError> {
        self.queue(command);
        self.reply(name).await.map(|_| ())
    }

    async fn expect(&mut self, wanted: impl Fn(Kind) -> bool) -> Result<Vec<u8>, LinkError> {
        let search = async {
            loop {
                while let Some(frame) = self.decoder.next_frame()? {
                    match frame.kind() {
                        Kind::Rejection => return Err(LinkError::NotAdmitted),
                        kind if wanted(kind) => return Ok(frame.answer().to_vec()),
                        _ => {}
                    }
                }
                self.read().await?;
            }
        };
        timeout(PATIENCE, search).await.map_err(|_| LinkError::Silent(PATIENCE))?
    }

    async fn flush(&mut self) -> Result<(), LinkError> {
        let all = async {
            while self.has_outgoing() {
                self.write().await?;
            }
            Ok(())
        };
        timeout(PATIENCE, all).await.map_err(|_| LinkError::Silent(PATIENCE))?
    }

    /// Reads what is there into the decoder. Cancel-safe.
    pub async fn read(&mut self) -> Result<(), LinkError> {
        let buffer = self.decoder.buffer();
        buffer.reserve(1 << 16);
        match self.stream.read_buf(buffer).await? {
            0 => Err(LinkError::Closed),
            _ => Ok(()),
        }
    }

    pub fn queue(&mut self, bytes: Vec<u8>) {
        if self.written == self.outgoing.len() {
            self.outgoing = bytes;
            self.written = 0;
        } else {
            self.outgoing.extend_from_slice(&bytes);
        }
    }

    pub fn has_outgoing(&self) -> bool {
        self.written < self.outgoing.len()
    }

    /// An empty line, which the engine skips: it looks at its events when something comes in, else every 20 ms. What
    /// does not fit is not missed.
    pub fn nudge(&self) -> Result<(), LinkError> {
        match self.stream.try_write(b"\n") {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Writes what the socket takes. Cancel-safe.
    pub async fn write(&mut self) -> Result<(), LinkError> {
        self.written += self.stream.write(&self.outgoing[self.written..]).await?;
        Ok(())
    }

    /// Waits until there is something to read, or, while something is to be written, until it can be; does it.
    pub async fn turn(&mut self) -> Result<(), LinkError> {
        if !self.has_outgoing() {
            return self.read().await;
        }
        let Self { stream, decoder, outgoing, written } = self;
        let buffer = decoder.buffer();
        buffer.reserve(1 << 16);
        let (mut reader, mut writer) = stream.split();
        tokio::select! {
            read = reader.read_buf(buffer) => if read? == 0 { return Err(LinkError::Closed) },
            wrote = writer.write(&outgoing[*written..]) => *written += wrote?,
        }
        Ok(())
    }
}
