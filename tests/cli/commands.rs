//! The real program against a real socket: what it prints, how it ends.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tandem::{
    base::clock::{Clock, SystemClock},
    http::Event,
};

use crate::double::{Daemon, LIVE, Mood, OVER};

const PATIENCE: Duration = Duration::from_secs(20);

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    for variable in [
        "TANDEM_SOCKET",
        "TANDEM_URL",
        "TANDEM_TOKEN",
        "TANDEM_TOKEN_FILE",
        "TANDEM_CA",
        "XDG_RUNTIME_DIR",
        "NO_COLOR",
        "COLUMNS",
    ] {
        command.env_remove(variable);
    }
    command.env("TZ", "Asia/Shanghai").stdin(Stdio::null());
    command
}

pub fn tandem(socket: &Path, words: &[&str]) -> Output {
    program().arg("--socket").arg(socket).args(words).output().expect("the program runs")
}

pub fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

pub fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

/// The program's output when all went well.
fn said(daemon: &Daemon, words: &[&str]) -> String {
    let output = tandem(&daemon.socket, words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", err(&output));
    out(&output).to_owned()
}

fn rest(daemon: &Daemon, path: &str) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
        let answer = client.get(format!("http://tandem{path}")).send().await.expect("answer");
        serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
    })
}

#[test]
fn help_is_as_it_was() {
    let help = |words: &[&str]| {
        let output = program().args(words).arg("--help").output().expect("help");
        assert_eq!(output.status.code(), Some(0));
        format!("$ tandem {} --help\n{}\n", words.join(" "), out(&output))
    };
    let all: String = [
        &[][..],
        &["check"],
        &["status"],
        &["calls"],
        &["calls", "history"],
        &["calls", "search"],
        &["calls", "export"],
        &["calls", "erase"],
        &["calls", "transfer"],
        &["calls", "listen"],
        &["calls", "take-over"],
        &["calls", "consult"],
        &["calls", "record"],
        &["conferences"],
        &["extensions"],
        &["queues"],
        &["queues", "move"],
        &["queues", "drain"],
        &["callbacks"],
        &["messages"],
        &["messages", "add"],
        &["alerts"],
        &["alerts", "ack"],
        &["agents"],
        &["agents", "pause"],
        &["events"],
        &["users"],
        &["users", "token", "create"],
        &["audit"],
        &["customers"],
        &["customers", "import"],
        &["customers", "set"],
        &["numbers", "where"],
        &["flow", "check"],
        &["flow", "chat"],
        &["flow", "test"],
        &["flow", "graph"],
        &["flow", "order"],
        &["language", "train"],
        &["language", "eval"],
        &["language", "parse"],
        &["language", "promote"],
        &["explain"],
        &["report", "daily"],
        &["report", "surveys"],
        &["report", "repeats"],
        &["report", "dispositions"],
        &["top"],
        &["completions"],
        &["serve"],
    ]
    .map(help)
    .concat();
    insta::assert_snapshot!(all);
}

#[test]
fn every_command_of_the_readme_is_there() {
    let read = [include_str!("../../README.md"), include_str!("../../README.zh-CN.md")];
    let lines = read.iter().flat_map(|text| text.lines());
    let named: Vec<_> =
        lines.filter_map(|line| line.strip_prefix("    tandem ")?.split(' ').next()).collect();
    assert!(named.len() > 10, "the commands are not where they are looked for");
    for word in named {
        let help = program().args([word, "--help"]).output().expect("help");
        assert_eq!(help.status.code(), Some(0), "the README names {word}, which is no command");
    }
}

#[test]
fn tables_and_stories_are_readable() {
    let daemon = Daemon::start(Mood::Well);
    let over = OVER.to_string();
    let shown: String = [
        &["calls"][..],
        &["calls", "history"],
        &["calls", "show", &over],
        &["queues"],
        &["queues", "show", "sales"],
        &["alerts"],
        &["agents"],
        &["agents", "show", "smith"],
        &["explain", &over],
        &["calls", "erase", "13800138000"],
        &["calls", "erase", "13800138001"],
        &["status"],
    ]
    .into_iter()
    .map(|words| format!("$ tandem {}\n{}\n", words.join(" "), said(&daemon, words)))
    .collect();
    insta::assert_snapshot!(shown);
    assert!(!shown.contains('\x1b'), "no colours without a terminal");
}

#[test]
fn json_is_what_the_daemon_answered() {
    let daemon = Daemon::start(Mood::Well);
    let (live, over) = (LIVE.to_string(), OVER.to_string());
    let pairs: [(&[&str], String); 9] = [
        (&["status"], "/v1/status".to_owned()),
        (&["calls"], "/v1/calls".to_owned()),
        (&["calls", "list"], "/v1/calls".to_owned()),
        (&["calls", "history", "-n", "3"], "/v1/history?limit=3".to_owned()),
        (&["queues"], "/v1/queues".to_owned()),
        (&["alerts"], "/v1/alerts".to_owned()),
        (&["agents", "list"], "/v1/agents".to_owned()),
        (&["explain", &live], format!("/v1/calls/{live}/explain")),
        (&["calls", "show", &over], format!("/v1/calls/{over}/explain")),
    ];
    for (words, path) in pairs {
        let printed: Value =
            serde_json::from_str(&said(&daemon, &[words, &["--json"]].concat())).expect("JSON");
        let (printed, answered) = (still(printed), still(rest(&daemon, &path)));
        assert_eq!(printed, answered, "{words:?}");
    }
    let agents = rest(&daemon, "/v1/agents");
    let one: Value =
        serde_json::from_str(&said(&daemon, &["agents", "show", "smith", "--json"])).expect("JSON");
    assert_eq!(still(one), still(agents[1].clone()));
    let top: Value = serde_json::from_str(&said(&daemon, &["top", "--json"])).expect("JSON");
    assert_eq!(top["queues"], rest(&daemon, "/v1/queues"));
    let queue: Value =
        serde_json::from_str(&said(&daemon, &["queues", "show", "sales", "--json"])).expect("JSON");
    assert_eq!(queue["queue"], rest(&daemon, "/v1/queues")[0]);
}

/// Without the members that move from one question to the next, which must be stamps.
fn still(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = still(item.take())),
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if ["now", "started", "since"].contains(&key.as_str()) {
                    assert!(member.as_i64().is_some_and(|at| at > 1_700_000_000_000_000), "{key}: {member}");
                    *member = json!("moves");
                } else {
                    *member = still(member.take());
                }
            }
        }
        _ => {}
    }
    value
}

#[test]
fn leases_reach_the_daemon_before_the_login() {
    let daemon = Daemon::start(Mood::Well);
    said(&daemon, &["agents", "login", "smith", "--lease", "60s"]);
    assert_eq!(
        said(&daemon, &["agents", "lease", "smith", "--for", "1m"]),
        "Agent smith is held for that time.\n"
    );
    assert_eq!(
        said(&daemon, &["agents", "lease", "smith", "--for", "0s"]),
        "Agent smith is held by no client.\n"
    );
    let lease = |seconds| json!({ "act": "lease", "agent": "smith", "seconds": seconds });
    let acts: Vec<Value> = daemon.acts().iter().map(|(_, act)| json!(act)).collect();
    assert_eq!(acts, [lease(60), json!({ "act": "login", "agent": "smith" }), lease(60), lease(0)]);
    for span in ["5s", "25h"] {
        for words in
            [["agents", "login", "smith", "--lease", span], ["agents", "lease", "smith", "--for", span]]
        {
            let refused = tandem(&daemon.socket, &words);
            assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
            assert!(err(&refused).contains("a lease is from 10s to 1d, or 0s for none"), "{}", err(&refused));
        }
    }
    assert_eq!(daemon.acts().len(), 4);
}

#[test]
fn acts_reach_the_daemon() {
    let daemon = Daemon::start(Mood::Well);
    let live = LIVE.to_string();
    assert_eq!(said(&daemon, &["agents", "login", "smith"]), "Agent smith is logged in.\n");
    said(&daemon, &["agents", "logout", "smith"]);
    said(&daemon, &["agents", "pause", "smith", "--reason", "午餐"]);
    said(&daemon, &["agents", "unpause", "smith"]);
    assert_eq!(
        said(&daemon, &["agents", "wrap-up", "smith", "--for", "2m"]),
        "Agent smith wraps up until then.\n"
    );
    said(&daemon, &["agents", "dispose", "smith", "--as", "solved"]);
    said(&daemon, &["calls", "hangup", &live]);
    let done = said(&daemon, &["calls", "transfer", &live, "1002", "--json"]);
    let done: Value = serde_json::from_str(&done).expect("JSON");
    assert_eq!(done, json!({ "act": "transfer", "call": live, "to": "1002" }));
    said(&daemon, &["calls", "transfer", &live, "--agent", "smith"]);
    said(&daemon, &["calls", "transfer", &live, "--queue", "sales"]);
    said(&daemon, &["calls", "listen", &live, "--by", "1003"]);
    let barge = said(&daemon, &["calls", "listen", &live, "--by", "1003", "--mode", "barge"]);
    let heard = "is attended: whoever answers at 1003 hears both and is heard by both";
    assert_eq!(barge, format!("Call {live} {heard}.\n"));
    said(&daemon, &["calls", "listen", &live, "--off"]);
    said(&daemon, &["calls", "take-over", &live, "--by", "1003"]);
    said(&daemon, &["queues", "move", &live, "--place", "1"]);
    said(&daemon, &["queues", "move", &live, "--queue", "sales"]);
    assert_eq!(said(&daemon, &["queues", "drain", "sales"]), "Queue sales takes no new callers.\n");
    said(&daemon, &["queues", "drain", "sales", "--off"]);
    assert!(said(&daemon, &["callbacks"]).contains("13800138000"));
    said(&daemon, &["callbacks", "cancel", &live]);
    assert_eq!(
        said(&daemon, &["alerts", "ack", "crowd", "--queue", "sales"]),
        "Alert crowd is acknowledged.\n"
    );
    let acts: Vec<Value> = daemon.acts().iter().map(|(_, act)| json!(act)).collect();
    assert_eq!(
        acts,
        [
            json!({ "act": "login", "agent": "smith" }),
            json!({ "act": "logout", "agent": "smith" }),
            json!({ "act": "pause", "agent": "smith", "reason": "午餐" }),
            json!({ "act": "unpause", "agent": "smith" }),
            json!({ "act": "wrap-up", "agent": "smith", "seconds": 120 }),
            json!({ "act": "dispose", "agent": "smith", "disposition": "solved" }),
            json!({ "act": "hangup", "call": live }),
            json!({ "act": "transfer", "call": live, "to": "1002" }),
            json!({ "act": "transfer-to-agent", "call": live, "agent": "smith" }),
            json!({ "act": "transfer-to-queue", "call": live, "queue": "sales" }),
            json!({ "act": "attend", "call": live, "by": "1003", "mode": "listen" }),
            json!({ "act": "attend", "call": live, "by": "1003", "mode": "barge" }),
            json!({ "act": "unattend", "call": live }),
            json!({ "act": "take-over", "call": live, "by": "1003" }),
            json!({ "act": "move", "call": live, "to": { "place": 1 } }),
            json!({ "act": "move", "call": live, "to": { "queue": "sales" } }),
            json!({ "act": "drain", "queue": "sales", "on": true }),
            json!({ "act": "drain", "queue": "sales", "on": false }),
            json!({ "act": "cancel-callback", "call": live }),
            json!({ "act": "acknowledge-alert", "rule": "crowd", "queue": "sales" }),
        ]
    );
}

#[test]
fn acts_on_messages_reach_the_daemon() {
    let daemon = Daemon::start(Mood::Well);
    let live = LIVE.to_string();
    assert!(said(&daemon, &["messages"]).contains(&format!("{live}  service  offered")));
    assert!(said(&daemon, &["messages", "show", &live]).contains("pressed 1 in menu welcome"));
    said(&daemon, &["messages", "add", &live, "--queue", "service", "--urgent", "--for", "smith"]);
    said(&daemon, &["messages", "take", &live, "--agent", "smith"]);
    said(&daemon, &["messages", "decline", &live, "--agent", "smith"]);
    said(&daemon, &["messages", "move", &live, "--queue", "service"]);
    assert_eq!(said(&daemon, &["messages", "close", &live]), format!("Message {live} is done with.\n"));
    let acts: Vec<Value> = daemon.acts().iter().map(|(_, act)| json!(act)).collect();
    assert_eq!(
        acts,
        [
            json!({
                "act": "add-message", "reference": live, "queue": "service", "urgency": "raised",
                "keep": { "agent": "smith", "seconds": 600 },
            }),
            json!({ "act": "take-message", "reference": live, "agent": "smith" }),
            json!({ "act": "decline-message", "reference": live, "agent": "smith" }),
            json!({ "act": "move-message", "reference": live, "queue": "service" }),
            json!({ "act": "close-message", "reference": live }),
        ]
    );
}

#[test]
fn acts_on_talks_conferences_and_extensions_reach_the_daemon() {
    let daemon = Daemon::start(Mood::Well);
    let live = LIVE.to_string();
    said(&daemon, &["calls", "consult", &live, "1002"]);
    for word in ["complete", "back", "join"] {
        said(&daemon, &["calls", word, &live]);
    }
    assert_eq!(said(&daemon, &["calls", "park", &live]), format!("Call {live} is parked.\n"));
    for what in ["start", "pause", "resume", "stop"] {
        said(&daemon, &["calls", "record", &live, what]);
    }
    said(&daemon, &["conferences", "invite", "7001", "1001", "013800138000"]);
    for word in ["mute", "unmute", "kick"] {
        said(&daemon, &["conferences", word, &live]);
    }
    said(&daemon, &["conferences", "lock", "7001"]);
    said(&daemon, &["conferences", "unlock", "7001"]);
    said(&daemon, &["conferences", "record", "7001"]);
    said(&daemon, &["conferences", "record", "7001", "stop"]);
    said(&daemon, &["extensions", "forward", "1001", "no-answer", "1002"]);
    said(&daemon, &["extensions", "forward", "1001", "always"]);
    said(&daemon, &["extensions", "quiet", "1001", "--off"]);
    let acts: Vec<Value> = daemon.acts().iter().map(|(_, act)| json!(act)).collect();
    assert_eq!(
        acts,
        [
            json!({ "act": "consult", "call": live, "to": "1002" }),
            json!({ "act": "complete", "call": live }),
            json!({ "act": "back", "call": live }),
            json!({ "act": "join", "call": live }),
            json!({ "act": "park", "call": live, "slot": null }),
            json!({ "act": "record", "call": live, "on": true }),
            json!({ "act": "pause-recording", "call": live, "on": true }),
            json!({ "act": "pause-recording", "call": live, "on": false }),
            json!({ "act": "record", "call": live, "on": false }),
            json!({ "act": "invite", "conference": "7001", "to": "1001" }),
            json!({ "act": "invite", "conference": "7001", "to": "013800138000" }),
            json!({ "act": "mute", "call": live, "on": true }),
            json!({ "act": "mute", "call": live, "on": false }),
            json!({ "act": "hangup", "call": live }),
            json!({ "act": "lock", "conference": "7001", "on": true }),
            json!({ "act": "lock", "conference": "7001", "on": false }),
            json!({ "act": "record-conference", "conference": "7001", "on": true }),
            json!({ "act": "record-conference", "conference": "7001", "on": false }),
            json!({
                "act": "extension",
                "extension": "1001",
                "setting": { "forward": { "when": "no_answer", "to": "1002" } }
            }),
            json!({
                "act": "extension",
                "extension": "1001",
                "setting": { "forward": { "when": "always", "to": null } }
            }),
            json!({ "act": "extension", "extension": "1001", "setting": { "quiet": false } }),
        ]
    );
}

#[test]
fn every_end_has_its_code_and_its_sentence() {
    let daemon = Daemon::start(Mood::Well);
    let down = Daemon::start(Mood::EngineDown);
    let gone = Daemon::start(Mood::Gone);
    let nowhere = daemon.socket.with_file_name("nobody.sock");
    let over = OVER.to_string();
    let ends: [(&Path, &[&str], i32, &str); 13] = [
        (&daemon.socket, &["status"], 0, ""),
        (&down.socket, &["status"], 1, ""),
        (&daemon.socket, &["agents", "login", "nobody"], 1, "see the names with `tandem agents list`"),
        (&daemon.socket, &["agents", "unpause", "li"], 1, "only a paused agent can be unpaused"),
        (&daemon.socket, &["agents", "show", "lee"], 1, "there is li, smith"),
        (&daemon.socket, &["queues", "show", "sale"], 1, "there is sales, service"),
        (&daemon.socket, &["calls", "hangup", &over], 1, "no live call"),
        (&gone.socket, &["calls"], 1, "start it again with `tandem serve`"),
        (&daemon.socket, &["calls", "hangup", "nonsense"], 2, "no call id"),
        (&daemon.socket, &["agents", "login", "a b"], 2, "no name"),
        (&daemon.socket, &["frobnicate"], 2, "frobnicate"),
        (&daemon.socket, &["top"], 2, "tandem status --watch"),
        (&nowhere, &["status"], 4, "start one with `tandem serve --site DIR`"),
    ];
    for (socket, words, code, sentence) in ends {
        let output = tandem(socket, words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", err(&output));
        assert!(err(&output).contains(sentence), "{words:?}: {}", err(&output));
        assert_eq!(err(&output).is_empty(), sentence.is_empty(), "{words:?}: {}", err(&output));
    }
}

#[test]
fn the_socket_is_found_by_option_environment_and_runtime_folder() {
    let daemon = Daemon::start(Mood::Well);
    let run = daemon.socket.parent().expect("run");
    let ends = |command: &mut Command| command.arg("status").output().expect("runs").status.code();
    assert_eq!(ends(program().env("TANDEM_SOCKET", &daemon.socket)), Some(0));
    assert_eq!(ends(program().env("TANDEM_SOCKET", &daemon.socket).args(["--socket", "/nowhere"])), Some(4));
    let own = run.join("tandem");
    std::fs::create_dir(&own).expect("folder");
    std::os::unix::fs::symlink(&daemon.socket, own.join("tandem.sock")).expect("link");
    assert_eq!(ends(program().env("XDG_RUNTIME_DIR", run)), Some(0));
}

/// Long enough for whoever asks by the clock to ask again.
const QUIET: Duration = Duration::from_millis(2500);

/// Asks for nothing while nothing happens, and no more often than a reader can read when much does.
fn follows_without_asking(daemon: &Daemon, mut drawn: impl FnMut()) {
    drawn();
    thread::sleep(QUIET);
    let asked = daemon.asked();
    thread::sleep(QUIET);
    assert_eq!(daemon.asked(), asked, "nothing happened, and yet it asked");
    let told = || Event::CallGone { call: LIVE };
    daemon.feed.publish(SystemClock.now(), told());
    let deadline = Instant::now() + PATIENCE;
    while daemon.asked() == asked {
        assert!(Instant::now() < deadline, "something happened, and it did not ask");
        thread::sleep(Duration::from_millis(5));
    }
    drawn();
    let (asked, begun) = (daemon.asked(), Instant::now());
    while begun.elapsed() < QUIET {
        daemon.feed.publish(SystemClock.now(), told());
        thread::sleep(Duration::from_millis(1));
    }
    let more = daemon.asked() - asked;
    let most = usize::try_from(begun.elapsed().as_millis() / 125).expect("few") + 2;
    assert!((3..=most).contains(&more), "{more} looks at {:?} of news without end", begun.elapsed());
}

#[test]
fn a_watched_list_is_shown_again_when_something_happens() {
    let daemon = Daemon::start(Mood::Well);
    let mut watching = Spawned::new(
        program()
            .arg("--socket")
            .arg(&daemon.socket)
            .args(["agents", "--watch", "--json"])
            .stdout(Stdio::piped()),
    );
    follows_without_asking(&daemon, || {
        let line = watching.line();
        let agents: Value = serde_json::from_str(line.lines().next().expect("a line")).expect("JSON");
        assert_eq!(agents[0]["name"], json!("li"));
    });
}

#[test]
fn top_asks_when_something_happens() {
    let daemon = Daemon::start(Mood::Well);
    let mut top = on_terminal(&daemon, "top", "");
    let mut first = true;
    follows_without_asking(&daemon, || {
        if std::mem::take(&mut first) {
            top.until("q end");
        }
    });
    top.press(b"q");
    assert_eq!(top.code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let (reader, writer) = io::pipe().expect("pipe");
    drop(reader);
    let output = program().args(["completions", "bash"]).stdout(writer).output().expect("runs");
    assert_eq!((output.status.code(), err(&output)), (Some(0), ""));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = program().args(["completions", shell]).output().expect("runs");
        assert!(out(&output).contains("transfer") && out(&output).contains("unpause"), "{shell}");
    }
}

#[test]
fn a_terminal_gets_colours_unless_it_wants_none() {
    let daemon = Daemon::start(Mood::Well);
    let shown = |no_colour: &str| {
        let mut watching = on_terminal(&daemon, "agents", no_colour);
        let text = watching.until("Ann Smith");
        assert_eq!(watching.code(), Some(0));
        text
    };
    assert!(shown("").contains("\x1b["), "colours on a terminal");
    assert!(!shown("1").contains('\x1b'), "NO_COLOR is honoured");
}

#[test]
fn top_shows_the_board_until_q() {
    let daemon = Daemon::start(Mood::Well);
    let mut top = on_terminal(&daemon, "top", "");
    let text = top.until("q end");
    for word in ["sales", "1m05s", "13800138000", "Smith"] {
        assert!(text.contains(word), "{word} is not on the board: {text}");
    }
    top.press(b"\x1b[B");
    top.press(b"q");
    assert_eq!(top.code(), Some(0));
}

/// The program in a terminal of 80 by 24 (`script` makes one).
fn on_terminal(daemon: &Daemon, words: &str, no_colour: &str) -> Spawned {
    let binary = env!("CARGO_BIN_EXE_tandem");
    let line = format!("stty rows 24 cols 80; exec {binary} --socket {} {words}", daemon.socket.display());
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.env("NO_COLOR", no_colour).env("TERM", "xterm-256color").env("SHELL", "/bin/sh");
    Spawned::new(command.stdin(Stdio::piped()).stdout(Stdio::piped()))
}

/// A running program whose output is read beside it; it is ended when dropped.
pub struct Spawned {
    child: Child,
    pieces: mpsc::Receiver<Vec<u8>>,
}

impl Spawned {
    pub fn new(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program runs");
        let mut output = BufReader::new(child.stdout.take().expect("output"));
        let (send, pieces) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(piece) = output.fill_buf().map(<[u8]>::to_vec) {
                output.consume(piece.len());
                if piece.is_empty() || send.send(piece).is_err() {
                    break;
                }
            }
        });
        Self { child, pieces }
    }

    /// What comes next; nothing at the end.
    pub fn piece(&mut self) -> Option<Vec<u8>> {
        match self.pieces.recv_timeout(PATIENCE) {
            Ok(piece) => Some(piece),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the program says nothing"),
        }
    }

    /// Everything up to and with `word`.
    fn until(&mut self, word: &str) -> String {
        let mut seen = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&seen);
            if text.contains(word) {
                return text.into_owned();
            }
            let piece = self.pieces.recv_timeout(PATIENCE);
            seen.extend(piece.unwrap_or_else(|why| panic!("{why} before {word:?}: {text}")));
        }
    }

    fn line(&mut self) -> String {
        self.until("\n")
    }

    pub fn press(&mut self, keys: &[u8]) {
        let stdin = self.child.stdin.as_mut().expect("a keyboard");
        stdin.write_all(keys).expect("pressed");
        stdin.flush().expect("pressed");
    }

    /// Waits for the end of the output, then of the program.
    pub fn code(&mut self) -> Option<i32> {
        loop {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the program does not end"),
            }
        }
        self.child.wait().expect("ended").code()
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
