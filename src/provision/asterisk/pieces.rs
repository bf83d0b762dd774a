//! Which phones and trunks a file tells of.

use std::collections::BTreeMap;

use super::{OUTSIDE, fit::head};
use crate::{
    base::id::Name,
    provision::{Piece, render::IDENTITY},
};

/// What our block of a file says of each phone, of each trunk, and of where the engine listens.
pub fn pieces(file: &str, block: &str) -> BTreeMap<Piece, String> {
    let mut found: BTreeMap<Piece, String> = BTreeMap::new();
    let mut piece = (file == IDENTITY.path).then_some(Piece::Socket);
    for line in block.lines() {
        if let Some(section) = head(line) {
            piece = match (file, section) {
                ("pjsip.conf", "udp" | "wss") | ("http.conf", _) => Some(Piece::Socket),
                ("pjsip.conf", "global" | "system" | OUTSIDE) => None,
                ("pjsip.conf", section) => match section.strip_prefix("trunk.") {
                    Some(trunk) => Name::new(trunk).ok().map(Piece::Trunk),
                    None => Name::new(section).ok().map(Piece::Phone),
                },
                _ => None,
            };
        }
        if let Some(piece) =
            piece.as_ref().filter(|_| !line.trim_start().starts_with(';') && !line.is_empty())
        {
            let said = found.entry(piece.clone()).or_default();
            said.push_str(line.trim());
            said.push('\n');
        }
    }
    found
}
