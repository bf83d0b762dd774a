//! What of live state is different from what was told of it: looked for when the switchboard has moved, as long as
//! anybody watches.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::{sleep, timeout};

use super::feed::{Event, Feed};
use crate::{
    base::{
        clock::{Clock, SystemClock},
        id::{CallId, Name, Reference},
        number::Number,
    },
    live::switchboard::{
        door::{Door, Stopping},
        view::{
            AgentView, CallView, ConferenceView, EngineView, ExtensionView, FiguresView, MessageView, Query,
            QueueView, ServiceView, Trouble, View,
        },
    },
};

/// However much moves, nobody looks sooner again.
const GAP: Duration = Duration::from_millis(50);
/// Troubles come without a move of the switchboard.
const BEAT: Duration = Duration::from_secs(1);

/// Publishes what changes. Ends with the switchboard.
pub(super) async fn look(door: Door, feed: Feed) {
    let mut seen = Seen::default();
    let mut moved = true;
    loop {
        // Once before anybody watches: a change that follows the greeting must not be taken for how it always was.
        if (feed.watchers() > 0 || !seen.begun) && seen.look(&door, &feed, moved).await.is_err() {
            return;
        }
        sleep(GAP).await;
        moved = timeout(BEAT, feed.stirred()).await.is_ok();
    }
}

#[derive(Default)]
struct Seen {
    /// Nothing has been looked at yet: what is found first is no news.
    begun: bool,
    calls: BTreeMap<CallId, CallView>,
    agents: BTreeMap<Name, AgentView>,
    queues: BTreeMap<Name, QueueView>,
    messages: BTreeMap<Reference, MessageView>,
    conferences: BTreeMap<Number, ConferenceView>,
    extensions: BTreeMap<Number, ExtensionView>,
    engine: Option<EngineView>,
    troubles: Vec<Trouble>,
}

impl Seen {
    async fn look(&mut self, door: &Door, feed: &Feed, moved: bool) -> Result<(), Stopping> {
        let mut news = Vec::new();
        let all = [
            Query::Calls,
            Query::Agents,
            Query::Queues,
            Query::Messages,
            Query::Conferences,
            Query::Extensions,
            Query::Status,
        ];
        let skipped = if moved { 0 } else { all.len() - 1 };
        for query in all.into_iter().skip(skipped) {
            self.compare(door.query(query).await?, &mut news);
        }
        if std::mem::replace(&mut self.begun, true) {
            let at = SystemClock.now();
            for event in news {
                feed.publish(at, event);
            }
        }
        Ok(())
    }

    fn compare(&mut self, view: View, news: &mut Vec<Event>) {
        match view {
            View::Calls(calls) => {
                let now = calls.into_iter().map(|call| (call.id, call)).collect();
                let gone = |call| Some(Event::CallGone { call });
                compare(&mut self.calls, now, news, |call| Event::CallChanged { call }, gone);
            }
            View::Agents(agents) => {
                let now = agents.into_iter().map(|agent| (agent.name.clone(), agent)).collect();
                let gone = |agent| Some(Event::AgentGone { agent });
                compare(&mut self.agents, now, news, |agent| Event::AgentChanged { agent }, gone);
            }
            View::Queues(queues) => self.compare_queues(queues, news),
            View::Messages(all) => self.compare_messages(all, news),
            View::Conferences(all) => {
                let now = all.into_iter().map(|one| (one.number.clone(), one)).collect();
                let changed = |conference| Event::ConferenceChanged { conference };
                let gone = |conference| Some(Event::ConferenceGone { conference });
                compare(&mut self.conferences, now, news, changed, gone);
            }
            View::Extensions(all) => {
                let now = all.into_iter().map(|one| (one.number.clone(), one)).collect();
                let changed = |extension| Event::ExtensionChanged { extension };
                let gone = |extension| Some(Event::ExtensionGone { extension });
                compare(&mut self.extensions, now, news, changed, gone);
            }
            View::Status(status) => {
                if self.engine.as_ref() != Some(&status.engine) {
                    self.engine = Some(status.engine.clone());
                    news.push(Event::EngineChanged { engine: status.engine });
                }
                if self.troubles != status.troubles {
                    self.troubles.clone_from(&status.troubles);
                    news.push(Event::TroublesChanged { troubles: status.troubles });
                }
            }
            View::Call(_) | View::Callbacks(_) | View::Left(_) | View::Alerts(_) | View::Message(_) => {}
        }
    }

    /// When one leaves, everything behind it has another place; that alone is no news.
    fn compare_messages(&mut self, all: Vec<MessageView>, news: &mut Vec<Event>) {
        let fresh: BTreeMap<Reference, MessageView> =
            all.into_iter().map(|one| (one.reference.clone(), one)).collect();
        let still = |one: &MessageView| MessageView { position: None, ..one.clone() };
        let now = fresh.iter().map(|(reference, one)| (reference.clone(), still(one))).collect();
        let whole = |one: MessageView| fresh.get(&one.reference).cloned().unwrap_or(one);
        let gone = |message| Some(Event::MessageGone { message });
        compare(
            &mut self.messages,
            now,
            news,
            |message| Event::MessageChanged { message: whole(message) },
            gone,
        );
    }

    /// The longest wait grows by itself, the expected one and the last quarter of an hour change with the time; that alone is
    /// no news.
    fn compare_queues(&mut self, queues: Vec<QueueView>, news: &mut Vec<Event>) {
        let still = |queue: QueueView| QueueView {
            longest_wait_ms: 0,
            expected_wait_ms: None,
            service: ServiceView { lately: FiguresView::default(), ..queue.service },
            ..queue
        };
        let fresh: BTreeMap<Name, QueueView> =
            queues.into_iter().map(|queue| (queue.name.clone(), queue)).collect();
        let now = fresh.iter().map(|(name, queue)| (name.clone(), still(queue.clone()))).collect();
        let whole = |queue: QueueView| fresh.get(&queue.name).cloned().unwrap_or(queue);
        compare(&mut self.queues, now, news, |queue| Event::QueueChanged { queue: whole(queue) }, |_| None);
    }
}

/// What is new, different or gone.
fn compare<K: Ord + Clone, V: PartialEq + Clone>(
    seen: &mut BTreeMap<K, V>,
    now: BTreeMap<K, V>,
    news: &mut Vec<Event>,
    changed: impl Fn(V) -> Event,
    gone: impl Fn(K) -> Option<Event>,
) {
    let differs = now.iter().filter(|(key, value)| seen.get(*key) != Some(*value));
    news.extend(differs.map(|(_, value)| changed(value.clone())));
    news.extend(seen.keys().filter(|key| !now.contains_key(*key)).cloned().filter_map(gone));
    *seen = now;
}
