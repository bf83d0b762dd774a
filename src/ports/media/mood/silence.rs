//! How long nobody has spoken.

/// Counts frames without a voice.
#[derive(Debug)]
pub(super) struct Silence {
    limit: u32,
    quiet: u32,
}

impl Silence {
    /// `limit` in frames.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, quiet: 0 }
    }

    /// It is silent already.
    pub(super) fn fill(&mut self) {
        self.quiet = self.limit;
    }

    /// A frame; whether it is silent now.
    pub(super) fn frame(&mut self, voice: bool) -> bool {
        self.quiet = if voice { 0 } else { self.quiet.saturating_add(1) };
        self.quiet >= self.limit
    }
}
