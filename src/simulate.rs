//! A day of calls in virtual time: the switchboard itself, the simulated engine, and callers drawn by a seed. What comes of
//! it stands beside what queueing theory says, where it says something.
//!
//! - `house`    the site that a scenario describes, or names
//! - `callers`  who calls, drawn by a seed
//! - `history`  who came once, to come again
//! - `people`   callers who are followed from call to call
//! - `day`      callers, the engine and the switchboard, let go
//! - `outcome`  what became of the callers, in figures
//! - `erlang`   what Erlang's formulas say; `staffing` how many agents each hour needs by them

mod callers;
mod day;
mod erlang;
mod history;
mod house;
mod outcome;
mod people;
mod staffing;

pub use day::run;
pub use erlang::{Expected, erlang_a, erlang_c};
pub use history::{Forgotten, Was, again};
pub use outcome::{CallersOutcome, Came, Fates, Outcome, QueueOutcome, Whole, Work};
pub use people::FirstContact;
pub use staffing::{Need, Wish, staffing};
