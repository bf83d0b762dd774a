//! The pictures of the README: the real program on a terminal, in the midst of a simulated day.
//!
//! `TANDEM_SCREENS=draw` writes them anew into `docs/screens`; without it those that are there must have the shape of
//! what the program draws now: the same frame, the same headings in the same places, the same colours in use.

use std::{
    collections::BTreeSet,
    env, fs,
    num::NonZero,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{commands::Spawned, daemon::House, svg};

const COLUMNS: u16 = 96;

#[test]
fn the_pictures_in_the_readme_are_what_the_program_draws() {
    let mut house = House::of("medium", "sqlite");
    house.start(&["--drift", "0", "--traffic", "700", "--seed", "11"]);
    let finished = |house: &House| -> Option<String> {
        let calls = house.json(&["calls", "history", "--json", "-n", "50"]);
        let told = |call: &Value| call["agent"].is_string() && call["wait_ms"].as_u64() > Some(0);
        calls.as_array()?.iter().find(|call| told(call))?["id"].as_str().map(str::to_owned)
    };
    house.until("a day's midst", |house| {
        let status = house.json(&["status", "--json"]);
        let many = |key: &str| status[key].as_u64().unwrap_or(0);
        many("talking") > 3 && many("waiting") > 0 && many("agents_ready") > 1 && finished(house).is_some()
    });
    let call = finished(&house).expect("a finished call");
    let board = capture(&house, "top", 30, Some("q end"));
    check("top", "tandem top", &board);
    check("status", "tandem status", &capture(&house, "status", 7, None));
    check("explain", "tandem explain CALL", &capture(&house, &format!("explain {call}"), 24, None));
}

/// What stands on a terminal of so many lines: at once, or when `word` is there.
fn capture(house: &House, words: &str, lines: u16, word: Option<&str>) -> vt100::Screen {
    let binary = env!("CARGO_BIN_EXE_tandem");
    let socket = house.socket();
    let line =
        format!("stty rows {lines} cols {COLUMNS}; exec {binary} --socket {} {words}", socket.display());
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color").env("SHELL", "/bin/sh");
    command.env("TZ", "Asia/Shanghai");
    let mut running = Spawned::new(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut terminal = vt100::Parser::new(size(lines), size(COLUMNS), 0);
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Some(piece) = running.piece() {
        terminal.process(&piece);
        if word.is_some_and(|word| terminal.screen().contents().contains(word)) {
            break;
        }
        assert!(Instant::now() < deadline, "{words} draws {:?}", terminal.screen().contents());
    }
    if word.is_some() {
        let screen = terminal.screen().clone();
        running.press(b"q");
        assert_eq!(running.code(), Some(0));
        return screen;
    }
    terminal.screen().clone()
}

fn size(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).expect("some")
}

fn check(name: &str, title: &str, screen: &vt100::Screen) {
    let drawn = svg::draw(title, screen);
    let path = format!("docs/screens/{name}.svg");
    if env::var_os("TANDEM_SCREENS").is_some() {
        fs::create_dir_all("docs/screens").expect("folder");
        fs::write(&path, &drawn).expect("written");
    }
    let kept =
        fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path}: {why}; draw it by `make screens`"));
    let (kept, drawn) = (shape(&kept), shape(&drawn));
    assert!(drawn.headings.len() >= 3, "{name} has no headings: {drawn:?}");
    assert_eq!(kept, drawn, "{path} is not what the program draws; draw it anew by `make screens`");
}

/// What stays the same of a picture whoever calls.
#[derive(Debug, PartialEq)]
struct Shape {
    /// The tags without what changes with the number of lines.
    frame: String,
    /// What is bold, in its order, digits left out; what a heading counts or names is not a part of it.
    headings: Vec<String>,
    /// The colours that are there on any day: of what is well, and of what is chosen.
    colours: BTreeSet<&'static str>,
    /// Whether something steps back.
    faint: bool,
}

fn shape(svg: &str) -> Shape {
    let frame = svg.lines().next().expect("a line").split(" viewBox").next().expect("a tag").to_owned();
    let bold = svg.lines().filter(|line| line.contains("font-weight"));
    let words = bold.flat_map(|line| {
        let text = line.split_once('>').and_then(|(_, rest)| rest.split_once("</text>")).expect("a text").0;
        text.split(' ').filter(|word| is_heading(word)).map(str::to_owned).collect::<Vec<_>>()
    });
    let colours = [svg::PALETTE[2], svg::PALETTE[6]].into_iter().filter(|colour| svg.contains(colour));
    Shape { frame, headings: words.collect(), colours: colours.collect(), faint: svg.contains("opacity") }
}

/// Words of the program, not of the site or of a call.
fn is_heading(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphabetic())
}
