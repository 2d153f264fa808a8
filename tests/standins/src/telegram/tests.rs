use serde_json::{Value as Json, json};

use super::{Telegram, Who};
use crate::{Mood, Provider as _, StandIn, Webhook, testing::Ask};

fn message() -> Json {
    json!({
        "chat_id": 4242,
        "text": "<b>Votre panier</b> vous attend",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
        "reply_markup": {"inline_keyboard": [[
            {"text": "Voir", "url": "https://example.com/cart"},
            {"text": "Plus tard", "callback_data": "later"},
        ]]},
    })
}

fn call(telegram: &StandIn<Telegram>, method: &str, body: &Json) -> Ask {
    let token = &telegram.provider().token;
    Ask::json(format!("{}/bot{token}/{method}", telegram.url()), body)
}

fn ask(telegram: &StandIn<Telegram>, body: &Json) -> Ask {
    call(telegram, "sendMessage", body)
}

#[tokio::test]
async fn a_message_is_taken() {
    let telegram = Telegram::start().await;
    let answer = ask(&telegram, &message()).send().await;
    assert_eq!(answer.status, 200);
    let said = answer.json();
    let messages = telegram.accepted();
    assert_eq!(messages[0].to, "4242");
    assert_eq!(messages[0].parse_mode.as_deref(), Some("HTML"));
    assert_eq!(said["result"]["message_id"], json!(messages[0].message_id));
    assert_eq!(said["result"]["chat"]["id"], json!(4242));
    let keyboard = json!({
        "chat_id": "-100123",
        "text": "Oui ?",
        "reply_markup": {"keyboard": [["Oui", {"text": "Non"}]], "one_time_keyboard": true},
    });
    assert_eq!(ask(&telegram, &keyboard).send().await.status, 200);
    assert_eq!(telegram.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let telegram = Telegram::start().await;
    let buttons = |button: Json| json!({"inline_keyboard": [[button]]});
    let cases = [
        ("chat_id", Json::Null),
        ("chat_id", json!("zoe")),
        ("chat_id", json!(1.5)),
        ("text", Json::Null),
        ("text", json!("  ")),
        ("text", json!("x".repeat(4097))),
        ("text", json!("<p>x</p>")),
        ("parse_mode", json!("Text")),
        ("parse_mode", json!("MarkdownV2")),
        ("protect_content", json!("true")),
        ("reply_markup", json!("x")),
        ("reply_markup", json!({})),
        ("reply_markup", json!({"inline_keyboard": [{"text": "x"}]})),
        ("reply_markup", buttons(json!({"text": "x"}))),
        (
            "reply_markup",
            buttons(json!({"text": "", "url": "https://example.com"})),
        ),
        (
            "reply_markup",
            buttons(json!({"text": "x", "url": "example"})),
        ),
        (
            "reply_markup",
            buttons(json!({"text": "x", "callback_data": "x".repeat(65)})),
        ),
        (
            "reply_markup",
            buttons(json!({"text": "x", "url": "tg://x", "callback_data": "x"})),
        ),
        ("reply_markup", json!({"keyboard": [[1]]})),
    ];
    for (n, (name, value)) in cases.into_iter().enumerate() {
        let mut message = message();
        message[name] = value;
        if message["parse_mode"] == "MarkdownV2" {
            message["text"] = json!("1.5");
        }
        let answer = ask(&telegram, &message).send().await;
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["ok"]),
            (400, &json!(false)),
            "{message}"
        );
        assert_eq!(said["error_code"], json!(400));
        assert!(
            said["description"]
                .as_str()
                .unwrap()
                .starts_with("Bad Request: ")
        );
        assert_eq!(telegram.violations().len(), n + 1);
    }
    let right = ask(&telegram, &message());
    let at = |path: &str| {
        let mut ask = right.clone();
        ask.url = format!("{}{path}", telegram.url());
        ask
    };
    let token = &telegram.provider().token;
    let cases = [
        (at("/bot1:x/sendMessage"), 401),
        (at("/sendMessage"), 404),
        (at(&format!("/bot{token}/sendMassage")), 404),
        (right.clone().header("content-type", "text/plain"), 400),
    ];
    for (ask, status) in cases {
        let answer = ask.send().await;
        assert_eq!(
            (answer.status, &answer.json()["error_code"]),
            (status, &json!(status))
        );
    }
    assert_eq!(telegram.accepted().len(), 0);
}

#[tokio::test]
async fn a_parameter_that_nobody_knows_is_noted_though_not_minded() {
    let telegram = Telegram::start().await;
    let mut message = message();
    message["parsemode"] = json!("HTML");
    assert_eq!(ask(&telegram, &message).send().await.status, 200);
    assert_eq!(telegram.violations().len(), 1);
}

#[tokio::test]
async fn other_methods() {
    let telegram = Telegram::start().await;
    let fine = [
        ("sendChatAction", json!({"chat_id": 1, "action": "typing"})),
        (
            "answerCallbackQuery",
            json!({"callback_query_id": "1", "text": "Merci"}),
        ),
        ("getMe", json!({})),
        (
            "setWebhook",
            json!({
                "url": "https://parcours.example/hooks/telegram",
                "secret_token": "s3cret_-",
                "allowed_updates": ["message", "callback_query"],
            }),
        ),
        ("getWebhookInfo", json!({})),
    ];
    telegram.mood(Mood::Deny);
    for (method, body) in &fine {
        let answer = call(&telegram, method, body).send().await;
        assert_eq!(
            (answer.status, &answer.json()["ok"]),
            (200, &json!(true)),
            "{method}"
        );
    }
    assert_eq!(telegram.provider().calls().len(), fine.len());
    let webhook = telegram.provider().webhook().unwrap();
    assert_eq!(webhook.secret_token.as_deref(), Some("s3cret_-"));
    assert_eq!(telegram.violations(), Vec::<String>::new());
    let wrong = [
        ("sendChatAction", json!({"chat_id": 1, "action": "sing"})),
        ("sendChatAction", json!({"action": "typing"})),
        ("answerCallbackQuery", json!({})),
        (
            "answerCallbackQuery",
            json!({"callback_query_id": "1", "text": "x".repeat(201)}),
        ),
        ("setWebhook", json!({"url": "http://parcours.example"})),
        (
            "setWebhook",
            json!({"url": "https://parcours.example:9000"}),
        ),
        (
            "setWebhook",
            json!({"url": "https://parcours.example", "secret_token": "é"}),
        ),
        (
            "setWebhook",
            json!({"url": "https://parcours.example", "max_connections": 0}),
        ),
    ];
    for (method, body) in wrong {
        assert_eq!(
            call(&telegram, method, &body).send().await.status,
            400,
            "{body}"
        );
    }
    assert_eq!(
        call(&telegram, "deleteWebhook", &json!({}))
            .send()
            .await
            .status,
        200
    );
    assert_eq!(telegram.provider().webhook(), None);
}

#[tokio::test]
async fn each_mood() {
    let telegram = Telegram::start().await;
    let cases = [
        (Mood::RefuseForGood, 400),
        (Mood::RefuseForNow, 502),
        (
            Mood::Throttle {
                retry_after: Some(9),
            },
            429,
        ),
        (Mood::Deny, 401),
        (Mood::GoneAddress, 403),
    ];
    for (mood, status) in cases {
        telegram.mood(mood);
        let answer = ask(&telegram, &message()).send().await;
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["error_code"]),
            (status, &json!(status))
        );
        let wait = if status == 429 { json!(9) } else { Json::Null };
        assert_eq!(said["parameters"]["retry_after"], wait);
    }
    telegram.mood(Mood::Garble);
    assert_eq!(ask(&telegram, &message()).send().await.json(), Json::Null);
    telegram.mood(Mood::AcceptAndHang);
    assert!(ask(&telegram, &message()).hangs().await.is_none());
    assert_eq!(telegram.accepted().len(), 2);
}

#[tokio::test]
async fn updates_carry_the_secret() {
    let telegram = Telegram::start().await;
    let zoe = Who {
        id: 4242,
        first_name: "Zoé",
        language_code: Some("fr"),
    };
    let read = |hook: &Webhook| -> Json { serde_json::from_slice(&hook.body).unwrap() };
    let hook = telegram.provider().message(&zoe, "/start abc");
    assert_eq!(hook.header("X-Telegram-Bot-Api-Secret-Token"), None);
    let first = read(&hook);
    assert_eq!(first["message"]["entities"][0]["length"], json!(6));
    let set = json!({"url": "https://parcours.example", "secret_token": "s3cret"});
    call(&telegram, "setWebhook", &set).send().await;
    let hook = telegram.provider().callback_query(&zoe, 1, "later");
    assert_eq!(
        hook.header("X-Telegram-Bot-Api-Secret-Token"),
        Some("s3cret")
    );
    let second = read(&hook);
    assert_eq!(second["callback_query"]["data"], "later");
    assert!(second["update_id"].as_i64() > first["update_id"].as_i64());
    let third = read(&telegram.provider().blocked(&zoe, true));
    assert_eq!(
        third["my_chat_member"]["new_chat_member"]["status"],
        "kicked"
    );
}
