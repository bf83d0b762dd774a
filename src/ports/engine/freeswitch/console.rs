//! What an admin asks of FreeSWITCH, beside calls: one command after the other on a connection of its own.

pub use super::line::LinkError;
use super::{command, line::Line};
use crate::ports::engine::Settings;

/// A connection that answers commands.
pub struct Console {
    line: Line,
}

impl Console {
    pub async fn open(settings: &Settings) -> Result<Self, LinkError> {
        Ok(Self { line: Line::open(settings).await? })
    }

    /// Runs an API command; its answer as text.
    pub async fn ask(&mut self, words: &str) -> Result<String, LinkError> {
        let answer = self.line.ask("api", command::plain(&format!("api {words}"))).await?;
        Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
    }
}
