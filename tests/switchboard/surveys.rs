//! Whoever has talked with an agent and stays on the line is asked how it was.

use std::sync::Arc;

use tandem::{
    base::id::LegId,
    infra::site::{Flow, Locale, Prompt, RateStep, Site, Step, Survey},
    live::{
        record::{CallRecord, EndedBy},
        switchboard::{
            Input,
            view::{Act, Query, RatedView, SurveyView, View},
        },
    },
    ports::engine::{
        Command,
        simulator::{Answer, Faults, World},
    },
};

use crate::rig::{Rig, START, caller, millis, name, number, phones, secs, site};

/// `site` whose queue `sales` asks: 1 to 5, twice at most.
pub fn asking(mut site: Site, share: u8, least: u64) -> Site {
    let prompt = |text: &str| Prompt([(Locale::English, text.into())].into());
    let rate = RateStep {
        prompt: prompt("How was it? From one to five."),
        of: 5,
        timeout: secs(5),
        tries: 2,
        invalid: Some(prompt("That is no answer.")),
        next: name("thanks"),
        otherwise: name("thanks"),
    };
    let steps = [
        (name("ask"), Step::Rate(rate)),
        (name("thanks"), Step::Say { prompt: prompt("Thank you."), next: name("end") }),
        (name("end"), Step::Hangup),
    ];
    site.flows.insert(name("rating"), Flow { start: name("ask"), steps: steps.into() });
    let sales = site.queues.get_mut(&name("sales")).expect("a queue");
    sales.survey = Some(Survey { flow: name("rating"), share, least: secs(least) });
    site
}

/// Two agents who answer after 3 s and hang up after 60.
fn rig(share: u8, least: u64) -> Rig {
    let world = World::new(1, phones(2, Answer::After(secs(3)), secs(60)), Faults::default(), START);
    Rig::new(asking(site(2), share, least), world)
}

/// A caller who is asked: a second for the menu, three for the agent, a minute of talk.
fn asked(rig: &mut Rig, id: &str) -> LegId {
    let leg = rig.call(id, secs(0));
    rig.run_for(secs(66));
    assert_eq!(rig.states(), ["menu"], "is asked");
    leg
}

fn only(rig: &Rig) -> &CallRecord {
    let [one] = &rig.records[..] else { panic!("{:?}", rig.records) };
    one
}

/// Whom the only record's survey is about, and the answer.
fn survey(rig: &Rig) -> Option<(&str, Option<u8>)> {
    let SurveyView { queue, agent, of, rating } = only(rig).survey.as_ref()?;
    assert_eq!((queue.as_str(), *of), ("sales", 5));
    Some((agent.as_ref().map_or("", |agent| agent.as_str()), *rating))
}

fn tells(record: &CallRecord, words: &str) -> bool {
    record.steps.iter().any(|step| step.what.contains(words))
}

fn rated(rig: &Rig) -> (RatedView, RatedView) {
    let View::Queues(queues) = rig.board.view(&Query::Queues, rig.now) else { panic!("no queues") };
    let View::Agents(agents) = rig.board.view(&Query::Agents, rig.now) else { panic!("no agents") };
    let queue = queues.iter().find(|queue| queue.name == name("sales")).expect("the queue");
    let agent = agents.iter().find(|agent| agent.name == name("a0")).expect("the agent");
    (queue.rated, agent.rated)
}

fn questions(rig: &Rig, leg: &LegId) -> usize {
    let question = Prompt([(Locale::English, "How was it? From one to five.".into())].into());
    let media = tandem::ports::media::prompt(&question, Locale::English).expect("a prompt");
    let heard = rig.orders.iter().filter(|(_, order)| order.leg == *leg);
    heard
        .filter(|(_, order)| matches!(&order.command, Command::Play { media: all } if all.contains(&media)))
        .count()
}

#[test]
fn who_stays_on_the_line_is_asked_and_answers_with_a_key() {
    let mut rig = rig(100, 10);
    let leg = asked(&mut rig, "c0");
    assert_eq!(rig.agent_state("a0"), "wrap-up", "who asks is the house");
    rig.presses(&leg, "4");
    rig.run_for(secs(20));
    let record = only(&rig);
    assert_eq!((survey(&rig), record.ended_by), (Some(("a0", Some(4))), EndedBy::Tandem));
    assert!(tells(record, "a0 hung up after 60 s") && tells(record, "rate ask: 4 of 5 by key 4"));
    let one = RatedView {
        asked: 1,
        answered: 1,
        good: 1,
        answer_permille: Some(1000),
        good_permille: Some(1000),
        average_permille: Some(800),
    };
    assert_eq!(rated(&rig), (one, one));
}

#[test]
fn a_number_that_is_said_is_an_answer_and_two_are_none() {
    let mut rig = rig(100, 10);
    let leg = asked(&mut rig, "c0");
    rig.says(&leg, "two or three");
    assert_eq!((questions(&rig, &leg), rig.states().len()), (2, 1));
    rig.says(&leg, "well I would say three");
    rig.run_for(secs(20));
    assert_eq!(survey(&rig), Some(("a0", Some(3))));
    assert_eq!(only(&rig).summary, None, "an answer is no conversation");
}

#[test]
fn a_wrong_key_is_asked_once_more_and_silence_is_no_answer() {
    let mut rig = rig(100, 10);
    let leg = asked(&mut rig, "c0");
    rig.presses(&leg, "9");
    assert_eq!(questions(&rig, &leg), 2);
    rig.presses(&leg, "0");
    rig.run_for(secs(20));
    assert_eq!((questions(&rig, &leg), survey(&rig)), (2, Some(("a0", None))));
    rig.records.clear();
    let leg = asked(&mut rig, "c1");
    rig.run_for(secs(30));
    assert_eq!(questions(&rig, &leg), 1);
    assert_eq!((survey(&rig), only(&rig).ended_by), (Some(("a1", None)), EndedBy::Tandem));
    let (queue, _) = rated(&rig);
    assert_eq!(
        (queue.asked, queue.answered, queue.answer_permille, queue.good_permille),
        (2, 0, Some(0), None)
    );
}

#[test]
fn who_hangs_up_during_the_question_was_asked_and_who_does_so_before_was_not() {
    let mut rig = rig(100, 10);
    let leg = asked(&mut rig, "c0");
    rig.world.hang_up(&leg, rig.now);
    rig.run_for(secs(5));
    assert_eq!((survey(&rig), only(&rig).ended_by), (Some(("a0", None)), EndedBy::Caller));
    rig.records.clear();
    // Talks for half a minute and hangs up.
    rig.call_with("c1", secs(0), caller('1', secs(600), secs(30)));
    rig.run_for(secs(60));
    assert_eq!((survey(&rig), only(&rig).ended_by), (None, EndedBy::Caller));
}

#[test]
fn who_talked_too_little_or_is_not_in_the_share_is_not_asked() {
    let mut rig = rig(100, 61);
    rig.call("c0", secs(0));
    rig.run_for(secs(80));
    assert!(tells(only(&rig), "is not asked how it was: has talked for less than 61 s"));
    assert_eq!((survey(&rig), only(&rig).ended_by), (None, EndedBy::Callee));
    let mut rig = self::rig(30, 10);
    for n in 0..40 {
        rig.call(&format!("c{n}"), secs(0));
        rig.run_for(secs(100));
    }
    let asked = rig.records.iter().filter(|record| record.survey.is_some()).count();
    assert!((5..=20).contains(&asked), "{asked} of 40");
    assert!(
        rig.records
            .iter()
            .all(|record| record.survey.is_some() || tells(record, "is not among the 30 of 100"))
    );
}

#[test]
fn a_kill_during_the_question_asks_anew_and_counts_once() {
    let mut rig = rig(100, 10);
    let leg = asked(&mut rig, "c0");
    let snapshot = rig.snapshot();
    rig.run_for(secs(1));
    rig.die_and_return(&snapshot, secs(2));
    rig.run_for(secs(2));
    assert_eq!((questions(&rig, &leg), rig.states()), (2, vec!["menu".to_owned()]));
    rig.presses(&leg, "5");
    rig.run_for(secs(20));
    assert_eq!(survey(&rig), Some(("a0", Some(5))));
    assert_eq!(rated(&rig).0.asked, 1);
}

#[test]
fn after_a_transfer_the_survey_is_about_the_agent_who_talked() {
    let mut rig = rig(100, 10);
    let leg = rig.call("c0", secs(0));
    rig.run_for(secs(20));
    let call = rig.only_call();
    assert_eq!(rig.act(Act::Transfer { call, to: number("1001") }), Ok(()));
    rig.run_for(secs(66));
    assert_eq!(rig.states(), ["menu"]);
    rig.presses(&leg, "1");
    rig.run_for(secs(20));
    assert_eq!(survey(&rig), Some(("a0", Some(1))));
    let (queue, agent) = rated(&rig);
    assert_eq!((queue.good, queue.average_permille, agent), (0, Some(200), queue));
}

#[test]
fn a_site_without_the_question_lets_the_caller_go() {
    let mut rig = rig(100, 10);
    asked(&mut rig, "c0");
    rig.input(Input::Site(Arc::new(site(2))));
    rig.run_for(secs(5));
    assert_eq!(rig.states(), Vec::<String>::new());
    assert_eq!(survey(&rig), Some(("a0", None)));
}

#[test]
fn a_new_day_begins_at_none() {
    let mut rig = rig(100, 10);
    let leg = asked(&mut rig, "c0");
    rig.presses(&leg, "4");
    rig.run_for(secs(20));
    rig.run_for(secs(86_400));
    rig.call("c1", millis(10));
    rig.run_for(secs(1));
    assert_eq!(rated(&rig), (RatedView::default(), RatedView::default()));
}
