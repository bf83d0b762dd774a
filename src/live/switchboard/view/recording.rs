//! What was recorded of a call: into which file, by whom, from when to when, and what is not in it.

use serde::{Deserialize, Serialize};

use crate::base::{
    clock::Stamp,
    id::{LegId, SoundId},
    text::Label,
};

/// What was recorded of a leg into one file, in stereo: left what the leg said, right what it heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Recording {
    /// The file is `SOUND.wav` in the folder `recordings` of the state folder.
    #[schema(value_type = String)]
    pub sound: SoundId,
    pub leg: LegId,
    /// Who ordered it; nobody when the site did.
    pub by: Option<Label>,
    pub began: Stamp,
    /// Not yet while it runs.
    pub ended: Option<Stamp>,
    /// When silence was recorded instead.
    pub pauses: Vec<Pause>,
}

/// A time that is not in a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Pause {
    pub from: Stamp,
    pub to: Option<Stamp>,
    /// Who ordered it.
    pub by: Option<Label>,
}

impl Recording {
    /// One that begins now.
    pub fn begins(sound: SoundId, leg: LegId, by: Option<Label>, began: Stamp) -> Self {
        Self { sound, leg, by, began, ended: None, pauses: Vec::new() }
    }

    pub fn runs(&self) -> bool {
        self.ended.is_none()
    }

    pub fn paused(&self) -> bool {
        self.pauses.last().is_some_and(|pause| pause.to.is_none())
    }

    /// Pauses it, or lets it go on. Says whether that changes anything.
    pub fn pause(&mut self, on: bool, by: Option<&Label>, now: Stamp) -> bool {
        if self.paused() == on {
            return false;
        }
        match self.pauses.last_mut().filter(|_| !on) {
            Some(pause) => pause.to = Some(now),
            None => self.pauses.push(Pause { from: now, to: None, by: by.cloned() }),
        }
        true
    }

    /// It is over. A pause that lasts until then has no end of its own.
    pub fn end(&mut self, now: Stamp) {
        self.ended.get_or_insert(now);
    }
}
