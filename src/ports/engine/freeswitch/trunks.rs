//! Which trunks' far ends answer: as the engine lists all of them, and as it tells of one that changes.

use std::collections::BTreeMap;

use crate::base::id::Name;

/// All trunks as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Trunks(BTreeMap<Name, bool>);

impl Trunks {
    /// The engine told of one. Says whether it is news.
    pub fn hear(&mut self, trunk: &Name, up: bool) -> bool {
        self.0.insert(trunk.clone(), up) != Some(up)
    }

    /// The engine listed all. Gives what is news; on a new link (`first`) that is everything.
    pub fn list(&mut self, listed: BTreeMap<Name, bool>, first: bool) -> Vec<(Name, bool)> {
        let before = std::mem::replace(&mut self.0, listed);
        let news = self.0.iter().filter(|(trunk, up)| first || before.get(*trunk) != Some(*up));
        news.map(|(trunk, up)| (trunk.clone(), *up)).collect()
    }
}
