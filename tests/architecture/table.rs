//! What is allowed, as data. A new room gets a line here; a new arrow is a decision, so it is written here first.

/// Every room and the rooms that it may use. Doors, then halls, then ports, then ground: never back.
pub const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    // The ground.
    ("infra::site", &["infra::remote", "base"]),
    ("infra::journal", &["base"]),
    ("infra::db", &["base"]),
    ("infra::archive", &[]),
    ("infra::remote", &[]),
    ("infra::chat", &["infra::remote"]),
    ("infra::spool", &["base"]),
    ("infra::log", &[]),
    // What the outside can do.
    ("ports::engine", &["base"]),
    ("ports::engine::freeswitch", &["ports::engine", "base"]),
    ("ports::engine::asterisk", &["ports::engine", "base"]),
    ("ports::engine::simulator", &["ports::engine", "base"]),
    ("ports::media", &["ports::engine", "ports::speech", "infra::site", "base"]),
    ("ports::media::line", &["ports::media", "ports::engine", "ports::speech", "base"]),
    // Frames, filters and keys are the line's.
    ("ports::media::mood", &["ports::media", "ports::media::line", "base"]),
    ("ports::media::overhear", &["ports::media::line", "ports::media::mood", "ports::engine", "base"]),
    ("ports::speech", &["ports::engine", "infra::remote", "infra::site", "base"]),
    ("ports::tasks", &["infra::remote", "base"]),
    ("ports::assistant", &["infra::chat", "infra::remote", "language", "base"]),
    ("ports::crm", &["infra::remote", "base"]),
    ("ports::notify", &["infra::remote", "base"]),
    // What words mean.
    ("language", &["base"]),
    // A call's life. `view` and `door` are the words by which doors speak with the switchboard.
    ("live::switchboard::view", &["infra::site", "base"]),
    ("live::switchboard::door", &["live::switchboard::view", "base"]),
    ("live::record", &["live::switchboard::view", "ports::engine", "base"]),
    (
        "live::record::store",
        &["live::record", "live::switchboard::view", "ports::engine", "infra::db", "infra::spool", "base"],
    ),
    ("live::agent", &["infra::site", "base"]),
    ("live::alert", &["live::switchboard::view", "infra::site", "base"]),
    ("live::queue", &["infra::site", "base"]),
    ("live::message", &["live::queue", "live::switchboard::view", "base"]),
    ("live::routing", &["live::switchboard::view", "infra::site", "ports::engine", "base"]),
    (
        "live::dialog",
        &["language", "infra::site", "ports::assistant", "ports::engine", "ports::media", "base"],
    ),
    ("live::mailbox", &["infra::site", "ports::engine", "ports::media", "base"]),
    (
        "live::call",
        &[
            "live::dialog",
            "live::mailbox",
            "live::queue",
            "live::record",
            "live::routing",
            "live::switchboard::view",
            "infra::site",
            "ports::engine",
            "base",
        ],
    ),
    (
        "live::switchboard",
        &[
            "live::agent",
            "live::alert",
            "live::call",
            "live::dialog",
            "live::mailbox",
            "live::message",
            "live::queue",
            "live::record",
            "live::routing",
            "live::switchboard::door",
            "live::switchboard::view",
            "language",
            "ports::assistant",
            "ports::tasks",
            "ports::engine",
            "ports::media",
            "infra::journal",
            "infra::site",
            "infra::spool",
            "base",
        ],
    ),
    // What is written down.
    ("desk::audit", &["infra::db", "infra::spool", "base"]),
    ("desk::access", &["desk::audit", "infra::db", "base"]),
    ("desk::customer", &["desk::audit", "infra::db", "base"]),
    // What the machines around are told.
    (
        "provision",
        &[
            // Certificates are read there, those that browsers are shown too.
            "infra::remote",
            "infra::site",
            "ports::engine",
            "ports::engine::freeswitch",
            "ports::engine::asterisk",
            "base",
        ],
    ),
    // It looks at everything, and is told by nobody.
    (
        "provision::doctor",
        &[
            "provision",
            "infra::db",
            "infra::journal",
            "infra::remote",
            "infra::site",
            "ports::engine",
            "ports::engine::freeswitch",
            "ports::engine::asterisk",
            // It says a word to whoever hears, and has one said.
            "ports::media",
            "ports::speech",
            "base",
        ],
    ),
    // A real engine and real phones on loopback.
    ("lab", &["provision", "ports::engine", "ports::media", "infra::site", "base"]),
    // A day of calls in virtual time, on the switchboard itself.
    (
        "simulate",
        &[
            "live::record",
            "live::switchboard",
            "live::switchboard::view",
            "ports::engine",
            "ports::engine::simulator",
            "infra::site",
            "base",
        ],
    ),
    // The doors.
    (
        "http",
        &[
            "desk::access",
            "desk::audit",
            "desk::customer",
            "live::record",
            "live::switchboard::door",
            "live::switchboard::view",
            "base",
        ],
    ),
    (
        "lifecycle",
        &[
            "http",
            "desk::access",
            "desk::audit",
            "desk::customer",
            "live::record",
            "live::record::store",
            "live::dialog",
            "live::switchboard",
            "live::switchboard::door",
            "live::switchboard::view",
            "provision",
            "provision::doctor",
            "ports::assistant",
            "ports::crm",
            "ports::notify",
            "ports::tasks",
            "ports::engine",
            "ports::engine::freeswitch",
            "ports::engine::asterisk",
            "ports::engine::simulator",
            "ports::media",
            "ports::media::line",
            "ports::media::overhear",
            "ports::speech",
            "infra::chat",
            "infra::site",
            "infra::log",
            "infra::archive",
            "infra::journal",
            "infra::db",
            "infra::spool",
            "base",
        ],
    ),
    (
        "cli",
        &[
            "http",
            "lifecycle",
            "live::dialog",
            "lab",
            "simulate",
            "desk::access",
            "desk::audit",
            "desk::customer",
            "provision",
            "provision::doctor",
            "live::record",
            "live::switchboard::view",
            "ports::engine",
            // What traffic the simulator shall make is an option of the command line.
            "ports::engine::simulator",
            "ports::media",
            "ports::speech",
            "language",
            "ports::assistant",
            "infra::chat",
            "infra::log",
            "infra::archive",
            "infra::site",
            "base",
        ],
    ),
    ("main", &["cli"]),
];

/// Words of the engines, which only their adapters speak.
pub const ENGINE_WORDS: &[&str] = &["freeswitch", "asterisk", "esl", "ari"];

/// Words of the databases.
pub const STORE_WORDS: &[&str] = &["sqlite", "postgres"];

/// Where those words may stand: the adapters; the site, which names the kinds; the renderers; composition.
pub const WORDS_ALLOWED: &[&str] = &[
    "src/ports/engine/freeswitch",
    "src/ports/engine/asterisk",
    "src/ports/engine.rs",
    "src/infra/site",
    "src/infra/db",
    "src/provision",
    "src/lab",
    "src/lifecycle",
    "src/cli/demo",
];

/// Crates, and the files (by beginning or end) that may use them.
pub const CRATES: &[(&str, &[&str])] = &[
    ("axum", &["src/http"]),
    ("clap", &["src/cli"]),
    ("clap_complete", &["src/cli"]),
    ("clap_mangen", &["src/cli"]),
    ("comfy_table", &["src/cli"]),
    ("indicatif", &["src/cli", "src/lab"]),
    ("ratatui", &["src/cli"]),
    ("reqwest", &["src/cli", "src/lab", "src/ports/engine/asterisk", "src/infra/remote"]),
    ("granit_parser", &["src/infra/site"]),
    ("handlebars", &["src/provision"]),
    ("rcgen", &["src/lifecycle", "src/infra/remote"]),
    ("rustls", &["src/http", "src/infra/remote"]),
    ("sd_notify", &["src/lifecycle"]),
    ("similar", &["src/provision"]),
    ("sqlx", &["src/infra/db"]),
    ("tar", &["src/infra/archive"]),
    ("tokio_rustls", &["src/http"]),
    ("tokio_tungstenite", &["src/ports/engine/asterisk", "src/ports/speech", "src/cli"]),
    ("zstd", &["src/infra/archive"]),
    (
        "utoipa",
        &[
            "src/http",
            "src/desk",
            "src/live/record.rs",
            "src/live/record/day.rs",
            "src/live/record/repeat.rs",
            "src/live/record/said.rs",
            "src/live/record/survey.rs",
            "src/live/switchboard/view.rs",
            "src/live/switchboard/view/",
        ],
    ),
];

/// What a pure room knows nothing of.
pub const IMPURE: &[&str] = &[
    "tokio::",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "async fn",
    ".await",
    "rand::",
];

/// The files of `base` and `live` (by beginning or end) that meet the world: the clock, the loop with its door,
/// projections.
pub const PURE_BUT: &[&str] = &[
    "src/base/clock.rs",
    "src/live/switchboard/run.rs",
    // What the loop is joined to.
    "src/live/switchboard/outside.rs",
    "src/live/switchboard/door.rs",
    "/store.rs",
    "src/live/record/store/",
];

/// Names that say nothing.
pub const NAMES: &[&str] = &["manager", "helper", "util", "handler"];
