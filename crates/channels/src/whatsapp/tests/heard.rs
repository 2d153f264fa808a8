//! What WhatsApp tells.

use http::HeaderMap;
use journey::{failure::Failure, message::Channel};
use ring::hmac;
use serde_json::{Value as Json, json};
use standins::{
    Webhook, WhatsApp,
    whatsapp::{Said as Says, Status},
};

use super::{TO, VERIFY, WA_ID, inbound, settings, shop};
use crate::{
    AdapterSettings, Fate, Heard, Hook, Said, Unheard, What, WhatsAppSettings,
    conformance::{self, TOKEN, channels},
    testing::at,
};

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
