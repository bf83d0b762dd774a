//! A call that stands somewhere when something happens to all, and how it goes on.

use std::time::Duration;

use serde_json::json;
use tandem::live::record::{CallRecord, EndedBy};
use tokio::time::{sleep, timeout};

use crate::{
    lanes::{Lane, Lanes, brief, leaves},
    support::{
        call::{Call, State},
        phone::{PATIENCE, Phone},
    },
    wire::book::Deed,
    world::{both_talk, both_talk_a_while},
};

/// Where a call stands when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A menu's prompt is heard.
    Menu,
    /// Two of four digits have been dialled.
    Digits,
    Music,
    Ringing,
    Talking,
    /// The talk was transferred; the other phone rings.
    Transfer,
    /// The talk is transferred so many milliseconds before it happens.
    Parting(u64),
    /// The agent hangs up so many milliseconds before it happens.
    Ending(u64),
}

/// What people do meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Nothing,
    CallerLeaves,
    OtherAnswers,
    OtherLeaves,
}

pub struct Stands {
    pub at: At,
    pub then: Then,
    pub number: String,
    pub call: Call,
    lane: usize,
    other: Option<Call>,
    phone: Phone,
}

/// How long a transfer under way may take to ring.
const HEARD: Duration = Duration::from_secs(6);
/// The longest that anybody needs for a last act.
const LAST: u64 = 30;

impl Stands {
    pub async fn reach(lanes: &Lanes, lane: usize, number: String, at: At, then: Then) -> Self {
        let phone = lanes.world.outside(&number).await;
        phone.keep_quiet();
        let call = phone.dial(&lanes.lanes[lane].number).await;
        call.listens();
        let mut stands = Self { at, then, number, call, lane, other: None, phone };
        let lane = &lanes.lanes[lane];
        stands.call.answered().await;
        stands.replied(lanes, Deed::Play, 1).await;
        match at {
            At::Menu => {}
            At::Digits => {
                stands.call.press_by_info('2').await;
                stands.replied(lanes, Deed::Play, 2).await;
                for digit in lane.second.extension.chars().take(2) {
                    stands.call.press_by_info(digit).await;
                }
            }
            _ => stands.wait(lanes).await,
        }
        if !matches!(at, At::Menu | At::Digits | At::Music) {
            lanes.agent(&lane.first, "login").await;
            stands.other = Some(lane.first.phone.rings().await);
        }
        if matches!(at, At::Talking | At::Transfer | At::Parting(_) | At::Ending(_)) {
            stands.talk_a_while().await;
            lanes.is(&stands.number, "talking").await;
        }
        if at == At::Transfer {
            stands.transfer(lanes, lane).await;
        }
        stands
    }

    async fn replied(&self, lanes: &Lanes, deed: Deed, nth: usize) {
        let reply = lanes.world.wire.book.when(&self.number, deed, nth);
        timeout(PATIENCE, reply).await.unwrap_or_else(|_| panic!("{}: no {deed:?}", self.number));
    }

    /// Chooses the queue, as often as needed.
    async fn wait(&self, lanes: &Lanes) {
        let waits = async {
            loop {
                self.call.press_by_info('1').await;
                let waits = lanes.is(&self.number, "waiting");
                if timeout(Duration::from_secs(1), waits).await.is_ok() {
                    return;
                }
            }
        };
        timeout(2 * PATIENCE, waits).await.unwrap_or_else(|_| panic!("{} never waits", self.number));
    }

    async fn talk_a_while(&self) {
        let other = self.other();
        other.answer();
        other.listens();
        both_talk_a_while(&self.call, &other).await;
    }

    async fn transfer(&mut self, lanes: &Lanes, lane: &Lane) {
        lanes.transfer(&self.number, &lane.second).await;
        self.other = Some(lane.second.phone.rings().await);
    }

    /// The other side, which rings or talks.
    pub fn other(&self) -> Call {
        self.other.clone().expect("somebody was dialled")
    }

    /// What is begun just before it happens.
    pub async fn last_moment(&self, lanes: &Lanes) {
        match self.at {
            At::Parting(before) => {
                let id = lanes.is(&self.number, "talking").await.id;
                sleep(Duration::from_millis(LAST - before)).await;
                let to = json!({ "to": lanes.lanes[self.lane].second.extension });
                let rest = lanes.world.rest.clone();
                tokio::spawn(async move { rest.try_post(&format!("/v1/calls/{id}/transfer"), to).await });
                sleep(Duration::from_millis(before)).await;
            }
            At::Ending(before) => {
                sleep(Duration::from_millis(LAST - before)).await;
                let other = self.other();
                tokio::spawn(async move { other.hang_up().await });
                sleep(Duration::from_millis(before)).await;
            }
            _ => {}
        }
    }

    pub async fn meanwhile(&self) {
        match self.then {
            Then::Nothing => {}
            Then::CallerLeaves => leaves(&self.call).await,
            Then::OtherAnswers => self.other().answer(),
            Then::OtherLeaves => leaves(&self.other()).await,
        }
    }

    /// To the natural end.
    pub async fn go_on(&self, lanes: &Lanes, lane: &Lane) {
        match (self.at, self.then) {
            (_, Then::CallerLeaves) => {}
            // Whom an admin sent to a phone that declines, and whose agent hung up, has no other place to go.
            (At::Transfer, Then::OtherLeaves) => self.is_declined(lane).await,
            (At::Talking, Then::OtherLeaves) | (At::Ending(_), _) => {
                self.call.ended().await;
            }
            (At::Menu, _) => {
                self.wait(lanes).await;
                lanes.agent(&lane.first, "login").await;
                self.is_served(lanes, lane).await;
            }
            (At::Digits, _) => {
                // The prompt is heard anew, and all the digits count.
                lanes.is(&self.number, "menu").await;
                for digit in lane.second.extension.chars() {
                    self.call.press_by_info(digit).await;
                }
                self.is_served(lanes, lane).await;
            }
            (At::Music, _) => {
                lanes.agent(&lane.first, "login").await;
                self.is_served(lanes, lane).await;
            }
            (At::Ringing, Then::OtherLeaves) => {
                lanes.agent(&lane.second, "login").await;
                self.is_served(lanes, lane).await;
            }
            (At::Parting(_), _) => self.is_transferred(lane).await,
            (At::Ringing | At::Talking | At::Transfer, _) => {
                let other = self.other();
                if other.state() == State::Ringing {
                    other.answer();
                }
                other.listens();
                both_talk(&self.call, &other).await;
                self.call.hang_up().await;
            }
        }
        if let Some(other) = &self.other {
            other.ended().await;
        }
        lanes.clear(lane, &self.phone).await;
    }

    async fn is_served(&self, lanes: &Lanes, lane: &Lane) {
        let offer = lanes.serve(lane, &self.call).await;
        self.call.hang_up().await;
        offer.ended().await;
    }

    /// Whoever was not heard declining may be asked again.
    async fn is_declined(&self, lane: &Lane) {
        let ends = async {
            while !matches!(self.call.state(), State::Ended(_)) {
                if let Some(again) = lane.second.phone.rings_within(Duration::from_millis(100)).await {
                    again.refuse(603);
                }
            }
        };
        timeout(2 * PATIENCE, ends).await.unwrap_or_else(|_| panic!("{} does not end", self.number));
    }

    /// The transfer is carried through, unless the daemon never heard of it: then the talk goes on.
    async fn is_transferred(&self, lane: &Lane) {
        let rings = lane.second.phone.rings_within(HEARD).await;
        let with = rings.unwrap_or_else(|| self.other());
        with.answer();
        with.listens();
        both_talk(&self.call, &with).await;
        self.call.hang_up().await;
        with.ended().await;
    }

    /// What is wrong with what was written down.
    pub fn judge(&self, records: &[CallRecord]) -> Option<String> {
        let case = format!("{:?}, {:?}", self.at, self.then);
        let [record] = records else { return Some(format!("{case}: {} records", records.len())) };
        let by: &[EndedBy] = match (self.at, self.then) {
            // Nobody told of the end: the engine's list did not have the caller any more.
            (_, Then::CallerLeaves) => &[EndedBy::Engine, EndedBy::Caller],
            (At::Ending(_), _) | (At::Talking, Then::OtherLeaves) => &[EndedBy::Callee],
            (At::Transfer, Then::OtherLeaves) => &[EndedBy::Tandem],
            // FreeSWITCH may tell the end of the side that was left before that of the side that left.
            (At::Digits | At::Transfer | At::Parting(_) | At::Talking, _) => {
                &[EndedBy::Caller, EndedBy::Callee]
            }
            _ => &[EndedBy::Caller],
        };
        let talked = match (self.at, self.then) {
            (_, Then::CallerLeaves) => self.at == At::Talking,
            (At::Transfer, Then::OtherLeaves) => false,
            _ => true,
        };
        let answered = record.legs.iter().skip(1).any(|leg| leg.answered.is_some());
        let told = record.legs.iter().all(|leg| leg.ended.is_some() && leg.cause.is_some());
        let right = by.contains(&record.ended_by) && told && (answered || !talked);
        (!right).then(|| format!("{case}, must end by {by:?}: {}", brief(record)))
    }
}
