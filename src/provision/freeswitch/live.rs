//! A living FreeSWITCH, by its event socket: it reads its files again, and is asked what came of it.

use super::PROFILES;
use crate::{
    ports::engine::{
        Settings,
        freeswitch::console::{Console, LinkError},
    },
    provision::{EngineFault, Plan, target::Wants},
};

/// Lets FreeSWITCH read its files. Gateways that changed are taken out first: it never changes one that it has.
pub async fn reload(settings: &Settings, plan: &Plan) -> Result<(), EngineFault> {
    let mut console = Console::open(settings).await.map_err(not_reached)?;
    let answer = console.ask("reloadxml").await.map_err(not_reached)?;
    if !answer.starts_with("+OK") {
        return Err(EngineFault::Refused { what: "reloadxml".to_owned(), answer });
    }
    for name in plan.trunks() {
        console.ask(&format!("sofia profile trunks killgw {name}")).await.map_err(not_reached)?;
    }
    if plan.has("autoload_configs/local_stream.conf.xml") {
        // A stream that plays already goes on, and reads its folder anew at its end.
        console.ask("local_stream start tandem").await.map_err(not_reached)?;
    }
    for profile in PROFILES {
        if console
            .ask(&format!("sofia status profile {profile}"))
            .await
            .map_err(not_reached)?
            .contains("Invalid")
        {
            console.ask(&format!("sofia profile {profile} start")).await.map_err(not_reached)?;
        }
    }
    console.ask("sofia profile trunks rescan").await.map_err(not_reached)?;
    Ok(())
}

/// What FreeSWITCH does not have of what is wanted.
pub async fn verify(settings: &Settings, wants: &Wants) -> Result<Vec<String>, EngineFault> {
    let mut console = Console::open(settings).await.map_err(not_reached)?;
    let mut missing = Vec::new();
    for profile in PROFILES {
        let status = console.ask(&format!("sofia status profile {profile}")).await.map_err(not_reached)?;
        if status.contains("Invalid Profile") {
            missing.push(format!("SIP profile {profile} (is its port taken?)"));
        }
    }
    for phone in &wants.phones {
        let known = console.ask(&format!("user_exists id {phone} {}", settings.domain)).await;
        if known.map_err(not_reached)? != "true" {
            missing.push(format!("phone {phone}"));
        }
    }
    let known = missing.len();
    for (trunk, address) in &wants.trunks {
        let status = console.ask(&format!("sofia status gateway {trunk}")).await.map_err(not_reached)?;
        if !status.contains(address.as_str()) {
            missing.push(format!("trunk {trunk}"));
        }
    }
    if missing.len() > known {
        // A gateway that is being taken out makes no room at once.
        console.ask("sofia profile trunks rescan").await.map_err(not_reached)?;
    }
    Ok(missing)
}

fn not_reached(error: LinkError) -> EngineFault {
    let why = match error {
        LinkError::WrongPassword => {
            "FreeSWITCH does not know the event socket's new password yet; restart it once".to_owned()
        }
        error => error.to_string(),
    };
    EngineFault::NotReached { why }
}
