//! The event socket's codec, without I/O: bytes in, borrowed frames out.
//!
//! A frame is a block of `Name: value` lines, an empty line, and a body as long as `Content-Length` says.
//! An event in plain form is once more such a block inside the body. Nothing is copied or decoded until
//! somebody asks for a header. Arbitrary bytes give frames or a `WireError`, never a panic, and no frame
//! outgrows its bound.

use std::{borrow::Cow, ops::Range};

use memchr::{memchr, memchr_iter, memmem};

/// The stream makes no sense any more; only a new connection helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("the event socket sent a header block of more than {0} bytes; is this really FreeSWITCH's port?")]
    EndlessHead(usize),
    #[error("the event socket announced a body of more than {0} bytes; is this really FreeSWITCH's port?")]
    HugeBody(usize),
    #[error("the event socket sent a Content-Length that is no number; is this really FreeSWITCH's port?")]
    BadLength,
}

const MAX_HEAD: usize = 1 << 20;
/// `show channels as json` of 30,000 channels fits.
pub const MAX_BODY: usize = 64 << 20;
/// Consumed bytes are moved out of the way when there are this many.
const COMPACT: usize = 1 << 18;

/// Collects bytes and cuts them into frames.
#[derive(Debug)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// Where the next frame starts.
    start: usize,
    /// Up to where no end of the header block was found.
    scanned: usize,
    max_body: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(MAX_BODY)
    }
}

impl Decoder {
    pub fn new(max_body: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, scanned: 0, max_body }
    }

    /// Takes what the socket gave, in chunks of any size.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.buffer().extend_from_slice(chunk);
    }

    /// Where a socket may append what it reads.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            (self.start, self.scanned) = (0, 0);
        } else if self.start >= COMPACT {
            self.bytes.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        &mut self.bytes
    }

    /// Bytes that are not yet part of a frame.
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The next whole frame, if it is there.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, WireError> {
        while self.bytes.get(self.start) == Some(&b'\n') {
            self.start += 1;
            self.scanned = self.scanned.max(self.start);
        }
        let Some(head) = self.head()? else { return Ok(None) };
        let length = content_length(&self.bytes[head.clone()])?;
        if length > self.max_body {
            return Err(WireError::HugeBody(self.max_body));
        }
        let body = head.end + 2..head.end + 2 + length;
        if self.bytes.len() < body.end {
            return Ok(None);
        }
        (self.start, self.scanned) = (body.end, body.end);
        Ok(Some(Frame { head: Headers(&self.bytes[head]), body: &self.bytes[body] }))
    }

    /// The header block, without the line end of its last line.
    fn head(&mut self) -> Result<Option<Range<usize>>, WireError> {
        // Once found it stays found: `scanned` then rests on the empty line until the body is whole.
        let from = self.scanned.max(self.start);
        if let Some(at) = memmem::find(&self.bytes[from..], b"\n\n") {
            self.scanned = from + at;
            return Ok(Some(self.start..from + at));
        }
        self.scanned = self.bytes.len().saturating_sub(1).max(self.start);
        if self.pending() > MAX_HEAD { Err(WireError::EndlessHead(MAX_HEAD)) } else { Ok(None) }
    }
}

fn content_length(head: &[u8]) -> Result<usize, WireError> {
    let Some(value) = Headers(head).get("Content-Length") else { return Ok(0) };
    std::str::from_utf8(value).ok().and_then(|v| v.trim().parse().ok()).ok_or(WireError::BadLength)
}

/// What a frame is, by its `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The engine wants the password.
    AuthRequest,
    /// Answer to a command other than `api`; the text is in a header.
    CommandReply,
    /// Answer to `api`; the text is the body.
    ApiResponse,
    /// An event in plain form.
    Event,
    /// The engine is about to close the connection.
    Disconnect,
    /// The engine's access list does not admit us.
    Rejection,
    Other,
}

/// One message of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub head: Headers<'a>,
    pub body: &'a [u8],
}

impl<'a> Frame<'a> {
    pub fn kind(&self) -> Kind {
        match self.head.get("Content-Type") {
            Some(b"text/event-plain") => Kind::Event,
            Some(b"command/reply") => Kind::CommandReply,
            Some(b"api/response") => Kind::ApiResponse,
            Some(b"auth/request") => Kind::AuthRequest,
            Some(b"text/disconnect-notice") => Kind::Disconnect,
            Some(b"text/rude-rejection") => Kind::Rejection,
            _ => Kind::Other,
        }
    }

    /// What the engine answered to a command, of either kind.
    pub fn answer(&self) -> &'a [u8] {
        match self.head.get("Reply-Text") {
            Some(text) if self.body.is_empty() => text,
            _ => self.body,
        }
    }

    /// The event inside: its headers, and its own body.
    pub fn event(&self) -> (Headers<'a>, &'a [u8]) {
        split(self.body)
    }
}

/// Splits a block of headers from the body behind it.
pub fn split(block: &[u8]) -> (Headers<'_>, &[u8]) {
    match memmem::find(block, b"\n\n") {
        Some(end) => (Headers(&block[..end]), &block[end + 2..]),
        None => (Headers(block.strip_suffix(b"\n").unwrap_or(block)), &[]),
    }
}

/// A block of `Name: value` lines. Names are compared without regard to case; of equal names the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    /// The value of one header, as it is on the wire.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        let [value] = self.pick([name]);
        value
    }

    /// The values of several headers in one pass over the block.
    pub fn pick<const N: usize>(&self, names: [&str; N]) -> [Option<&'a [u8]>; N] {
        let mut found = [None; N];
        let mut missing = N;
        for line in self.lines() {
            for (name, slot) in names.iter().zip(&mut found) {
                if slot.is_none()
                    && let Some(value) = value_of(line, name.as_bytes())
                {
                    *slot = Some(value);
                    missing -= 1;
                }
            }
            if missing == 0 {
                break;
            }
        }
        found
    }

    fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.0;
        let mut from = 0;
        memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len())).map(move |end| {
            let line = &bytes[from..end];
            from = end + 1;
            line
        })
    }
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.get(name.len()..)?;
    if rest.first() != Some(&b':') || !line[..name.len()].eq_ignore_ascii_case(name) {
        return None;
    }
    Some(rest.strip_prefix(b": ").unwrap_or(&rest[1..]))
}

/// An event's value in clear: `%XX` resolved, broken UTF-8 replaced.
pub fn decode(value: &[u8]) -> Cow<'_, str> {
    if memchr(b'%', value).is_none() {
        return String::from_utf8_lossy(value);
    }
    let mut clear = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = |i: usize| tail.get(i).and_then(|b| char::from(*b).to_digit(16));
        if byte == b'%'
            && let (Some(high), Some(low)) = (hex(0), hex(1))
        {
            clear.push((high * 16 + low) as u8);
            rest = &tail[2..];
        } else {
            clear.push(byte);
            rest = tail;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&clear).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(decoder: &mut Decoder) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = decoder.next_frame() {
            frames.push((frame.head.0.to_vec(), frame.body.to_vec()));
        }
        frames
    }

    const TALK: &[u8] =
        b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK accepted\n\n\
        content-length: 60\nContent-Type: text/event-plain\n\nEvent-Name: X\nA: 1%202\na: second\n\
        Content-Length: 5\n\n\n\nbody\n\nEvent-Name: left\n\nContent-Type: text/disconnect-notice\n\
        Content-Length: 3\n\nbye";

    #[test]
    fn a_body_may_hold_empty_lines_and_names_ignore_case() {
        let text = b"Content-Type: text/event-plain\nContent-Length: 53\n\n\
            Event-Name: X\nA: 1%202\na: b\nContent-Length: 6\n\nb\n\ndyZ";
        let mut decoder = Decoder::default();
        decoder.feed(text);
        let frame = decoder.next_frame().expect("sound").expect("whole");
        let (headers, body) = frame.event();
        assert_eq!(headers.get("EVENT-NAME"), Some(&b"X"[..]));
        assert_eq!(decode(headers.get("a").expect("a")), "1 2", "the first of equal names");
        assert_eq!(headers.get("Event"), None);
        assert_eq!(body, b"b\n\ndyZ");
        assert_eq!(decode(b"%E4%BD%A0%zz%4"), "你%zz%4");
    }

    #[test]
    fn what_is_no_event_socket_is_said_to_be_none() {
        let mut decoder = Decoder::default();
        decoder.feed(&vec![b'x'; MAX_HEAD + 1]);
        assert_eq!(decoder.next_frame(), Err(WireError::EndlessHead(MAX_HEAD)));
        let mut decoder = Decoder::new(10);
        decoder.feed(b"Content-Length: 11\n\n");
        assert_eq!(decoder.next_frame(), Err(WireError::HugeBody(10)));
        let mut decoder = Decoder::default();
        decoder.feed(b"Content-Length: -1\n\n");
        assert_eq!(decoder.next_frame(), Err(WireError::BadLength));
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_frames(cuts in proptest::collection::vec(1usize..40, 1..60)) {
            let mut whole = Decoder::default();
            whole.feed(TALK);
            let expected = all(&mut whole);
            prop_assert!(expected.len() >= 4);
            let (mut decoder, mut frames, mut rest) = (Decoder::default(), Vec::new(), TALK);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (chunk, tail) = rest.split_at((*cut).min(rest.len()));
                decoder.feed(chunk);
                frames.extend(all(&mut decoder));
                rest = tail;
            }
            prop_assert_eq!(frames, expected);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut decoder = Decoder::new(1 << 16);
            decoder.feed(&bytes);
            while let Ok(Some(frame)) = decoder.next_frame() {
                let (headers, body) = frame.event();
                let _ = (frame.kind(), frame.answer(), headers.get("Event-Name").map(decode), body);
            }
        }
    }
}
