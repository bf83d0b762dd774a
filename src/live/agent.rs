//! Agents: who is there, who is free, and since when. An agent who is busy always names the call that
//! keeps them busy, so that nobody can stay reserved for a call that is over.

mod free;
mod hands;
mod model;
mod rules;
mod seats;

pub use model::{Agent, AgentState, Owes, Rest};
pub use rules::Agents;
pub use seats::Rank;
