//! What the house knows of a caller when the call comes in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    base::{clock::Stamp, id::Name, text::Label},
    infra::site::Locale,
};

/// A caller whom somebody knows: from the table of customers, the company's own system, or calls before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Known {
    /// The customer's identity, where there is a customer.
    #[schema(value_type = Option<String>)]
    pub customer: Option<SmolStr>,
    pub name: Label,
    /// Such as `vip`.
    pub class: Option<Name>,
    pub tags: BTreeSet<Name>,
    #[schema(value_type = Option<String>)]
    pub language: Option<Locale>,
    /// How many complaints are known.
    pub complaints: u32,
    /// Calls of the last 30 days that somebody answered.
    pub contacts: u32,
    pub last: Option<LastContact>,
    /// Who said so: `customers`, `crm`, `history`.
    #[schema(value_type = String)]
    pub by: SmolStr,
}

/// The last call that somebody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LastContact {
    /// Who talked with the caller, where that was an agent.
    pub agent: Option<Name>,
    pub at: Stamp,
}
