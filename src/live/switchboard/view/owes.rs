//! What agents may say of a call that is over, or must.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::base::{
    id::{CallId, Name},
    locale::Locale,
};

/// What something is called, by language.
pub type Labels = BTreeMap<Locale, SmolStr>;

/// What an agent may say of the call before, or must.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OwesView {
    pub call: CallId,
    pub queue: Name,
    /// The wrap-up lasts until it is said, or until its longest time is over.
    pub required: bool,
    /// One of these.
    pub codes: Vec<Name>,
    /// What the site calls each of them.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    pub labels: BTreeMap<Name, Labels>,
}
