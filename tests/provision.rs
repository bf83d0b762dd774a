//! What the machines around are told: files that admins own too, real engines, and a thousand random changes.

mod support;

#[path = "provision/rig.rs"]
mod rig;

#[path = "provision/asterisk.rs"]
mod asterisk;
#[path = "provision/daemon.rs"]
mod daemon;
#[path = "provision/effective.rs"]
mod effective;
#[path = "provision/files.rs"]
mod files;
#[path = "provision/freeswitch.rs"]
mod freeswitch;
#[path = "provision/random.rs"]
mod random;
