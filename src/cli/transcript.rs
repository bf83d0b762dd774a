//! `tandem transcript`: a conversation in words, as it is led.

use super::{
    Exit, Fault,
    context::Context,
    events::next,
    paint::{Paint, clean},
    show::print,
};
use crate::{
    base::{
        clock::{Clock, Stamp, SystemClock},
        id::CallId,
    },
    http::Event,
    live::switchboard::view::{CallDetail, Speaker, Words},
};

/// Read along what a caller and Tandem say, until the call is over
///
/// What is said from now on: nothing of it is kept. On a terminal words are shown as they form, elsewhere when they are
/// whole; with --json as the daemon tells them. A token needs the scope operate.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The call's id, as `tandem calls` shows it
    call: CallId,
}

pub(super) async fn run(cx: &Context, Args { call }: Args) -> Result<Exit, Fault> {
    let mut stream = cx.client.stream(&format!("/v1/events?words={call}")).await?;
    let hello = next(&mut stream).await;
    // Asked when its end would be told already.
    cx.client.get::<CallDetail>(&format!("/v1/calls/{call}")).await?;
    hello?;
    let mut forming = false;
    loop {
        let (text, told) = next(&mut stream).await?;
        let over = match told.event {
            Event::CallWords { words } => {
                let shown = if cx.json {
                    text + "\n"
                } else {
                    let line = line(&cx.paint, told.at, &words);
                    following(cx.paint.width, &mut forming, line, words.whole)
                };
                print(&shown)?;
                continue;
            }
            Event::CallEnded { call: ended } => ended.id == call,
            Event::CallGone { call: gone } => gone == call,
            _ => false,
        };
        if over {
            return Ok(Exit::Done);
        }
    }
}

/// Who speaks, in a word.
pub(super) fn side(by: Speaker) -> &'static str {
    match by {
        Speaker::Caller => "caller",
        Speaker::House => "tandem",
    }
}

fn line(paint: &Paint, at: Stamp, words: &Words) -> String {
    let said = if words.text.is_empty() { "(not understood)".to_owned() } else { clean(&words.text) };
    format!("{}  {}  {said}", paint.time(at, SystemClock.now()), side(words.by))
}

/// What forms stands in the terminal's last line until it is whole; without a terminal it is left out.
fn following(width: Option<u16>, forming: &mut bool, line: String, whole: bool) -> String {
    let back = if std::mem::replace(forming, !whole && width.is_some()) { "\r\x1b[K" } else { "" };
    match width {
        _ if whole => format!("{back}{line}\n"),
        None => String::new(),
        // A line that is broken could not be taken back; a character may be two columns wide.
        Some(width) => {
            let room = usize::from(width).saturating_sub(4) / 2;
            let long = line.chars().count() > room;
            let kept: String = if long { line.chars().take(room).collect() } else { line };
            format!("{back}{kept} …")
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn words(text: &str, whole: bool) -> Words {
        use crate::{base::id::LegId, infra::site::Locale};
        let leg = LegId::new("caller").expect("a leg");
        let (by, language) = (Speaker::Caller, Locale::English);
        Words { call: CallId(7), leg, by, language, text: text.into(), whole }
    }

    #[test]
    fn words_that_form_take_one_line_of_a_terminal_and_none_elsewhere() {
        let mut forming = false;
        let mut put = |width, line: &str, whole| following(width, &mut forming, line.to_owned(), whole);
        assert_eq!(put(Some(80), "I want", false), "I want …");
        assert_eq!(put(Some(80), "I want to return", false), "\r\x1b[KI want to return …");
        assert_eq!(put(Some(80), "I want to return it", true), "\r\x1b[KI want to return it\n");
        assert_eq!(put(Some(80), "Certainly.", true), "Certainly.\n");
        assert_eq!(put(Some(24), &"很".repeat(30), false), format!("{} …", "很".repeat(10)));
        assert_eq!(put(Some(24), &"很".repeat(30), true), format!("\r\x1b[K{}\n", "很".repeat(30)));
        assert_eq!(
            (put(None, "I want", false), put(None, "I want it", true)),
            (String::new(), "I want it\n".into())
        );
    }

    #[test]
    fn a_line_says_who_speaks_and_nothing_that_a_terminal_obeys() {
        let paint = Paint { colour: false, width: None, zone: TimeZone::UTC };
        let now = SystemClock.now();
        let shown = line(&paint, now, &words("\x1b[2Jyes", true));
        assert_eq!(&shown[8..], "  caller  [2Jyes");
        assert!(line(&paint, now, &words("", true)).ends_with("caller  (not understood)"));
    }
}
