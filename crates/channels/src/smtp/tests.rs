//! The SMTP adapter, against the real sink and against servers that misbehave.

mod connections;
mod secure;

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use journey::{content::File, message::Channel};
use mail_parser::MessageParser;

use crate::{
    About, AdapterSettings, Channels, Outcome, Secret, Settings, SmtpSettings, TlsMode,
    capture::{Mailbox, Parts, SmtpSink},
    testing::{Scratch, encrypted, id, mail, outgoing, polite, scripted},
};

fn settings(server: SocketAddr) -> SmtpSettings {
    SmtpSettings {
        name: "sink".into(),
        port: Some(server.port()),
        tls: TlsMode::None,
        reply_to: Some("help@shop.example".into()),
        connections: 2,
        timeout_seconds: 20,
        ..SmtpSettings::new(server.ip().to_string(), "Boutique Zoë <news@shop.example>")
    }
}

fn channels(settings: SmtpSettings) -> Channels {
    Channels::new(&Settings {
        email: AdapterSettings::Smtp(settings).into(),
        ..Settings::default()
    })
    .unwrap()
}

/// The outcome of one mail to a scripted server.
async fn outcome<F>(answer: F) -> Outcome
where
    F: Fn(usize, &str) -> Option<&'static str> + Send + Sync + 'static,
{
    let channels = channels(settings(scripted(answer).await));
    let content = mail();
    let message = outgoing(1, Channel::Email, "ada@example.com", &content);
    channels.send(&message).await
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_rendered() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
    let channels = channels(settings(sink.addr()));
    assert_eq!(channels.serves(Channel::Email), Some("sink"));
    let content = mail();
    let url = format!("https://shop.example/unsubscribe?token={}", "a".repeat(300));
    let mut message = outgoing(7, Channel::Email, "ada@example.com", &content);
    message.unsubscribe_url = Some(&url);
    let sent = channels.send(&message).await;
    assert!(
        matches!(
            sent,
            Outcome::Accepted {
                provider_id: Some(_)
            }
        ),
        "{sent:?}"
    );

    let captured = mailbox.find(id(7)).unwrap();
    let journey::content::Content::Email {
        subject,
        html,
        text,
        files,
        ..
    } = &content
    else {
        unreachable!()
    };
    assert_eq!(&captured.summary.line, subject);
    assert_eq!(captured.summary.to, "ada@example.com");
    let Parts::Mail {
        html: got_html,
        text: got_text,
        files: got_files,
        raw,
    } = captured.parts
    else {
        panic!("no mail");
    };
    assert_eq!(got_html.as_ref(), Some(html));
    assert_eq!(got_text.as_ref(), Some(text));
    let brief = |files: &[File]| -> Vec<_> {
        let brief = |f: &File| (f.name.clone(), f.cid.clone(), f.bytes.clone());
        files.iter().map(brief).collect()
    };
    assert_eq!(brief(&got_files), brief(files));
    let read = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(
        read.message_id().unwrap(),
        format!("{}@shop.example", id(7))
    );
    assert_eq!(read.date().unwrap().to_rfc3339(), "2026-03-14T09:26:53Z");
    assert_eq!(
        read.from().unwrap().first().unwrap().name(),
        Some("Boutique Zoë")
    );
    assert_eq!(
        read.reply_to().unwrap().first().unwrap().address(),
        Some("help@shop.example")
    );
    let header = |name: &'static str| read.header_raw(name).unwrap().trim().to_owned();
    assert_eq!(header("X-Parcours-Message"), id(7).to_string());
    assert_eq!(header("List-Id"), "<news.shop.example>");
    assert_eq!(header("List-Unsubscribe"), format!("<{url}>"));
    assert_eq!(
        header("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
}

#[tokio::test]
async fn refusals_of_the_message_are_for_good_and_the_rest_is_for_now() {
    let table: [(&str, &str, bool); 9] = [
        ("RCPT", "550 5.1.1 <ada@example.com>: unknown", true),
        ("RCPT", "451 4.7.1 greylisted", false),
        ("MAIL", "553 not from you", true),
        ("MAIL", "530 5.7.0 log in first", false),
        ("DATA", "554 no", true),
        (".", "552 too big", true),
        (".", "452 4.3.1 disk full", false),
        ("", "554 nobody gets in", false),
        ("EHLO", "550 who?", false),
    ];
    for (at, reply, for_good) in table {
        let got = outcome(move |_, line| {
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            if verb == at {
                Some(reply)
            } else {
                polite(line)
            }
        })
        .await;
        let (Outcome::RefusedForGood { detail, .. } | Outcome::RefusedForNow { detail, .. }) = &got
        else {
            panic!("{at} {reply}: {got:?}");
        };
        assert_eq!(
            matches!(got, Outcome::RefusedForGood { .. }),
            for_good,
            "{at} {reply}"
        );
        let detail = detail.to_string();
        assert!(detail.contains(&reply[..3]), "{detail}");
        assert!(!detail.contains("ada@"), "{detail}");
    }
}

/// What is certain, and whom a refusal is about: only with the end of the mail it is the server's.
#[tokio::test]
async fn a_refusal_says_whom_it_is_about_and_silence_whether_the_mail_may_be_there() {
    use About::{Haste, Message, Trouble};
    let table: [(&str, Option<&str>, About, bool); 14] = [
        ("", Some("421 too many connections"), Haste, false),
        ("EHLO", Some("550 who?"), Trouble, false),
        ("MAIL", Some("421 4.7.0 not so fast"), Haste, false),
        ("MAIL", Some("451 4.3.0 later"), Haste, false),
        ("MAIL", Some("450 not so fast"), Haste, false),
        ("MAIL", Some("530 5.7.0 log in first"), Trouble, false),
        (
            "RCPT",
            Some("450 4.2.1 too much mail for them"),
            Message,
            false,
        ),
        ("RCPT", Some("451 4.7.1 greylisted"), Message, false),
        ("RCPT", Some("452 4.3.1 disk full"), Haste, false),
        ("RCPT", None, Trouble, false),
        ("DATA", None, Trouble, false),
        (".", Some("451 4.7.500 server busy"), Haste, false),
        (".", Some("451 virus scanner away"), Message, false),
        (".", None, Trouble, true),
    ];
    for (at, reply, about, unclear) in table {
        let got = outcome(move |_, line| {
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            if verb == at { reply } else { polite(line) }
        })
        .await;
        let Outcome::RefusedForNow {
            about: got_about,
            unclear: got_unclear,
            ..
        } = got
        else {
            panic!("{at} {reply:?}: {got:?}");
        };
        assert_eq!((got_about, got_unclear), (about, unclear), "{at} {reply:?}");
    }
}

#[tokio::test]
async fn a_silent_server_may_have_only_what_was_said_to_its_end() {
    for (at, unclear) in [
        ("MAIL", false),
        ("RCPT", false),
        ("DATA", false),
        (".", true),
    ] {
        let silent = scripted(move |_, line| {
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            if verb == at { Some("") } else { polite(line) }
        });
        let mut settings = settings(silent.await);
        settings.timeout_seconds = 1;
        let content = mail();
        let message = outgoing(1, Channel::Email, "ada@example.com", &content);
        let got = channels(settings).send(&message).await;
        assert_eq!(got.is_unclear(), unclear, "{at}: {got:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_for_now() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let content = mail();
    let sent = channels(settings(free))
        .send(&outgoing(1, Channel::Email, "ada@example.com", &content))
        .await;
    let Outcome::RefusedForNow { detail, .. } = sent else {
        panic!("{sent:?}")
    };
    let detail = detail.to_string();
    assert!(
        detail.starts_with("no answer from the mail server: "),
        "{detail}"
    );
}

#[tokio::test]
async fn a_silent_server_is_for_now() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(silent.local_addr().unwrap());
    settings.timeout_seconds = 1;
    let content = mail();
    let sent = channels(settings)
        .send(&outgoing(1, Channel::Email, "ada@example.com", &content))
        .await;
    let Outcome::RefusedForNow { detail, .. } = sent else {
        panic!("{sent:?}")
    };
    assert_eq!(
        detail.to_string(),
        "the mail server did not answer within 1 s"
    );
}

#[tokio::test]
async fn nobody_can_add_a_header() {
    let scratch = Scratch::new();
    let mailbox = Mailbox::open(scratch.path()).unwrap();
    let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
    let channels = channels(settings(sink.addr()));
    let evil = "x\r\nBcc: eve@evil.example\r\n\r\nbody";
    let content = journey::content::Content::Email {
        subject: evil.into(),
        preheader: evil.into(),
        html: "<p>h</p>".into(),
        text: "t".into(),
        files: Vec::new(),
    };
    let mut message = outgoing(1, Channel::Email, "ada@example.com", &content);
    (message.purpose, message.journey, message.locale) = (evil, evil, Some(evil));
    assert!(matches!(
        channels.send(&message).await,
        Outcome::Accepted { .. }
    ));
    let captured = mailbox.find(id(1)).unwrap();
    let Parts::Mail { raw, .. } = captured.parts else {
        panic!("no mail")
    };
    let read = MessageParser::default().parse(&raw).unwrap();
    assert!(read.bcc().is_none());
    assert!(!raw.windows(4).any(|w| w == b"\nBcc"));
    assert_eq!(read.subject(), Some("x  Bcc: eve@evil.example    body"));

    message.unsubscribe_url = Some("https://x.example/\r\nBcc: eve@evil.example");
    assert!(matches!(
        channels.send(&message).await,
        Outcome::RefusedForGood { .. }
    ));
    message.unsubscribe_url = None;
    for to in [
        "ada@example.com\r\nBcc: eve@evil.example",
        "ada@example.com>\r\nRCPT TO:<eve@evil.example",
        "ada\n@example.com",
        "Ada <ada@example.com>",
        "",
    ] {
        message.to = to;
        let sent = channels.send(&message).await;
        assert!(
            matches!(sent, Outcome::RefusedForGood { .. }),
            "{to:?}: {sent:?}"
        );
    }
    assert_eq!(mailbox.count(), 1);
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let good = || settings("127.0.0.1:25".parse().unwrap());
    let refused = |settings: SmtpSettings| {
        let settings = Settings {
            email: AdapterSettings::Smtp(settings).into(),
            ..Settings::default()
        };
        Channels::new(&settings).unwrap_err().to_string()
    };
    let mut no_sender = good();
    no_sender.from = "nobody".into();
    assert!(refused(no_sender).starts_with("channels: `email.from` is no mail address"));
    let mut half = good();
    half.user = Some("ada".into());
    assert_eq!(
        refused(half),
        "channels: `email.password` is missing beside `user`"
    );
    let wrong = Settings {
        sms: AdapterSettings::Smtp(good()).into(),
        ..Settings::default()
    };
    let error = Channels::new(&wrong).unwrap_err().to_string();
    assert_eq!(error, "channels: `sms.smtp` carries mail only");
    assert_eq!(channels(good()).serves(Channel::Sms), None);
}
