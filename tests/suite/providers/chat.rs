//! A conversation over WhatsApp and one over Telegram, beside each other.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use channels::{AdapterSettings, Providers, Secret, Settings, TelegramSettings, WhatsAppSettings};
use parcours_tests::kit::{self, Workspace};
use serde_json::json;
use standins::{
    Provider as _, StandIn, Telegram, WhatsApp,
    telegram::Who,
    whatsapp::{Inbound, Said, Status},
};

use super::Place;

const ASKED: &str = "purpose: service
enter: { event: start, again: always }
steps:
  - id: size
    ask: chat
    template: size
    options:
      small: { label: { en: Small, fr: Petit }, then: [ { exit: small } ] }
      large: { label: { en: Large, fr: Grand }, then: [ { exit: large } ] }
    save: customer.size
    within: 1d
    else: [ { exit: silent } ]
";
const WORD: &str = "a-word-of-ours";
const WHATSAPP: &str = "/v1/providers/whatsapp";
const TELEGRAM: &str = "/v1/providers/telegram";

struct Chats {
    place: Place,
    whatsapp: StandIn<WhatsApp>,
    telegram: StandIn<Telegram>,
}

impl Chats {
    async fn new() -> Self {
        let (whatsapp, telegram) = (WhatsApp::start().await, Telegram::start().await);
        let there = whatsapp.provider();
        let of_whatsapp = WhatsAppSettings {
            url: whatsapp.url().to_owned(),
            app_secret: Some(Secret::new(&there.app_secret)),
            verify_token: Some(Secret::new(WORD)),
            ..WhatsAppSettings::new(&there.phone_number_id, &there.access_token)
        };
        let of_telegram = TelegramSettings {
            url: telegram.url().to_owned(),
            secret_token: Some(Secret::new(WORD)),
            ..TelegramSettings::new(&telegram.provider().token)
        };
        let settings = Settings {
            chat: Providers(vec![
                AdapterSettings::WhatsApp(of_whatsapp),
                AdapterSettings::Telegram(of_telegram),
            ]),
            ..Settings::default()
        };
        let workspace = Workspace::new()
            .file("templates/size/chat.en.txt", "Which size?\n")
            .journey("survey", ASKED);
        let place = Place::new(&workspace, &settings).await;
        // As whoever sets the bot up does, by hand.
        let set = kit::http()
            .post(format!("{}/bot{}/setWebhook", telegram.url(), telegram.provider().token))
            .json(&json!({ "url": "https://my.shop.example/v1/providers/telegram", "secret_token": WORD }));
        assert!(set.send().await.unwrap().status().is_success());
        Self {
            place,
            whatsapp,
            telegram,
        }
    }

    /// What somebody says at WhatsApp.
    async fn says(&self, from: &str, said: Said<'_>) -> (StatusCode, String) {
        let hook = self.whatsapp.provider().inbound(&Inbound {
            from,
            name: "Ana",
            said,
            context: None,
        });
        self.place.told(WHATSAPP, &hook).await
    }
}

#[tokio::test]
async fn a_question_over_whatsapp_is_delivered_read_and_answered_by_a_button() {
    let chats = Chats::new().await;
    let place = &chats.place;
    place
        .is(
            "ana",
            json!({ "chat_id": "whatsapp:+33612345678", "locale": "fr" }),
        )
        .await;
    // Whoever writes first may be answered for a day.
    let (status, _) = chats.says("33612345678", Said::Text("bonjour")).await;
    assert_eq!(status, StatusCode::OK);
    place.does("ana", "start", json!({})).await;
    place.dispatch().await;
    assert_eq!(place.messages().await, ["sent whatsapp"]);
    let sent = chats.whatsapp.accepted().remove(0);
    assert_eq!((&*sent.to, &*sent.kind), ("33612345678", "interactive"));
    assert_eq!(chats.whatsapp.violations(), Vec::<String>::new());
    for status in ["sent", "delivered", "read", "read"] {
        let hook = chats.whatsapp.provider().status(&Status {
            id: &sent.id,
            status,
            to: "33612345678",
            callback_data: sent.callback_data.as_deref(),
            error: None,
        });
        assert_eq!(place.told(WHATSAPP, &hook).await.0, StatusCode::OK);
    }
    let (status, _) = chats
        .says("33612345678", Said::Button("large", "Grand"))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        place.happened("ana").await,
        [
            "message.replied",
            "start",
            "message.delivered",
            "message.opened",
            "message.replied"
        ]
    );
    assert_eq!(place.reasons().await, ["large"]);
    assert_eq!(place.traits("ana").await["size"], "large");
}

#[tokio::test]
async fn a_call_that_whatsapp_did_not_sign_is_refused_and_its_question_is_answered() {
    let chats = Chats::new().await;
    let mut forged = chats.whatsapp.provider().inbound(&Inbound {
        from: "33612345678",
        name: "Eve",
        said: Said::Text("STOP"),
        context: None,
    });
    forged.body.extend(b" ");
    let (status, body) = chats.place.told(WHATSAPP, &forged).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    assert!(body.contains("\"code\":\"signature\""), "{body}");
    assert_eq!(chats.place.rig.count("select count(*) from input").await, 0);
    let (status, body) = chats.place.told("/v1/providers/fax", &forged).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
    for (word, answered) in [
        (WORD, StatusCode::OK),
        ("guessed", StatusCode::UNAUTHORIZED),
    ] {
        let query = chats.whatsapp.provider().verification(word, "1158201444");
        let asked = Request::get(format!("{WHATSAPP}?{query}")).body(Body::empty());
        let (status, body) = chats.place.ask(asked.unwrap()).await;
        assert_eq!(status, answered, "{body}");
        assert_eq!(body == "1158201444", answered == StatusCode::OK);
    }
}

#[tokio::test]
async fn somebody_new_becomes_a_customer_who_can_be_answered() {
    let chats = Chats::new().await;
    let place = &chats.place;
    let who = Who {
        id: 5_551_234_567,
        first_name: "Bo",
        language_code: Some("en"),
    };
    let hook = chats.telegram.provider().message(&who, "hello");
    assert_eq!(place.told(TELEGRAM, &hook).await.0, StatusCode::OK);
    // The same again is no second one.
    assert_eq!(place.told(TELEGRAM, &hook).await.0, StatusCode::OK);
    let key = "telegram:5551234567";
    assert_eq!(place.happened(key).await, ["message.replied"]);
    let traits = place.traits(key).await;
    assert_eq!(traits["chat_id"], key);
    assert_eq!(traits["name"], "Bo");
    place.does(key, "start", json!({})).await;
    place.dispatch().await;
    // Not WhatsApp, which is the first of the two.
    assert_eq!(place.messages().await, ["sent telegram"]);
    let sent = chats.telegram.accepted().remove(0);
    assert_eq!((&*sent.to, &*sent.text), ("5551234567", "Which size?"));
    let pressed = chats
        .telegram
        .provider()
        .callback_query(&who, sent.message_id, "small");
    let (status, body) = place.told(TELEGRAM, &pressed).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("answerCallbackQuery"), "{body}");
    assert_eq!(place.reasons().await, ["small"]);
    // Whoever blocks the bot is not written to any more.
    let left = chats.telegram.provider().blocked(&who, true);
    assert_eq!(place.told(TELEGRAM, &left).await.0, StatusCode::OK);
    place.does(key, "start", json!({})).await;
    place.dispatch().await;
    assert_eq!(chats.telegram.accepted().len(), 1);
    assert!(place.messages().await[1].contains("suppression_list"));
    // Until they write again.
    let back = chats.telegram.provider().message(&who, "I am back");
    assert_eq!(place.told(TELEGRAM, &back).await.0, StatusCode::OK);
    place.does(key, "start", json!({})).await;
    place.dispatch().await;
    assert_eq!(chats.telegram.accepted().len(), 2);
}
