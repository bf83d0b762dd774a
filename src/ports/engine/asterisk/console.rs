//! What an admin asks of Asterisk, beside calls: to read a module's configuration again, and which endpoints it has.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

pub use super::rest::Failure;
use super::rest::Rest;
use crate::ports::engine::Settings;

/// Answers of one Asterisk.
#[derive(Clone)]
pub struct Console {
    rest: Rest,
}

impl Console {
    pub fn new(settings: &Settings) -> Self {
        Self { rest: Rest::new(settings) }
    }

    /// Product and version, as it says itself.
    pub async fn version(&self) -> Result<String, Failure> {
        let info = self.rest.get("/asterisk/info").await?;
        Ok(info.pointer("/system/version").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Lets a module read its configuration again. A module that is not loaded has nothing to read.
    pub async fn reload(&self, module: &str) -> Result<(), Failure> {
        match self.rest.call(Method::PUT, &format!("/asterisk/modules/{module}"), &[], None).await {
            Err(failure) if failure.gone() => Ok(()),
            other => other.map(drop),
        }
    }

    /// Whether a module runs.
    pub async fn runs(&self, module: &str) -> Result<bool, Failure> {
        match self.rest.get(&format!("/asterisk/modules/{module}")).await {
            Ok(module) => Ok(module.get("status").and_then(Value::as_str) == Some("Running")),
            Err(failure) if failure.gone() => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// The SIP endpoints that it has.
    pub async fn endpoints(&self) -> Result<BTreeSet<String>, Failure> {
        let list = self.rest.get("/endpoints/PJSIP").await?;
        let names = list.as_array().into_iter().flatten().filter_map(|one| one.get("resource")?.as_str());
        Ok(names.map(str::to_owned).collect())
    }
}
