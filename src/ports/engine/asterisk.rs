//! Adapter under construction.
