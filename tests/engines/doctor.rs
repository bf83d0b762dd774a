//! `tandem doctor` beside a real engine: let in, and refused.

use std::fs;

use serde_json::Value;
use tokio::process::Command;

use crate::bench::Kind;
use crate::world::World;

on_every_engine! {
    the_doctor_finds_the_engine_well_and_a_wrong_password,
}

/// All that it finds in this world.
pub async fn findings_in(world: &World) -> Vec<Value> {
    let [site, state] = world.folders();
    let mut tandem = Command::new(env!("CARGO_BIN_EXE_tandem"));
    tandem.arg("--socket").arg(state.join("tandem.sock")).args(["--json", "doctor"]);
    let output = tandem.arg(&site).arg("--state").arg(&state).output().await.expect("it runs");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    said["findings"].as_array().expect("findings").clone()
}

/// Verdict and words about one thing.
pub fn of(findings: &[Value], check: &str) -> Vec<(String, String)> {
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let of = findings.iter().filter(|one| one["check"] == check);
    of.map(|one| (text(one, "verdict"), text(one, "what"))).collect()
}

pub async fn the_doctor_finds_the_engine_well_and_a_wrong_password(kind: Kind) {
    let world = World::new(kind).await;
    let [site, _] = world.folders();
    let doctor = async || findings_in(&world).await;
    let findings = doctor().await;
    let engine = of(&findings, "engine");
    assert_eq!(engine.len(), 1, "{engine:?}");
    assert!(engine[0].0 == "well" && engine[0].1.contains("lets us in"), "{engine:?}");
    assert_eq!(of(&findings, "daemon")[0].0, "well", "{findings:#?}");

    let password = fs::read(site.join("secrets/engine")).expect("read");
    fs::write(site.join("secrets/engine"), "not-the-password\n").expect("written");
    let engine = of(&doctor().await, "engine");
    assert_eq!(engine.len(), 1, "{engine:?}");
    assert!(engine[0].0 == "fault" && engine[0].1.contains("refuse"), "{engine:?}");
    fs::write(site.join("secrets/engine"), password).expect("written");
    world.ends_clean().await;
}
