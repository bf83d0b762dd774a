//! The site: what the admin describes in YAML, checked as a whole and handed on as plain values.

mod model;

pub use model::{
    Agent, Closed, CollectStep, EngineKind, EngineSettings, Extension, Flow, Locale, MenuStep, NumberEntry,
    Prompt, Queue, Site, Step, Store, TransferTo, Trunk,
};
