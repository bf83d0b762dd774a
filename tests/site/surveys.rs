//! `survey` of a queue and the step `rate`.

use tandem::infra::site::{self, Code, Locale, Step, Survey};

use super::{faults::over_the_caret, *};

const ASK: &str = "ask: { rate: { zh: 请打分。, en: How was it? }";

fn with(queue: &str, flow: &str) -> (tempfile::TempDir, PathBuf) {
    let (temp, site) = copy("examples/small");
    edit(
        &site,
        "queues.yaml",
        "  # strategy: ring_all",
        &format!("  survey: {queue}\n  # strategy: ring_all"),
    );
    fs::write(site.join("flows/rating.yaml"), format!("steps:\n  {flow}\n")).expect("written");
    (temp, site)
}

#[test]
fn a_survey_is_loaded_as_it_is_written() {
    let flow = format!("{ASK}, of: 7, tries: 1, timeout: 8s, next: hangup }}");
    let (_temp, folder) = with("{ flow: rating, share: 30, least: 20s }", &flow);
    let report = site::check(&folder);
    let site = report.site.unwrap_or_else(|| panic!("{:?}", report.problems));
    let name = |text| Name::new(text).expect("a name");
    let survey = Survey { flow: name("rating"), share: 30, least: Duration::from_secs(20) };
    assert_eq!(site.queues[&name("support")].survey, Some(survey));
    let Step::Rate(rate) = &site.flows[&name("rating")].steps[&name("ask")] else { panic!("asks nothing") };
    assert_eq!((rate.of, rate.tries, rate.timeout.as_secs()), (7, 1, 8));
    assert_eq!(
        (&rate.next, &rate.otherwise, rate.invalid.is_none()),
        (&name("hangup"), &name("hangup"), true)
    );
    assert_eq!(rate.prompt.0[&Locale::Chinese], "请打分。");
    assert!(report.problems.0.is_empty(), "{:?}", report.problems);
}

#[test]
fn surveys_that_ask_nothing_and_questions_of_nobody_are_told() {
    let asks = format!("{ASK}, next: hangup }}");
    let told = |queue: &str, flow: &str| {
        let (_temp, site) = with(queue, flow);
        let problems = site::check(&site).problems.0;
        let [one] = &problems[..] else { panic!("{queue} {flow}: {problems:#?}") };
        (
            one.code,
            over_the_caret(&site, one),
            one.message.clone() + " " + one.help.as_deref().unwrap_or_default(),
        )
    };
    for (queue, flow, code, caret, piece) in [
        (
            "{ flow: rating }",
            "ask: { say: Hello., next: hangup }",
            Code::Contradiction,
            "survey",
            "it has no `rate`",
        ),
        ("{ flow: ratting }", &*asks, Code::UnknownName, "ratting", "did you mean `rating`?"),
        ("{ share: 30 }", &*asks, Code::MissingKey, "{ share: 30 }", "add `flow: rating`"),
        ("{ flow: rating, share: 0 }", &*asks, Code::BadValue, "0", "from 1 to 100"),
        ("{ flow: rating, least: 2d }", &*asks, Code::BadValue, "2d", "1h"),
        ("{ flow: welcome }", &*asks, Code::Contradiction, "survey", "the flow `welcome`"),
        ("{ flow: rating }", &*asks.replace(", next", ", of: 10, next"), Code::BadValue, "10", "from 2 to 9"),
    ] {
        let (found, over, text) = told(queue, flow);
        assert_eq!((found, over.as_str()), (code, caret), "{text}");
        assert!(text.contains(piece), "{text}");
    }
    let (_temp, site) = with("{ flow: rating }", &asks);
    edit(&site, "queues.yaml", "  survey: { flow: rating }\n", "");
    let problems = site::check(&site).problems.0;
    let [one] = &problems[..] else { panic!("{problems:#?}") };
    assert_eq!(one.code, Code::Unreachable);
    assert!(one.message.contains("counts nowhere"), "{}", one.message);
}

#[test]
fn the_question_may_stand_in_a_flow_that_the_survey_leads_to() {
    let (_temp, site) = with("{ flow: first }", &format!("{ASK}, next: hangup }}"));
    fs::write(site.join("flows/first.yaml"), "steps: { on: { flow: rating } }\n").expect("written");
    assert_eq!(site::check(&site).problems.0, []);
}

#[test]
fn dispositions_are_loaded_as_they_are_written_and_their_faults_told() {
    let with = |text: &str| {
        let (temp, site) = copy("examples/small");
        edit(
            &site,
            "queues.yaml",
            "  # strategy: ring_all",
            &format!("  dispositions: {text}\n  # strategy: ring_all"),
        );
        (temp, site)
    };
    let (_temp, folder) = with(
        "{ codes: { solved: { zh: 已解决, en: Solved }, later: { zh: 需回电, en: Call back } }, required: true, within: 5m }",
    );
    let report = site::check(&folder);
    let site = report.site.unwrap_or_else(|| panic!("{:?}", report.problems));
    let name = |text| Name::new(text).expect("a name");
    let read = site.queues[&name("support")].dispositions.clone().expect("dispositions");
    assert_eq!((read.required, read.within, read.codes.len()), (true, Duration::from_secs(300), 2));
    assert_eq!(read.codes[&name("solved")].0[&Locale::Chinese], "已解决");
    for (text, code, caret, piece) in [
        ("{ required: true }", Code::MissingKey, "{ required: true }", "add `codes:"),
        ("{ codes: {} }", Code::MissingKey, "{}", "add one, like"),
        (
            "{ codes: { a: { zh: 一, en: A } }, within: 5m }",
            Code::Contradiction,
            "within",
            "add `required: true`",
        ),
        ("{ codes: { a: { zh: 一, en: A } }, required: true, within: 2h }", Code::BadValue, "2h", "30m"),
        ("{ codes: { a: { zh: 一, en: A } }, required: maybe }", Code::BadValue, "maybe", "true"),
    ] {
        let (_temp, site) = with(text);
        let problems = site::check(&site).problems.0;
        let [one] = &problems[..] else { panic!("{text}: {problems:#?}") };
        let told = format!("{} {}", one.message, one.help.as_deref().unwrap_or_default());
        assert_eq!((one.code, over_the_caret(&site, one).as_str()), (code, caret), "{told}");
        assert!(told.contains(piece), "{told}");
    }
}
