//! The adapter against a stand-in for WhatsApp.

use http::HeaderMap;
use journey::{
    content::{Content, Offer, WhatsAppTemplate},
    failure::Failure,
    message::Channel,
};
use ring::hmac;
use serde_json::{Value as Json, json};
use standins::{
    Mood, Provider as _, Webhook, WhatsApp,
    whatsapp::{Inbound, Said as Says, Status, error},
};

use super::{WhatsAppSettings, number};
use crate::{
    About, AdapterSettings, Callback, Channels, Fate, Heard, Hook, Outcome, Outgoing, Said, Secret,
    Settings, Unheard, What,
    conformance::{self, Case, TOKEN, channels, conforms},
    testing::{at, outgoing},
};

const TO: &str = "+33612345678";
const WA_ID: &str = "33612345678";
const VERIFY: &str = "a-word-for-meta";

fn content(text: &str, labels: &[&str]) -> Content {
    let offer = |(n, label): (usize, &&str)| Offer {
        name: format!("o{n}"),
        label: (*label).into(),
    };
    Content::Chat {
        text: text.into(),
        options: labels.iter().enumerate().map(offer).collect(),
        whatsapp: None,
    }
}

/// The same with an approved template.
fn with_template(content: Content, template: &str, always: bool) -> Content {
    let Content::Chat { text, options, .. } = content else {
        panic!("{content:?}");
    };
    let whatsapp = Some(WhatsAppTemplate {
        template: template.into(),
        language: "fr".into(),
        parameters: vec!["Ada".into(), "3 articles".into()],
        always,
    });
    Content::Chat {
        text,
        options,
        whatsapp,
    }
}

fn settings(url: &str) -> WhatsAppSettings {
    let meta = WhatsApp::default();
    WhatsAppSettings {
        url: url.to_owned(),
        app_secret: Some(Secret::new(&*meta.app_secret)),
        verify_token: Some(Secret::new(VERIFY)),
        timeout_seconds: 1,
        ..WhatsAppSettings::new(meta.phone_number_id, meta.access_token)
    }
}

fn shop(url: &str) -> Channels {
    channels(Channel::Chat, AdapterSettings::WhatsApp(settings(url)))
}

/// Somebody writes, and may be answered freely from now on.
fn write(meta: &WhatsApp) {
    meta.inbound(&inbound(Says::Text("Bonjour")));
}

fn inbound(said: Says<'_>) -> Inbound<'_> {
    Inbound {
        from: WA_ID,
        name: "Ada",
        said,
        context: None,
    }
}

fn case(content: Content) -> Case<WhatsApp> {
    Case {
        channel: Channel::Chat,
        to: TO,
        content,
        settings: |url, ca_file| {
            AdapterSettings::WhatsApp(WhatsAppSettings {
                ca_file,
                ..settings(url)
            })
        },
        prepare: write,
        says: |message| {
            assert_eq!((&*message.to, &*message.kind), (WA_ID, "interactive"));
            assert_eq!(message.text.as_deref(), Some("On vous le garde ?"));
            assert_eq!(message.callback_data.as_deref(), Some(TOKEN));
            let buttons = json!([
                {"type": "reply", "reply": {"id": "o0", "title": "Oui"}},
                {"type": "reply", "reply": {"id": "o1", "title": "Non"}},
            ]);
            assert_eq!(message.json["interactive"]["action"]["buttons"], buttons);
        },
        id: |message| Some(message.id.clone()),
        for_good: Mood::answer(error(400, 131_051, "Unsupported message type", "no")),
        for_now_is_unclear: false,
        tells_gone: false,
        garbled_is_accepted: false,
    }
}

#[tokio::test]
async fn whatsapp_is_asked_and_understood() {
    conforms(&case(content("On vous le garde ?", &["Oui", "Non"]))).await;
}

#[tokio::test]
async fn whatsapp_is_asked_by_template() {
    conforms(&Case {
        prepare: |_| {},
        says: |message: &standins::whatsapp::Message| {
            assert_eq!(message.template.as_deref(), Some("cart_reminder"));
            assert_eq!(message.parameters, ["Ada", "3 articles"]);
            assert_eq!(message.callback_data.as_deref(), Some(TOKEN));
        },
        ..case(with_template(
            content("Bonjour", &[]),
            "cart_reminder",
            true,
        ))
    })
    .await;
}

/// Sends one message, and gives what came of it and what was taken.
async fn sent(meta: &WhatsAppAt, content: &Content) -> (Outcome, Vec<standins::whatsapp::Message>) {
    let message = outgoing(1, Channel::Chat, TO, content);
    let outcome = shop(meta.url()).send(&message).await;
    assert_eq!(meta.violations(), Vec::<String>::new());
    (outcome, meta.accepted())
}

type WhatsAppAt = standins::StandIn<WhatsApp>;

#[tokio::test]
async fn the_template_goes_where_the_window_is_closed() {
    let meta = WhatsApp::start().await;
    let both = with_template(content("Bonjour", &["Oui"]), "cart_reminder", false);
    let (outcome, taken) = sent(&meta, &both).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(
        (taken.len(), &*taken[0].kind, meta.requests()),
        (1, "template", 2)
    );

    write(meta.provider());
    let (_, taken) = sent(&meta, &both).await;
    assert_eq!((&*taken[1].kind, meta.requests()), ("interactive", 3));
    let always = with_template(content("Bonjour", &[]), "cart_reminder", true);
    let (_, taken) = sent(&meta, &always).await;
    assert_eq!((&*taken[2].kind, meta.requests()), ("template", 4));

    meta.provider().close_window(WA_ID);
    let (outcome, _) = sent(&meta, &content("Bonjour", &[])).await;
    let said = outcome.failure().unwrap().to_string();
    assert!(
        matches!(outcome, Outcome::RefusedForGood { gone: false, .. }),
        "{outcome:?}"
    );
    assert!(said.contains("has not written for 24 hours"), "{said}");

    let unknown = with_template(content("Bonjour", &[]), "never_approved", false);
    let (outcome, _) = sent(&meta, &unknown).await;
    let said = outcome.failure().unwrap().to_string();
    assert!(
        matches!(outcome, Outcome::RefusedForGood { .. }),
        "{outcome:?}"
    );
    assert!(
        said.contains("(132001)") && said.contains("does not exist in fr"),
        "{said}"
    );
}

#[tokio::test]
async fn lists_and_numbers_are_taken() {
    let meta = WhatsApp::start().await;
    write(meta.provider());
    let ten: Vec<String> = (0..10).map(|n| format!("Answer {n}")).collect();
    let mut labels: Vec<&str> = ten.iter().map(String::as_str).collect();
    labels[0] = "A room with a view of the harbour";
    let (_, taken) = sent(&meta, &content("Which?", &labels)).await;
    let action = &taken[0].json["interactive"]["action"];
    assert_eq!(action["button"], "Choisir", "in the message's language");
    assert_eq!(
        action["sections"][0]["rows"][9],
        json!({"id": "o9", "title": "Answer 9"})
    );
    labels.push("Another");
    let (_, taken) = sent(&meta, &content("Which?", &labels)).await;
    assert_eq!(taken[1].kind, "text");
    assert!(taken[1].text.as_deref().unwrap().ends_with("\n11. Another"));

    let (outcome, _) = sent(&meta, &content(&"é".repeat(4097), &[])).await;
    let words = "the text has 4097 characters, and WhatsApp takes 4096".into();
    assert_eq!(outcome, Outcome::for_good(Failure::Content { words }));
}

/// The codes that do not say what their status does.
#[tokio::test]
async fn codes_decide() {
    use About::{Haste, Trouble};
    let table = [
        (400, 131_056, Some(Haste)),
        (400, 130_429, Some(Haste)),
        (429, 80_007, Some(Haste)),
        (401, 190, Some(Trouble)),
        (403, 10, Some(Trouble)),
        (403, 368, Some(Trouble)),
        (403, 131_031, Some(Trouble)),
        (500, 131_000, Some(Trouble)),
        (503, 2, Some(Trouble)),
        (404, 132_001, None),
        (400, 132_015, None),
        (400, 131_026, None),
        (400, 131_050, None),
        (400, 999_999, None),
    ];
    for (status, code, about) in table {
        let meta = WhatsApp::start().await;
        write(meta.provider());
        meta.mood(Mood::answer(error(
            status,
            code,
            "Title",
            "about 33612345678",
        )));
        let (outcome, _) = sent(&meta, &content("Bonjour", &[])).await;
        let got = match &outcome {
            Outcome::RefusedForNow { about, .. } => Some(*about),
            _ => None,
        };
        assert_eq!(got, about, "{code}: {outcome:?}");
        assert!(!outcome.is_unclear(), "{code}");
        let said = outcome.failure().unwrap().to_string();
        assert!(
            said.contains(&format!("({code}) about [address]")),
            "{said}"
        );
    }
    // A number that the token does not reach is a matter of the settings.
    let meta = WhatsApp::start().await;
    let wrong = AdapterSettings::WhatsApp(WhatsAppSettings {
        phone_number_id: "1".into(),
        ..settings(meta.url())
    });
    let hello = content("Bonjour", &[]);
    let message = outgoing(1, Channel::Chat, TO, &hello);
    let outcome = channels(Channel::Chat, wrong).send(&message).await;
    assert!(outcome.is_not_me(), "{outcome:?}");
}

#[test]
fn numbers_are_international() {
    for to in [
        TO,
        WA_ID,
        "0033612345678",
        "+33 6 12 34-56.78",
        "+33 (6) 12345678",
    ] {
        assert_eq!(number(to).as_deref(), Some(WA_ID), "{to}");
    }
    for to in [
        "0612345678",
        "",
        "+",
        "+33x",
        "ada@example.com",
        "+1234567890123456",
    ] {
        assert_eq!(number(to), None, "{to}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let refused = |change: fn(&mut WhatsAppSettings)| {
        let mut settings = settings("https://graph.facebook.com");
        change(&mut settings);
        let chat = AdapterSettings::WhatsApp(settings).into();
        let all = Settings {
            chat,
            ..Settings::default()
        };
        Channels::new(&all).unwrap_err().to_string()
    };
    let said = refused(|s| s.phone_number_id = "+33 7".into());
    assert!(
        said.contains("`chat.phone_number_id` must be the digits"),
        "{said}"
    );
    assert!(refused(|s| s.version = "23".into()).contains("`chat.version` must be a version"));
    assert!(refused(|s| s.access_token = Secret::new("a b")).contains("`chat.access_token` must"));
    assert!(refused(|s| s.verify_token = Some(Secret::new(""))).contains("`chat.verify_token`"));
    assert!(refused(|s| s.list_button = Some("x".repeat(21))).contains("1 to 20 characters"));
    let push = Settings {
        push: AdapterSettings::WhatsApp(settings("http://x")).into(),
        ..Settings::default()
    };
    let said = Channels::new(&push).unwrap_err().to_string();
    assert_eq!(said, "channels: `push.whatsapp` carries chat only");
    let (shown, meta) = (format!("{:?}", shop("http://x")), WhatsApp::default());
    for secret in [&*meta.access_token, &*meta.app_secret, VERIFY] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn hear(hook: &Webhook) -> Result<Heard, Unheard> {
    conformance::hear(&shop("http://127.0.0.1:1"), "whatsapp", hook)
}

/// A call with these entries, signed as Meta does.
fn signed(body: &Json) -> Webhook {
    let secret = WhatsApp::default().app_secret;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let body = body.to_string().into_bytes();
    let tag = hmac::sign(&key, &body);
    let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    Webhook {
        headers: vec![("x-hub-signature-256", format!("sha256={hex}"))],
        body,
    }
}

fn one(heard: Result<Heard, Unheard>) -> What {
    let mut reports = heard.unwrap().reports;
    assert_eq!(reports.len(), 1);
    assert!(reports[0].at.is_some());
    reports.remove(0).what
}

#[test]
fn what_became_of_a_message_is_heard() {
    let meta = WhatsApp::default();
    let fate = |status: &str, error: Option<(u32, &str)>| {
        let hook = meta.status(&Status {
            id: "wamid.1",
            status,
            to: WA_ID,
            callback_data: Some(TOKEN),
            error,
        });
        match one(hear(&hook)) {
            What::Became { token, fate } if token == TOKEN => fate,
            what => panic!("{what:?}"),
        }
    };
    assert_eq!(fate("delivered", None), Fate::Delivered);
    assert_eq!(fate("read", None), Fate::Opened);
    let detail = Failure::from("(131047) Re-engagement message");
    let late = Some((131_047, "Re-engagement message"));
    assert_eq!(fate("failed", late), Fate::Failed { detail });
    let detail = Failure::from("(131026) [address] is undeliverable");
    let permanent = false;
    let nobody = Some((131_026, "33612345678 is undeliverable"));
    assert_eq!(fate("failed", nobody), Fate::Bounced { permanent, detail });
    assert_eq!(
        fate("failed", Some((131_050, "Stopped"))),
        Fate::Unsubscribed
    );

    let quiet = |status: &str, callback_data: Option<&str>| {
        let hook = meta.status(&Status {
            id: "wamid.1",
            status,
            to: WA_ID,
            callback_data,
            error: None,
        });
        assert_eq!(hear(&hook), Ok(Heard::default()), "{status}");
    };
    quiet("sent", Some(TOKEN));
    quiet("delivered", None);
}

#[test]
fn what_people_say_and_press_is_heard() {
    let meta = WhatsApp::default();
    let said = |says: Says<'_>| match one(hear(&meta.inbound(&inbound(says)))) {
        What::Said(said) => said,
        what => panic!("{what:?}"),
    };
    let wanted = |text: &str, choice: Option<&str>| Said {
        channel: Channel::Chat,
        from: TO.into(),
        text: text.into(),
        choice: choice.map(str::to_owned),
        name: Some("Ada".into()),
        token: None,
    };
    assert_eq!(said(Says::Text("été")), wanted("été", None));
    assert_eq!(said(Says::Button("o1", "Non")), wanted("Non", Some("o1")));
    assert_eq!(said(Says::Row("o9", "Neuf")), wanted("Neuf", Some("o9")));
    assert_eq!(
        said(Says::QuickReply("o0", "Oui")),
        wanted("Oui", Some("o0"))
    );
    assert_eq!(said(Says::QuickReply("Oui", "Oui")), wanted("Oui", None));
}

#[test]
fn many_things_are_heard_at_once_and_odd_ones_passed_over() {
    let number = WhatsApp::default().phone_number_id;
    let value = |number: &str, what: Json| {
        let mut value = what;
        value["metadata"] = json!({"phone_number_id": number});
        json!({"field": "messages", "value": value})
    };
    let status = |n: usize| json!({"id": format!("wamid.{n}"), "status": "delivered", "timestamp": "1773480413", "biz_opaque_callback_data": TOKEN});
    let text = |from: &str| json!({"from": from, "id": "wamid.x", "timestamp": "1773480413", "type": "text", "text": {"body": "x"}});
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"changes": [
            value(&number, json!({"statuses": [status(1), status(2), {"id": 5}, null]})),
            value("999", json!({"messages": [text("33612345678")], "statuses": [status(3)]})),
            {"field": "account_update", "value": {}},
        ]},
        {"changes": [value(&number, json!({"messages": [
            text("33612345678"), text("not a number"), {"type": "reaction", "from": "33612345678", "id": "x"},
            {"type": "image", "image": {"caption": "my cat"}, "from": "33612345678", "id": "y"},
        ]}))]},
        5,
    ]});
    let heard = hear(&signed(&body)).unwrap();
    let ids: Vec<&str> = heard.reports.iter().map(|r| &*r.id).collect();
    let wanted = [
        "wamid.1:delivered",
        "wamid.2:delivered",
        "wamid.3:delivered",
        "wamid.x",
        "y",
    ];
    assert_eq!(ids, wanted);

    let statuses = |n: usize| {
        let all: Vec<Json> = (0..n).map(status).collect();
        let change = value(&number, json!({"statuses": all}));
        hear(&signed(&json!({"entry": [{"changes": [change]}]})))
    };
    assert_eq!(statuses(1_000).unwrap().reports.len(), 1_000);
    assert!(matches!(statuses(5_000), Err(Unheard::Unreadable(_))));
    for odd in [json!({}), json!([]), json!("x")] {
        assert!(
            matches!(hear(&signed(&odd)), Err(Unheard::Unreadable(_))),
            "{odd}"
        );
    }
}

#[test]
fn only_meta_is_heard() {
    let meta = WhatsApp::default();
    let fine = meta.inbound(&inbound(Says::Text("x")));
    let mut forged = fine.clone();
    forged.body.push(b' ');
    assert_eq!(hear(&forged), Err(Unheard::NotSigned));
    for signature in [
        "",
        "sha256=",
        "sha256=0",
        "sha256=zz",
        "sha1=00",
        "sha256=é",
    ] {
        let mut forged = fine.clone();
        forged.headers.last_mut().unwrap().1 = signature.into();
        assert_eq!(hear(&forged), Err(Unheard::NotSigned), "{signature}");
    }
    let deaf = AdapterSettings::WhatsApp(WhatsAppSettings {
        app_secret: None,
        ..settings("http://127.0.0.1:1")
    });
    let heard = conformance::hear(&channels(Channel::Chat, deaf), "whatsapp", &fine);
    assert_eq!(heard, Err(Unheard::Nobody));
}

#[test]
fn the_web_hook_is_ours() {
    let verified = |token: &str, challenge: &str| {
        let query = WhatsApp::default().verification(token, challenge);
        let query = reqwest::Url::parse(&format!("https://x.example/?{query}")).unwrap();
        let query: Vec<(String, String)> = query.query_pairs().into_owned().collect();
        let headers = HeaderMap::new();
        let hook = Hook {
            url: "https://x.example/",
            query: &query,
            headers: &headers,
            body: b"",
            at: at("2026-03-14T09:26:53Z"),
        };
        shop("http://127.0.0.1:1").hear("whatsapp", &hook)
    };
    let answer = verified(VERIFY, "1158201444").unwrap().answer;
    assert_eq!(answer, Some(("text/plain", "1158201444".to_owned())));
    assert_eq!(verified("another", "1158201444"), Err(Unheard::NotSigned));
    for challenge in ["", "a b", &"1".repeat(300)] {
        let heard = verified(VERIFY, challenge);
        assert!(matches!(heard, Err(Unheard::Unreadable(_))), "{heard:?}");
    }
}

#[tokio::test]
async fn without_a_report_nothing_is_handed_back() {
    let meta = WhatsApp::start().await;
    write(meta.provider());
    let hello = content("Bonjour", &[]);
    let mut message: Outgoing<'_> = outgoing(1, Channel::Chat, TO, &hello);
    shop(meta.url()).send(&message).await;
    message.report = Some(Callback {
        base: "",
        token: TOKEN,
    });
    shop(meta.url()).send(&message).await;
    let data: Vec<_> = meta
        .accepted()
        .into_iter()
        .map(|m| m.callback_data)
        .collect();
    assert_eq!(data, [None, Some(TOKEN.to_owned())]);
}
