//! The mails of the sample journeys, as they leave, held against what filters of spam look at.
//!
//! The rules are those of SpamAssassin's stock set that can be judged without a network (in brackets), and what Gmail and
//! Yahoo ask of senders (<https://support.google.com/a/answer/81126>).

mod rules;

use std::{collections::BTreeSet, path::Path, time::Duration};

use channels::{
    AdapterSettings, Channels, DkimSettings, Outcome, Outgoing, Settings, SmtpSettings, TlsMode,
    Turn, Wish,
    capture::{Mailbox, Parts, SmtpSink},
};
use journey::{
    content::Content,
    diagnostic::SourceFile,
    links,
    message::Channel,
    render::{Context, Templates},
    value::{Map, Value},
};
use parcours_tests::kit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::rules::{Judged, RULES};

/// What the sends of all sample journeys pass on.
const WITH: &str = include_str!("../../../crates/journey/tests/gallery/with.json");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// More than any of these takes.
const LONG: Duration = Duration::from_secs(60);
const DOMAIN: &str = "shop.example";

fn files(folder: &Path, found: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let name = path.strip_prefix(ROOT).unwrap().to_string_lossy();
            let bytes = std::fs::read(&path).unwrap();
            found.push(SourceFile::of(name.replace('\\', "/"), bytes).unwrap());
        }
    }
}

/// The mails of the sample journeys, in every language; each once more without its written plain text.
fn mails() -> Vec<(String, Content)> {
    let mut written = Vec::new();
    files(&Path::new(ROOT).join("templates"), &mut written);
    let made = written.iter().filter(|f| {
        let name = f.path.rsplit('/').next().unwrap();
        !(name.starts_with("email.") && name.ends_with(".txt"))
    });
    let made: Vec<SourceFile> = made.cloned().collect();
    let with = Value::from(serde_json::from_str::<serde_json::Value>(WITH).unwrap());
    let customer = Map::from([("first_name".into(), Value::text("Léa"))]);
    let link = |(name, _): (&str, _)| {
        let leads = format!("https://{DOMAIN}/{name}/9f2c");
        (name.into(), Value::text(leads))
    };
    let links: Map = links::NAMES.map(link).into_iter().collect();
    let context = Context {
        with: &with,
        customer: &customer,
        links: &links,
        options: &[],
        more: &Map::new(),
    };
    let mut all = Vec::new();
    for sources in [&written, &made] {
        let (templates, found) = Templates::compile(sources, "fr");
        assert!(found.is_empty(), "{found:?}");
        for name in templates.names() {
            for locale in templates.locales(name, Channel::Email) {
                let mail = templates.render(name, Channel::Email, Some(locale), &context);
                all.push((format!("{name} {locale}"), mail.unwrap()));
            }
        }
    }
    all
}

/// A server that keeps what it is sent, and the adapter that sends to it.
struct Post {
    mailbox: Mailbox,
    _sink: SmtpSink,
    channels: Channels,
}

impl Post {
    async fn new() -> Self {
        let mailbox = Mailbox::open(kit::scratch("parcours-deliverable")).unwrap();
        let sink = SmtpSink::start(mailbox.clone()).await.unwrap();
        let fixtures = Path::new(ROOT).join("crates/channels/src/fixtures");
        let smtp = SmtpSettings {
            port: Some(sink.addr().port()),
            tls: TlsMode::None,
            dkim: vec![DkimSettings {
                domain: DOMAIN.to_owned(),
                selector: "rsa".to_owned(),
                key_file: fixtures.join("dkim-rsa.key"),
            }],
            ..SmtpSettings::new("127.0.0.1", "Maison Tilleul — thés <bonjour@shop.example>")
        };
        let channels = Channels::new(&Settings {
            email: AdapterSettings::Smtp(smtp).into(),
            ..Settings::default()
        });
        Self {
            channels: channels.unwrap(),
            mailbox,
            _sink: sink,
        }
    }

    /// The mail as it arrives.
    async fn send(&self, n: usize, content: &Content) -> Vec<u8> {
        let id = Uuid::from_u128(n as u128 + 1);
        let message = Outgoing {
            id,
            at: "2026-03-14T09:26:53Z".parse().unwrap(),
            channel: Channel::Email,
            to: "lea@customer.example",
            content,
            purpose: "marketing",
            journey: "sample",
            locale: Some("fr"),
            unsubscribe_url: Some("https://shop.example/u/9f2c"),
            unsubscribe_mailto: None,
            report: None,
            country: None,
            traceparent: None,
        };
        let stop = CancellationToken::new();
        let wish = Wish {
            channel: Channel::Email,
            to: message.to,
            tied_to: None,
            passed: &[],
            until: Instant::now() + LONG,
            stop: &stop,
        };
        let Turn::Place(place) = self.channels.place(&wish).await else {
            panic!("no place");
        };
        let sent = place.send(&message, LONG, &stop, LONG).await;
        assert!(matches!(sent, Outcome::Accepted { .. }), "{sent:?}");
        match self.mailbox.find(id).unwrap().parts {
            Parts::Mail { raw, .. } => raw,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_samples_mails_are_as_filters_want_them() {
    let post = Post::new().await;
    let mails = mails();
    assert!(mails.len() >= 20, "{}", mails.len());
    for (n, (name, content)) in mails.iter().enumerate() {
        let raw = post.send(n, content).await;
        let judged = Judged::new(&raw);
        for (rule, holds) in RULES {
            assert!(
                holds(&judged),
                "{name}: {rule}\n{}",
                String::from_utf8_lossy(&raw)
            );
        }
    }
}

#[tokio::test]
async fn each_rule_can_fail() {
    let post = Post::new().await;
    let mails = mails();
    let raw = String::from_utf8(post.send(0, &mails[0].1).await).unwrap();
    let broken: Vec<String> = [
        ("Subject: ", "X: "),
        ("Date: ", "X: "),
        ("Message-ID: <", "Message-ID: <x y"),
        (" d=shop.example;", " d=mailer.example;"),
        ("List-Unsubscribe-Post: ", "X: "),
        ("MIME-Version: ", "X: "),
        ("quoted-printable", "8bit"),
        ("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(1_000))),
    ]
    .iter()
    .map(|(from, to)| {
        assert!(raw.contains(from), "{from}\n{raw}");
        raw.replacen(from, to, 1)
    })
    .collect();
    let mut contents: Vec<(String, String, String)> = Vec::new();
    let (html, text) = (
        "<p>Good morning, dear friends of tea</p>",
        "Good morning, dear friends of tea",
    );
    for (subject, html, text) in [
        ("BUY NOW", html, text),
        ("Teas", "", text),
        (
            "Teas",
            html,
            "Something else that nobody has ever seen before",
        ),
        (
            "Teas",
            "<img src=\"https://a.example/a.png\">Good morning, dear friends of tea",
            text,
        ),
        (
            "Teas",
            "<p style=\"font-size:1px\">Good morning, dear friends of tea</p>",
            text,
        ),
        (
            "Teas",
            "<script></script><p>Good morning, dear friends of tea</p>",
            text,
        ),
        (
            "Teas",
            "<p>Good morning, dear friends of tea <a href=\"https://evil.example/\">https://shop.example/</a></p>",
            text,
        ),
    ] {
        contents.push((subject.to_owned(), html.to_owned(), text.to_owned()));
    }
    let long = format!("<p>{}</p>", "tea ".repeat(30_000));
    contents.push(("Teas".to_owned(), long, "tea".to_owned()));
    let mut all = broken;
    for (n, (subject, html, text)) in contents.into_iter().enumerate() {
        let (preheader, files) = (String::new(), Vec::new());
        let content = Content::Email {
            subject,
            preheader,
            html,
            text,
            files,
        };
        all.push(String::from_utf8(post.send(100 + n, &content).await).unwrap());
    }
    let failing: BTreeSet<&str> = all
        .iter()
        .flat_map(|raw| {
            let judged = Judged::new(raw.as_bytes());
            let broken = RULES.iter().filter(move |(_, holds)| !holds(&judged));
            broken.map(|(rule, _)| *rule).collect::<Vec<_>>()
        })
        .collect();
    let every: BTreeSet<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(failing, every);
}
