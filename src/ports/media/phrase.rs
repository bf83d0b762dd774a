//! What Tandem itself says: words of the house, numbers and times, in every language, made ready like any prompt.

use std::time::Duration;

use jiff::{ToSpan, tz::TimeZone};
use smol_str::{SmolStr, format_smolstr};

use super::spoken;
use crate::{
    base::{clock::Stamp, number::Key},
    infra::site::Locale,
    ports::engine::Media,
};

macro_rules! phrases {
    ($($name:ident: $chinese:literal, $english:literal;)*) => {
        /// Words of the house.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Phrase {
            $($name),*
        }

        impl Phrase {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As it is spoken; empty where a language needs no such word.
            pub fn words(self, locale: Locale) -> &'static str {
                let (chinese, english) = match self {
                    $(Self::$name => ($chinese, $english),)*
                };
                match locale {
                    Locale::Chinese => chinese,
                    Locale::English => english,
                }
            }
        }
    };
}

phrases! {
    LeaveMessage: "现在无人接听，请在提示音后留言，按井号键结束。",
        "Nobody can take your call. Please leave a message after the tone, and press pound to finish.";
    Full: "对不起，信箱已满，无法留言。再见。", "Sorry, this mailbox is full. Goodbye.";
    TooShort: "录音太短，请在提示音后重新留言。", "That was too short. Please speak after the tone.";
    Saved: "您的留言已保存。再见。", "Your message has been saved. Goodbye.";
    EnterPin: "请输入密码，按井号键结束。", "Please enter your PIN, then press pound.";
    WrongPin: "密码错误。", "That is not correct.";
    Locked: "密码多次错误，请稍后再试。再见。", "Too many wrong attempts. Please try again later. Goodbye.";
    Unavailable: "暂时无法使用。再见。", "This is not available now. Goodbye.";
    YouHave: "您有", "You have";
    MoreThan: "超过", "more than";
    NewMessage: "条新留言。", "new message.";
    NewMessages: "条新留言。", "new messages.";
    OldMessage: "条旧留言。", "old message.";
    OldMessages: "条旧留言。", "old messages.";
    NoNewMessages: "您没有新留言。", "You have no new messages.";
    NoMessages: "您没有留言。", "You have no messages.";
    Message: "留言", "Message";
    Choices: "重听请按1，下一条请按2，删除请按3，上一条请按星号键，结束请按井号键。",
        "To hear it again, press 1. For the next one, press 2. To delete it, press 3. To go back, press star. \
         To finish, press pound.";
    Deleted: "已删除。", "Deleted.";
    NoMore: "没有更多留言了。", "There are no more messages.";
    Goodbye: "再见。", "Goodbye.";
    YouAreNext: "下一位就是您。", "You are next.";
    Before: "您前面还有", "Callers before you:";
    Callers: "位来电者。", "";
    WaitAbout: "预计等待大约", "The wait is about";
    AtMost: "最多", "at most";
    OneMinute: "分钟。", "minute.";
    Minutes: "分钟。", "minutes.";
    LessThanAMinute: "预计等待不到一分钟。", "The wait is less than a minute.";
    CallBack: "如需我们回拨并为您保留位置，请按", "To be called back and keep your place, press";
    WillCallBack: "轮到您时我们会回拨给您。再见。", "We will call you back when it is your turn. Goodbye.";
    CalledBack: "您好，这是您要求的回拨，正在为您接通，请稍候。",
        "Hello. You asked to be called back. Please hold, you are being connected.";
    TakeCall: "有客户来电，接听请按1。", "A customer is calling. To take the call, press 1.";
    Today: "今天", "today";
    Yesterday: "昨天", "yesterday";
    Day: "日", "";
    At: "", "at";
    Hour: "点", "";
    Minute: "分", "";
    Sharp: "整", "";
    Oh: "零", "oh";
    Morning: "", "A M";
    Afternoon: "", "P M";
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The largest number that is one prompt.
pub const MOST: u8 = 99;

/// What is said, or nothing where the language needs no such word.
pub fn phrase(phrase: Phrase, locale: Locale) -> Option<Media> {
    let words = phrase.words(locale);
    (!words.is_empty()).then(|| said(words, locale))
}

/// A number up to [`MOST`].
pub fn number(number: u8, locale: Locale) -> Media {
    said(&format_smolstr!("{}", number.min(MOST)), locale)
}

/// How many there are.
pub fn count(many: usize, locale: Locale) -> Vec<Media> {
    match (u8::try_from(many), locale) {
        (Ok(2), Locale::Chinese) => vec![said(PAIR, locale)],
        (Ok(few), _) if few <= MOST => vec![number(few, locale)],
        _ => phrase(Phrase::MoreThan, locale).into_iter().chain([number(MOST, locale)]).collect(),
    }
}

/// When something was: the day by its name if it is near, and the time of day.
pub fn moment(at: Stamp, now: Stamp, zone: &TimeZone, locale: Locale) -> Vec<Media> {
    let (then, today) = (at.zoned(zone).datetime(), now.zoned(zone).date());
    let small = |value: i8| number(u8::try_from(value).unwrap_or_default(), locale);
    let one = |word| phrase(word, locale).into_iter();
    let mut all: Vec<Media> = if then.date() == today {
        one(Phrase::Today).collect()
    } else if then.date().checked_add(1.day()).is_ok_and(|next| next == today) {
        one(Phrase::Yesterday).collect()
    } else {
        let month = said(&month(then.month(), locale), locale);
        [month, small(then.day())].into_iter().chain(one(Phrase::Day)).collect()
    };
    let (hour, minute) = (then.hour(), then.minute());
    let shown = match locale {
        Locale::Chinese => hour,
        Locale::English => (hour + 11) % 12 + 1,
    };
    all.extend(one(Phrase::At).chain([small(shown)]).chain(one(Phrase::Hour)));
    if minute == 0 {
        all.extend(one(Phrase::Sharp));
    } else {
        all.extend(one(Phrase::Oh).filter(|_| minute < 10).chain([small(minute)]).chain(one(Phrase::Minute)));
    }
    all.extend(one(if hour < 12 { Phrase::Morning } else { Phrase::Afternoon }));
    all
}

/// How many wait before a caller, and how long that will take, if anybody knows: on the mean, and nine times of ten at most.
pub fn place(before: usize, wait: Option<[Duration; 2]>, locale: Locale) -> Vec<Media> {
    let one = |word| phrase(word, locale).into_iter();
    let mut all: Vec<Media> = match before {
        0 => one(Phrase::YouAreNext).collect(),
        _ => one(Phrase::Before).chain(count(before, locale)).chain(one(Phrase::Callers)).collect(),
    };
    let Some([mean, most]) = wait else { return all };
    let minutes = |span: Duration| usize::try_from(span.as_secs().div_ceil(60)).unwrap_or(usize::MAX);
    let (mean, most) = (minutes(mean), minutes(most));
    let unit = |many| if many == 1 { Phrase::OneMinute } else { Phrase::Minutes };
    if most <= 1 {
        all.extend(one(Phrase::LessThanAMinute));
        return all;
    }
    all.extend(one(Phrase::WaitAbout).chain(count(mean, locale)).chain(one(unit(mean))));
    if most > mean {
        all.extend(one(Phrase::AtMost).chain(count(most, locale)).chain(one(unit(most))));
    }
    all
}

/// Whoever waits can be called back by pressing this digit.
pub fn offer_callback(key: Key, locale: Locale) -> Vec<Media> {
    let digit = key.char().to_digit(10).and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default();
    phrase(Phrase::CallBack, locale).into_iter().chain([number(digit, locale)]).collect()
}

pub fn will_call_back(locale: Locale) -> Vec<Media> {
    phrase(Phrase::WillCallBack, locale).into_iter().collect()
}

pub fn called_back(locale: Locale) -> Vec<Media> {
    phrase(Phrase::CalledBack, locale).into_iter().collect()
}

/// An agent who was rung outside takes the call by pressing 1. Neither caller nor queue are named: who listens is not known yet.
pub fn take_call(locale: Locale) -> Vec<Media> {
    phrase(Phrase::TakeCall, locale).into_iter().collect()
}

/// Every text that any of these may say.
pub(super) fn texts(locale: Locale) -> impl Iterator<Item = SmolStr> {
    let words = Phrase::ALL.iter().map(move |phrase| SmolStr::new_static(phrase.words(locale)));
    let numbers = (0..=MOST).map(|n| format_smolstr!("{n}"));
    let months = (1..=12).map(move |m| month(m, locale));
    let pair = (locale == Locale::Chinese).then(|| SmolStr::new_static(PAIR));
    words.filter(|text| !text.is_empty()).chain(numbers).chain(months).chain(pair)
}

/// Two of something, in Chinese.
pub(super) const PAIR: &str = "两";

fn month(month: i8, locale: Locale) -> SmolStr {
    match locale {
        Locale::Chinese => format_smolstr!("{month}月"),
        Locale::English => {
            let index = usize::try_from(month - 1).unwrap_or_default();
            SmolStr::new_static(MONTHS.get(index).copied().unwrap_or_default())
        }
    }
}

fn said(text: &str, locale: Locale) -> Media {
    Media::Prompt(spoken(locale, text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// What a list of prompts says.
    fn words(list: &[Media], locale: Locale) -> String {
        let all: BTreeMap<String, SmolStr> =
            texts(locale).map(|text| (spoken(locale, &text).to_string(), text)).collect();
        let word = |media: &Media| match media {
            Media::Prompt(id) => all.get(&id.to_string()).expect("made ready").to_string(),
            Media::Sound(_) => panic!("no word of the house"),
        };
        list.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_time_is_said_as_people_say_it_and_every_word_is_made_ready() {
        let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
        let stamp = |text: &str| {
            let at: jiff::Timestamp = text.parse().expect("a time");
            Stamp(at.as_microsecond())
        };
        let now = stamp("2026-11-21T12:00:00+08:00");
        for (at, chinese, english) in [
            ("2026-11-21T09:05:00+08:00", "今天 9 点 零 5 分", "today at 9 oh 5 A M"),
            ("2026-11-20T15:30:00+08:00", "昨天 15 点 30 分", "yesterday at 3 30 P M"),
            ("2026-03-02T12:00:00+08:00", "3月 2 日 12 点 整", "March 2 at 12 P M"),
            ("2025-12-31T00:59:00+08:00", "12月 31 日 0 点 59 分", "December 31 at 12 59 A M"),
        ] {
            let said = |locale| words(&moment(stamp(at), now, &zone, locale), locale);
            assert_eq!((said(Locale::Chinese).as_str(), said(Locale::English).as_str()), (chinese, english));
        }
    }

    #[test]
    fn a_place_is_said_with_the_wait_that_is_to_be_expected() {
        let seconds = |mean, most| Some([Duration::from_secs(mean), Duration::from_secs(most)]);
        for (before, wait, chinese, english) in [
            (0, None, "下一位就是您。", "You are next."),
            (2, None, "您前面还有 两 位来电者。", "Callers before you: 2"),
            (
                0,
                seconds(20, 46),
                "下一位就是您。 预计等待不到一分钟。",
                "You are next. The wait is less than a minute.",
            ),
            (
                3,
                seconds(50, 100),
                "您前面还有 3 位来电者。 预计等待大约 1 分钟。 最多 两 分钟。",
                "Callers before you: 3 The wait is about 1 minute. at most 2 minutes.",
            ),
            (
                200,
                seconds(7000, 7100),
                "您前面还有 超过 99 位来电者。 预计等待大约 超过 99 分钟。 最多 超过 99 分钟。",
                "Callers before you: more than 99 The wait is about more than 99 minutes. at most more than 99 minutes.",
            ),
        ] {
            let said = |locale| words(&place(before, wait, locale), locale);
            assert_eq!((said(Locale::Chinese).as_str(), said(Locale::English).as_str()), (chinese, english));
        }
    }

    #[test]
    fn a_count_is_said_in_the_words_of_its_language() {
        for (many, chinese, english) in
            [(0, "0", "0"), (1, "1", "1"), (2, "两", "2"), (99, "99", "99"), (100, "超过 99", "more than 99")]
        {
            let said = |locale| words(&count(many, locale), locale);
            assert_eq!((said(Locale::Chinese).as_str(), said(Locale::English).as_str()), (chinese, english));
        }
    }
}
