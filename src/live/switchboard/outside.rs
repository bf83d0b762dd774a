//! Who is asked outside of the switchboard, and how their answers come in.

use tokio::sync::mpsc;

use super::{repeated::Repeated, state::Input, summaries, view::Known};
use crate::{
    base::{id::CallId, number::Number},
    ports::{
        assistant::{Opinions, Summaries, Summary},
        tasks::{Done as TaskDone, Tasks},
    },
};

/// Who is asked from conversations.
pub struct Outside {
    /// What is to be done.
    pub tasks: Tasks,
    /// What is not surely understood, if the site names anybody who may have a say.
    pub opinions: Opinions,
    /// What conversations were about, of the same.
    pub summaries: Summaries,
    /// Who calls.
    pub callers: Callers,
    /// Who called again; nobody need tell it.
    pub repeated: mpsc::Receiver<Repeated>,
}

/// Whoever knows callers by their numbers, and is asked for each that comes from outside.
#[derive(Debug)]
pub struct Callers {
    pub asked: mpsc::UnboundedSender<(CallId, Number)>,
    pub known: mpsc::UnboundedReceiver<(CallId, Option<Known>)>,
}

impl Callers {
    /// Nobody is there to be asked.
    pub fn nobody() -> Self {
        Self { asked: mpsc::unbounded_channel().0, known: mpsc::unbounded_channel().1 }
    }
}

/// What comes back from those who were asked.
pub(super) struct Answers {
    pub tasks: mpsc::UnboundedReceiver<TaskDone>,
    pub sums: mpsc::UnboundedReceiver<(CallId, Summary)>,
    pub callers: mpsc::UnboundedReceiver<(CallId, Option<Known>)>,
    pub repeated: mpsc::Receiver<Repeated>,
}

impl Answers {
    /// Nothing is lost when nobody waits for it any more. `None`: nobody is there who could answer.
    pub async fn next(&mut self) -> Option<Input> {
        Some(tokio::select! {
            Some(TaskDone { call, results }) = self.tasks.recv() => Input::TaskDone { call, outcome: results },
            Some((call, known)) = self.callers.recv() => Input::Known { call, known: known.map(Box::new) },
            Some((call, summary)) = self.sums.recv() => {
                Input::SummedUp { call, summary: summaries::remote(summary) }
            }
            Some(repeated) = self.repeated.recv() => Input::Repeated(repeated),
            else => return None,
        })
    }
}
