//! What a conversation has done outside: one question to the company's own service, `POST URL/TASK`.
//!
//! What callers told goes there as JSON, `{"call": …, "facts": {"order": "20261145"}}`; what comes back is one flat JSON
//! object, whose texts the conversation may name. Anything else is a task that failed, and the caller goes to a human.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use secrecy::SecretString;
use serde_json::{Value, json};
use smol_str::{SmolStr, ToSmolStr};
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

use crate::{
    base::id::{CallId, Name},
    infra::remote::{Remote, RemoteError},
};

/// So many tasks may be under way; a further one fails at once.
const AT_ONCE: usize = 64;
const LONGEST_REPLY: usize = 64 << 10;
/// As much of a result as anybody would listen to, in characters; and so many of them.
const LONGEST_RESULT: usize = 200;
const MOST_RESULTS: usize = 32;

/// The results of a task by name.
pub type Results = BTreeMap<SmolStr, SmolStr>;

/// Who does them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Such as `https://desk.example/tandem`.
    pub url: SmolStr,
    /// Shown as a bearer token.
    pub secret: Option<SecretString>,
    /// From the question to the last byte of the answer.
    pub patience: Duration,
}

/// Something to be done for a call.
#[derive(Clone, Debug)]
pub struct Task {
    pub call: CallId,
    pub task: Name,
    pub facts: BTreeMap<Name, SmolStr>,
}

/// What became of it; `None` when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub call: CallId,
    pub results: Option<Results>,
}

/// Why a task failed. Nothing that a caller said is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    #[error("nobody does tasks: name a service as `tasks` in site.yaml")]
    Nobody,
    #[error("`{0}` is no address of a service: https://HOST/PATH, or http on this machine")]
    Address(SmolStr),
    #[error("the service cannot be reached; is it running?")]
    Unreachable,
    #[error("the service did not answer in time")]
    TimedOut,
    #[error("the service refused with status {0}; its own log tells more")]
    Refused(u16),
    #[error("the service answered with more than {LONGEST_REPLY} bytes")]
    TooLong,
    #[error(
        "the service's answer is no flat JSON object of at most {MOST_RESULTS} texts, numbers or truths of at most \
         {LONGEST_RESULT} characters"
    )]
    Nonsense,
    #[error("the service has {AT_ONCE} tasks already")]
    Busy,
}

/// One service behind one address.
#[derive(Debug)]
pub struct Service {
    remote: Remote,
    patience: Duration,
}

impl Service {
    pub fn new(settings: Settings) -> Result<Self, TaskError> {
        let Settings { url, secret, patience } = settings;
        let remote = Remote::new(&url, secret).ok_or(TaskError::Address(url))?;
        Ok(Self { remote, patience })
    }

    async fn ask(&self, task: &Task) -> Result<Results, TaskError> {
        let body = json!({ "call": task.call.to_string(), "facts": task.facts });
        let reply = self.remote.post(&[task.task.as_str()], &body, LONGEST_REPLY).await;
        let bytes = reply.map_err(|why| match why {
            RemoteError::Unreachable | RemoteError::Untrusted(_) | RemoteError::Gone => {
                TaskError::Unreachable
            }
            RemoteError::Refused(status) => TaskError::Refused(status),
            RemoteError::TooLong => TaskError::TooLong,
        })?;
        results(&bytes).ok_or(TaskError::Nonsense)
    }

    async fn carry_out(&self, task: &Task) -> Result<Results, TaskError> {
        timeout(self.patience, self.ask(task)).await.unwrap_or(Err(TaskError::TimedOut))
    }
}

fn results(bytes: &[u8]) -> Option<Results> {
    let Value::Object(fields) = serde_json::from_slice(bytes).ok()? else { return None };
    let text = |value: Value| match value {
        Value::String(text) => (text.chars().count() <= LONGEST_RESULT).then(|| text.into()),
        Value::Number(number) => Some(number.to_smolstr()),
        Value::Bool(truth) => Some(truth.to_smolstr()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    if fields.len() > MOST_RESULTS {
        return None;
    }
    fields.into_iter().map(|(name, value)| Some((name.into(), text(value)?))).collect()
}

/// Where tasks go, and where what became of them comes from. Neither side ever waits for the other.
#[derive(Debug)]
pub struct Tasks {
    pub todo: mpsc::UnboundedSender<Task>,
    pub done: mpsc::UnboundedReceiver<Done>,
}

/// Does tasks until the sender of `todo` is dropped, each by the service that is there when it comes.
pub fn start(service: impl Fn() -> Option<Arc<Service>> + Send + 'static) -> Tasks {
    let (todo, mut inbox) = mpsc::unbounded_channel::<Task>();
    let (outbox, done) = mpsc::unbounded_channel();
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    tokio::spawn(async move {
        while let Some(task) = inbox.recv().await {
            let (service, slot, outbox) = (service(), slots.clone().try_acquire_owned(), outbox.clone());
            tokio::spawn(async move {
                let fared = match (service, &slot) {
                    (None, _) => Err(TaskError::Nobody),
                    (_, Err(_)) => Err(TaskError::Busy),
                    (Some(service), Ok(_)) => service.carry_out(&task).await,
                };
                if let Err(why) = &fared {
                    tracing::warn!(call = %task.call, task = %task.task, %why, "a task failed; the caller goes to a human");
                }
                let _gone = outbox.send(Done { call: task.call, results: fared.ok() });
            });
        }
    });
    Tasks { todo, done }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A service that reads one request and answers with these bytes; then it hangs, with the connection open, if
    /// `hangs`.
    async fn asked(answer: Vec<u8>, hangs: bool) -> (Result<Results, TaskError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/desk/", listener.local_addr().expect("an address"));
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = Vec::new();
            while !request.ends_with(b"}}") && stream.read_buf(&mut request).await.is_ok_and(|n| n > 0) {}
            let _gone = stream.write_all(&answer).await;
            while hangs && stream.read_buf(&mut Vec::new()).await.is_ok_and(|n| n > 0) {}
            String::from_utf8(request).expect("text")
        });
        let secret = Some(SecretString::from("word"));
        let settings = Settings { url: url.into(), secret, patience: Duration::from_millis(500) };
        let service = Arc::new(Service::new(settings).expect("an address"));
        let name = |text: &str| Name::new(text).expect("a name");
        let facts = BTreeMap::from([(name("order"), "20261145".into())]);
        let call = CallId(1);
        let fared = service.carry_out(&Task { call, task: name("order_state"), facts }).await;
        drop(service);
        (fared, served.await.expect("served"))
    }

    fn reply(status: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[tokio::test]
    async fn a_task_is_one_question_with_the_secret_and_the_facts() {
        let (fared, request) = asked(reply("200 OK", r#"{"state":"shipped"}"#), false).await;
        assert_eq!(fared.expect("results")["state"], "shipped");
        assert!(request.starts_with("POST /desk/order_state HTTP/1.1"), "{request}");
        assert!(request.to_lowercase().contains("authorization: bearer word"), "{request}");
        assert!(request.ends_with(r#""facts":{"order":"20261145"}}"#), "{request}");
    }

    #[tokio::test]
    async fn whatever_else_a_service_does_the_task_has_failed_in_time() {
        for (answer, hangs, why) in [
            (reply("500 No", "{}"), false, TaskError::Refused(500)),
            (reply("302 There\r\nlocation: https://elsewhere.example/", ""), false, TaskError::Refused(302)),
            (reply("200 OK", "<html>"), false, TaskError::Nonsense),
            (reply("200 OK", &format!("\"{}\"", "x".repeat(10 << 20))), false, TaskError::TooLong),
            (Vec::new(), true, TaskError::TimedOut),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec(), true, TaskError::TimedOut),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec(), false, TaskError::Unreachable),
            (b"SSH-2.0\r\n".to_vec(), false, TaskError::Unreachable),
        ] {
            let (fared, _) = asked(answer, hangs).await;
            assert_eq!(fared, Err(why));
        }
    }

    #[tokio::test]
    async fn where_nobody_does_tasks_they_fail_at_once() {
        let mut tasks = start(|| None);
        let call = CallId(1);
        let task = Task { call, task: Name::new("order_state").expect("a name"), facts: BTreeMap::new() };
        tasks.todo.send(task).expect("somebody takes it");
        assert_eq!(tasks.done.recv().await, Some(Done { call, results: None }));
    }

    #[test]
    fn only_a_flat_object_of_short_values_is_a_result() {
        let well = results(br#"{"state": "shipped", "days": 3, "paid": true}"#).expect("results");
        assert_eq!(well["state"], "shipped");
        assert_eq!((well["days"].as_str(), well["paid"].as_str()), ("3", "true"));
        assert_eq!(results(b"{}"), Some(Results::new()));
        let long = format!(r#"{{"state": "{}"}}"#, "很".repeat(201));
        let many: BTreeMap<String, u8> = (0..33).map(|n| (format!("r{n}"), 0)).collect();
        let many = serde_json::to_string(&many).expect("JSON");
        for text in ["", "[]", "null", "{", r#"{"a": {}}"#, r#"{"a": null}"#, "<html>", &long, &many] {
            assert_eq!(results(text.as_bytes()), None, "{text}");
        }
    }
}
