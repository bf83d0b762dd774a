//! Mail, handed to a mail server on this machine (RFC 5321, without TLS or login: the server is not across a network), which
//! takes it further. The body is base64 (RFC 2045), so no line can be taken for an end or a command.

use std::{
    fmt::Write as _,
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    time::Duration,
};

use jiff::{Timestamp, fmt::rfc2822};
use smol_str::{SmolStr, ToSmolStr};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Take},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

use super::{Notice, NotifyError, in_time};
use crate::base::{base64, clock::Stamp};

/// A reply's line has at most 512 bytes; one of many lines is no reply to us.
const LONGEST_REPLY: u64 = 16 << 10;
/// Whoever gives up sooner while the server takes the message may send it twice (RFC 5321, 4.5.3.2.6).
const TAKING: Duration = Duration::from_mins(10);
/// Bytes of an encoded word, so that a line has at most 78 letters (RFC 2047).
const WORD: usize = 42;

pub(super) async fn send(
    server: SocketAddr,
    from: &str,
    to: &[SmolStr],
    notice: &Notice,
    now: Stamp,
) -> Result<(), NotifyError> {
    let (mut read, mut write) = in_time(offer(server, from, to, notice, now)).await?;
    let handed = async {
        write.write_all(b".\r\n").await.map_err(|_| NotifyError::Unreachable)?;
        reply(&mut read, "2").await
    };
    timeout(TAKING, handed).await.unwrap_or(Err(NotifyError::TimedOut))?;
    // It is taken; whether the good bye arrives is nobody's business.
    let _bye = write.write_all(b"QUIT\r\n").await;
    Ok(())
}

type Connection = (BufReader<Take<OwnedReadHalf>>, OwnedWriteHalf);

/// All but the end: up to here nothing is sent.
async fn offer(
    server: SocketAddr,
    from: &str,
    to: &[SmolStr],
    notice: &Notice,
    now: Stamp,
) -> Result<Connection, NotifyError> {
    let gone = |_| NotifyError::Unreachable;
    let stream = TcpStream::connect(server).await.map_err(gone)?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read.take(LONGEST_REPLY));
    let greeting = ["EHLO [127.0.0.1]".to_owned(), format!("MAIL FROM:<{from}>")];
    reply(&mut read, "2").await?;
    for order in greeting {
        write.write_all(format!("{order}\r\n").as_bytes()).await.map_err(gone)?;
        reply(&mut read, "2").await?;
    }
    // Somebody who has left keeps nobody else from knowing.
    let mut known = Err(NotifyError::Nonsense);
    for to in to {
        write.write_all(format!("RCPT TO:<{to}>\r\n").as_bytes()).await.map_err(gone)?;
        match (reply(&mut read, "2").await, &known) {
            (Err(NotifyError::Mail(code)), Ok(())) => tracing::warn!(%code, "somebody's mail is refused"),
            (Err(NotifyError::Mail(code)), Err(_)) => known = Err(NotifyError::Mail(code)),
            (answer, _) => {
                answer?;
                known = Ok(());
            }
        }
    }
    known?;
    write.write_all(b"DATA\r\n").await.map_err(gone)?;
    reply(&mut read, "3").await?;
    write.write_all(message(from, to, notice, now).as_bytes()).await.map_err(gone)?;
    Ok((read, write))
}

/// The last line of a reply must begin so.
async fn reply(read: &mut (impl AsyncBufReadExt + Unpin), wanted: &str) -> Result<(), NotifyError> {
    loop {
        let mut line = String::new();
        let length = read.read_line(&mut line).await.map_err(|_| NotifyError::Nonsense)?;
        if length == 0 {
            return Err(NotifyError::Unreachable);
        }
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        if line.starts_with(wanted) {
            return Ok(());
        }
        let code: String = line.chars().take(3).filter(char::is_ascii_digit).collect();
        return Err(if code.len() == 3 {
            NotifyError::Mail(code.to_smolstr())
        } else {
            NotifyError::Nonsense
        });
    }
}

pub(super) fn message(from: &str, to: &[SmolStr], notice: &Notice, now: Stamp) -> String {
    let timestamp = Timestamp::from_microsecond(now.0).unwrap_or_default();
    let date = rfc2822::to_string(&timestamp.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
    let host = from.split_once('@').map_or("localhost", |(_, host)| host);
    let mut text = format!(
        "From: {from}\r\nTo: {}\r\nSubject: {}\r\nDate: {date}\r\nMessage-ID: <{:016x}.tandem@{host}>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\
         Auto-Submitted: auto-generated\r\n\r\n",
        to.join(", "),
        subject(&notice.title),
        identity(notice),
    );
    for line in base64::encode(notice.text.as_bytes()).as_bytes().chunks(76) {
        let _infallible = write!(text, "{}\r\n", String::from_utf8_lossy(line));
    }
    text
}

/// The same however often it is sent, so that who gets it twice has it once.
fn identity(notice: &Notice) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&notice.title, &notice.text, notice.whole.to_string()).hash(&mut hasher);
    hasher.finish()
}

/// As encoded words, none of which ends within a character.
fn subject(title: &str) -> String {
    let mut words = vec![String::new()];
    for c in title.chars().filter(|c| !c.is_control()) {
        if words.last().is_some_and(|word| word.len() + c.len_utf8() > WORD) {
            words.push(String::new());
        }
        words.last_mut().expect("there is one").push(c);
    }
    let encoded: Vec<_> =
        words.iter().map(|word| format!("=?UTF-8?B?{}?=", base64::encode(word.as_bytes()))).collect();
    encoded.join("\r\n ")
}
