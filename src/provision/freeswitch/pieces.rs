//! Which phones and trunks a file tells of.

use std::collections::BTreeMap;

use crate::{
    base::id::Name,
    provision::{Piece, render::IDENTITY},
};

/// What a file says of each phone, of each trunk, and of where the engine listens.
pub fn pieces(file: &str, text: &str) -> BTreeMap<Piece, String> {
    let mut found: BTreeMap<Piece, String> = BTreeMap::new();
    let mut inside: Option<(Piece, &str)> = None;
    for line in text.lines().map(str::trim) {
        let opened = named(line, "<user id=\"").map(|name| (Piece::Phone(name), "</user>"));
        let opened =
            opened.or_else(|| named(line, "<gateway name=\"").map(|n| (Piece::Trunk(n), "</gateway>")));
        if opened.is_some() {
            inside = opened;
        }
        let socket = file.contains("event_socket")
            || file == IDENTITY.path
            || ["sip-ip", "rtp-ip", "sip-port", "wss-binding"]
                .iter()
                .any(|key| line.contains(&format!("name=\"{key}\"")));
        let piece = match &inside {
            Some((piece, _)) => Some(piece.clone()),
            None => socket.then_some(Piece::Socket),
        };
        if let Some(piece) = piece {
            let said = found.entry(piece).or_default();
            said.push_str(line);
            said.push('\n');
        }
        if inside.as_ref().is_some_and(|(_, end)| line == *end) {
            inside = None;
        }
    }
    found
}

fn named(line: &str, begin: &str) -> Option<Name> {
    let name = line.strip_prefix(begin)?.split('"').next()?;
    Name::new(name).ok()
}
