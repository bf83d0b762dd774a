//! The two doors as their users meet them: REST v1 on a real Unix socket, and the real program as its client.
//! Behind them a loop with known state takes the switchboard's place.

mod again;
mod callers;
mod cases;
mod commands;
mod customers;
mod daemon;
mod double;
mod events;
mod figures;
mod flows;
mod in_hand;
mod numbers;
mod openapi;
mod past;
#[path = "../support/postgres.rs"]
#[allow(dead_code)]
mod postgres;
mod remote;
mod replay;
mod rest;
mod screens;
mod search;
mod simulate;
mod simulate_again;
mod simulate_past;
mod simulate_what_if;
mod socket;
mod speech;
mod svg;
