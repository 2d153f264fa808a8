//! The language server: [`journey::ide`] and the compiler's diagnostics in the words of the
//! Language Server Protocol, over any two streams.
//!
//! Three threads stand around one loop (`server`): one reads frames, one writes them, one checks.
//! The loop takes in everything that waits before it has anything checked, so that whoever types
//! fast waits for nothing, and publishes only what was found in the newest text. The binary gives
//! it the streams and the function that reads a workspace from disk.

mod capabilities;
mod checks;
mod convert;
mod documents;
mod frames;
mod notifications;
mod position;
mod publish;
mod requests;
mod roots;
mod server;
mod state;

use std::{
    io::{self, BufReader, Read as Input, Write as Output},
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use lsp_server::Message;

pub use roots::{Read, Sources};
use server::Incoming;

/// How many messages wait between two threads at the most.
const WAITING: usize = 256;

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By `shutdown` and `exit`.
    Orderly,
    /// Without `shutdown`: the editor has crashed, or its stream has ended.
    Lost,
}

/// Serves one editor until it ends the conversation. `read` reads a workspace from disk.
///
/// # Errors
/// If the system gives no thread. Whatever the editor sends is no error.
pub fn serve(
    input: impl Input + Send + 'static,
    output: impl Output + Send + 'static,
    read: Read,
) -> io::Result<Ending> {
    let (incoming, inbox) = bounded(WAITING);
    let (outbox, outgoing) = bounded(WAITING);
    thread::Builder::new()
        .name("read".into())
        .spawn(move || reading(BufReader::new(input), &incoming))?;
    let writer = thread::Builder::new()
        .name("write".into())
        .spawn(move || writing(output, &outgoing))?;
    let ending = server::run(&inbox, outbox, read)?;
    // What was answered is written before the process may end.
    let _ = writer.join();
    Ok(ending)
}

fn reading(mut input: impl io::BufRead, to: &Sender<Incoming>) {
    loop {
        let incoming = match frames::read(&mut input) {
            Ok(Some(frames::Frame::Message(message))) => Incoming::Message(message),
            Ok(Some(frames::Frame::Garbage(why))) => Incoming::Garbage(why),
            Ok(None) => break,
            Err(error) => {
                tracing::error!("the editor's messages cannot be read any further: {error}");
                break;
            }
        };
        if to.send(incoming).is_err() {
            break;
        }
    }
}

fn writing(mut output: impl Output, from: &Receiver<Message>) {
    for message in from {
        if message.write(&mut output).is_err() {
            break;
        }
    }
}
