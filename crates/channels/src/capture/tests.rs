//! The mailbox and its mail server.

use std::time::Duration;

use jiff::SignedDuration;
use journey::{
    content::{Content, Push},
    message::Channel,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::*;
use crate::testing::{Scratch, at, id, sms};

fn message(n: u128) -> CapturedMessage {
    CapturedMessage {
        id: id(n),
        channel: Channel::Sms,
        to: "+33612345678".into(),
        content: sms(),
        purpose: "news".into(),
        journey: "cart".into(),
        locale: None,
    }
}

fn moment(n: i64) -> Timestamp {
    at("2026-03-14T09:26:53.000001Z") + SignedDuration::from_secs(n)
}

fn names(page: &[Summary]) -> Vec<&str> {
    page.iter().map(|s| &*s.name).collect()
}

/// What the sink says to `lines`, which are sent at once: it pipelines.
async fn talk(sink: &SmtpSink, lines: &[u8]) -> Vec<String> {
    let mut stream = BufReader::new(TcpStream::connect(sink.addr()).await.unwrap());
    stream.write_all(lines).await.unwrap();
    let mut said = String::new();
    let all = stream.read_to_string(&mut said);
    tokio::time::timeout(Duration::from_secs(20), all)
        .await
        .unwrap()
        .unwrap();
    said.lines().map(str::to_owned).collect()
}

#[test]
fn the_list_is_newest_first_in_pages() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    for n in 0..5_u8 {
        mailbox
            .keep(&message(u128::from(9 - n)), moment(i64::from(n)))
            .unwrap();
    }
    let first = mailbox.list(None, 2);
    assert_eq!(first[0].at, moment(4));
    let second = mailbox.list(Some(&first[1].name), 2);
    let third = mailbox.list(Some(&second[1].name), 2);
    let moments: Vec<_> = [first, second, third]
        .concat()
        .iter()
        .map(|s| s.at)
        .collect();
    assert_eq!(moments, [4, 3, 2, 1, 0].map(moment));
    assert_eq!(mailbox.list(None, 1)[0].line, "Votre code : 123");
}

#[test]
fn one_id_is_one_file_and_deliveries_are_counted() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let first = mailbox.keep(&message(1), moment(0)).unwrap();
    let second = mailbox.keep(&message(1), moment(60)).unwrap();
    assert_eq!((&first.name, first.deliveries), (&second.name, 1));
    assert_eq!(second.deliveries, 2);
    let raw = format!("X-Parcours-Message: {}\r\nSubject: a\r\n\r\nb\r\n", id(2));
    let to = ["ada@example.com".to_owned()];
    mailbox.keep_mail(&to, raw.as_bytes(), moment(1)).unwrap();

    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let third = mailbox.keep_mail(&to, raw.as_bytes(), moment(2)).unwrap();
    assert_eq!(
        (third.deliveries, mailbox.count()),
        (2, 2),
        "also over a restart"
    );
    let mail = mailbox.find(id(2)).unwrap();
    assert_eq!((mail.summary.deliveries, mail.summary.at), (2, moment(1)));
    let Parts::Mail {
        raw: kept,
        text,
        html,
        ..
    } = mail.parts
    else {
        panic!("no mail")
    };
    assert_eq!(
        (kept, text.as_deref(), html),
        (raw.into_bytes(), Some("b\r\n"), None)
    );
    let Parts::Message(kept) = mailbox.find(id(1)).unwrap().parts else {
        panic!("no message")
    };
    assert_eq!(*kept, message(1));
}

#[test]
fn the_oldest_go_first() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::bounded(scratch.path().to_owned(), 3).unwrap();
    for n in 0..5_u8 {
        mailbox
            .keep(&message(u128::from(n)), moment(i64::from(n)))
            .unwrap();
    }
    assert_eq!(mailbox.count(), 3);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 3);
    assert!(mailbox.find(id(1)).is_none());
    assert!(mailbox.find(id(2)).is_some());
}

#[test]
fn names_lead_nowhere_else() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path().join("mailbox")).unwrap();
    std::fs::write(scratch.path().join("secret.eml"), "Subject: s\r\n\r\nx").unwrap();
    std::fs::write(scratch.path().join("mailbox/note.txt"), "x").unwrap();
    let kept = mailbox.keep(&message(1), moment(0)).unwrap();
    assert!(mailbox.get(&kept.name).is_some());
    for name in [
        "../secret.eml",
        "/etc/passwd",
        "",
        ".",
        "note.txt",
        "..%2fsecret.eml",
    ] {
        assert!(mailbox.get(name).is_none(), "{name}");
        assert!(mailbox.list(Some(name), 10).len() <= 1, "{name}");
    }
    assert_eq!(names(&mailbox.list(None, 10)), [&kept.name]);
    let again = Mailbox::open(scratch.path().join("mailbox")).unwrap();
    assert_eq!(again.count(), 1, "other files are no messages");
}

#[test]
fn a_push_is_listed_by_its_title() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let mut push = message(1);
    push.channel = Channel::Push;
    push.content = Content::Push(Push {
        title: "Hello".into(),
        body: "there".into(),
        ..Push::default()
    });
    mailbox.keep(&push, moment(0)).unwrap();
    let summary = mailbox.list(None, 10).remove(0);
    assert_eq!((summary.channel, &*summary.line), (Channel::Push, "Hello"));
    assert_eq!(summary.message, Some(id(1)));
}

#[tokio::test]
async fn the_sink_speaks_smtp() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
    let said = talk(
        &sink,
        b"mail from:<a@b.example>\r\nHELO me\r\nRCPT TO:<x@y.example>\r\nNOPE\r\nNOOP\r\n\
          MAIL FROM:<> SIZE=99999999999\r\nMAIL FROM:<>\r\nRSET\r\nDATA\r\n\
          MAIL FROM:<a@b.example> BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<zo\xc3\xab@y.example>\r\n\
          RCPT TO:<x@y.example>\r\nDATA\r\nSubject: hi\r\n\r\n..stuffed\r\nend\r\n.\r\nQUIT\r\n",
    )
    .await;
    let codes: Vec<_> = said.iter().map(|line| &line[..3]).collect();
    let expected = [
        "220", "503", "250", "503", "502", "250", "552", "250", "250", "503", "250", "250", "250",
        "354", "250", "221",
    ];
    assert_eq!(codes, expected, "{said:#?}");
    let page = mailbox.list(None, 10);
    assert_eq!(
        (page.len(), &*page[0].to),
        (1, "zoë@y.example, x@y.example")
    );
    assert_eq!((&*page[0].line, page[0].message), ("hi", None));
    let Parts::Mail { text, .. } = mailbox.get(&page[0].name).unwrap().parts else {
        panic!("no mail");
    };
    assert_eq!(text.as_deref(), Some(".stuffed\r\nend\r\n"));
}

#[tokio::test]
async fn the_sink_has_bounds() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
    // A line without end closes the connection.
    let mut stream = BufReader::new(TcpStream::connect(sink.addr()).await.unwrap());
    let _ = stream.write_all(&[b'x'; 10_000]).await;
    let mut said = String::new();
    while matches!(stream.read_line(&mut said).await, Ok(1..)) {}
    assert!(said.starts_with("220"), "{said}");
    // So do too many mistakes.
    let said = talk(&sink, &b"NOPE\r\n".repeat(51)).await;
    assert_eq!(said.last().unwrap(), "421 too much for one connection");
    // A mail that is too large is refused, and the conversation goes on.
    let mut huge = b"HELO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n".to_vec();
    huge.extend(b"0123456789\r\n".repeat(900_000));
    huge.extend(b".\r\nNOOP\r\nQUIT\r\n");
    let mut stream = TcpStream::connect(sink.addr()).await.unwrap();
    let (read, mut write) = stream.split();
    let mut said = String::new();
    let mut read = BufReader::new(read);
    let (_, sent) = tokio::join!(read.read_to_string(&mut said), write.write_all(&huge));
    sent.unwrap();
    let codes: Vec<_> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(
        codes,
        ["220", "250", "250", "250", "354", "552", "250", "221"]
    );
    assert_eq!(mailbox.count(), 0);
}
