//! The adapter against a stand-in of Postmark.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header::AUTHORIZATION};
use journey::message::Channel;
use serde_json::{Value as Json, json};
use standins::{
    Mood, Postmark as There, Provider as _, Reply, StandIn,
    postmark::{BounceType, Event},
};

use super::{Postmark, PostmarkSettings};
use crate::{
    About, Adapter, AdapterSettings, Fate, Heard, Hook, Outcome, Outgoing, Report, Secret, Unheard,
    What,
    conformance::{Case, Means, TOKEN, conforms, message},
    testing::{LONG, at, files, id, mail, sms},
};

const TO: &str = "zoe@example.com";
const FROM: &str = "\"Tilleul, Été\" <bonjour@shop.example>";

fn settings(there: &There, url: &str) -> PostmarkSettings {
    PostmarkSettings {
        url: url.to_owned(),
        ..PostmarkSettings::new(Secret::new(&there.server_token), FROM)
    }
}

fn adapter(there: &StandIn<There>) -> Postmark {
    Postmark::new(&settings(there.provider(), there.url())).unwrap()
}

#[tokio::test]
async fn it_conforms() {
    conforms(&Case::<There> {
        channel: Channel::Email,
        to: |_, _| TO.to_owned(),
        content: mail(),
        settings: Box::new(|there, setup| {
            AdapterSettings::Postmark(PostmarkSettings {
                reply_to: Some("help@shop.example".to_owned()),
                message_stream: Some("broadcast".to_owned()),
                ca_file: setup.ca_file.clone(),
                timeout_seconds: setup.timeout_seconds,
                ..settings(there, &setup.url)
            })
        }),
        prepare: |_| {},
        says,
        id: |mail| Some(mail.message_id.clone()),
        means: Means {
            // Closed for maintenance, it says itself.
            for_now_is_unclear: false,
            garbled_is_accepted: false,
            ..Means::default()
        },
    })
    .await;
}

fn says(mail: &standins::postmark::Mail) {
    assert_eq!(mail.from, FROM);
    assert_eq!(mail.to, ["zoe@example.com"]);
    assert_eq!(mail.reply_to.as_deref(), Some("help@shop.example"));
    assert!(
        mail.subject.starts_with("Été : votre panier"),
        "{}",
        mail.subject
    );
    assert!(mail.html.as_deref().unwrap().contains("Ça va ?"));
    assert!(
        mail.text
            .as_deref()
            .unwrap()
            .starts_with("Bonjour Zoë\r\n.\r\n")
    );
    let attached = mail.attachments.iter().map(|a| {
        let content_id = a.content_id.as_deref();
        (
            &*a.name,
            &*a.content_type,
            content_id.map(|id| id.trim_start_matches("cid:")),
            &*a.content,
        )
    });
    let files = files();
    let expected = files
        .iter()
        .map(|f| (&*f.name, &*f.media_type, f.cid.as_deref(), &*f.bytes));
    assert_eq!(attached.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert!(
        mail.attachments[0]
            .content_id
            .as_ref()
            .unwrap()
            .starts_with("cid:")
    );
    assert_eq!(mail.stream, "broadcast");
    assert_eq!(mail.tag.as_deref(), Some("abandoned-cart"));
    let message_id = id(7).to_string();
    let list = "<https://my.shop.example/u/abc>, <mailto:unsubscribe@shop.example>";
    let expected = [
        ("X-Parcours-Message", &*message_id),
        ("List-Id", "<news.shop.example>"),
        ("X-Parcours-Report", TOKEN),
        ("Feedback-ID", "abandoned-cart:news:parcours:shop-example"),
        ("Content-Language", "fr"),
        ("List-Unsubscribe", list),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ];
    let headers: Vec<(&str, &str)> = mail.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(headers, expected);
    let token: String = mail.metadata.iter().map(|(_, value)| &**value).collect();
    assert_eq!(token, TOKEN);
}

#[tokio::test]
async fn a_mail_without_more_says_no_more() {
    let there = There::start().await;
    let content = mail();
    let unheard = Outgoing {
        report: None,
        unsubscribe_url: None,
        ..message(Channel::Email, TO, &content)
    };
    adapter(&there).send(&unheard, LONG).await;
    let mail = there.accepted().remove(0);
    assert_eq!((mail.metadata.len(), &*mail.stream), (0, "outbound"));
    assert_eq!(mail.headers.len(), 4);
    assert_eq!(there.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn nobody_is_asked_about_what_is_no_address_or_no_mail() {
    let there = There::start().await;
    let postmark = adapter(&there);
    let (content, text) = (mail(), sms());
    let right = message(Channel::Email, TO, &content);
    let bad_address = Outgoing { to: "zoe", ..right };
    let no_mail = Outgoing {
        content: &text,
        ..right
    };
    let bad_link = Outgoing {
        unsubscribe_url: Some("https://my.shop.example/<u>"),
        ..right
    };
    for message in [bad_address, no_mail, bad_link] {
        let sent = postmark.send(&message, LONG).await;
        assert!(
            matches!(sent, Outcome::RefusedForGood { gone: false, .. }),
            "{sent:?}"
        );
    }
    assert_eq!(there.requests(), 0);
}

#[tokio::test]
async fn errors_mean_what_postmark_says() {
    use About::{Haste, Message, Trouble};
    let there = There::start().await;
    let postmark = adapter(&there);
    let content = mail();
    let good = |gone| (None, gone, false);
    let now = |about| (Some(about), false, false);
    let error = |code: u32| json!({"ErrorCode": code, "Message": "for zoe@example.com: no"});
    for (status, body, expected) in [
        (422, error(406), good(true)),
        (422, error(300), good(false)),
        (422, error(9999), good(false)),
        (422, error(400), now(Trouble)),
        (422, error(405), now(Trouble)),
        (422, error(412), now(Trouble)),
        (422, error(1235), now(Trouble)),
        (401, error(10), now(Trouble)),
        (200, error(300), good(false)),
        (200, error(406), good(true)),
        (429, error(429), now(Haste)),
        (429, Json::Null, now(Haste)),
        (503, error(100), now(Trouble)),
        (408, Json::Null, now(Message)),
        (404, Json::Null, now(Trouble)),
        (500, Json::Null, (Some(Trouble), false, true)),
        (503, Json::Null, (Some(Trouble), false, true)),
        (200, Json::Null, (Some(Trouble), false, true)),
    ] {
        there.mood(Mood::answer(Reply::json(status, &body)));
        let sent = postmark
            .send(&message(Channel::Email, TO, &content), LONG)
            .await;
        let found = match &sent {
            Outcome::RefusedForGood { gone, .. } => (None, *gone, false),
            Outcome::RefusedForNow { about, unclear, .. } => (Some(*about), false, *unclear),
            Outcome::Accepted { .. } => panic!("{status} {body}"),
        };
        assert_eq!(found, expected, "{status} {body}");
        let said = sent.failure().unwrap().to_string();
        assert!(!said.contains("zoe@"), "{said}");
    }
    let taken = json!({"ErrorCode": 0, "Message": "OK", "MessageID": "m"});
    there.mood(Mood::answer(Reply::json(200, &taken)));
    let sent = postmark
        .send(&message(Channel::Email, TO, &content), LONG)
        .await;
    let provider_id = Some("m".to_owned());
    assert_eq!(sent, Outcome::Accepted { provider_id });
}

fn deaf() -> PostmarkSettings {
    PostmarkSettings::new(Secret::new("a-token"), FROM)
}

fn hearing() -> PostmarkSettings {
    PostmarkSettings {
        hook_user: Some("postmark".to_owned()),
        hook_password: Some(Secret::new("pâss:word")),
        ..deaf()
    }
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let problem = |channel, settings| {
        let refused = Adapter::new(channel, &AdapterSettings::Postmark(settings));
        let (setting, problem) = refused.unwrap_err();
        format!("{setting} {problem}")
    };
    assert!(Postmark::new(&hearing()).is_ok() && Postmark::new(&deaf()).is_ok());
    assert_eq!(problem(Channel::Sms, deaf()), "postmark carries mail only");
    for (change, said) in [
        (
            (|s| s.server_token = Secret::new("a b")) as fn(&mut PostmarkSettings),
            "server_token must be one word",
        ),
        (
            |s| s.server_token = Secret::new(""),
            "server_token must be one word",
        ),
        (|s| s.from = "shop".into(), "from is no mail address"),
        (
            |s| s.reply_to = Some("shop".into()),
            "reply_to is no mail address",
        ),
        (|s| s.hook_password = None, "hook_password is missing"),
        (|s| s.hook_user = None, "hook_user is missing"),
        (
            |s| s.hook_user = Some("a:b".into()),
            "hook_user must be there",
        ),
        (
            |s| s.hook_password = Some(Secret::new("")),
            "hook_password is empty",
        ),
        (|s| s.url = "ftp://x".into(), "url must begin with"),
    ] {
        let mut settings = hearing();
        change(&mut settings);
        let found = problem(Channel::Email, settings);
        assert!(found.starts_with(said), "{found}");
    }
}

/// What an adapter makes of a body that comes with these credentials.
fn heard_with(
    settings: &PostmarkSettings,
    credentials: &str,
    body: &[u8],
) -> Result<Heard, Unheard> {
    let mut headers = HeaderMap::new();
    if !credentials.is_empty() {
        let value = match credentials.split_once(' ') {
            Some(_) => credentials.to_owned(),
            None => format!("Basic {}", STANDARD.encode(credentials)),
        };
        headers.insert(AUTHORIZATION, value.parse().unwrap());
    }
    Postmark::new(settings).unwrap().hear(&Hook {
        url: "https://my.shop.example/v1/providers/postmark",
        query: &[],
        headers: &headers,
        body,
        at: at("2026-03-14T09:26:53Z"),
    })
}

fn heard(body: &[u8]) -> Result<Heard, Unheard> {
    heard_with(&hearing(), "postmark:pâss:word", body)
}

/// The one report of a hook.
fn report(body: &[u8]) -> Option<Report> {
    let reports = heard(body).unwrap().reports;
    assert!(reports.len() < 2);
    reports.into_iter().next()
}

/// What became of the mail.
fn fate(body: &[u8]) -> Option<Fate> {
    match report(body)?.what {
        What::Became { token, fate } if token == TOKEN => Some(fate),
        other => panic!("{other:?}"),
    }
}

fn event<'a>(metadata: &'a [(&'a str, &'a str)]) -> Event<'a> {
    Event {
        message_id: "883953f4",
        recipient: "zoe@example.com",
        stream: "outbound",
        tag: "abandoned-cart",
        metadata,
    }
}

#[test]
fn hooks_tell_what_became_of_a_mail() {
    let there = There::default();
    let metadata = [("report", &TOKEN[..80]), ("report_more", &TOKEN[80..])];
    let event = event(&metadata);
    let delivery = report(&there.delivery(&event).body).unwrap();
    assert_eq!(delivery.id, "883953f4:delivery");
    assert!(delivery.at.is_some());
    assert_eq!(fate(&there.delivery(&event).body), Some(Fate::Delivered));
    let complaint = there.spam_complaint(&event).body;
    assert_eq!(fate(&complaint), Some(Fate::Complained));
    assert_eq!(report(&complaint).unwrap().id, "complaint:42");
    let left = there.unsubscribe(&event).body;
    assert_eq!(fate(&left), Some(Fate::Unsubscribed));
    for (kind, permanent) in [
        (BounceType::HardBounce, Some(true)),
        (BounceType::BadEmailAddress, Some(true)),
        (BounceType::SoftBounce, Some(false)),
        (BounceType::Transient, Some(false)),
        (BounceType::SpamNotification, None),
        (BounceType::Blocked, None),
    ] {
        let body = there.bounce(kind, &event).body;
        assert_eq!(report(&body).unwrap().id, "bounce:42");
        let (found, detail) = match fate(&body) {
            Some(Fate::Bounced { permanent, detail }) => (Some(permanent), detail),
            Some(Fate::Failed { detail }) => (None, detail),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, permanent, "{kind:?}");
        let said = detail.to_string();
        assert!(
            said.contains(&format!("{kind:?}: smtp;550 5.1.1")),
            "{said}"
        );
    }
    let away = there.bounce(BounceType::AutoResponder, &event).body;
    assert_eq!(fate(&away), None);
    // The other hooks tell, and what we did ourselves is no news.
    for reason in ["HardBounce", "SpamComplaint"] {
        assert_eq!(fate(&there.suppressed(&event, reason).body), None);
    }
    assert_eq!(fate(&there.resubscribe(&event).body), None);
}

#[test]
fn opens_and_clicks_are_told_with_their_moment() {
    let told = |kind: &str| {
        json!({
            "RecordType": kind, "FirstOpen": true, "OriginalLink": "https://shop.example/cart?a=b",
            "MessageID": "883953f4", "Recipient": "zoe@example.com",
            "ReceivedAt": "2026-03-14T09:26:53.9070259Z", "Metadata": {"report": TOKEN},
        })
        .to_string()
    };
    let opened = report(told("Open").as_bytes()).unwrap();
    assert_eq!(opened.id, "883953f4:open:2026-03-14T09:26:53.9070259Z");
    assert_eq!(opened.at, Some(at("2026-03-14T09:26:53.9070259Z")));
    assert_eq!(fate(told("Open").as_bytes()), Some(Fate::Opened));
    let url = "https://shop.example/cart?a=b".to_owned();
    assert_eq!(fate(told("Click").as_bytes()), Some(Fate::Clicked { url }));
    assert_eq!(report(told("Inbound").as_bytes()), None);
}

#[test]
fn mails_of_others_are_no_concern_of_ours() {
    let there = There::default();
    let event = event(&[]);
    assert_eq!(report(&there.delivery(&event).body), None);
    assert_eq!(
        report(&there.bounce(BounceType::HardBounce, &event).body),
        None
    );
    // Whoever leaves a stream leaves it for all mails.
    let left = report(&there.unsubscribe(&event).body).unwrap();
    let expected = What::Left {
        channel: Channel::Email,
        from: "zoe@example.com".to_owned(),
    };
    assert_eq!(left.what, expected);
}

#[test]
fn only_postmark_is_heard() {
    let body = There::default().delivery(&event(&[])).body;
    assert!(heard(&body).is_ok());
    for credentials in [
        "",
        "postmark:password",
        "postmark:pâss:word:",
        "other:pâss:word",
        "Basic !",
        "Basic ",
        "Bearer cG9zdG1hcms6cMOic3M6d29yZA==",
    ] {
        let found = heard_with(&hearing(), credentials, &body);
        assert_eq!(found, Err(Unheard::NotSigned), "{credentials}");
    }
    let found = heard_with(&deaf(), "postmark:pâss:word", &body);
    assert_eq!(found, Err(Unheard::Nobody));
    let shown = format!("{:?}", Postmark::new(&hearing()).unwrap());
    assert!(
        !shown.contains("pâss") && !shown.contains("a-token"),
        "{shown}"
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let said = |body: &str| heard(body.as_bytes()).unwrap_err().to_string();
    assert!(said("<html>").contains("the body is no JSON"));
    assert!(said("{}").contains("`RecordType` is missing"));
    assert!(said(r#"{"RecordType":"Delivery"}"#).contains("`MessageID` is missing"));
    assert!(said(r#"{"RecordType":"Bounce"}"#).contains("`Type` is missing"));
    let bounce = r#"{"RecordType":"Bounce","Type":"HardBounce"}"#;
    assert!(said(bounce).contains("`ID` is missing"));
}
