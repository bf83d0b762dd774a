//! SIP messages as text: enough of RFC 3261 for one phone on loopback.

use std::sync::atomic::{AtomicU64, Ordering};

/// A request or a response.
#[derive(Clone, Debug)]
pub struct Message {
    start: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Message {
    pub fn request(method: &str, uri: &str) -> Self {
        Self { start: format!("{method} {uri} SIP/2.0"), headers: Vec::new(), body: String::new() }
    }

    /// A response to this request. `tag` is put on `To` if there is none yet.
    pub fn reply(&self, code: u16, tag: &str) -> Self {
        let same = |(name, _): &&(String, String)| {
            ["Via", "From", "To", "Call-ID", "CSeq", "Record-Route"]
                .iter()
                .any(|n| name.eq_ignore_ascii_case(n))
        };
        let headers = self.headers.iter().filter(same).cloned().collect();
        let reply = Self { start: format!("SIP/2.0 {code} {}", phrase(code)), headers, body: String::new() };
        let to = reply.get("To").to_owned();
        if code == 100 || to.contains(";tag=") { reply } else { reply.with("To", &format!("{to};tag={tag}")) }
    }

    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Some(Self { start, headers, body: body.to_owned() })
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text.into_bytes()
    }

    /// The first header of this name; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// With this header, in place of the first of that name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((_, old)) => value.clone_into(old),
            None => self.headers.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    pub fn with_body(self, kind: &str, body: String) -> Self {
        Self { body, ..self.with("Content-Type", kind) }
    }

    /// The code of a response, `None` for a request.
    pub fn code(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request, or of the request that a response answers.
    pub fn method(&self) -> &str {
        match self.code() {
            Some(_) => self.get("CSeq").split(' ').nth(1).unwrap_or_default(),
            None => self.start.split(' ').next().unwrap_or_default(),
        }
    }

    pub fn uri(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    pub fn cseq(&self) -> u32 {
        self.get("CSeq").split(' ').next().and_then(|n| n.parse().ok()).unwrap_or_default()
    }

    /// The id of the transaction: the branch of the topmost `Via`.
    pub fn branch(&self) -> &str {
        self.get("Via").split_once("branch=").map_or("", |(_, b)| b.split(';').next().unwrap_or(b))
    }

    /// The Q.850 cause that a BYE or CANCEL names.
    pub fn cause(&self) -> Option<u8> {
        let reason = self.all("Reason").find(|r| r.starts_with("Q.850"))?;
        reason.split_once("cause=")?.1.split([';', ' ']).next()?.parse().ok()
    }

    /// One line for the trace.
    pub fn summary(&self) -> String {
        format!("{} ({})", self.start, self.get("CSeq"))
    }
}

/// The address in `"Name" <sip:…>;tag=…`.
pub fn uri_of(value: &str) -> &str {
    value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(value, |(uri, _)| uri)
}

/// A token that no other phone of this machine uses.
pub fn fresh(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let since = std::time::UNIX_EPOCH.elapsed().map_or(0, |t| t.as_nanos() as u64);
    format!("{prefix}{:x}x{:x}x{since:x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Other",
    }
}
