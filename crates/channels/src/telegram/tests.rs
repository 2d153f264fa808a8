//! The adapter against a stand-in for Telegram.

use journey::{
    content::{Content, Offer},
    message::Channel,
};
use serde_json::{Value as Json, json};
use standins::{Mood, Provider as _, Telegram, Webhook, telegram::Who};

use super::{TelegramSettings, body};
use crate::{
    AdapterSettings, Channels, Heard, Outcome, Report, Said, Secret, Settings, Unheard, What,
    conformance::{self, Case, Means, channels, conforms},
    testing::outgoing,
};

const CHAT: &str = "5551234567";
const SECRET: &str = "a_secret-token";
const ADA: Who<'_> = Who {
    id: 5_551_234_567,
    first_name: "Ada",
    language_code: Some("fr"),
};

fn content(text: &str, offers: &[(&str, &str)]) -> Content {
    let offer = |(name, label): &(&str, &str)| Offer {
        name: (*name).into(),
        label: (*label).into(),
    };
    Content::Chat {
        text: text.into(),
        options: offers.iter().map(offer).collect(),
        whatsapp: None,
    }
}

fn settings(url: &str) -> TelegramSettings {
    TelegramSettings {
        url: url.to_owned(),
        secret_token: Some(Secret::new(SECRET)),
        timeout_seconds: 1,
        ..TelegramSettings::new(Telegram::default().token)
    }
}

fn bot(settings: TelegramSettings) -> Channels {
    channels(Channel::Chat, AdapterSettings::Telegram(settings))
}

#[tokio::test]
async fn telegram_is_asked_and_understood() {
    conforms(&Case::<Telegram> {
        channel: Channel::Chat,
        to: |_, _| CHAT.to_owned(),
        content: content(
            "1 < 2 & *so* _on_?",
            &[("yes", "Oui, merci"), ("no", "Non")],
        ),
        settings: Box::new(|_, setup| {
            AdapterSettings::Telegram(TelegramSettings {
                ca_file: setup.ca_file.clone(),
                timeout_seconds: setup.timeout_seconds,
                ..settings(&setup.url)
            })
        }),
        prepare: |_| {},
        says: |message| {
            assert_eq!(message.to, CHAT);
            assert_eq!(message.text, "1 < 2 & *so* _on_?");
            assert_eq!(message.parse_mode, None);
            let keyboard = json!({"inline_keyboard": [
                [{"text": "Oui, merci", "callback_data": "yes"}],
                [{"text": "Non", "callback_data": "no"}],
            ]});
            assert_eq!(message.reply_markup, Some(keyboard));
        },
        id: |message| Some(message.message_id.to_string()),
        means: Means {
            for_good: Mood::answer(standins::telegram::error(
                400,
                "Bad Request: message text is empty",
            )),
            garbled_is_accepted: false,
            ..Means::default()
        },
    })
    .await;
}

/// What Telegram says, and whether it means that nobody is there, or that the settings are wrong.
#[tokio::test]
async fn refusals_are_told_apart() {
    let table = [
        (400, "Bad Request: chat not found", Some(true)),
        (403, "Forbidden: bot was blocked by the user", Some(true)),
        (403, "Forbidden: user is deactivated", Some(true)),
        (
            403,
            "Forbidden: bot was kicked from the group chat",
            Some(true),
        ),
        (
            403,
            "Forbidden: bot can't initiate conversation with a user",
            Some(false),
        ),
        (400, "Bad Request: message is too long", Some(false)),
        (401, "Unauthorized", None),
        (404, "Not Found", None),
    ];
    for (code, words, gone) in table {
        let telegram = Telegram::start().await;
        telegram.mood(Mood::answer(standins::telegram::error(code, words)));
        let content = content("Bonjour", &[]);
        let message = outgoing(1, Channel::Chat, CHAT, &content);
        let got = bot(settings(telegram.url())).send(&message).await;
        match (&got, gone) {
            (Outcome::RefusedForGood { gone: got, .. }, Some(wanted)) => {
                assert_eq!(*got, wanted, "{words}");
            }
            (outcome, None) => {
                assert!(outcome.is_not_me(), "{words}: {outcome:?}");
                let said = outcome.failure().unwrap().to_string();
                assert!(said.contains("token is not accepted"), "{said}");
                assert!(!said.contains("AAF0x"), "{said}");
            }
            other => panic!("{words}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn typing_is_shown_first_and_never_fails_a_message() {
    let telegram = Telegram::start().await;
    let content = content("Bonjour", &[]);
    let message = outgoing(1, Channel::Chat, CHAT, &content);
    let typing = bot(TelegramSettings {
        typing: true,
        ..settings(telegram.url())
    });
    let sent = typing.send(&message).await;
    assert!(matches!(sent, Outcome::Accepted { .. }), "{sent:?}");
    let action = json!({"chat_id": 5_551_234_567_i64, "action": "typing"});
    let calls = telegram.provider().calls();
    assert_eq!(calls, [("sendChatAction".to_owned(), action)]);
    assert_eq!(telegram.violations(), Vec::<String>::new());

    // Nobody knows the chat: the action is refused, the message is asked for all the same.
    let odd = outgoing(2, Channel::Chat, "", &content);
    let refused = typing.send(&odd).await;
    assert!(
        matches!(refused, Outcome::RefusedForGood { .. }),
        "{refused:?}"
    );
    assert_eq!(telegram.requests(), 4);
}

#[test]
fn what_buttons_cannot_hold_is_numbered() {
    let name = "n".repeat(65);
    let long = body(CHAT, &content("Alors ?", &[(&name, "Oui"), ("no", "Non")])).unwrap();
    assert_eq!(long["text"], "Alors ?\n\n1. Oui\n2. Non");
    assert_eq!(long.get("reply_markup"), None);
    assert!(body(CHAT, &content(&"é".repeat(4096), &[])).is_ok());
    let said = body(CHAT, &content(&"é".repeat(4097), &[])).unwrap_err();
    assert_eq!(
        said,
        "the text has 4097 characters, and Telegram takes 4096"
    );
    let channel = body("@shop", &content("x", &[])).unwrap();
    assert_eq!(channel["chat_id"], "@shop");
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let refused = |settings: TelegramSettings| {
        let chat = AdapterSettings::Telegram(settings).into();
        let settings = Settings {
            chat,
            ..Settings::default()
        };
        Channels::new(&settings).unwrap_err().to_string()
    };
    let fine = || settings("https://api.telegram.org");
    for token in ["", "AAF0x", "12:a/b", "x:AAF0x", "12:"] {
        let said = refused(TelegramSettings {
            token: Secret::new(token),
            ..fine()
        });
        assert!(said.contains("`chat.token` must be a bot's id"), "{said}");
    }
    let said = refused(TelegramSettings {
        secret_token: Some(Secret::new("not so")),
        ..fine()
    });
    assert!(
        said.contains("`chat.secret_token` must be 1 to 256"),
        "{said}"
    );
    assert!(refused(settings("ftp://x")).contains("`chat.url` must begin"));
    let sms = Settings {
        sms: AdapterSettings::Telegram(fine()).into(),
        ..Settings::default()
    };
    let said = Channels::new(&sms).unwrap_err().to_string();
    assert_eq!(said, "channels: `sms.telegram` carries chat only");
    let shown = format!("{:?}", bot(fine()));
    assert!(
        !shown.contains("AAF0x") && !shown.contains(SECRET),
        "{shown}"
    );
}

fn hear(bot: &Channels, hook: &Webhook) -> Result<Heard, Unheard> {
    conformance::hear(bot, "telegram", hook)
}

/// A hook with the secret token of an update.
fn update(update: &Json) -> Webhook {
    Webhook {
        headers: vec![("x-telegram-bot-api-secret-token", SECRET.to_owned())],
        body: update.to_string().into_bytes(),
    }
}

#[tokio::test]
async fn what_people_say_and_press_is_heard() {
    let telegram = Telegram::start().await;
    let client = reqwest::Client::builder().no_proxy();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!(
        "{}/bot{}/setWebhook",
        telegram.url(),
        telegram.provider().token
    );
    let set =
        json!({"url": "https://my.shop.example/v1/providers/telegram", "secret_token": SECRET});
    let set = client.build().unwrap().post(url).json(&set).send().await;
    assert!(set.unwrap().status().is_success());
    let bot = bot(settings(telegram.url()));
    let telegram = telegram.provider();

    let heard = hear(&bot, &telegram.message(&ADA, "/start été")).unwrap();
    let [Report { id, at, what }] = heard.reports.as_slice() else {
        panic!("{heard:?}");
    };
    assert!(id.parse::<i64>().is_ok() && at.is_some() && heard.answer.is_none());
    let said = |text: &str, choice: Option<&str>| {
        What::Said(Said {
            channel: Channel::Chat,
            from: CHAT.into(),
            text: text.into(),
            choice: choice.map(str::to_owned),
            name: Some("Ada".into()),
            token: None,
        })
    };
    assert_eq!(*what, said("/start été", None));

    let heard = hear(&bot, &telegram.callback_query(&ADA, 3, "yes")).unwrap();
    assert_eq!(heard.reports[0].what, said("yes", Some("yes")));
    let (kind, answer) = heard.answer.unwrap();
    let answer: Json = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (kind, &answer["method"]),
        ("application/json", &json!("answerCallbackQuery"))
    );
    assert!(answer["callback_query_id"].is_string());

    let heard = hear(&bot, &telegram.blocked(&ADA, true)).unwrap();
    let left = What::Left {
        channel: Channel::Chat,
        from: CHAT.into(),
    };
    assert_eq!(heard.reports[0].what, left);
    let back = hear(&bot, &telegram.blocked(&ADA, false)).unwrap();
    assert_eq!(back.reports, []);

    let mut forged = telegram.message(&ADA, "hello");
    forged.headers.last_mut().unwrap().1 = "a_secret-tokem".into();
    assert_eq!(hear(&bot, &forged), Err(Unheard::NotSigned));
    forged.headers.pop();
    assert_eq!(hear(&bot, &forged), Err(Unheard::NotSigned));
}

#[test]
fn other_updates_are_passed_over_and_odd_ones_unreadable() {
    let bot = bot(settings("http://127.0.0.1:1"));
    let (user, chat) = (
        json!({"id": 7, "first_name": "A", "last_name": "B"}),
        json!({"id": 7}),
    );
    let message =
        |field: &str, value: &str| json!({"from": user, "chat": chat, "date": 1, (field): value});
    let caption = json!({"update_id": 1, "message": message("caption", "my cat")});
    let heard = hear(&bot, &update(&caption)).unwrap();
    let What::Said(said) = &heard.reports[0].what else {
        panic!("{heard:?}");
    };
    assert_eq!((&*said.text, said.name.as_deref()), ("my cat", Some("A B")));

    let label = json!({"update_id": 2, "callback_query": {"id": "9", "from": user, "data": "yes", "message": {
        "chat": {"id": -5}, "reply_markup": {"inline_keyboard": [[{"text": "Oui", "callback_data": "yes"}]]},
    }}});
    let heard = hear(&bot, &update(&label)).unwrap();
    let What::Said(said) = &heard.reports[0].what else {
        panic!("{heard:?}");
    };
    assert_eq!((&*said.from, &*said.text), ("-5", "Oui"));

    let game = json!({"update_id": 3, "callback_query": {"id": "9", "from": user, "game_short_name": "x"}});
    let heard = hear(&bot, &update(&game)).unwrap();
    assert!(heard.reports.is_empty() && heard.answer.is_some());
    for passed in [
        json!({"update_id": 4, "edited_message": message("text", "x")}),
        json!({"update_id": 5, "message": message("sticker", "x")}),
        json!({"update_id": 6, "channel_post": message("text", "x")}),
        json!({"update_id": 7, "poll": {}}),
        json!({"update_id": 8, "message": {"from": {"id": 1, "is_bot": true}, "chat": chat, "text": "x"}}),
        json!({"update_id": 9, "message": 5}),
    ] {
        assert_eq!(
            hear(&bot, &update(&passed)),
            Ok(Heard::default()),
            "{passed}"
        );
    }
    for odd in [json!([]), json!({}), json!({"update_id": "x"}), json!(null)] {
        let heard = hear(&bot, &update(&odd));
        assert!(
            matches!(heard, Err(Unheard::Unreadable(_))),
            "{odd}: {heard:?}"
        );
    }
    let deaf = self::bot(TelegramSettings {
        secret_token: None,
        ..settings("http://127.0.0.1:1")
    });
    assert_eq!(hear(&deaf, &update(&caption)), Err(Unheard::Nobody));
}
