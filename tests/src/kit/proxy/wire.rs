//! The framing of PostgreSQL's protocol, version 3.

use std::io::{Error, ErrorKind, Result};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What a client sends to ask for TLS, and for GSSAPI, instead of a first message.
const ASKS_TO_ENCRYPT: [u32; 2] = [80_877_103, 80_877_104];
/// The longest message that is believed.
const LONGEST: usize = 256 << 20;

/// One side of a connection.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    read: Vec<u8>,
    write: Vec<u8>,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Self {
        let (read, write) = (Vec::new(), Vec::new());
        Self {
            stream,
            read,
            write,
        }
    }

    pub(super) fn queue(&mut self, bytes: &[u8]) {
        self.write.extend_from_slice(bytes);
    }

    pub(super) async fn flush(&mut self) -> Result<()> {
        let bytes = std::mem::take(&mut self.write);
        self.stream.write_all(&bytes).await
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.queue(bytes);
        self.flush().await
    }

    /// The first message, which has no tag. Encryption is declined.
    pub(super) async fn startup(&mut self) -> Result<Vec<u8>> {
        loop {
            let length = self.length_at(0).await?;
            self.fill(length).await?;
            let message: Vec<u8> = self.read.drain(..length).collect();
            let code = message.get(4..8).map(number);
            if !code.is_some_and(|code| ASKS_TO_ENCRYPT.contains(&code)) {
                return Ok(message);
            }
            self.send(b"N").await?;
        }
    }

    /// The next message. Cancelled, nothing is lost.
    pub(super) async fn message(&mut self) -> Result<Vec<u8>> {
        let length = 1 + self.length_at(1).await?;
        self.fill(length).await?;
        Ok(self.read.drain(..length).collect())
    }

    /// Everything up to the point where the client waits. Cancelled, nothing is lost.
    pub(super) async fn unit(&mut self) -> Result<Vec<u8>> {
        let mut end = 0;
        loop {
            let length = 1 + self.length_at(end + 1).await?;
            self.fill(end + length).await?;
            let tag = self.read[end];
            end += length;
            // A query, `Sync`, a refused `COPY`, and the end.
            if matches!(tag, b'Q' | b'S' | b'f' | b'c' | b'X') {
                return Ok(self.read.drain(..end).collect());
            }
        }
    }

    /// Says that nothing more comes, and waits until the other side is gone.
    pub(super) async fn close(mut self) -> Result<()> {
        self.stream.shutdown().await?;
        let mut rest = [0; 4096];
        // A server that has gone already may reset the connection.
        while self.stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
        Ok(())
    }

    async fn length_at(&mut self, at: usize) -> Result<usize> {
        self.fill(at + 4).await?;
        let length = number(&self.read[at..at + 4]) as usize;
        if (4..LONGEST).contains(&length) {
            Ok(length)
        } else {
            Err(Error::from(ErrorKind::InvalidData))
        }
    }

    async fn fill(&mut self, length: usize) -> Result<()> {
        while self.read.len() < length {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
        }
        Ok(())
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u32::from(*byte))
}

fn tagged(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    let mut message = vec![tag];
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(body);
    message
}

/// A simple query.
pub(super) fn query(sql: &str) -> Vec<u8> {
    tagged(b'Q', format!("{sql}\0").as_bytes())
}

/// Whether that is this simple query.
pub(super) fn is_query(unit: &[u8], sql: &str) -> bool {
    unit == query(sql)
}

/// The client leaves.
pub(super) fn is_goodbye(unit: &[u8]) -> bool {
    unit.first() == Some(&b'X')
}

/// `ErrorResponse`.
pub(super) fn refusal(severity: &str, code: &str) -> Vec<u8> {
    let fields = format!("S{severity}\0V{severity}\0C{code}\0Mrefused by the test\0\0");
    tagged(b'E', fields.as_bytes())
}

/// `ReadyForQuery`.
pub(super) fn ready(status: u8) -> Vec<u8> {
    tagged(b'Z', &[status])
}

/// The status, if the server says that it is ready.
pub(super) fn status(message: &[u8]) -> Option<u8> {
    (message.first() == Some(&b'Z')).then(|| message.last().copied().unwrap_or(b'I'))
}

/// Whether the server waits for an answer to go on with the authentication.
pub(super) fn asks(message: &[u8]) -> bool {
    // Clear text, MD5, SASL and its continuation.
    message.first() == Some(&b'R') && matches!(message.get(5..9).map(number), Some(3 | 5 | 10 | 11))
}
