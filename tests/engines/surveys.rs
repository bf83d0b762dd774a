//! Whoever stays on the line after a talk with an agent is asked how it was.

use std::fs;

use tandem::{
    base::id::Name,
    live::switchboard::view::{RatedView, SurveyView},
};

use crate::{
    bench::Kind,
    office::Office,
    world::{HIGH, both_talk_a_while, eventually},
};

on_every_engine! {
    who_stays_on_the_line_is_asked_and_presses_a_key,
}

const FLOW: &str = "
start: ask
steps:
  ask: { rate: How was it? Press 1 to 5., next: thanks }
  thanks: { say: Thank you., next: hangup }
";

pub async fn who_stays_on_the_line_is_asked_and_presses_a_key(kind: Kind) {
    let mut office = Office::on_site(kind, |site| {
        let queue = "support: { ring: 20s, max_wait: 5m, survey: { flow: rating, least: 1s }, \
                     dispositions: { codes: { solved: Solved }, required: true } }\n";
        fs::write(site.join("queues.yaml"), queue).expect("written");
        fs::write(site.join("flows/rating.yaml"), FLOW).expect("written");
    })
    .await;
    let anna = office.phone("1001").await;
    office.world.agent_starts_anew("anna").await;
    office.world.agent_is("anna", "ready").await;
    let customer = office.world.outside("13900000041").await;
    let call = customer.dial("8002").await;
    let taken = anna.rings().await;
    taken.answer();
    both_talk_a_while(&call, &taken).await;
    taken.hang_up().await;
    office.world.call_is("13900000041", "menu").await;
    call.hears_other_than(HIGH).await;
    // Whoever is asked is still asked when the daemon comes back.
    office.world.kill_daemon().await;
    office.world.restart_daemon().await;
    office.world.call_is("13900000041", "menu").await;
    call.hears_other_than(HIGH).await;
    call.press("4");
    call.ended().await;
    let record = office.world.record("13900000041").await;
    let name = |text| Name::new(text).expect("a name");
    let survey = SurveyView { queue: name("support"), agent: Some(name("anna")), of: 5, rating: Some(4) };
    assert_eq!(record.survey, Some(survey), "{:?}", record.steps);
    let story = office.world.tandem(&["explain", &record.id.to_string()]);
    assert!(story.contains("answered 4 of 5"), "{story}");
    let rated: RatedView = eventually("the answer is in the report", async || {
        let days: Vec<tandem::live::record::SurveyReport> =
            office.world.rest.try_get("/v1/reports/surveys").await.expect("a report");
        let today = days.last().map(|day| day.all).unwrap_or_default();
        if today.asked == 1 { Ok(today) } else { Err(format!("{days:?}")) }
    })
    .await;
    assert_eq!((rated.answered, rated.average_permille), (1, Some(800)));
    // The agent has wrapped up over the kill, and does so until it is said what became of the call.
    office.world.agent_is("anna", "wrap-up").await;
    office.world.tandem(&["agents", "dispose", "anna", "--as", "solved"]);
    office.world.agent_is("anna", "ready").await;
    eventually("what became of it is with the call", async || {
        let record = office.world.record("13900000041").await;
        if record.disposition == Some(name("solved")) { Ok(()) } else { Err(format!("{record:?}")) }
    })
    .await;
    let told = office.world.event("call.disposed").await;
    assert!(told.contains(&record.id.to_string()) && told.contains("\"solved\""), "{told}");
    eventually("the audit has what was said", async || {
        let rows = office.world.tandem(&["audit", "--json"]);
        let said =
            rows.contains("disposed") && rows.contains("solved") && rows.contains(&record.id.to_string());
        if said { Ok(()) } else { Err(rows) }
    })
    .await;
    office.world.ends_clean().await;
}
