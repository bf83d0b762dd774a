//! Digest authentication (RFC 2617, MD5), as every SIP phone does it.

use md5::{Digest, Md5};

use super::sip::{Message, fresh};

/// The request once more, with credentials that answer `challenge` (a 401 or 407).
pub fn answer(request: Message, challenge: &Message, user: &str, secret: &str) -> Option<Message> {
    let proxy = challenge.code() == Some(407);
    let (ask, give) = if proxy {
        ("Proxy-Authenticate", "Proxy-Authorization")
    } else {
        ("WWW-Authenticate", "Authorization")
    };
    let offer = challenge.all(ask).find(|o| o.starts_with("Digest") && !o.contains("SHA"))?;
    let (realm, nonce) = (field(offer, "realm")?, field(offer, "nonce")?);
    let (method, uri) = (request.method().to_owned(), request.uri().to_owned());
    let known = md5(&format!("{user}:{realm}:{secret}"));
    let asked = md5(&format!("{method}:{uri}"));
    let mut text =
        format!(r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5"#);
    if field(offer, "qop").is_some() {
        let ours = fresh("c");
        let response = md5(&format!("{known}:{nonce}:00000001:{ours}:auth:{asked}"));
        text += &format!(r#", response="{response}", qop=auth, nc=00000001, cnonce="{ours}""#);
    } else {
        text += &format!(r#", response="{}""#, md5(&format!("{known}:{nonce}:{asked}")));
    }
    if let Some(opaque) = field(offer, "opaque") {
        text += &format!(r#", opaque="{opaque}""#);
    }
    let cseq = format!("{} {method}", request.cseq() + 1);
    Some(request.with(give, &text).with("CSeq", &cseq))
}

fn field<'a>(offer: &'a str, name: &str) -> Option<&'a str> {
    offer
        .trim_start_matches("Digest")
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches('"'))
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|b| format!("{b:02x}")).collect()
}
