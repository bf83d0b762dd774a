//! Queues in which many wait have more agents: who stands in reserve, and who has less skill.

use smol_str::format_smolstr;

use super::state::Switchboard;
use crate::base::id::{CallId, Name};

impl Switchboard {
    /// Looks at how many wait, now that this caller came or left, or that the site is another.
    pub(super) fn stretch(&mut self, id: Option<CallId>, queue: &Name) {
        let waiting = self.queues.in_line(queue);
        let expansion = self.site.queues.get(queue).and_then(|queue| queue.expand.as_ref());
        let was = self.agents.is_expanded(queue);
        // Between the two it stays as it is.
        let is = expansion.is_some_and(|expansion| {
            waiting > usize::from(expansion.above) || was && waiting >= usize::from(expansion.below)
        });
        if is == was {
            return;
        }
        self.agents.expand(queue, is);
        let reserve = self.agents.reserve(queue).count();
        if let Some(call) = id.and_then(|id| self.calls.get_mut(&id)) {
            let what = if is {
                format_smolstr!(
                    "queue {queue}: {waiting} wait, so {reserve} in reserve take its callers, too"
                )
            } else {
                format_smolstr!(
                    "queue {queue}: {waiting} wait, so those in reserve take no more of its callers"
                )
            };
            self.out.tell(call, what);
        }
        // What is needed of agents has changed for everybody who waits.
        let members: Vec<CallId> = self.queues.members(queue).map(|place| place.call).collect();
        for member in members {
            self.relax_again(member);
        }
        if is {
            self.match_queue(queue);
        }
    }
}
