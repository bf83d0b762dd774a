//! Tandem: one program that makes a company's phone and mail service desk of a bare FreeSWITCH or Asterisk.
//!
//! The map, from the ground up (arrows never point back up; `tests/architecture.rs` keeps it so):
//!
//! - [`base`]   words without I/O: identities, time, numbers, opening hours
//! - [`infra`]  ground without domain: the site's YAML, journal, database
//! - [`ports`]  what the outside can do, in our words: media engines, prompts, speech
//! - [`language`] what words mean: intents from samples, entities
//! - [`live`]   a call's life: call, dialog, queue, agent, routing, and the switchboard, their one writer
//! - [`desk`]     what is written down: users and their tokens, customers, the audit
//! - [`provision`] what the machines around are told: engine configurations from templates
//! - [`simulate`] a day of calls in virtual time, beside what queueing theory says
//! - [`lab`]    a real engine and real phones on loopback, for the demo and the tests
//! - [`http`]   door: REST v1 on a Unix socket, and by TLS
//! - [`cli`]    door: one file per command group
//! - [`lifecycle`] composition: build, supervise, stop
//!
//! The way of a call: engine → `ports::engine::*::translate` → `engine::Event` → `live::switchboard` →
//! `live::routing` → `live::dialog` → `live::queue` → an order back to the engine; every input is in
//! `infra::journal` before its effects leave, and the finished call becomes rows by `live::record`.

pub mod base;
pub mod cli;
pub mod desk;
pub mod http;
pub mod infra;
pub mod lab;
pub mod language;
pub mod lifecycle;
pub mod live;
pub mod ports;
pub mod provision;
pub mod simulate;
