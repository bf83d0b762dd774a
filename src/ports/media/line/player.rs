//! What a leg hears: the prompts of one `Play` one after the other, frame by frame, paused and resumed.

use std::sync::Arc;

use crate::{
    base::id::OrderId,
    ports::engine::{Media, Verdict},
};

/// The samples of a prompt at the stream's rate.
pub type Clip = Arc<[i16]>;

/// So much before the point where it was interrupted a prompt goes on: 300 ms.
const BACK: usize = 15;

/// A `Play` under way.
#[derive(Debug)]
struct Play {
    order: OrderId,
    media: Vec<Media>,
    /// As they were found; `None` until somebody has looked for them.
    clips: Option<Vec<Option<Clip>>>,
    item: usize,
    at: usize,
    paused: bool,
}

/// What plays at one leg, if anything does.
#[derive(Debug, Default)]
pub(super) struct Player(Option<Play>);

impl Player {
    /// Begins; what played before must have been stopped.
    pub(super) fn begin(&mut self, order: OrderId, media: Vec<Media>, paused: bool) {
        self.0 = Some(Play { order, media, clips: None, item: 0, at: 0, paused });
    }

    /// The clips of this play are found, at another rate than before if it has begun.
    pub(super) fn found(&mut self, order: OrderId, clips: Vec<Option<Clip>>) -> Option<Verdict> {
        let play = self.0.as_mut().filter(|play| play.order == order)?;
        if clips.iter().all(Option::is_none) {
            self.0 = None;
            return Some(Verdict::Failed);
        }
        if let Some((Some(before), Some(now))) = play
            .clips
            .as_ref()
            .and_then(|old| Some((old.get(play.item)?.as_ref(), clips.get(play.item)?.as_ref())))
        {
            play.at = play.at * now.len() / before.len().max(1);
        }
        play.clips = Some(clips);
        None
    }

    /// Stops; the order that did not come to its end.
    pub(super) fn stop(&mut self) -> Option<OrderId> {
        self.0.take().map(|play| play.order)
    }

    /// What remains to be heard, and whose order it is.
    pub(super) fn rest(&mut self) -> Option<(OrderId, Vec<Media>)> {
        self.0.take().map(|mut play| (play.order, play.media.split_off(play.item.min(play.media.len()))))
    }

    pub(super) fn plays(&self) -> bool {
        self.0.is_some()
    }

    /// The order and media that have to be found anew.
    pub(super) fn wanted(&self) -> Option<(OrderId, Vec<Media>)> {
        self.0.as_ref().map(|play| (play.order, play.media.clone()))
    }

    pub(super) fn is_paused(&self) -> bool {
        self.0.as_ref().is_some_and(|play| play.paused)
    }

    pub(super) fn pause(&mut self) {
        if let Some(play) = &mut self.0 {
            play.paused = true;
        }
    }

    /// Goes on a little before where it was; `frame` samples are 20 ms.
    pub(super) fn go_on(&mut self, frame: usize) {
        if let Some(play) = self.0.as_mut().filter(|play| play.paused) {
            play.paused = false;
            play.at = play.at.saturating_sub(BACK * frame);
        }
    }

    /// The next frame, if a prompt is to be heard, and the order that is over with it.
    pub(super) fn frame(&mut self, length: usize) -> (Option<Vec<i16>>, Option<OrderId>) {
        let Some(play) = self.0.as_mut().filter(|play| !play.paused) else { return (None, None) };
        let Some(clips) = &play.clips else { return (None, None) };
        let mut frame = Vec::with_capacity(length);
        while let Some(clip) = clips.get(play.item) {
            let rest = clip.as_ref().map_or(&[][..], |clip| &clip[play.at.min(clip.len())..]);
            let part = &rest[..rest.len().min(length - frame.len())];
            frame.extend_from_slice(part);
            play.at += part.len();
            if part.len() < rest.len() {
                return (Some(frame), None);
            }
            play.item += 1;
            play.at = 0;
        }
        frame.resize(length, 0);
        (Some(frame), self.stop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::engine::PromptId;

    const ORDER: OrderId = OrderId { seq: 1, index: 1 };

    fn playing(clips: &[Option<usize>]) -> Player {
        let mut player = Player::default();
        player.begin(ORDER, vec![Media::Prompt(PromptId::new([1; 16])); clips.len()], false);
        assert_eq!(player.frame(160), (None, None), "nothing is heard before it is found");
        let clips = clips.iter().map(|length| length.map(|n| (1..=n as i16).collect())).collect();
        assert_eq!(player.found(ORDER, clips), None);
        player
    }

    fn all(player: &mut Player) -> Vec<i16> {
        let mut heard = Vec::new();
        loop {
            let (frame, over) = player.frame(160);
            heard.extend(frame.expect("a frame"));
            if over.is_some() {
                assert_eq!(over, Some(ORDER));
                assert_eq!(player.frame(160), (None, None));
                return heard;
            }
        }
    }

    #[test]
    fn clips_follow_one_another_without_a_gap_and_those_that_are_missing_are_passed_over() {
        let heard = all(&mut playing(&[Some(200), None, Some(50)]));
        let expected: Vec<i16> = (1..=200).chain(1..=50).chain(std::iter::repeat_n(0, 70)).collect();
        assert_eq!(heard, expected);
    }

    #[test]
    fn where_none_is_there_the_play_has_failed() {
        let mut player = Player::default();
        player.begin(ORDER, vec![Media::Prompt(PromptId::new([1; 16]))], false);
        assert_eq!(player.found(ORDER, vec![None]), Some(Verdict::Failed));
        assert!(!player.plays());
    }

    #[test]
    fn a_paused_prompt_goes_on_a_little_before() {
        let mut player = playing(&[Some(16_000)]);
        for _ in 0..20 {
            player.frame(160);
        }
        player.pause();
        assert_eq!(player.frame(160), (None, None));
        player.go_on(160);
        let (frame, _) = player.frame(160);
        assert_eq!(frame.expect("a frame")[0], 5 * 160 + 1);
        player.go_on(160);
        let (frame, _) = player.frame(160);
        assert_eq!(frame.expect("a frame")[0], 6 * 160 + 1, "what is not paused goes on where it is");
    }

    #[test]
    fn at_another_rate_it_goes_on_at_the_same_word() {
        let mut player = playing(&[Some(1600)]);
        (0..5).for_each(|_| drop(player.frame(160)));
        player.found(ORDER, vec![Some((0..3200).collect())]);
        assert_eq!(player.frame(320).0.expect("a frame")[0], 1600);
    }
}
