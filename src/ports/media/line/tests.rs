//! The layer as a whole: without I/O, and with a caller's mouth and a simulated engine.

mod crowd;
mod detected;
mod legs;
mod rig;
mod stories;
mod voices;
