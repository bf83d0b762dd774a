//! What the machines around are told: configurations rendered from the site by templates, and five steps that make
//! a machine follow them.
//!
//! - `render`    a checked site and the target's facts in, files out; pure. Each format has its one escape, so that
//!   nothing from the site can end a line, a value or a quotation; `asterisk` and `freeswitch` know theirs.
//! - `diff`      what stands beside what is wanted; `block` keeps what an admin wrote around our part of a file,
//!   `plan` is the whole of it, secrets hidden
//! - `validate`  what can be refused before anything is written
//! - `swap`      each file written beside, then renamed; `revision` keeps what stood before
//! - `apply`     the way through them: reload, verify, and put the very bytes back when the engine refuses;
//!   `rollback` goes back to a revision, `target` is the engine on the other side
//! - `doctor`    what is wrong with the machine around, why it matters, and what helps

use std::path::PathBuf;

mod apply;
pub mod asterisk;
mod block;
mod diff;
pub mod doctor;
pub mod freeswitch;
mod plan;
mod render;
mod revision;
mod rollback;
mod swap;
mod target;
mod validate;

pub use apply::{Applied, ApplyError, How, Reached, Stage, apply};
pub use block::{BlockError, Comment, Frame};
pub use diff::{Line, Side, hunks};
pub use plan::{Change, Kind, Piece, Plan, plan};
pub use render::{Browsers, Part, Rendered};
pub use revision::{History, Revision, RevisionError, Verdict};
pub use rollback::rollback;
pub use swap::SwapError;
pub use target::{EngineFault, Target, browsers};

/// Why a configuration could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("{what} cannot be written into a configuration: {why}; change it in {file}")]
    Unfit { what: String, why: &'static str, file: &'static str },
    #[error("extension {phone} has no SIP password: create the file that `secret_file` names in people.yaml")]
    NoSecret { phone: String },
    #[error(
        "trunk {trunk} has no password: write the carrier's into the file that `secret_file` names in trunks.yaml"
    )]
    NoTrunkSecret { trunk: String },
    #[error("the fallback {number} is not an extension; set `fallback` in site.yaml to one of people.yaml")]
    NoFallback { number: String },
    #[error("browsers cannot be let in: {0}; see `webrtc` under `engine` in site.yaml")]
    Identity(#[from] crate::infra::remote::Unfit),
    #[error("template {template} does not fit the program (a defect of Tandem): {source}")]
    Template { template: &'static str, source: Box<handlebars::RenderError> },
}

/// Why nothing can be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Secret(#[from] crate::infra::site::secret::SecretError),
    #[error("the engine at {0} is on another machine; run this there, with `engine.address` on 127.0.0.1")]
    Elsewhere(std::net::SocketAddr),
    #[error("{} is not there; install the engine, or set `engine.config` in site.yaml to its configuration folder", .0.display())]
    NoFolder(PathBuf),
    #[error("{} cannot be read: {why}; run this as root, or as a user who may write there", path.display())]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("{}: {fault}", path.display())]
    Block { path: PathBuf, fault: BlockError },
}
