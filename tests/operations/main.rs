//! What whoever runs Tandem relies on: the service, its log, its doctor, its backups, its package.

mod backup;
mod doctor;
mod house;
mod log;
mod messages;
mod package;
mod pages;
#[path = "../support/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../support/recognizer.rs"]
#[allow(dead_code)]
mod recognizer;
#[path = "../support/sealed.rs"]
mod sealed;
mod service;
mod speech;
