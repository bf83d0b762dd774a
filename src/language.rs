//! Language: what a caller's words mean. Intents by a classifier that learns from samples in seconds, entities by
//! rules, both for Chinese and English, both by themselves: no download, no other program.
//!
//! It serves dialogs (which intent, how sure), the admin (how good is it, what to add) and knows nothing of calls.
//! Pure: samples and model files come in as text and bytes; the doors read them.

pub mod advice;
pub mod alike;
pub mod descent;
pub mod entities;
pub mod evaluate;
pub mod feature;
pub mod file;
pub mod gate;
pub mod linear;
pub mod measure;
pub mod model;
pub mod near;
pub mod net;
pub mod noise;
pub mod normal;
pub mod origin;
pub mod outside;
pub mod plan;
pub mod sample;
pub mod sense;
pub mod sound;
pub mod table;
pub mod train;
pub mod vocabulary;
