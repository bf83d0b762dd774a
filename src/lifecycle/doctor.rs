//! The doctor, with the database that the site names.

use super::store;
use crate::provision::doctor::{self, Finding, Patient};

/// Looks at everything around.
pub async fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    doctor::examine(patient, |site| store::open(&site.store, patient.state)).await
}
