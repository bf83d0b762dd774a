//! Prompts: what callers hear.
