use ring::hmac;
use serde_json::{Value as Json, json};

use super::{Inbound, Said, Status, WhatsApp};
use crate::{Mood, Provider as _, StandIn, Webhook, testing::Ask, wire::hex};

const TO: &str = "33612345678";

fn ask(whatsapp: &StandIn<WhatsApp>, body: &Json) -> Ask {
    let provider = whatsapp.provider();
    let url = format!(
        "{}/v23.0/{}/messages",
        whatsapp.url(),
        provider.phone_number_id
    );
    Ask::json(url, body).header("authorization", format!("Bearer {}", provider.access_token))
}

fn of(kind: &str, content: Json) -> Json {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+33 6 12 34 56 78",
        "type": kind,
    });
    body[kind] = content;
    body
}

fn text() -> Json {
    of(
        "text",
        json!({"body": "Votre panier", "preview_url": false}),
    )
}

fn template() -> Json {
    of(
        "template",
        json!({
            "name": "cart_reminder",
            "language": {"code": "fr"},
            "components": [
                {"type": "header", "parameters": [
                    {"type": "image", "image": {"link": "https://example.com/i.png"}},
                ]},
                {"type": "body", "parameters": [
                    {"type": "text", "text": "Zoé"},
                    {"type": "text", "text": "3 articles"},
                ]},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [
                    {"type": "text", "text": "cart/1"},
                ]},
            ],
        }),
    )
}

fn interactive(kind: &str, action: &Json) -> Json {
    of(
        "interactive",
        json!({
            "type": kind,
            "header": {"type": "text", "text": "Panier"},
            "body": {"text": "Que faire ?"},
            "footer": {"text": "Parcours"},
            "action": action,
        }),
    )
}

fn buttons(titles: &[&str]) -> Json {
    let button = |title: &&str| json!({"type": "reply", "reply": {"id": format!("id-{title}"), "title": title}});
    json!({"buttons": titles.iter().map(button).collect::<Vec<_>>()})
}

fn rows(count: usize) -> Json {
    let rows: Vec<Json> = (0..count)
        .map(|n| json!({"id": n.to_string(), "title": format!("Row {n}"), "description": "x"}))
        .collect();
    json!({"button": "Choisir", "sections": [{"title": "Choix", "rows": rows}]})
}

/// Opens the window of [`TO`].
fn open(whatsapp: &StandIn<WhatsApp>, said: Said<'_>) -> Webhook {
    whatsapp.provider().inbound(&Inbound {
        from: TO,
        name: "Zoé",
        said,
        context: Some("wamid.1"),
    })
}

#[tokio::test]
async fn messages_are_taken() {
    let whatsapp = WhatsApp::start().await;
    open(&whatsapp, Said::Text("Bonjour"));
    let link = json!({
        "name": "cta_url",
        "parameters": {"display_text": "Voir", "url": "https://example.com"},
    });
    let mut untyped = text();
    untyped["type"] = Json::Null;
    let bodies = [
        text(),
        untyped,
        template(),
        interactive("button", &buttons(&["Oui", "Non", "Plus tard"])),
        interactive("list", &rows(10)),
        interactive("cta_url", &link),
        of(
            "image",
            json!({"link": "https://example.com/i.png", "caption": "Été"}),
        ),
    ];
    for body in &bodies {
        let answer = ask(&whatsapp, body).send().await;
        assert_eq!(answer.status, 200, "{body} {}", answer.json());
        let message = whatsapp.accepted().pop().unwrap();
        let said = answer.json();
        assert_eq!(
            said["contacts"],
            json!([{"input": "+33 6 12 34 56 78", "wa_id": TO}])
        );
        assert_eq!(said["messages"][0]["id"], json!(message.id));
    }
    let messages = whatsapp.accepted();
    assert_eq!(messages[0].text.as_deref(), Some("Votre panier"));
    assert_eq!(messages[2].template.as_deref(), Some("cart_reminder"));
    assert_eq!(messages[2].parameters, ["Zoé", "3 articles"]);
    assert_eq!(messages[3].text.as_deref(), Some("Que faire ?"));
    let read = json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.1",
        "typing_indicator": {"type": "text"},
    });
    let answer = ask(&whatsapp, &read).send().await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"success": true}))
    );
    assert_eq!(whatsapp.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn outside_of_the_window_there_are_templates_alone() {
    let whatsapp = WhatsApp::start().await;
    let code =
        async |body: &Json| ask(&whatsapp, body).send().await.json()["error"]["code"].clone();
    assert_eq!(code(&text()).await, json!(131_047));
    assert_eq!(code(&template()).await, Json::Null);
    open(&whatsapp, Said::Button("yes", "Oui"));
    assert_eq!(code(&text()).await, Json::Null);
    whatsapp.provider().close_window(TO);
    assert_eq!(code(&text()).await, json!(131_047));
    assert_eq!(whatsapp.accepted().len(), 2);
    assert_eq!(whatsapp.violations(), Vec::<String>::new());
    let late = WhatsApp {
        tells_late: true,
        ..WhatsApp::default()
    };
    let late = late.serve().await;
    assert_eq!(ask(&late, &text()).send().await.status, 200);
}

#[tokio::test]
async fn a_template_that_is_not_there_is_no_malformed_request() {
    let whatsapp = WhatsApp::start().await;
    for (field, value) in [
        ("name", json!("another")),
        ("language", json!({"code": "de"})),
    ] {
        let mut body = template();
        body["template"][field] = value;
        let answer = ask(&whatsapp, &body).send().await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (404, &json!(132_001))
        );
    }
    assert_eq!(whatsapp.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let whatsapp = WhatsApp::start().await;
    open(&whatsapp, Said::Row("1", "Row"));
    let with = |mut body: Json, pointer: &str, value: Json| {
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let parameters = "/template/components/1/parameters";
    let mut unknown = text();
    unknown["txt"] = json!({"body": "x"});
    let mut deep = text();
    deep["text"]["preview"] = json!(true);
    let cases = [
        (with(text(), "/messaging_product", json!("sms")), 131_009),
        (with(text(), "/messaging_product", Json::Null), 131_008),
        (with(text(), "/to", json!("zoe")), 131_009),
        (with(text(), "/to", Json::Null), 131_008),
        (with(text(), "/type", json!("sms")), 131_009),
        (with(text(), "/text", Json::Null), 131_008),
        (with(text(), "/text/body", json!("x".repeat(4097))), 131_009),
        (with(text(), "/text/body", json!("")), 131_008),
        (unknown, 100),
        (deep, 100),
        (with(template(), "/template/name", json!("Cart")), 131_009),
        (with(template(), "/template/language", json!("fr")), 131_009),
        (
            with(template(), "/template/language", json!({"code": "fr-FR"})),
            131_009,
        ),
        (with(template(), parameters, json!([])), 132_000),
        (with(template(), parameters, json!(["Zoé", "3"])), 131_009),
        (
            with(template(), &format!("{parameters}/0/text"), json!("a\nb")),
            131_009,
        ),
        (
            with(template(), "/template/components/2/index", json!("x")),
            131_009,
        ),
        (
            interactive("button", &buttons(&["1", "2", "3", "4"])),
            131_009,
        ),
        (
            interactive("button", &buttons(&["A title that is too long"])),
            131_009,
        ),
        (interactive("button", &buttons(&["1", "1"])), 131_009),
        (interactive("button", &rows(1)), 100),
        (interactive("list", &rows(11)), 131_009),
        (interactive("list", &rows(0)), 131_008),
        (interactive("form", &json!({})), 131_009),
        (of("image", json!({"link": "i.png"})), 131_009),
        (
            of("image", json!({"id": "1", "link": "https://example.com"})),
            131_009,
        ),
    ];
    for (n, (body, code)) in cases.into_iter().enumerate() {
        let answer = ask(&whatsapp, &body).send().await;
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["error"]["code"]),
            (400, &json!(code)),
            "{body} {said}"
        );
        assert!(said["error"]["error_data"]["details"].is_string());
        assert_eq!(whatsapp.violations().len(), n + 1);
    }
    let right = ask(&whatsapp, &text());
    let at = |from: &str, to: &str| {
        let mut ask = right.clone();
        ask.url = ask.url.replace(from, to);
        ask
    };
    let cases = [
        (right.clone().without("authorization"), 401, 190),
        (right.clone().header("authorization", "Bearer x"), 401, 190),
        (at("v23.0", "v23"), 400, 100),
        (at("/106540352242922/", "/1/"), 400, 100),
        (right.clone().header("content-type", "text/plain"), 400, 100),
    ];
    for (ask, status, code) in cases {
        let answer = ask.send().await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (status, &json!(code))
        );
    }
    assert_eq!(whatsapp.accepted().len(), 0);
}

#[tokio::test]
async fn each_mood() {
    let whatsapp = WhatsApp::start().await;
    let cases = [
        (Mood::RefuseForGood, 403, 368),
        (Mood::RefuseForNow, 500, 131_016),
        (Mood::Throttle { retry_after: None }, 400, 130_429),
        (Mood::Deny, 401, 190),
        (Mood::NoCredit, 400, 131_042),
        (Mood::GoneAddress, 400, 131_026),
    ];
    for (mood, status, code) in cases {
        whatsapp.mood(mood);
        let answer = ask(&whatsapp, &template()).send().await;
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["error"]["code"]),
            (status, &json!(code))
        );
        assert!(said["error"]["fbtrace_id"].is_string());
    }
    whatsapp.mood(Mood::Garble);
    assert_eq!(ask(&whatsapp, &template()).send().await.json(), Json::Null);
    whatsapp.mood(Mood::AcceptAndHang);
    assert!(ask(&whatsapp, &template()).hangs().await.is_none());
    assert_eq!(whatsapp.accepted().len(), 2);
}

#[tokio::test]
async fn hooks_are_signed() {
    let whatsapp = WhatsApp::start().await;
    let provider = whatsapp.provider();
    let status = provider.status(&Status {
        id: "wamid.1",
        status: "failed",
        to: TO,
        callback_data: Some("018f0000"),
        error: Some((131_047, "Re-engagement message")),
    });
    let hooks = [
        &status,
        &open(&whatsapp, Said::Text("STOP")),
        &open(&whatsapp, Said::QuickReply("later", "Plus tard")),
    ];
    let mut values = Vec::new();
    for hook in hooks {
        let key = hmac::Key::new(hmac::HMAC_SHA256, provider.app_secret.as_bytes());
        let right = hex(hmac::sign(&key, &hook.body).as_ref());
        assert_eq!(
            hook.header("X-Hub-Signature-256"),
            Some(&*format!("sha256={right}"))
        );
        let body: Json = serde_json::from_slice(&hook.body).unwrap();
        values.push(body["entry"][0]["changes"][0]["value"].clone());
    }
    assert_eq!(
        values[0]["statuses"][0]["errors"][0]["code"],
        json!(131_047)
    );
    assert_eq!(values[1]["messages"][0]["text"]["body"], "STOP");
    assert_eq!(values[2]["messages"][0]["button"]["payload"], "later");
    let query = provider.verification("token", "1158201444");
    assert!(query.contains("hub.challenge=1158201444"));
}
