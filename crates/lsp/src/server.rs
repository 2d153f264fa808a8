//! The loop: everything that waits is taken in before anything is checked, so that ten quick
//! keys cost one check.

use std::collections::VecDeque;

use crossbeam_channel::{Receiver, Sender, select};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    InitializeParams, notification as note, notification::Notification as _, request as ask,
    request::Request as _,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Ending, capabilities,
    checks::{self, Job},
    notifications, publish, requests,
    roots::{Checked, Read},
    state::State,
};

/// The most messages that are taken in before they are answered.
const MAX_INBOX: usize = 1_000;

/// Where the conversation stands.
enum Phase {
    /// Nothing was said yet.
    Before,
    /// The editor works.
    Running(Box<State>),
    /// The editor has said that it ends.
    Shutdown,
}

/// What came in.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Message),
    /// Something that is none, and why.
    Garbage(String),
}

struct Server {
    read: Read,
    phase: Phase,
    out: Sender<Message>,
    jobs: Sender<Job>,
    /// Whether a check is under way.
    busy: bool,
}

/// Talks until the editor ends it, or its messages end.
pub fn run(
    input: &Receiver<Incoming>,
    out: Sender<Message>,
    read: Read,
) -> std::io::Result<Ending> {
    let (jobs, results) = checks::start()?;
    let mut server = Server {
        read,
        phase: Phase::Before,
        out,
        jobs,
        busy: false,
    };
    loop {
        select! {
            recv(input) -> message => {
                let Ok(first) = message else { return Ok(Ending::Lost) };
                if let Some(ending) = server.take(first, input) {
                    return Ok(ending);
                }
            }
            recv(results) -> result => {
                let Ok((root, checked)) = result else { return Ok(Ending::Lost) };
                server.checked(&root, checked);
            }
        }
        server.check();
    }
}

impl Server {
    /// A message, and all that wait behind it.
    fn take(&mut self, first: Incoming, input: &Receiver<Incoming>) -> Option<Ending> {
        let mut inbox = VecDeque::from([first]);
        while inbox.len() < MAX_INBOX {
            let Ok(next) = input.try_recv() else { break };
            inbox.push_back(next);
        }
        while let Some(message) = inbox.pop_front() {
            match message {
                Incoming::Garbage(why) => self.garbage(&why),
                Incoming::Message(Message::Request(request)) => {
                    if cancelled(&request.id, &inbox) {
                        self.refuse(request.id, ErrorCode::RequestCanceled, "cancelled");
                    } else {
                        self.request(request);
                    }
                }
                Incoming::Message(Message::Notification(n)) if n.method == note::Exit::METHOD => {
                    let orderly = matches!(self.phase, Phase::Shutdown);
                    return Some(if orderly {
                        Ending::Orderly
                    } else {
                        Ending::Lost
                    });
                }
                Incoming::Message(Message::Notification(n)) => self.notification(n),
                Incoming::Message(Message::Response(_)) => {}
            }
        }
        None
    }

    /// JSON-RPC wants an answer without an id, which the scaffold's type cannot say.
    fn garbage(&self, why: &str) {
        tracing::warn!("{why}");
    }

    fn send(&self, message: impl Into<Message>) {
        // An editor that is gone ends the loop by the end of its messages.
        let _ = self.out.send(message.into());
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, why: impl Into<String>) {
        self.send(Response::new_err(id, code as i32, why.into()));
    }

    fn request(&mut self, request: Request) {
        match (&mut self.phase, request.method.as_str()) {
            (Phase::Before, ask::Initialize::METHOD) => self.initialize(request),
            (Phase::Before, _) => {
                self.refuse(
                    request.id,
                    ErrorCode::ServerNotInitialized,
                    "`initialize` comes first",
                );
            }
            (Phase::Shutdown, _) => {
                self.refuse(
                    request.id,
                    ErrorCode::InvalidRequest,
                    "the server is shut down",
                );
            }
            (Phase::Running(_), ask::Shutdown::METHOD) => {
                self.phase = Phase::Shutdown;
                self.send(Response::new_ok(request.id, Value::Null));
            }
            (Phase::Running(state), _) => {
                let response = answer(state, request);
                self.send(response);
            }
        }
    }

    fn initialize(&mut self, request: Request) {
        match serde_json::from_value::<InitializeParams>(request.params) {
            Ok(params) => {
                let state = State::new(&params, self.read);
                let result = capabilities::result(state.encoding);
                self.phase = Phase::Running(Box::new(state));
                self.send(Response::new_ok(request.id, result));
            }
            Err(error) => {
                self.refuse(request.id, ErrorCode::InvalidParams, error.to_string());
            }
        }
    }

    fn notification(&mut self, n: Notification) {
        let Phase::Running(state) = &mut self.phase else {
            return;
        };
        for message in notifications::take(state, n) {
            // As `send`; the state is borrowed.
            let _ = self.out.send(message);
        }
    }

    /// Has the next workspace checked that has changed.
    fn check(&mut self) {
        let Phase::Running(state) = &mut self.phase else {
            return;
        };
        if self.busy {
            return;
        }
        if let Some(job) = state.next_job() {
            self.busy = self.jobs.send(job).is_ok();
        }
    }

    /// Publishes what was found, unless the workspace has changed since: then the next check is
    /// due, and its answer is the one that counts.
    fn checked(&mut self, root: &std::path::Path, checked: Checked) {
        self.busy = false;
        let Phase::Running(state) = &mut self.phase else {
            return;
        };
        let Some(index) = state.roots.iter().position(|r| r.path == root) else {
            return;
        };
        if state.roots[index].revision == checked.revision {
            for message in publish::all(state, index, checked) {
                let _ = self.out.send(message.into());
            }
        }
    }
}

/// Whether a request that waits is cancelled by a message behind it.
fn cancelled(id: &RequestId, inbox: &VecDeque<Incoming>) -> bool {
    inbox.iter().any(|m| match m {
        Incoming::Message(Message::Notification(n)) if n.method == note::Cancel::METHOD => {
            let cancelled = n.params.get("id").cloned();
            let cancelled = cancelled.and_then(|id| serde_json::from_value::<RequestId>(id).ok());
            cancelled.as_ref() == Some(id)
        }
        _ => false,
    })
}

fn answer(state: &mut State, request: Request) -> Response {
    match request.method.as_str() {
        ask::Completion::METHOD => with(request, |p| Ok(requests::completion(state, &p))),
        ask::HoverRequest::METHOD => with(request, |p| Ok(requests::hover(state, &p))),
        ask::GotoDefinition::METHOD => with(request, |p| Ok(requests::definition(state, &p))),
        ask::References::METHOD => with(request, |p| Ok(requests::references(state, &p))),
        ask::PrepareRenameRequest::METHOD => with(request, |p| requests::prepare_rename(state, &p)),
        ask::Rename::METHOD => with(request, |p| requests::rename(state, &p)),
        ask::DocumentSymbolRequest::METHOD => with(request, |p| Ok(requests::symbols(state, &p))),
        ask::CodeActionRequest::METHOD => with(request, |p| Ok(requests::actions(state, &p))),
        other => {
            let why = format!("`{other}` is not answered here");
            Response::new_err(request.id, ErrorCode::MethodNotFound as i32, why)
        }
    }
}

/// Reads what is asked, and makes a response of the answer.
fn with<P: DeserializeOwned, R: Serialize>(
    request: Request,
    answer: impl FnOnce(P) -> Result<R, requests::Refused>,
) -> Response {
    let params = match serde_json::from_value(request.params) {
        Ok(params) => params,
        Err(error) => {
            return Response::new_err(
                request.id,
                ErrorCode::InvalidParams as i32,
                error.to_string(),
            );
        }
    };
    match answer(params) {
        Ok(result) => Response::new_ok(request.id, result),
        Err(why) => Response::new_err(request.id, ErrorCode::RequestFailed as i32, why),
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{bounded, unbounded};
    use lsp_server::{Message, Notification, Request};
    use serde_json::{Value, json};

    use super::{Incoming, run};
    use crate::{Ending, roots::Sources};

    #[test]
    fn a_request_that_is_cancelled_while_it_waits_is_not_worked_on() {
        let (to, input) = bounded(10);
        let (out, answers) = unbounded();
        let ask = |id: i32, method: &str, params: Value| {
            Message::from(Request::new(id.into(), method.to_owned(), params))
        };
        let tell = |method: &str, params: Value| {
            Message::from(Notification::new(method.to_owned(), params))
        };
        for message in [
            ask(1, "initialize", json!({ "capabilities": {} })),
            ask(2, "no/such", Value::Null),
            ask(3, "no/such", Value::Null),
            tell("$/cancelRequest", json!({ "id": 2 })),
            tell("exit", Value::Null),
        ] {
            to.send(Incoming::Message(message)).unwrap();
        }
        let ending = run(&input, out, |_| Sources::default()).unwrap();
        assert_eq!(ending, Ending::Lost);
        let codes: Vec<i32> = answers
            .iter()
            .filter_map(|m| match m {
                Message::Response(r) => r.response_result.err().map(|e| e.code),
                _ => None,
            })
            .collect();
        assert_eq!(codes, [-32800, -32601]);
    }
}
