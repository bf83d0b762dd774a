//! The rules of the house. Each looks at the sources and returns what breaks it, as `file:line: rule`.

use crate::{
    source::{Source, is_word, tokens},
    table::{CRATES, ENGINE_WORDS, IMPURE, NAMES, PURE_BUT, ROOMS, STORE_WORDS, WORDS_ALLOWED},
};

pub type Broken = Vec<String>;

/// Lines that a file may have besides its tests.
const LONGEST: usize = 450;
/// Half of the files have no more lines than this.
const MEDIAN: usize = 150;

/// The room that a module belongs to: the longest name in the table that it begins with.
pub fn room_of(module: &[String]) -> Option<&'static str> {
    let begins = |room: &&str| {
        let parts: Vec<&str> = room.split("::").collect();
        module.len() >= parts.len() && parts.iter().zip(module).all(|(part, of)| part == of)
    };
    ROOMS.iter().map(|(room, _)| *room).filter(begins).max_by_key(|room| room.len())
}

/// Rooms use only the rooms that the table allows.
pub fn edges(sources: &[Source]) -> Broken {
    let mut broken = Broken::new();
    for source in sources {
        let module = source.module();
        if is_map(&source.file) {
            continue;
        }
        let Some(room) = room_of(&module) else {
            broken.push(format!("{}:1: this file is in no room; add the room to the table", source.file));
            continue;
        };
        let allowed = ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, uses)| uses);
        for named in source.named() {
            match room_of(&named.path) {
                Some(other) if other == room || allowed.contains(&other) => {}
                Some(other) => broken.push(format!(
                    "{}:{}: room {room} may not use room {other} (the table in tests/architecture/table.rs)",
                    source.file, named.line
                )),
                None => {}
            }
        }
    }
    broken
}

/// Files that only say which rooms a hall has.
fn is_map(file: &str) -> bool {
    ["src/lib.rs", "src/infra.rs", "src/ports.rs", "src/live.rs", "src/desk.rs"].contains(&file)
}

/// The table itself has no cycle, so the house has none.
pub fn cycles(rooms: &[(&'static str, &[&'static str])]) -> Broken {
    let mut left: Vec<_> = rooms.to_vec();
    loop {
        let names: Vec<&str> = left.iter().map(|(room, _)| *room).collect();
        let before = left.len();
        left.retain(|(_, uses)| uses.iter().any(|used| names.contains(used)));
        if left.is_empty() {
            return Broken::new();
        }
        if left.len() == before {
            return vec![format!(
                "tests/architecture/table.rs:1: these rooms use each other in a cycle: {names:?}"
            )];
        }
    }
}

/// No word of an engine or a database above its adapter.
pub fn words(sources: &[Source]) -> Broken {
    let mut broken = Broken::new();
    for source in sources.iter().filter(|source| !WORDS_ALLOWED.iter().any(|at| source.file.starts_with(at)))
    {
        for (line, token) in tokens(&source.code) {
            if let Some(word) = foreign(&token) {
                broken.push(format!(
                    "{}:{line}: the word {word:?} belongs to an adapter ({token})",
                    source.file
                ));
            }
        }
    }
    broken
}

fn foreign(token: &str) -> Option<&'static str> {
    let lower = token.to_lowercase();
    let parts = parts(token);
    let short = |word: &str| word.len() <= 3;
    ENGINE_WORDS
        .iter()
        .chain(STORE_WORDS)
        .find(
            |word| if short(word) { parts.iter().any(|part| part == *word) } else { lower.contains(**word) },
        )
        .copied()
}

/// `AriLink` and `ari_link` are `ari` and `link`.
fn parts(token: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_lower = false;
    for c in token.chars() {
        if c == '_' || (c.is_uppercase() && before_lower) {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().expect("never empty").extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    parts
}

/// Some crates are spoken to in one place only.
pub fn crates(sources: &[Source]) -> Broken {
    let mut broken = Broken::new();
    for source in sources {
        let tokens = tokens(&source.bare);
        for (index, (line, token)) in tokens.iter().enumerate() {
            let Some((name, places)) = CRATES.iter().find(|(name, _)| name == token) else { continue };
            let here =
                places.iter().any(|place| source.file.starts_with(place) || source.file.ends_with(place));
            let root = index == 0 || tokens[index - 1].1 != "::";
            if root && !here && tokens.get(index + 1).is_some_and(|(_, next)| next == "::") {
                broken.push(format!(
                    "{}:{line}: crate {name} is used only in {}",
                    source.file,
                    places.join(", ")
                ));
            }
        }
    }
    broken
}

/// Decisions are pure: no runtime, no clock, no files, no network.
pub fn purity(sources: &[Source]) -> Broken {
    let mut broken = Broken::new();
    let pure = |file: &str| {
        (file.starts_with("src/live") || file.starts_with("src/base"))
            && !PURE_BUT.iter().any(|but| file.starts_with(but) || file.ends_with(but))
    };
    for source in sources.iter().filter(|source| pure(&source.file)) {
        for (index, line) in source.bare.lines().enumerate() {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                broken.push(format!("{}:{}: `{word}` has no place in a pure room", source.file, index + 1));
            }
        }
    }
    broken
}

/// Files are short, half of them quite short.
pub fn lengths(sources: &[Source]) -> Broken {
    let mut broken = Broken::new();
    let mut lengths = Vec::new();
    for source in sources {
        let length = source.raw.lines().count();
        lengths.push(length);
        if length > LONGEST {
            broken.push(format!(
                "{}:{length}: {length} lines besides the tests; split it below {LONGEST}",
                source.file
            ));
        }
    }
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    if median > MEDIAN {
        broken.push(format!("src:1: half of the files have more than {median} lines; aim at {MEDIAN}"));
    }
    broken
}

/// Every file says on top what it is for.
pub fn docs(sources: &[Source]) -> Broken {
    let undocumented = sources.iter().filter(|source| !source.raw.starts_with("//! "));
    undocumented
        .map(|source| format!("{}:1: say on top, by `//!`, what this file is for", source.file))
        .collect()
}

/// Names say what a thing is, not that it helps.
pub fn names(sources: &[Source]) -> Broken {
    let mut broken = Broken::new();
    let empty = |name: &str| parts(name).iter().any(|part| NAMES.contains(&part.trim_end_matches('s')));
    for source in sources {
        if source.module().iter().any(|name| empty(name)) {
            broken.push(format!("{}:1: this file's name says nothing", source.file));
        }
        let tokens = tokens(&source.bare);
        for pair in tokens.windows(2) {
            let declares = matches!(pair[0].1.as_str(), "struct" | "enum" | "trait" | "mod" | "fn" | "type");
            let (line, name) = &pair[1];
            if declares && is_word(name) && empty(name) {
                broken.push(format!("{}:{line}: the name {name} says nothing", source.file));
            }
        }
    }
    broken
}

/// Every direct dependency has a line that says why it is here.
pub fn dependencies(manifest: &str, reasons: &str) -> Broken {
    let mut broken = Broken::new();
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| inside)
            && !reasons.contains(&format!("| `{name}` | "))
        {
            broken.push(format!("Cargo.toml:{}: say in docs/dependencies.md why {name} is here", index + 1));
        }
    }
    broken
}
