//! Whose audio comes and goes as a stream.

use super::{Duty, Effects, Ledger};
use crate::base::id::LegId;

impl Ledger {
    /// Notes that this leg has a stream, or has none; says whether it had.
    pub fn tap(&mut self, id: &LegId, on: bool) -> bool {
        self.legs.get_mut(id).is_some_and(|leg| std::mem::replace(&mut leg.tapped, on))
    }

    pub fn tapped(&self, id: &LegId) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.tapped)
    }

    /// What the engine still has of streams of legs that have none, or are no more.
    pub fn untap_strays(&self, mut found: Vec<LegId>, effects: &mut Effects) {
        found.sort_unstable();
        found.dedup();
        let stray = found.into_iter().filter(|id| !self.tapped(id));
        effects.duties.extend(stray.map(|id| (id, Duty::Untap)));
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        base::{clock::Stamp, id::LegId},
        ports::engine::{
            HangupCause,
            asterisk::{
                ledger::{Duty, Effects, Ledger},
                translate::Heard,
            },
        },
    };

    #[test]
    fn a_stream_ends_with_its_leg_and_a_stray_one_is_removed_once() {
        let [tapped, other] = ["a", "b"].map(|id| LegId::new(id).expect("an id"));
        let mut ledger = Ledger::default();
        ledger.dialling_alone(&tapped, std::time::Duration::from_secs(9), Stamp(1));
        assert!(!ledger.tap(&tapped, true));
        let mut effects = Effects::default();
        ledger.untap_strays(vec![other.clone(), tapped.clone(), other.clone()], &mut effects);
        assert_eq!(effects.duties, [(other, Duty::Untap)]);
        let cause = HangupCause::NORMAL_CLEARING;
        let ended = ledger.hear(Heard::Destroyed { leg: tapped.clone(), cause }, Stamp(2));
        assert!(ended.duties.contains(&(tapped.clone(), Duty::Untap)), "{ended:?}");
        assert!(!ledger.tapped(&tapped));
    }
}
