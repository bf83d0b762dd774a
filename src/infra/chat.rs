//! A chat model behind an OpenAI-compatible endpoint: one question, answered by filling in one form (a tool call).
//!
//! It knows no calls and no intents. What comes back is bounded in time and size, and is JSON or an error; neither the
//! secret nor what was asked and answered is in any error.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::remote::{Remote, RemoteError};

/// A longer reply is none.
const LONGEST_REPLY: usize = 256 << 10;
/// So much a reply may be written with.
const LONGEST_ANSWER: u32 = 1_000;

/// Which model answers, and how long it is waited for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Such as `https://models.example/v1`.
    pub url: String,
    pub model: SmolStr,
    pub secret: Option<SecretString>,
    /// From the question to the last byte of the answer.
    pub patience: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    #[error(
        "`{0}` is no address of a chat model; write https://HOST/v1 (http only for a model on this machine), \
         without a user or password"
    )]
    Address(String),
    #[error("the chat model cannot be reached; is its address right, and is it running?")]
    Unreachable,
    #[error("the chat model did not answer in time")]
    TimedOut,
    #[error("the chat model refused with status {status}; {}", remedy(*.status))]
    Refused { status: u16 },
    #[error("the chat model answered with more than {LONGEST_REPLY} bytes")]
    TooLong,
    #[error("the chat model's answer is not what was asked for")]
    Nonsense,
}

fn remedy(status: u16) -> &'static str {
    match status {
        401 | 403 => "is the secret right?",
        404 => "are the address and the model's name right?",
        400 | 422 => "does it take tools with a forced tool_choice, temperature and max_tokens?",
        429 => "it is asked too much, or the account is used up",
        _ => "its own log tells more",
    }
}

/// What is asked: what it is about, the words it is about, and the form to be filled in.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub task: &'a str,
    /// Words of callers among others: given as data.
    pub about: &'a Value,
    pub form: &'a str,
    /// The form's fields, as a JSON schema.
    pub fields: &'a Value,
}

/// One model behind one address.
#[derive(Clone, Debug)]
pub struct Chat {
    remote: Remote,
    settings: Settings,
}

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    tool_calls: Vec<ToolCall>,
}

#[derive(Deserialize)]
struct ToolCall {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    /// JSON in a string; of some servers JSON as it is.
    arguments: Value,
}

impl Chat {
    pub fn new(settings: Settings) -> Result<Self, ChatError> {
        // Behind these a secret may stand, also where the rest is no address at all.
        let open = settings.url.contains(['@', '?']);
        let shown = if open { "…" } else { &settings.url };
        let secret = settings.secret.clone();
        let remote =
            Remote::new(&settings.url, secret).ok_or_else(|| ChatError::Address(shown.to_owned()))?;
        Ok(Self { remote, settings })
    }

    /// The form as the model filled it in.
    pub async fn ask(&self, question: Question<'_>) -> Result<Value, ChatError> {
        tokio::time::timeout(self.settings.patience, self.answer(question))
            .await
            .unwrap_or(Err(ChatError::TimedOut))
    }

    async fn answer(&self, question: Question<'_>) -> Result<Value, ChatError> {
        let body = json!({
            "model": self.settings.model,
            "messages": [
                { "role": "system", "content": question.task },
                { "role": "user", "content": question.about.to_string() },
            ],
            "tools": [{
                "type": "function",
                "function": { "name": question.form, "parameters": question.fields },
            }],
            "tool_choice": { "type": "function", "function": { "name": question.form } },
            "temperature": 0,
            "max_tokens": LONGEST_ANSWER,
        });
        let reply = self.remote.post(&["chat", "completions"], &body, LONGEST_REPLY).await;
        let bytes = reply.map_err(|why| match why {
            RemoteError::Unreachable | RemoteError::Untrusted(_) | RemoteError::Gone => {
                ChatError::Unreachable
            }
            RemoteError::Refused(status) => ChatError::Refused { status },
            RemoteError::TooLong => ChatError::TooLong,
        })?;
        filled(&bytes, question.form)
    }
}

fn filled(bytes: &[u8], form: &str) -> Result<Value, ChatError> {
    let reply: Reply = serde_json::from_slice(bytes).map_err(|_| ChatError::Nonsense)?;
    let calls = reply.choices.into_iter().next().map(|choice| choice.message.tool_calls).unwrap_or_default();
    let call = calls.into_iter().map(|call| call.function).find(|function| function.name == form);
    match call.ok_or(ChatError::Nonsense)?.arguments {
        Value::String(text) => serde_json::from_str(&text).map_err(|_| ChatError::Nonsense),
        arguments => Ok(arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Result<Chat, ChatError> {
        let patience = Duration::from_secs(1);
        Chat::new(Settings { url: url.to_owned(), model: "m".into(), secret: None, patience })
    }

    #[test]
    fn a_secret_in_an_address_is_not_told() {
        for url in ["http://models.example/v1", "models", "https://me:word@models.example/v1"] {
            let why = at(url).expect_err(url).to_string();
            assert!(why.contains("is no address") && !why.contains("word@"), "{why}");
        }
    }

    #[test]
    fn only_the_form_that_was_asked_for_is_an_answer() {
        let reply = |message: Value| json!({ "choices": [{ "message": message }] }).to_string();
        let call = |name: &str, arguments: Value| {
            reply(json!({ "tool_calls": [{ "function": { "name": name, "arguments": arguments } }] }))
        };
        let form = json!({ "intent": "refund" });
        assert_eq!(filled(call("f", json!(form.to_string())).as_bytes(), "f"), Ok(form.clone()));
        assert_eq!(filled(call("f", form.clone()).as_bytes(), "f"), Ok(form));
        let talk = reply(json!({ "content": "It is a refund." }));
        for text in
            [call("g", json!({})), call("f", json!("{")), talk, "[]".into(), "<html>".into(), String::new()]
        {
            assert_eq!(filled(text.as_bytes(), "f"), Err(ChatError::Nonsense), "{text}");
        }
    }
}
