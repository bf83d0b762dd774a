//! The switchboard: the single writer of all live state.
//!
//! `Switchboard::on(input)` is a pure function of state and input: no I/O, no clock, no randomness. `run` is
//! the one loop around it: it numbers and stamps every input, appends it to the journal, and only then
//! releases the effects. The rooms around (`dialog`, `queue`, `agent`, `routing`) know nothing of each other;
//! here they meet. `docs/switchboard.md` tells why.
//!
//! - `state`     what is owned, and the inputs and effects
//! - `legs`      what the engine reports about a leg
//! - `ends`      how legs end, and what that means for their call
//! - `stages`    how a call goes from one stage to the next
//! - `goals`     where a call goes, whoever sends it there: `groups`, `trunks`, `parking`, `conferences`
//! - `meetings`  the caller and others in a room: groups, pickup, `consult`
//! - `asked`     whom a command rings
//! - `referrals` transfers, by phones and by admins: who stays, who leaves
//! - `extensions` forwards and quiet; `tapes` recordings; `mailboxes` messages and PINs
//! - `policies`  who calls, and which queue that means; `waits` queues joined, overflowed, left; `expansion` more agents; `announcing` places told
//! - `callbacks` callers who hang up, keep their place and are called
//! - `pairs`     who fits whom, and why the others do not; `offers` what follows; `together` offers to all at once
//! - `messages`  mails, chats and tickets in queues, and in agents' hands beside their calls
//! - `confirming` agents rung outside, who take calls by a key
//! - `holding`   agents whose client has to say that it is there
//! - `attending` supervisors who listen, whisper, barge in, take over
//! - `alerting`  figures that are watched
//! - `service`   how well queues are served
//! - `supervision` callers moved, queues drained, calls sent to an agent or a queue by name
//! - `sites`     what a new site means for the calls that are there
//! - `deadlines` what happens when nothing happens
//! - `audit`     how the view is put right after a restart, a lost link, a lost event
//! - `conversing` callers who talk in their own words
//! - `summaries` what conversations were about
//! - `acts`      what an admin orders
//! - `invariants` what always holds
//! - `views`     what the doors may see
//! - `replay`    the past, run again

mod acts;
mod alerting;
mod announcing;
mod asked;
mod attending;
mod audit;
mod callbacks;
mod conferences;
mod confirming;
mod consult;
mod conversing;
mod deadlines;
mod dispositions;
pub mod door;
mod doubts;
mod ends;
mod expansion;
mod extensions;
mod goals;
mod groups;
mod holding;
mod invariants;
mod legs;
mod mailboxes;
mod meetings;
mod messages;
mod moods;
mod offers;
mod outside;
mod pairs;
mod parking;
mod policies;
mod referrals;
mod repeated;
pub mod replay;
mod run;
pub mod secrets;
mod service;
mod sites;
mod stages;
mod state;
mod summaries;
mod supervision;
mod surveys;
mod tapes;
mod together;
mod trunks;
pub mod view;
mod views;
mod waits;

pub use invariants::Broken;
pub use outside::{Callers, Outside};
pub use repeated::Repeated;
pub use run::{Outlet, RunError, Turn, Wiring, handle, recover, run};
pub use state::{Effect, Input, Link, Switchboard};
