//! The adapter against a stand-in for WhatsApp.

mod heard;

use journey::{
    content::{Content, Offer, WhatsAppTemplate},
    failure::Failure,
    message::Channel,
};
use serde_json::json;
use standins::{
    Mood, Provider as _, WhatsApp,
    whatsapp::{Inbound, Said as Says, error},
};

use super::{WhatsAppSettings, number};
use crate::{
    About, AdapterSettings, Callback, Channels, Outcome, Outgoing, Secret, Settings,
    conformance::{Case, Means, TOKEN, channels, conforms},
    testing::outgoing,
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
        to: |_, _| TO.to_owned(),
        content,
        settings: Box::new(|_, setup| {
            AdapterSettings::WhatsApp(WhatsAppSettings {
                ca_file: setup.ca_file.clone(),
                timeout_seconds: setup.timeout_seconds,
                ..settings(&setup.url)
            })
        }),
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
        means: Means {
            for_good: Mood::answer(error(400, 131_051, "Unsupported message type", "no")),
            is_gone: false,
            for_now_is_unclear: false,
            garbled_is_accepted: false,
            ..Means::default()
        },
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
    use About::{Haste, Message, Trouble};
    let table = [
        (400, 131_056, Some(Message)),
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
