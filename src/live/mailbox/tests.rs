//! Whole sessions as a caller hears them, and whatever else may happen.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use secrecy::SecretString;

use super::{Act, Boxes, Happening, Message, Pressed, Session, Verdict, on};
use crate::{
    base::{
        clock::Stamp,
        id::SoundId,
        number::{Key, Number},
    },
    infra::site::{self, Conference, Locale, PinHash, Prompt, Site},
    ports::{
        engine::Media,
        media::{
            self,
            phrase::{self, Phrase},
        },
    },
};

/// 2026-11-21 12:00 in Shanghai.
const NOON: Stamp = Stamp(1_795_233_600_000_000);
const PIN: &str = "904571";

fn number(text: &str) -> Number {
    Number::new(text).expect("a number")
}

fn sound(n: u32) -> SoundId {
    SoundId::new(format!("s{n}")).expect("an id")
}

fn site() -> Site {
    thread_local!(static SITE: Site = made());
    SITE.with(Clone::clone)
}

fn made() -> Site {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
    let mut site = site::load(&folder).expect("the example is sound");
    let pin = PinHash::of(&SecretString::from(PIN.to_owned()), "here");
    let mailbox =
        site.extensions.get_mut(&number("1001")).and_then(|e| e.mailbox.as_mut()).expect("a mailbox");
    mailbox.pin = Some(pin.clone());
    mailbox.most = 3;
    mailbox.limit = Duration::from_secs(60);
    let file = Some("/nowhere".into());
    let conference =
        Conference { name: "Monday".into(), pin_file: file, pin: Some(pin), most: 5, record: false };
    site.dialing.conferences.insert(number("800"), conference);
    site
}

fn message(n: u32, ago: Duration, heard: bool) -> Message {
    let at = Stamp(NOON.0 - i64::try_from(ago.as_micros()).expect("not long ago"));
    Message { sound: sound(n), from: Some(number("13800138000")), at, length: Duration::from_secs(9), heard }
}

/// A caller with a telephone, a clock and nothing else.
struct Caller {
    site: Site,
    boxes: Boxes,
    session: Session,
    now: Stamp,
    /// What is heard, word by word; recordings by their names.
    heard: Vec<String>,
    notes: Vec<String>,
    forgotten: Vec<SoundId>,
    recording: bool,
    due: Option<Stamp>,
    over: bool,
    admitted: bool,
    words: BTreeMap<String, String>,
    /// At a secret.
    keyed: String,
}

impl Caller {
    fn new(session: Session, boxes: Boxes) -> Self {
        let words = Phrase::ALL.iter().flat_map(|word| {
            let locales = [Locale::Chinese, Locale::English].into_iter();
            locales.filter_map(move |l| Some((name(&phrase::phrase(*word, l)?), format!("{word:?}"))))
        });
        let numbers = (0..=phrase::MOST).map(|n| (name(&phrase::number(n, Locale::English)), n.to_string()));
        let words = words.chain(numbers).chain([(name(&media::beep()), "beep".to_owned())]).collect();
        Self {
            site: site(),
            boxes,
            session,
            now: NOON,
            heard: Vec::new(),
            notes: Vec::new(),
            forgotten: Vec::new(),
            recording: false,
            due: None,
            over: false,
            admitted: false,
            words,
            keyed: String::new(),
        }
    }

    fn happens(&mut self, happening: Happening) -> &mut Self {
        if self.over {
            return self;
        }
        // Whatever happens ends the waiting.
        self.due = None;
        let mut check = None;
        for act in on(&mut self.session, &self.site, &mut self.boxes, happening, self.now) {
            match act {
                Act::Speak(list) => self.heard.extend(
                    list.iter().map(|m| self.words.get(&name(m)).cloned().unwrap_or_else(|| name(m))),
                ),
                Act::Hush => self.heard.push("|".into()),
                Act::Wait(span) => self.due = Some(self.now + span),
                Act::Record { .. } => self.recording = true,
                Act::Admit => (self.admitted, self.over) = (true, true),
                Act::Hangup => self.over = true,
                Act::Note(text) => self.notes.push(text.into()),
                Act::Forget(sound) => self.forgotten.push(sound),
                Act::Afresh => self.keyed.clear(),
                Act::Check(pin) => check = Some(pin),
            }
        }
        if let Some(pin) = check {
            let verdict = match std::mem::take(&mut self.keyed).as_str() {
                "" => Verdict::Nothing,
                keyed if pin.is(keyed) => Verdict::Right,
                _ => Verdict::Wrong,
            };
            self.happens(Happening::Checked(verdict));
        }
        self
    }

    fn key(&mut self, key: Key) -> &mut Self {
        if !self.session.asks_secret() {
            return self.happens(Happening::Key(key));
        }
        let pressed = match key.char() {
            '#' => Pressed::End,
            '*' => {
                self.keyed.clear();
                Pressed::Anew
            }
            digit @ '0'..='9' => {
                self.keyed.push(digit);
                Pressed::Digit
            }
            _ => Pressed::Other,
        };
        self.happens(Happening::Pressed(pressed))
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            self.key(Key::new(key).expect("a key"));
        }
        self
    }

    fn enter(&mut self) -> &mut Self {
        self.happens(Happening::Enter)
    }

    fn spoken(&mut self) -> &mut Self {
        self.happens(Happening::Spoken)
    }

    fn silence(&mut self) -> &mut Self {
        if self.over {
            return self;
        }
        self.now = self.due.expect("a deadline").max(self.now);
        self.happens(Happening::Silence)
    }

    fn recorded(&mut self, n: u32, seconds: u64) -> &mut Self {
        self.recording = false;
        self.happens(Happening::Recorded { sound: sound(n), length: Duration::from_secs(seconds) })
    }

    /// What was heard since the last time that somebody asked.
    fn said(&mut self) -> String {
        self.heard.drain(..).collect::<Vec<_>>().join(" ")
    }
}

fn name(media: &Media) -> String {
    match media {
        Media::Prompt(id) => id.to_string(),
        Media::Sound(sound) => sound.to_string(),
    }
}

fn leaving(boxes: Boxes) -> Caller {
    Caller::new(Session::leave(number("1001"), Some(number("4567")), Locale::English), boxes)
}

fn hearing(messages: impl IntoIterator<Item = Message>) -> Caller {
    let mut boxes = Boxes::default();
    messages.into_iter().for_each(|message| boxes.keep(&number("1001"), message));
    Caller::new(Session::hear(number("1001"), Locale::English), boxes)
}

#[test]
fn a_message_is_left_and_kept_with_who_left_it_and_when() {
    let mut caller = leaving(Boxes::default());
    assert_eq!(caller.enter().said(), "LeaveMessage beep");
    assert!(!caller.recording);
    assert!(caller.spoken().recording);
    caller.keys("#");
    assert_eq!(caller.said(), "|");
    assert_eq!(caller.recorded(1, 12).said(), "Saved");
    let kept = Message {
        sound: sound(1),
        from: Some(number("4567")),
        at: NOON,
        length: Duration::from_secs(12),
        heard: false,
    };
    assert_eq!(caller.boxes.messages(&number("1001")), [kept]);
    assert!(caller.spoken().over);
    assert_eq!(caller.forgotten, []);
}

#[test]
fn a_greeting_of_ones_own_is_heard_and_pound_skips_it() {
    let mut caller = leaving(Boxes::default());
    let greeting = Prompt([(Locale::English, "This is Chen.".into())].into());
    let own = name(&media::prompt(&greeting, Locale::English).expect("a text"));
    let extension = caller.site.extensions.get_mut(&number("1001")).expect("there");
    extension.mailbox.as_mut().expect("a mailbox").greeting = Some(greeting);
    assert_eq!(caller.enter().said(), format!("{own} beep"));
    assert_eq!(caller.keys("5#").said(), "| beep");
    assert!(caller.spoken().recording);
}

#[test]
fn what_is_too_short_is_dropped_and_asked_for_once_more() {
    let mut caller = leaving(Boxes::default());
    caller.enter().spoken().recorded(1, 1);
    assert_eq!(caller.said(), "LeaveMessage beep TooShort beep");
    assert_eq!(caller.spoken().recorded(2, 1).said(), "Goodbye");
    assert_eq!(caller.forgotten, [sound(1), sound(2)]);
    assert_eq!(caller.boxes, Boxes::default());
    assert!(caller.spoken().over);
}

#[test]
fn a_full_mailbox_says_so_also_when_it_fills_meanwhile() {
    let fill = |boxes: &mut Boxes, some| {
        (0..some).for_each(|n| boxes.keep(&number("1001"), message(n, Duration::ZERO, false)));
    };
    let mut full = Boxes::default();
    fill(&mut full, 3);
    let mut caller = leaving(full.clone());
    assert_eq!(caller.enter().said(), "Full");
    assert!(caller.spoken().over && !caller.recording);

    let mut caller = leaving(Boxes::default());
    caller.enter().spoken();
    fill(&mut caller.boxes, 3);
    assert_eq!(caller.recorded(9, 30).said(), "LeaveMessage beep Full");
    assert_eq!((caller.forgotten.as_slice(), &caller.boxes), (&[sound(9)][..], &full));
}

#[test]
fn a_recording_whose_end_nobody_tells_is_stopped_and_asked_for_again() {
    let mut caller = leaving(Boxes::default());
    caller.enter().spoken();
    assert_eq!(caller.due, Some(NOON + Duration::from_secs(65)));
    caller.said();
    assert_eq!(caller.silence().said(), "|");
    assert_eq!(caller.silence().said(), "LeaveMessage beep");
    // It is told late, and is a message all the same.
    assert_eq!(caller.recorded(1, 30).said(), "| Saved");
    assert_eq!(caller.boxes.messages(&number("1001")).len(), 1);
}

#[test]
fn messages_are_heard_new_ones_first_with_their_time_and_deleted() {
    let hour = Duration::from_hours(1);
    let mut caller =
        hearing([message(1, 30 * hour, true), message(2, 26 * hour, false), message(3, 3 * hour, false)]);
    assert_eq!(caller.enter().said(), "EnterPin");
    assert_eq!(
        caller.keys("904571#").said(),
        "| YouHave 2 NewMessages 1 OldMessage Message 1 Yesterday At 10 Sharpless Morning"
            .replace(" Sharpless", "")
    );
    assert_eq!(caller.spoken().said(), "s2");
    assert_eq!(caller.boxes.counts(&number("1001")), (2, 1), "it is new until it was heard");
    assert_eq!(caller.spoken().said(), "Choices");
    assert_eq!(caller.boxes.counts(&number("1001")), (1, 2));
    assert_eq!(caller.keys("1").spoken().said(), "| Message 1 Yesterday At 10 Morning s2");
    // Next in the middle of it, again, back.
    assert_eq!(caller.keys("2").said(), "| Message 2 Today At 9 Morning");
    assert_eq!(caller.spoken().keys("*").said(), "s3 | Message 1 Yesterday At 10 Morning");
    assert_eq!(caller.boxes.counts(&number("1001")), (0, 3), "whoever goes on has heard enough");
    assert_eq!(caller.keys("3").said(), "| Deleted Message 1 Today At 9 Morning");
    assert_eq!(caller.forgotten, [sound(2)]);
    assert_eq!(caller.keys("22").said(), "| Message 2 Yesterday At 6 Morning | NoMore");
    assert_eq!(caller.spoken().said(), "Choices");
    assert_eq!(
        caller.keys("*3*3").said(),
        "| Message 2 Yesterday At 6 Morning | Deleted NoMore | Message 1 Today At 9 Morning | Deleted NoMore Goodbye"
    );
    assert_eq!(caller.boxes.messages(&number("1001")), []);
    assert!(caller.spoken().over);
    assert_eq!(caller.notes.iter().filter(|n| n.contains("deleted")).count(), 3);
}

#[test]
fn who_presses_nothing_is_told_the_keys_and_let_go() {
    let mut caller = hearing([message(1, Duration::ZERO, false)]);
    caller.enter().keys("904571#").spoken().spoken().said();
    caller.spoken().silence().spoken().silence();
    assert_eq!(caller.said(), "Choices Choices");
    assert!(!caller.over);
    assert_eq!(caller.spoken().silence().said(), "Goodbye");
    assert!(caller.spoken().over);
    let mut empty = hearing([]);
    assert_eq!(empty.enter().keys("904571#").said(), "EnterPin | NoMessages Goodbye");
}

#[test]
fn three_wrong_pins_lock_the_mailbox_for_a_while_in_however_many_calls() {
    let mut caller = hearing([message(1, Duration::ZERO, false)]);
    assert_eq!(caller.enter().keys("111111#").said(), "EnterPin | WrongPin EnterPin");
    caller.keys("222222").spoken();
    assert_eq!(caller.silence().said(), "| WrongPin EnterPin", "a pause ends it as the key does");
    assert!(!caller.over);
    let boxes = caller.boxes.clone();
    let mut again = hearing([]);
    again.boxes = boxes;
    assert_eq!(again.enter().keys("333333#").said(), "EnterPin | Locked");
    assert!(again.spoken().over);

    let mut locked = hearing([]);
    locked.boxes = again.boxes.clone();
    assert_eq!(locked.enter().said(), "Locked");
    let mut later = hearing([]);
    later.boxes = again.boxes;
    later.now = NOON + Duration::from_secs(301);
    assert_eq!(
        later.enter().keys("904571#").said(),
        "EnterPin | YouHave 1 NewMessage Message 1 Today At 12 Afternoon"
    );
}

#[test]
fn star_begins_the_pin_anew_and_silence_lets_go() {
    let mut caller = hearing([]);
    assert_eq!(caller.enter().keys("12*904571#").said(), "EnterPin | NoMessages Goodbye");
    let mut silent = hearing([]);
    silent.enter();
    for _ in 0..6 {
        silent.silence();
    }
    assert_eq!(silent.said(), "EnterPin EnterPin EnterPin Goodbye");
    assert_eq!(silent.boxes, Boxes::default(), "who says nothing has guessed nothing");
}

#[test]
fn a_conference_lets_in_who_knows_its_pin() {
    let door = || Caller::new(Session::door(number("800"), Locale::Chinese), Boxes::default());
    assert!(door().enter().keys("904571#").admitted);
    let mut wrong = door();
    assert_eq!(
        wrong.enter().keys("1#2#3#").said(),
        "EnterPin | WrongPin EnterPin | WrongPin EnterPin | Goodbye"
    );
    assert!(wrong.spoken().over && !wrong.admitted);
    let mut unknown = door();
    unknown.site.dialing.conferences.get_mut(&number("800")).expect("there").pin = None;
    assert_eq!(unknown.enter().said(), "Unavailable");
    assert!(unknown.notes[0].contains("was not read"), "{:?}", unknown.notes);
}

#[test]
fn who_wants_to_be_forgotten_leaves_no_message() {
    let mut boxes = hearing([message(1, Duration::ZERO, false), message(2, Duration::ZERO, true)]).boxes;
    boxes.keep(&number("1001"), Message { from: None, ..message(3, Duration::ZERO, false) });
    boxes.keep(&number("1002"), message(4, Duration::ZERO, false));
    let theirs = boxes.left_by(&number("13800138000"));
    assert_eq!(theirs, [sound(1), sound(2), sound(4)]);
    assert_eq!(boxes.erase(&theirs), theirs);
    assert_eq!((boxes.left_by(&number("13800138000")), boxes.erase(&theirs)), (vec![], vec![]));
    assert_eq!(sounds(&boxes), [sound(3)]);
    assert_eq!(boxes.all().count(), 1);
}

#[test]
fn a_snapshot_in_the_middle_of_a_pin_has_no_digit_of_it() {
    let mut caller = hearing([]);
    caller.enter().keys("9045");
    let (json, shown) =
        (serde_json::to_string(&caller.session).expect("JSON"), format!("{:?}", caller.session));
    assert!(!json.contains("9045") && !shown.contains("9045"), "{json} {shown}");
    caller.session = serde_json::from_str(&json).expect("a session");
    // The present question is asked anew, and answered as if nothing had been.
    caller.said();
    assert_eq!(caller.enter().keys("904571#").said(), "EnterPin | NoMessages Goodbye");
}

/// Anything that may happen; the keys never make the right PIN, which has a 0.
fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => prop::sample::select("123456789*#A".chars().collect::<Vec<_>>())
            .prop_map(|key| Happening::Key(Key::new(key).expect("a key"))),
        4 => Just(Happening::Spoken),
        3 => Just(Happening::Silence),
        1 => Just(Happening::Enter),
        2 => (0u64..10)
            .prop_map(|seconds| Happening::Recorded { sound: sound(0), length: Duration::from_secs(seconds) }),
    ]
}

fn sounds(boxes: &Boxes) -> Vec<SoundId> {
    boxes.sounds().cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_is_lost_nobody_waits_for_ever_and_no_digit_is_told(
        kind in 0u8..4,
        before in 0u32..4,
        happenings in prop::collection::vec((happening(), 0u64..400), 0..40),
    ) {
        let stored = (0..before).map(|n| message(n, Duration::from_hours(n.into()), n % 2 == 0));
        let mut caller = match kind {
            0 => Caller { boxes: hearing(stored).boxes, ..leaving(Boxes::default()) },
            1 => Caller {
                boxes: hearing(stored).boxes,
                ..Caller::new(Session::door(number("800"), Locale::English), Boxes::default())
            },
            _ => hearing(stored),
        };
        caller.enter();
        let inside = kind == 3;
        if inside {
            caller.keys("904571#");
            caller.notes.clear();
        }
        let mut typed = String::new();
        for (i, (happening, millis)) in (100..).zip(happenings) {
            if let Happening::Key(key) = &happening {
                typed.push(key.char());
            }
            let (was, forgot) = (sounds(&caller.boxes), caller.forgotten.len());
            caller.now = caller.now + Duration::from_millis(millis);
            match happening {
                Happening::Silence => caller.silence(),
                Happening::Key(key) => caller.key(key),
                // Every recording has a name of its own.
                Happening::Recorded { length, .. } => caller.recorded(i, length.as_secs()),
                other => caller.happens(other),
            };
            let is = sounds(&caller.boxes);
            let gone: Vec<_> = was.iter().filter(|s| !is.contains(s)).cloned().collect();
            prop_assert!(gone.iter().all(|s| caller.forgotten[forgot..].contains(s)), "a message vanished");
            prop_assert!(inside || gone.is_empty(), "deleted without the PIN");
            prop_assert!(caller.forgotten.iter().all(|s| !is.contains(s)), "a file went that is a message");
            prop_assert!(is.len() <= 3.max(before as usize), "more than fit in");
            prop_assert!(caller.over || caller.due.is_some(), "time stands still");
        }
        let heard_one = caller.heard.iter().any(|word| word.starts_with('s'));
        prop_assert!(inside || !heard_one, "heard without the PIN: {:?}", caller.heard);
        prop_assert!(!caller.admitted);
        let told = caller.notes.join("\n") + &format!("{:?}", caller.session.stage);
        let windows: Vec<&str> = (0..typed.len().saturating_sub(3)).map(|i| &typed[i..i + 4]).collect();
        prop_assert!(windows.iter().all(|digits| !told.contains(digits)), "{} in {}", typed, told);
        for _ in 0..40 {
            caller.silence();
        }
        prop_assert!(caller.over, "silence ends every session: {:?}", caller.session);
    }
}
