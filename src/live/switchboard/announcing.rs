//! Callers who wait are told how many are before them, how long it will take, and that they can be called back.

use super::state::Switchboard;
use crate::{
    base::id::CallId,
    infra::site::Queue,
    live::call::{Stage, Timer},
    ports::{
        engine::{Command, Media},
        media::phrase,
    },
};

impl Switchboard {
    /// When the caller is told their place next, if the queue tells places.
    pub(super) fn announce_in_time(&mut self, id: CallId) {
        let Some(Stage::Waiting(waiting)) = self.calls.get(&id).map(|call| &call.stage) else { return };
        let settings = self.site.queues.get(&waiting.queue);
        let tell = |queue: &Queue| queue.announce.or(queue.callback.as_ref().map(|callback| callback.tell));
        let every = settings.and_then(tell);
        match every {
            Some(every) => {
                let last = waiting.told.unwrap_or_else(|| waiting.entered());
                self.timers.set(Timer::Announce(id), last + every);
            }
            None => self.timers.clear(&Timer::Announce(id)),
        }
    }

    /// Whoever waits, and hears no greeting, hears the place. Who is being offered hears it when that fails.
    pub(super) fn announce_due(&mut self, id: CallId) {
        let now = self.now();
        let Some(Stage::Waiting(waiting)) = self.calls.get(&id).map(|call| &call.stage) else { return };
        let (queue, place, greeted) = (waiting.queue.clone(), waiting.place, waiting.greeting);
        let before = self.queues.position(&queue, place) - 1;
        let wait = self.expected(&queue, place).map(|expected| [expected.mean, expected.most]);
        let tells = self.site.queues.get(&queue).is_some_and(|queue| queue.announce.is_some());
        let callback = self.callback_key(&queue).filter(|_| self.callable(id).is_ok());
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Waiting(waiting) = &mut call.stage else { return };
        waiting.told = Some(now);
        let place = tells.then(|| phrase::place(before, wait, call.language));
        let callback = callback.map(|key| phrase::offer_callback(key, call.language));
        let media: Vec<Media> = place.into_iter().chain(callback).flatten().collect();
        if !media.is_empty() && !greeted {
            waiting.greeting = true;
            call.playing = Some(self.out.order(&call.leg, Command::Play { media }));
        }
        self.announce_in_time(id);
    }
}
