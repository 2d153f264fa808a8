//! One SMTP conversation (RFC 5321), from the server's side.

use std::io;

use jiff::Timestamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::spawn_blocking,
};

use super::Mailbox;

/// The longest command line, in bytes.
const LINE: u64 = 2_048;
/// The largest mail, in bytes.
const SIZE: usize = 10 * 1024 * 1024;
/// The longest line within a mail. RFC 5321 wants 998; not every mailer keeps to it.
const MAIL_LINE: u64 = 1024 * 1024;
/// The most recipients of one mail.
const RECIPIENTS: usize = 100;
/// The most commands on one connection.
const COMMANDS: usize = 100_000;
/// The most commands that are refused before the connection is closed.
const MISTAKES: usize = 50;

pub(super) struct Session {
    stream: BufReader<TcpStream>,
    mailbox: Mailbox,
    greeted: bool,
    sender: bool,
    recipients: Vec<String>,
}

/// What comes after a reply.
enum Next {
    Go(String),
    Quit(&'static str),
}

impl Session {
    pub(super) fn new(stream: TcpStream, mailbox: Mailbox) -> Self {
        Self {
            stream: BufReader::new(stream),
            mailbox,
            greeted: false,
            sender: false,
            recipients: Vec::new(),
        }
    }

    /// Talks until the client leaves or a bound is reached.
    pub(super) async fn run(mut self) -> io::Result<()> {
        self.stream.get_ref().set_nodelay(true)?;
        self.reply("220 parcours mail sink").await?;
        let mut mistakes = 0;
        for _ in 0..COMMANDS {
            let Some(line) = self.line().await? else {
                return Ok(());
            };
            match self.command(&line).await? {
                Next::Quit(reply) => return self.reply(reply).await,
                Next::Go(reply) => {
                    mistakes += usize::from(reply.starts_with('5'));
                    self.reply(&reply).await?;
                }
            }
            if mistakes > MISTAKES {
                break;
            }
        }
        self.reply("421 too much for one connection").await
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let reply = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(argument, true),
            "HELO" => self.hello(argument, false),
            "MAIL" => self.mail(argument).to_owned(),
            "RCPT" => self.rcpt(argument).to_owned(),
            "DATA" => return self.data().await,
            "RSET" => {
                self.reset();
                "250 forgotten".to_owned()
            }
            "NOOP" => "250 well".to_owned(),
            "VRFY" => "252 everybody is welcome".to_owned(),
            "QUIT" => return Ok(Next::Quit("221 good-bye")),
            _ => "502 no such command here".to_owned(),
        };
        Ok(Next::Go(reply))
    }

    fn hello(&mut self, name: &str, extended: bool) -> String {
        if name.trim().is_empty() {
            return "501 who are you?".to_owned();
        }
        self.reset();
        self.greeted = true;
        if extended {
            format!(
                "250-parcours\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {SIZE}"
            )
        } else {
            "250 parcours".to_owned()
        }
    }

    fn mail(&mut self, argument: &str) -> &'static str {
        if !self.greeted {
            return "503 say EHLO first";
        }
        if self.sender {
            return "503 one mail at a time";
        }
        let Some((_, parameters)) = path(argument, "FROM:") else {
            return "501 MAIL FROM:<address>";
        };
        if announced(parameters).is_some_and(|size| size > SIZE) {
            return "552 too large";
        }
        self.sender = true;
        "250 go on"
    }

    fn rcpt(&mut self, argument: &str) -> &'static str {
        if !self.sender {
            return "503 say MAIL first";
        }
        if self.recipients.len() >= RECIPIENTS {
            return "452 too many recipients";
        }
        match path(argument, "TO:") {
            Some((to, _)) if !to.is_empty() && !to.contains(char::is_control) => {
                self.recipients.push(to.to_owned());
                "250 go on"
            }
            _ => "501 RCPT TO:<address>",
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.recipients.is_empty() {
            return Ok(Next::Go("503 say RCPT first".to_owned()));
        }
        self.reply("354 end with a dot on a line of its own")
            .await?;
        let Some(mail) = self.body().await? else {
            self.reset();
            return Ok(Next::Go("552 too large".to_owned()));
        };
        let recipients = std::mem::take(&mut self.recipients);
        self.reset();
        let mailbox = self.mailbox.clone();
        let kept = spawn_blocking(move || mailbox.keep_mail(&recipients, &mail, Timestamp::now()));
        let reply = match kept.await {
            Ok(Ok(kept)) => format!("250 kept as {}", kept.name),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the mailbox cannot keep a mail");
                "451 the mailbox cannot keep it".to_owned()
            }
            Err(_) => "451 the mailbox is closing".to_owned(),
        };
        Ok(Next::Go(reply))
    }

    /// The mail up to the lone dot, unstuffed. `None` if it is too large; it is read to its end
    /// all the same, so that the conversation can go on.
    async fn body(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut mail = Vec::new();
        let mut line = Vec::new();
        let mut size = 0;
        loop {
            line.clear();
            read_line(&mut self.stream, &mut line, MAIL_LINE).await?;
            if line == b".\r\n" || line == b".\n" {
                return Ok((size <= SIZE).then_some(mail));
            }
            let unstuffed = line.strip_prefix(b".").unwrap_or(&line);
            size += unstuffed.len();
            if size <= SIZE {
                mail.extend_from_slice(unstuffed);
            } else if size > 10 * SIZE {
                return Err(io::Error::other("a mail without end"));
            }
        }
    }

    /// One command; `None` once the client is gone.
    async fn line(&mut self) -> io::Result<Option<String>> {
        if self.stream.fill_buf().await?.is_empty() {
            return Ok(None);
        }
        let mut line = Vec::new();
        read_line(&mut self.stream, &mut line, LINE).await?;
        let line = String::from_utf8(line).map_err(io::Error::other)?;
        Ok(Some(line.trim_end().to_owned()))
    }

    fn reset(&mut self) {
        self.sender = false;
        self.recipients.clear();
    }

    async fn reply(&mut self, reply: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{reply}\r\n").as_bytes()).await
    }
}

/// One line with its end; an error if it is longer than `most` or breaks off.
async fn read_line(
    stream: &mut BufReader<TcpStream>,
    line: &mut Vec<u8>,
    most: u64,
) -> io::Result<()> {
    stream.take(most).read_until(b'\n', line).await?;
    if line.ends_with(b"\n") {
        return Ok(());
    }
    Err(io::Error::other("a line without end"))
}

/// The address of `FROM:<address> parameters` and the parameters.
fn path<'a>(argument: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let argument = argument.trim();
    let start = argument.get(..keyword.len())?;
    if !start.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let rest = argument[keyword.len()..].trim_start().strip_prefix('<')?;
    rest.split_once('>')
}

/// The size that MAIL announces.
fn announced(parameters: &str) -> Option<usize> {
    let mut words = parameters.split_ascii_whitespace();
    words.find_map(|word| {
        let (name, size) = word.split_once('=')?;
        name.eq_ignore_ascii_case("SIZE")
            .then(|| size.parse().ok())?
    })
}
