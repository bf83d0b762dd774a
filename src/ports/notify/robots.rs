//! Bodies of group robots.
//!
//! - WeCom (企业微信, developer.work.weixin.qq.com/document/path/91770): `POST …/webhook/send?key=KEY`, at most 2,048 bytes.
//! - DingTalk (钉钉, open.dingtalk.com/document/robots/custom-robot-access): `POST …/robot/send?access_token=TOKEN`, and
//!   with a secret `&timestamp=MS&sign=…`, the base64 of HMAC-SHA256 by the secret over `MS`, a new line and the secret.
//! - Slack (api.slack.com/messaging/webhooks): `POST https://hooks.slack.com/services/…`, of whose text `&`, `<` and `>` are escaped.
//!
//! The first two answer with status 200 whatever becomes of it; `errcode` says it.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{LONGEST_REPLY, Notice, NotifyError, taken, why};
use crate::{
    base::{base64, clock::Stamp},
    infra::remote::Remote,
};

/// Bytes that WeCom takes.
const LONGEST: usize = 2048;

pub(super) async fn wecom(url: &str, key: &SecretString, notice: &Notice) -> Result<(), NotifyError> {
    let query = [("key", key.expose_secret())];
    obeyed(&post(url, &query, &text(&cut(&notice.text, LONGEST))).await?)
}

pub(super) async fn dingtalk(
    url: &str,
    token: &SecretString,
    secret: Option<&SecretString>,
    notice: &Notice,
    now: Stamp,
) -> Result<(), NotifyError> {
    let millis = now.millis().to_string();
    let sign = secret.map(|secret| signature(&millis, secret.expose_secret()));
    let mut query = vec![("access_token", token.expose_secret())];
    if let Some(sign) = &sign {
        query.extend([("timestamp", millis.as_str()), ("sign", sign.as_str())]);
    }
    obeyed(&post(url, &query, &text(&notice.text)).await?)
}

pub(super) async fn slack(url: &str, path: &SecretString, notice: &Notice) -> Result<(), NotifyError> {
    let escaped = notice.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts: Vec<&str> = path.expose_secret().split('/').filter(|part| !part.is_empty()).collect();
    let remote = Remote::new(url, None).ok_or(NotifyError::Address)?;
    taken(remote.post(&parts, &json!({ "text": escaped }), LONGEST_REPLY).await)
}

fn text(content: &str) -> Value {
    json!({ "msgtype": "text", "text": { "content": content } })
}

pub(super) fn signature(millis: &str, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    base64::encode(hmac::sign(&key, format!("{millis}\n{secret}").as_bytes()).as_ref())
}

async fn post(url: &str, query: &[(&str, &str)], body: &Value) -> Result<Vec<u8>, NotifyError> {
    let remote = Remote::new(url, None).ok_or(NotifyError::Address)?;
    remote.post_asking(query, body, LONGEST_REPLY).await.map_err(why)
}

fn obeyed(answer: &[u8]) -> Result<(), NotifyError> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| NotifyError::Nonsense)?;
    match answer.get("errcode").and_then(Value::as_i64) {
        Some(0) => Ok(()),
        Some(code) => Err(NotifyError::Code(code)),
        None => Err(NotifyError::Nonsense),
    }
}

/// At most so many bytes of whole characters.
fn cut(text: &str, most: usize) -> String {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].to_owned()
}
