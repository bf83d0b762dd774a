//! A living Asterisk, by ARI: it reads its files again, and is asked what came of it.

use std::collections::BTreeSet;

use super::endpoint_of_trunk;
use crate::{
    ports::engine::{
        Settings,
        asterisk::console::{Console, Failure},
    },
    provision::{EngineFault, Plan, target::Wants},
};

/// The module that reads each file.
const READERS: [(&str, &str); 5] = [
    ("pjsip.conf", "res_pjsip.so"),
    ("extensions.conf", "pbx_config.so"),
    ("features.conf", "features"),
    ("musiconhold.conf", "res_musiconhold.so"),
    ("ari.conf", "res_ari.so"),
];

/// Lets Asterisk read the files that changed.
pub async fn reload(settings: &Settings, plan: &Plan) -> Result<(), EngineFault> {
    let console = Console::new(settings);
    console.version().await.map_err(|failure| fault("GET /asterisk/info", &failure))?;
    for (file, module) in READERS {
        if plan.has(file) {
            let refused = |failure| fault(&format!("to reload {module} for {file}"), &failure);
            console.reload(module).await.map_err(refused)?;
        }
    }
    Ok(())
}

/// What Asterisk does not have of what is wanted.
pub async fn verify(settings: &Settings, wants: &Wants) -> Result<Vec<String>, EngineFault> {
    let there: BTreeSet<String> =
        Console::new(settings).endpoints().await.map_err(|failure| fault("GET /endpoints", &failure))?;
    let phones = wants.phones.iter().map(|phone| (format!("phone {phone}"), phone.to_string()));
    let trunks = wants.trunks.keys().map(|trunk| (format!("trunk {trunk}"), endpoint_of_trunk(trunk)));
    Ok(phones.chain(trunks).filter(|(_, endpoint)| !there.contains(endpoint)).map(|(what, _)| what).collect())
}

fn fault(what: &str, failure: &Failure) -> EngineFault {
    match failure {
        Failure::Refused { status: 401 | 403, .. } => EngineFault::NotReached {
            why: "Asterisk does not know the ARI user or its password yet; restart it once".to_owned(),
        },
        Failure::NotSent | Failure::Unknown | Failure::Refused { status: 503, .. } => {
            EngineFault::NotReached { why: failure.to_string() }
        }
        Failure::Refused { .. } => {
            EngineFault::Refused { what: what.to_owned(), answer: failure.to_string() }
        }
    }
}
