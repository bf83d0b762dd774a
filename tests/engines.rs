//! One suite of stories for every engine: the simulator, a real Asterisk, a real FreeSWITCH.

mod support;

#[path = "engines/phones.rs"]
mod phones;
