//! What a caller told in a conversation, for whoever takes over.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{base::id::Name, infra::site::Locale};

/// What the caller told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BriefView {
    #[schema(value_type = String)]
    pub language: Locale,
    /// `emergency`, `raised` after failures, `normal`.
    #[schema(value_type = String)]
    pub priority: SmolStr,
    /// What the caller wants; the last was spoken of.
    pub topics: Vec<Name>,
    pub facts: Vec<FactView>,
    /// The caller's last words.
    #[schema(value_type = String)]
    pub last: SmolStr,
}

/// What the conversations of a call were about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SummaryView {
    #[schema(value_type = String)]
    pub text: SmolStr,
    /// What the house promised, in its words.
    #[schema(value_type = Vec<String>)]
    pub promises: Vec<SmolStr>,
    pub by: SummedBy,
}

/// Who summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SummedBy {
    /// Tandem itself: what the caller said first and last.
    BuiltIn,
    /// The chat model that the site names.
    Remote,
}

/// A value that the caller told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactView {
    pub slot: Name,
    #[schema(value_type = String)]
    pub value: SmolStr,
    pub confirmed: bool,
}
