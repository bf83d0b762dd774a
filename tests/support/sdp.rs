//! Session descriptions: one codec, and telephone-event unless the phone knows nothing of it.

use std::net::SocketAddr;

use super::codec::Codec;

/// What the other side said about its audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    pub address: SocketAddr,
    /// Payload type of RFC 2833 keys.
    pub keys: u8,
    /// Payload type of Opus, where it is spoken.
    pub opus: Option<u8>,
    /// The other side does not want to hear us (`sendonly`, `inactive`).
    pub holds: bool,
}

/// Our offer or answer. `keys` is the payload type of RFC 2833 keys, if the phone speaks them; `direction` is
/// `sendrecv`, `sendonly`, `recvonly` or `inactive`.
pub fn write(
    port: u16,
    (codec, kind): (Codec, u8),
    keys: Option<u8>,
    direction: &str,
    version: u32,
) -> String {
    let name = codec.name();
    let offered = keys.map(|keys| format!(" {keys}")).unwrap_or_default();
    let events = |keys| format!("a=rtpmap:{keys} telephone-event/8000\r\na=fmtp:{keys} 0-15\r\n");
    let events = keys.map(events).unwrap_or_default();
    format!(
        "v=0\r\no=phone 1001 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {kind}{offered}\r\na=rtpmap:{kind} {name}\r\n{events}a=ptime:20\r\na={direction}\r\n"
    )
}

pub fn read(text: &str) -> Option<Remote> {
    let lines = || text.lines().map(str::trim);
    let ip = lines().find_map(|l| l.strip_prefix("c=IN IP4 "))?;
    let port = lines().find_map(|l| l.strip_prefix("m=audio "))?.split(' ').next()?;
    let kind = |name: &str| {
        lines()
            .filter_map(|l| l.strip_prefix("a=rtpmap:"))
            .find_map(|l| l.split_once(' ').filter(|(_, codec)| codec.starts_with(name)))
            .and_then(|(number, _)| number.parse().ok())
    };
    Some(Remote {
        address: format!("{ip}:{port}").parse().ok()?,
        keys: kind("telephone-event/8000").unwrap_or(101),
        opus: kind("opus/48000"),
        holds: lines().any(|l| l == "a=sendonly" || l == "a=inactive"),
    })
}
