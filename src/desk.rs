//! Hall two: what is written down, owned by the database. Nothing here knows of live calls; the doors bring what
//! is asked and done, composition brings what the switchboard tells.

pub mod access;
pub mod audit;
pub mod customer;
