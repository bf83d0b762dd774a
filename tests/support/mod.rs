//! A small SIP phone for tests, in process and on loopback only.
//!
//! A [`phone::Phone`] registers, calls and is called; a [`call::Call`] is one conversation of it, whose audio
//! ([`rtp`]) is recorded and measured ([`tone`]), so that a test can say who hears whom:
//!
//! ```ignore
//! let caller = Phone::new("15550100", server).await;
//! let call = caller.dial("8000");
//! call.answered().await;
//! call.press("1");
//! let agent = anna.rings().await;
//! agent.answer();
//! agent.says(440.0);
//! call.hears(440.0).await;
//! call.hangup().await;
//! ```
//!
//! Every wait has a deadline and panics with the phone's SIP trace.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::format_push_string, clippy::format_collect, reason = "short texts, in tests only")]

pub mod call;
pub mod codec;
pub mod digest;
pub mod phone;
pub mod rtp;
pub mod sdp;
pub mod sip;
pub mod tone;
