//! Which queue takes whom, and what becomes of a wait that is over: the tiers, three stages, and ten callers in one instant.

use std::{fs, path::Path, time::Duration};

use futures_util::future::join_all;
use tandem::{base::id::Name, live::switchboard::view::CallView};
use tokio::time::Instant;

use crate::bench::Kind;
use crate::world::{World, both_talk, eventually};

on_every_engine! {
    every_tier_leaves_its_queue_when_its_wait_is_over,
    a_caller_goes_through_three_stages,
    of_ten_callers_in_one_instant_one_is_offered_and_nine_wait_in_order,
}

const CUSTOMERS: &str =
    "id,name,class,numbers\nc1,Vera,vip,13800000041\nc2,Rui,regular,13800000042\nc3,Nan,new,13800000043\n";

/// What `tandem init` writes, with these waits.
fn tiers(site: &Path, waits: [&str; 4]) {
    let routing = include_str!("../../examples/small/routing.yaml");
    fs::write(site.join("routing.yaml"), routing).expect("written");
    let queues = ["priority_queue", "standard_queue", "training_queue", "default_queue"];
    let more: String =
        queues.iter().zip(waits).map(|(queue, wait)| format!("{queue}: {{ max_wait: {wait} }}\n")).collect();
    let text = fs::read_to_string(site.join("queues.yaml")).expect("a file") + &more;
    fs::write(site.join("queues.yaml"), text).expect("written");
    desk(site, "desk");
}

/// Number 8003 leads to a policy at once, and away when the wait is over.
fn desk(site: &Path, policy: &str) {
    let flow = format!("start: desk\nsteps:\n  desk: {{ route: {policy}, otherwise: hangup }}\n");
    fs::write(site.join("flows/desk.yaml"), flow).expect("written");
    let numbers = fs::read_to_string(site.join("numbers.yaml")).expect("a file");
    fs::write(site.join("numbers.yaml"), numbers + "8003: { language: en, flow: desk }\n").expect("written");
}

/// Every caller's queue, and how long they were in the call.
async fn waits(kind: Kind, waits: [(&str, u64); 4]) {
    let world = World::straight(kind, |site| tiers(site, waits.map(|(text, _)| text))).await;
    let file = world.folders()[0].join("customers.csv");
    fs::write(&file, CUSTOMERS).expect("written");
    world.tandem(&["customers", "import", file.to_str().expect("UTF-8")]);
    let callers = [41, 42, 43, 44].map(|n| format!("138000000{n}"));
    let longest = Duration::from_secs(waits.iter().map(|(_, wait)| wait + 10).max().unwrap_or_default());
    let one = async |from: &String| {
        let phone = world.outside(from).await;
        let began = Instant::now();
        let call = phone.dial("8003").await;
        call.ended_within(longest).await;
        began.elapsed()
    };
    let spans = join_all(callers.iter().map(one)).await;
    let queues = ["priority_queue", "standard_queue", "training_queue", "default_queue"];
    for (((from, span), (_, wait)), queue) in callers.iter().zip(spans).zip(waits).zip(queues) {
        let record = world.record(from).await;
        assert_eq!(record.queue.as_ref().map(Name::as_str), Some(queue), "{:#?}", record.steps);
        let off = span.abs_diff(Duration::from_secs(wait));
        println!("{queue}: {} ms from dialling to the end, {wait} s is its wait", span.as_millis());
        assert!(off < Duration::from_secs(1), "{queue}: {span:?}, not {wait} s");
    }
    world.ends_clean().await;
}

pub async fn every_tier_leaves_its_queue_when_its_wait_is_over(kind: Kind) {
    waits(kind, [("5s", 5), ("8s", 8), ("14s", 14), ("11s", 11)]).await;
}

mod long {
    use super::{Kind, waits};

    const SHIPPED: [(&str, u64); 4] = [("30s", 30), ("2m", 120), ("5m", 300), ("3m", 180)];

    #[tokio::test]
    #[ignore = "takes five minutes"]
    async fn the_shipped_tiers_wait_as_long_as_they_say_on_asterisk() {
        waits(Kind::Asterisk, SHIPPED).await;
    }

    #[tokio::test]
    #[ignore = "takes five minutes"]
    async fn the_shipped_tiers_wait_as_long_as_they_say_on_freeswitch() {
        waits(Kind::Freeswitch, SHIPPED).await;
    }
}

fn stages(site: &Path) {
    let people = fs::read_to_string(site.join("people.yaml")).expect("a file");
    let people = people
        .replace(
            "queues: [support], wrap_up: 0s, logged_in: true }\n  ben",
            "queues: [vip], skills: { vip: 5 }, wrap_up: 0s, logged_in: true }\n  ben",
        )
        .replace("queues: [support]", "queues: [vip, support], skills: { vip: 3 }")
        + "  carla: { extension: 1003, queues: [reserve], wrap_up: 0s, logged_in: true }\n";
    fs::write(site.join("people.yaml"), people).expect("written");
    let queues = fs::read_to_string(site.join("queues.yaml")).expect("a file")
        + "vip:\n  needs: { vip: 5 }\n  relax: [ { after: 3s, needs: { vip: 3 } } ]\n  overflow: [ { waited: 6s, queue: reserve } ]\n\
           reserve: { max_wait: 1m }\n";
    fs::write(site.join("queues.yaml"), queues).expect("written");
    fs::write(site.join("routing.yaml"), "three:\n  - { rule: all, queue: vip }\n").expect("written");
    desk(site, "three");
}

/// R084: the dedicated agent, then the group, then the reserve, each at its second.
pub async fn a_caller_goes_through_three_stages(kind: Kind) {
    let world = World::straight(kind, stages).await;
    let phones = [world.agent("anna").await, world.agent("ben").await, world.agent("carla").await];
    let mut talks = Vec::new();
    for ((phone, from), stage) in
        phones.iter().zip(["13800000051", "13800000052", "13800000053"]).zip([0, 3, 6])
    {
        let caller = world.outside(from).await;
        let call = caller.dial("8003").await;
        let joined = Instant::now();
        let offer = phone.rings().await;
        let waited = joined.elapsed();
        assert!(
            waited.abs_diff(Duration::from_secs(stage)) < Duration::from_secs(1),
            "{from}: {waited:?}, not {stage} s"
        );
        offer.answer();
        both_talk(&call, &offer).await;
        talks.push((caller, call, offer));
    }
    for (_, call, offer) in &talks {
        call.hang_up().await;
        offer.ended().await;
    }
    let last = world.record("13800000053").await;
    assert_eq!(last.queue.as_ref().map(Name::as_str), Some("reserve"));
    world.ends_clean().await;
}

/// R095.
pub async fn of_ten_callers_in_one_instant_one_is_offered_and_nine_wait_in_order(kind: Kind) {
    let world = World::straight(kind, |_| ()).await;
    world.rest.post("/v1/agents/ben/logout", serde_json::json!({})).await;
    let anna = world.agent("anna").await;
    let numbers: Vec<String> = (0..10).map(|n| format!("1380000006{n}")).collect();
    let phones = join_all(numbers.iter().map(|number| world.outside(number))).await;
    let calls = join_all(phones.iter().map(|phone| phone.dial("8002"))).await;
    eventually("one is offered and nine wait", async || {
        let asked = Instant::now();
        let calls: Vec<CallView> = world.rest.try_get("/v1/calls").await.map_err(|why| why.to_string())?;
        let took = asked.elapsed();
        assert!(took < Duration::from_millis(200), "the answer took {took:?}");
        let count = |state| calls.iter().filter(|call| call.state == state).count();
        assert!(count("offered") <= 1, "{calls:?}");
        if (count("offered"), count("waiting")) == (1, 9) { Ok(()) } else { Err(format!("{calls:?}")) }
    })
    .await;
    let mut served = Vec::new();
    for _ in 0..10 {
        let offer = anna.rings().await;
        assert!(anna.rings_within(Duration::from_millis(100)).await.is_none(), "one at a time");
        offer.answer();
        let talking = eventually("somebody talks", async || {
            let calls: Vec<CallView> =
                world.rest.try_get("/v1/calls").await.map_err(|why| why.to_string())?;
            calls.into_iter().find(|call| call.state == "talking").ok_or_else(|| "nobody".to_owned())
        })
        .await;
        let from = talking.from.expect("a number").to_string();
        let place = numbers.iter().position(|number| *number == from).expect("one of the ten");
        both_talk(&calls[place], &offer).await;
        served.push(from);
        calls[place].hang_up().await;
        offer.ended().await;
    }
    let mut joined = Vec::new();
    for from in &served {
        let record = world.record(from).await;
        joined.push(
            record
                .steps
                .iter()
                .find(|step| step.what.starts_with("queue support: place"))
                .expect("it waited")
                .at,
        );
        assert!(
            record.steps.iter().filter(|step| step.assignment.is_some()).count() == 1,
            "{:#?}",
            record.steps
        );
    }
    assert!(joined.is_sorted(), "served in the order in which they joined: {joined:?}");
    world.ends_clean().await;
}
