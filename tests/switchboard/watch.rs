//! What nobody in the house may have to bear: silence, and a leg that no call knows of.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tandem::{
    base::{
        clock::Stamp,
        id::{CallId, LegId},
    },
    live::switchboard::Input,
    ports::engine::Event,
};

use super::{rig::Rig, telephony::calls};

/// How often everybody is looked at; prompts are longer.
const LOOK: Duration = Duration::from_millis(500);
/// A menu or a collection listens for five seconds, and a little longer after each key.
const LISTENS: Duration = Duration::from_secs(15);
/// An end of a prompt that is never told is taken as told after two minutes; that may happen to two, one after the other,
/// with keys waited for in between.
const UNTOLD: Duration = Duration::from_secs(280);
/// Three audits; and so many that an engine does not refuse the order to end it each time.
const FOUND: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(60));

/// Looks at every leg of the house while time passes.
pub struct Watch {
    /// How long somebody may hear nothing.
    patience: Duration,
    /// How long a leg may be there of which no call knows.
    found: Duration,
    silent: BTreeMap<LegId, Stamp>,
    unowned: BTreeMap<LegId, Stamp>,
}

impl Watch {
    /// `faulty`: events are lost or late, or nobody is there to hear them.
    pub fn new(faulty: bool) -> Self {
        let (patience, found) = if faulty { (UNTOLD, FOUND.1) } else { (LISTENS, FOUND.0) };
        Self { patience, found, silent: BTreeMap::new(), unowned: BTreeMap::new() }
    }

    /// Lets time pass, and says what somebody had to bear.
    pub fn pass(&mut self, rig: &mut Rig, span: Duration) -> Result<(), String> {
        let end = rig.now + span;
        while rig.now < end && !rig.doomed {
            rig.run_until((rig.now + LOOK).min(end));
            self.look(rig)?;
        }
        if rig.doomed {
            rig.run_until(end);
        }
        Ok(())
    }

    /// Whoever was left while nobody was there begins to wait now.
    pub fn afresh(&mut self) {
        self.silent.clear();
        self.unowned.clear();
    }

    fn look(&mut self, rig: &Rig) -> Result<(), String> {
        let legs: Vec<LegId> =
            rig.world.legs().filter(|leg| !rig.world.fallen_back().contains(*leg)).cloned().collect();
        let owner = |leg: &LegId| {
            let asked = Input::Engine(Event::Answered { leg: leg.clone() });
            rig.board.call_of(&asked, 0, rig.now)
        };
        let in_state = |state: &str| -> BTreeSet<CallId> {
            calls(rig).into_iter().filter(|call| call.state == state).map(|call| call.id).collect()
        };
        let (confer, consult) = (in_state("conference"), in_state("consulting"));
        let ringing: BTreeSet<CallId> =
            legs.iter().filter(|leg| rig.world.rings(leg)).filter_map(owner).collect();
        // Whoever is alone in a conference waits for the others, and whoever asks for the one who is rung.
        let alone = |leg: &LegId| {
            let call = owner(leg).filter(|_| rig.world.room(leg).is_some());
            call.is_some_and(|call| {
                confer.contains(&call) || consult.contains(&call) && ringing.contains(&call)
            })
        };
        let owned = |leg: &LegId| owner(leg).is_some();
        let heard = |leg: &LegId| rig.world.hears_something(leg) || alone(leg);
        if let Some(leg) = too_long(&mut self.silent, &legs, rig.now, self.patience, heard) {
            return Err(format!("{leg} hears nothing for {:?}: {:?}", self.patience, calls(rig)));
        }
        if let Some(leg) = too_long(&mut self.unowned, &legs, rig.now, self.found, owned) {
            return Err(format!("{leg} belongs to no call for {:?}: {:?}", self.found, calls(rig)));
        }
        Ok(())
    }
}

/// Who has not been well for longer than `patience`.
fn too_long(
    since: &mut BTreeMap<LegId, Stamp>,
    legs: &[LegId],
    now: Stamp,
    patience: Duration,
    well: impl Fn(&LegId) -> bool,
) -> Option<LegId> {
    since.retain(|leg, _| legs.contains(leg));
    for leg in legs {
        if well(leg) {
            since.remove(leg);
        } else if now.since(*since.entry(leg.clone()).or_insert(now)) > patience {
            return Some(leg.clone());
        }
    }
    None
}
