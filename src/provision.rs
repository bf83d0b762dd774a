//! What the machines around are told: configurations rendered from the site by templates.
//!
//! A renderer is pure: a checked site and the target's facts in, files out. Each format has its one escape,
//! so that nothing from the site can end a line, a value or a quotation.

use std::path::PathBuf;

pub mod asterisk;
pub mod freeswitch;

/// One file of a configuration. The path is relative to the target's configuration folder.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    pub path: PathBuf,
    pub text: String,
    /// Permissions; files with secrets are 0600.
    pub mode: u32,
}

/// Why a configuration could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("{what} cannot be written into a configuration: {why}; change it in {file}")]
    Unfit { what: String, why: &'static str, file: &'static str },
    #[error("extension {phone} has no SIP password: create the file that `secret_file` names in people.yaml")]
    NoSecret { phone: String },
    #[error("the fallback {number} is not an extension; set `fallback` in site.yaml to one of people.yaml")]
    NoFallback { number: String },
    #[error("template {template} does not fit the program (a defect of Tandem): {source}")]
    Template { template: &'static str, source: Box<handlebars::RenderError> },
}
