//! How the doors (REST, later the console) reach the switchboard: one queue of questions and acts.

use tokio::sync::{mpsc, oneshot};

use super::view::{Act, Actor, Query, Refusal, View};

/// Something for the switchboard's loop.
#[derive(Debug)]
pub enum Ask {
    Query { query: Query, reply: oneshot::Sender<View> },
    Act { actor: Actor, act: Act, reply: oneshot::Sender<Result<(), Refusal>> },
}

/// The loop is gone: the daemon stops.
#[derive(Debug, thiserror::Error)]
#[error("the daemon is stopping")]
pub struct Stopping;

/// A cloneable handle to the switchboard's loop.
#[derive(Clone, Debug)]
pub struct Door {
    asks: mpsc::Sender<Ask>,
}

impl Door {
    pub fn new(asks: mpsc::Sender<Ask>) -> Self {
        Self { asks }
    }

    /// Asks for a view of live state.
    pub async fn query(&self, query: Query) -> Result<View, Stopping> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Query { query, reply }).await.map_err(|_| Stopping)?;
        answer.await.map_err(|_| Stopping)
    }

    /// Orders an act; `Ok(Err(refusal))` when it may not be.
    pub async fn act(&self, actor: Actor, act: Act) -> Result<Result<(), Refusal>, Stopping> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Act { actor, act, reply }).await.map_err(|_| Stopping)?;
        answer.await.map_err(|_| Stopping)
    }
}
