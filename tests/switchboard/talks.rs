//! A real call led by a conversation, by words and by keys, over a restart, to the right queue with all that is known.

use std::{collections::BTreeMap, path::Path};

use tandem::{
    infra::site::{self, AssistantSettings, Site},
    live::{
        dialog::talk::Ears,
        switchboard::{
            Effect, Input,
            view::{Act, BriefView, CallDetail, Query, SummaryView, SummedBy, View},
        },
    },
    ports::engine::{
        Command, Event, HangupCause,
        simulator::{Answer, Caller, Faults, Phone, World},
    },
};

use super::rig::{Rig, START, arrival, leg, millis, name, secs};

/// The shipped site, on the simulator, and ears for one of its flows.
fn house(flow: &str) -> Rig {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
    let site: Site = site::load(&folder).expect("the shipped site");
    let phone = |extension: &str| Phone {
        extension: name(extension),
        registered: true,
        answer: Answer::After(secs(3)),
        talk: secs(30),
    };
    let phones = ["1001", "1002", "1003", "1004"].map(phone).to_vec();
    let mut one = site.clone();
    one.flows.retain(|name, _| name.as_str() == flow);
    let (ears, deaf) = Ears::learned(&one);
    assert!(deaf.is_empty(), "{deaf:?}");
    let mut rig = Rig::new(site, World::new(1, phones, Faults::default(), START));
    rig.ears = ears;
    rig
}

struct Talker {
    rig: Rig,
    leg: tandem::base::id::LegId,
}

impl Talker {
    fn calls(to: &str) -> Self {
        let flow = match to {
            "4021" => "operator",
            "4000" => "welcome",
            _ => "after_sales",
        };
        let mut rig = house(flow);
        let leg = leg("caller");
        let caller = Caller { keys: Vec::new(), patience: secs(600), talk: secs(600) };
        rig.world.expect(rig.now, leg.clone(), arrival(to), caller);
        rig.run_for(secs(1));
        Self { rig, leg }
    }

    fn says(&mut self, text: &str) -> &mut Self {
        self.rig.says(&self.leg, text);
        self
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        self.rig.presses(&self.leg, keys);
        self
    }

    /// The task that was begun last comes to this.
    fn done(&mut self, task: &str, results: &[(&str, &str)]) -> &mut Self {
        let Some(Effect::Task { call, task: begun, .. }) = self.rig.tasks.pop() else {
            panic!("no task was begun: {:?}", self.steps())
        };
        assert_eq!(begun.as_str(), task);
        let results: BTreeMap<_, _> =
            results.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self.rig.input(Input::TaskDone { call, outcome: Some(results) });
        self
    }

    fn steps(&self) -> Vec<String> {
        self.detail().steps.iter().map(|why| why.what.to_string()).collect()
    }

    #[track_caller]
    fn because(&mut self, what: &str) -> &mut Self {
        assert!(self.steps().iter().any(|step| step.contains(what)), "no {what:?} in {:#?}", self.steps());
        self
    }

    fn detail(&self) -> CallDetail {
        let View::Call(Some(detail)) = self.rig.board.view(&Query::Call(self.rig.only_call()), self.rig.now)
        else {
            panic!("the call is there")
        };
        *detail
    }

    fn brief(&self) -> BriefView {
        self.detail().brief.expect("a brief")
    }
}

#[test]
fn a_refund_by_words_over_a_restart_ends_with_a_human_who_knows_it() {
    let mut caller = Talker::calls("4010");
    caller.says("我要把东西退了").because("the caller wants refund");
    caller.says("二零二六幺幺三五").because("order is told");
    let snapshot = caller.rig.snapshot();
    caller.says("不是三，是四").because("order is corrected");
    caller.rig.die_and_return(&snapshot, secs(1));
    caller.rig.run_for(secs(1));
    caller.because("the conversation goes on where it was");
    caller.says("对").because("order is confirmed");
    caller.says("我的快递到哪了").because("order_status comes in between");
    caller.done("order_state", &[("state", "在路上")]).because("back to refund");
    caller.says("我不想跟机器说话，给我接个人");
    caller.rig.run_for(secs(3));
    let brief = caller.brief();
    assert_eq!(brief.topics.last(), Some(&name("person")), "{:#?}", caller.steps());
    let order = brief.facts.iter().find(|fact| fact.slot == name("order")).expect("the order");
    assert_eq!((order.value.as_str(), order.confirmed), ("20261145", true));
    caller.rig.run_for(secs(10));
    assert_eq!(caller.rig.states(), ["talking"]);
    caller.because("queue support");
    let told = caller.steps().join("\n");
    assert!(!told.contains("20261145") && !told.contains("机器"), "no word of the caller: {told}");
}

/// A site that names a chat model.
fn with_a_chat_model(caller: &mut Talker) {
    let mut site = caller.rig.board.site().as_ref().clone();
    site.assistant = Some(AssistantSettings {
        url: "http://127.0.0.1:9/v1".into(),
        model: "stand-in".into(),
        key_file: None,
        patience: secs(1),
    });
    caller.rig.input(Input::Site(site.into()));
}

#[test]
fn whoever_takes_over_sees_what_it_was_about_and_it_stays_with_the_call() {
    let mut caller = Talker::calls("4010");
    caller.says("我要把东西退了").says("二零二六幺幺四五").says("对").says("帮我转人工");
    caller.rig.run_for(secs(10));
    let summary = caller.detail().summary.expect("a summary");
    assert_eq!((summary.text.as_str(), summary.by), ("我要把东西退了 … 帮我转人工", SummedBy::BuiltIn));
    assert!(caller.rig.to_sum.is_empty(), "nobody is named who could be asked");
    caller.rig.run_for(secs(60));
    assert_eq!(caller.rig.records[0].summary.as_ref(), Some(&summary));
}

#[test]
fn a_chat_model_is_told_no_value_and_its_summary_stays() {
    let mut caller = Talker::calls("4010");
    with_a_chat_model(&mut caller);
    caller.says("我要把东西退了").says("二零二六幺幺四五").says("对").says("收到就是破的");
    caller.done("refund_request", &[]).says("帮我转人工");
    let (call, turns) = caller.rig.to_sum.pop().expect("it is asked while the caller is put through");
    let told: Vec<&str> = turns.iter().map(|turn| turn.text.as_str()).collect();
    assert!(told.contains(&"我要把东西退了") && told.contains(&"订单号…，对吗？"), "{told:#?}");
    assert!(told.iter().any(|text| text.contains("三个工作日内原路退回")), "{told:#?}");
    for value in ["二零二六", "幺幺四五", "20261145"] {
        assert!(!told.iter().any(|text| text.contains(value)), "{value} in {told:#?}");
    }
    let snapshot = caller.rig.snapshot();
    let text = "退货：东西坏了，退款已经提交。";
    let summary = SummaryView { text: text.into(), promises: Vec::new(), by: SummedBy::Remote };
    caller.rig.input(Input::SummedUp { call, summary: summary.clone() });
    caller.rig.die_and_return(&snapshot, secs(1));
    caller.rig.run_for(secs(10));
    assert_eq!(caller.detail().summary.as_ref(), Some(&summary));
    caller.rig.run_for(secs(60));
    assert_eq!(caller.rig.records[0].summary.as_ref(), Some(&summary));
    assert!(caller.rig.board.is_late(&Input::SummedUp { call, summary }), "the call is no more");
}

#[test]
fn who_hangs_up_in_the_midst_is_summed_up_and_who_said_nothing_is_not() {
    for (words, about) in [(Some("我的快递怎么还没到"), Some("我的快递怎么还没到")), (None, None)]
    {
        let mut caller = Talker::calls("4010");
        if let Some(words) = words {
            caller.says(words);
        }
        let leg = caller.leg.clone();
        caller.rig.event(Event::Ended { leg, cause: HangupCause::NORMAL_CLEARING });
        let summary = caller.rig.records[0].summary.as_ref().map(|summary| summary.text.as_str());
        assert_eq!(summary, about);
    }
}

#[test]
fn the_same_by_keys_alone_and_a_failed_task_goes_before_others() {
    let mut caller = Talker::calls("4011");
    caller.keys("1").keys("20261145").keys("1").because("order is confirmed");
    let Some(Effect::Task { call, facts, .. }) = caller.rig.tasks.pop() else { panic!("a task") };
    assert_eq!(facts[&name("order")], "20261145");
    caller.rig.input(Input::TaskDone { call, outcome: None });
    caller.rig.run_for(secs(5));
    assert_eq!(caller.brief().priority, "raised");
    caller.rig.run_for(secs(10));
    assert_eq!(caller.rig.states(), ["talking"]);
}

#[test]
fn whoever_presses_or_speaks_while_a_task_is_done_does_not_wait_for_ever() {
    let mut caller = Talker::calls("4011");
    caller.keys("1").keys("20261145").keys("1").because("order is confirmed");
    caller.keys("5").because("order_state is not done yet").says("hello are you there");
    // Nobody ever tells what became of the task.
    caller.rig.run_for(secs(48));
    caller.because("order_state failed");
}

#[test]
fn whoever_changes_the_language_goes_on_in_it() {
    let mut caller = Talker::calls("4010");
    for agent in ["alice", "bob", "li"] {
        caller.rig.act(Act::Logout { agent: name(agent) }).expect("logged out");
    }
    caller.says("can we speak in english").says("get me a person please");
    caller.rig.run_for(secs(3));
    assert_eq!(caller.brief().language, tandem::infra::site::Locale::English);
    let greeted = caller.rig.orders.iter().rev().find_map(|(_, order)| match &order.command {
        Command::Play { media } => Some(media.clone()),
        _ => None,
    });
    let site = caller.rig.board.site();
    let greeting = site.queues[&name("support")].greeting.as_ref().expect("a greeting");
    let english = tandem::ports::media::prompt(greeting, tandem::infra::site::Locale::English);
    assert_eq!(greeted, english.map(|media| vec![media]));
}

#[test]
fn a_name_is_dialled() {
    let mut caller = Talker::calls("4021");
    caller.says("could i speak with alice brown please").says("yes please");
    caller.rig.run_for(secs(5));
    assert_eq!(caller.rig.states(), ["talking"]);
    caller.because("dialling 1003");
}

#[test]
fn whoever_says_nothing_is_asked_with_more_help_and_then_put_through() {
    let mut caller = Talker::calls("4011");
    caller.rig.run_for(secs(40));
    caller.because("nothing came of it, 3 of 3");
    assert_eq!(caller.brief().priority, "raised");
}

#[test]
fn words_count_only_in_a_conversation() {
    let mut caller = Talker::calls("4000");
    let before = caller.rig.journal.len();
    caller.says("i want a refund");
    let words =
        |entry: &(u64, tandem::base::clock::Stamp, Input)| matches!(entry.2, Input::Understood { .. });
    assert!(!caller.rig.journal[before..].iter().any(words), "nobody listens in a menu by keys");
}

#[test]
fn an_emergency_goes_before_those_who_wait() {
    let mut rig = house("after_sales");
    for agent in ["alice", "bob", "li"] {
        rig.act(Act::Logout { agent: name(agent) }).expect("logged out");
    }
    let patient = || Caller { keys: Vec::new(), patience: secs(600), talk: secs(600) };
    for (id, words, after) in
        [("first", "please give me a human agent", 0), ("second", "there is smoke coming out of it", 20)]
    {
        rig.world.expect(rig.now, leg(id), arrival("4011"), patient());
        rig.run_for(secs(5 + after));
        rig.world.say(&leg(id), words, rig.now);
        rig.run_for(secs(5));
    }
    rig.act(Act::Login { agent: name("bob") }).expect("logged in");
    rig.run_for(secs(6));
    assert!(rig.world.hears_something(&leg("second")));
    let View::Calls(calls) = rig.board.view(&Query::Calls, rig.now) else { panic!("calls") };
    let talking: Vec<_> = calls.iter().filter(|call| call.state == "talking").collect();
    assert_eq!(talking.len(), 1, "{calls:#?}");
    let View::Call(Some(detail)) = rig.board.view(&Query::Call(talking[0].id), rig.now) else {
        panic!("a call")
    };
    assert_eq!(detail.brief.expect("a brief").priority, "emergency");
}

#[test]
fn nods_and_noise_stop_no_prompt_and_words_do() {
    let mut caller = Talker::calls("4011");
    let leg = caller.leg.clone();
    assert!(caller.rig.world.is_listened_to(&leg) && caller.rig.world.is_spoken_to(&leg));
    for noise in ["uh-huh", ""] {
        caller.rig.world.say(&leg, noise, caller.rig.now);
        caller.rig.run_for(millis(100));
        assert!(caller.rig.world.is_spoken_to(&leg), "{:#?}", caller.steps());
    }
    caller.because("noise: nothing is interrupted");
    caller.rig.world.say(&leg, "i want a refund", caller.rig.now);
    caller.rig.run_for(millis(100));
    caller.because("a shortcut leads to refund");
    caller.says("i want to talk to a human");
    caller.rig.run_for(secs(3));
    assert!(!caller.rig.world.is_listened_to(&leg), "nobody listens to those who wait");
}

#[test]
fn nobody_is_asked_again_who_still_speaks() {
    let mut caller = Talker::calls("4011");
    caller.rig.run_for(secs(4));
    let at = caller.rig.now + secs(2);
    caller.rig.input(Input::Engine(Event::Voice { leg: caller.leg.clone() }));
    caller.rig.run_for(secs(20));
    let asked = caller
        .rig
        .orders
        .iter()
        .filter(|(when, order)| *when > at && matches!(order.command, Command::Play { .. }));
    assert_eq!(asked.count(), 0);
    caller.rig.run_for(secs(30));
    caller.because("nothing came of it, 1 of 3");
}
