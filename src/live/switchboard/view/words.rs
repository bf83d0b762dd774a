//! What is said in a conversation, as it is said: for those who watch. No journal and no log has it.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::id::{CallId, LegId},
    infra::site::Locale,
};

/// What one of both sides says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Words {
    pub call: CallId,
    #[schema(value_type = String)]
    pub leg: LegId,
    pub by: Speaker,
    #[schema(value_type = String)]
    pub language: Locale,
    /// Empty when a voice was heard and nothing was made of it.
    #[schema(value_type = String)]
    pub text: SmolStr,
    /// Whether this is all of it: words that form may change until then.
    #[serde(rename = "final")]
    pub whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    Caller,
    /// Tandem itself: a prompt begins.
    House,
}
