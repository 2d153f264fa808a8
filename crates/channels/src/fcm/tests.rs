//! The adapter against FCM's stand-in.

use std::{path::PathBuf, time::Duration};

use futures::future::join_all;
use journey::{content::Content, message::Channel};
use serde_json::{Value as Json, json};
use standins::{Fcm, Mood, Provider as _, Reply, StandIn, fcm};

use crate::{
    About, AdapterSettings, Channels, FcmSettings, Outcome, Priority, Settings,
    conformance::{Case, Means, Setup, conforms},
    push::testing::{plain, rich},
    testing::{Scratch, id, outgoing},
};

const TOKEN: &str = "cXyZ0123_-:APA91bToken";

/// The service account's file for the stand-in at `url`.
fn account(dir: &Scratch, fcm: &Fcm, url: &str) -> PathBuf {
    let port = url.rsplit(':').next().unwrap_or_default();
    let file = dir.path().join(format!("{port}.json"));
    std::fs::write(&file, fcm.service_account(url).to_string()).unwrap();
    file
}

fn settings(dir: &Scratch, server: &StandIn<Fcm>) -> FcmSettings {
    FcmSettings {
        url: server.url().to_owned(),
        ..FcmSettings::new(account(dir, server.provider(), server.url()))
    }
}

fn channels(settings: FcmSettings) -> Channels {
    Channels::new(&Settings {
        push: AdapterSettings::Fcm(settings).into(),
        ..Settings::default()
    })
    .unwrap()
}

async fn send(channels: &Channels, content: &Content) -> Outcome {
    let message = outgoing(7, Channel::Push, TOKEN, content);
    channels.send(&message).await
}

#[tokio::test]
async fn it_conforms() {
    let dir = Scratch::new();
    let settings = move |fcm: &Fcm, setup: &Setup| {
        AdapterSettings::Fcm(FcmSettings {
            url: setup.url.clone(),
            ca_file: setup.ca_file.clone(),
            timeout_seconds: setup.timeout_seconds,
            ..FcmSettings::new(account(&dir, fcm, &setup.url))
        })
    };
    conforms(&Case::<Fcm> {
        channel: Channel::Push,
        to: |_, _| TOKEN.to_owned(),
        content: Content::Push(rich()),
        settings: Box::new(settings),
        prepare: |_| {},
        says,
        id: |push| Some(push.name.clone()),
        // "The server couldn't process the request in time.": a refusal for now is unclear.
        means: Means::default(),
    })
    .await;
}

fn says(push: &fcm::Push) {
    assert_eq!(push.to, TOKEN);
    let actions = json!([
        {"name": "buy", "label": "Acheter", "url": "https://shop.example/buy"},
        {"name": "later", "label": "Plus tard"},
    ]);
    let data = &push.json["data"];
    let actions_sent: Json = serde_json::from_str(data["actions"].as_str().unwrap()).unwrap();
    assert_eq!(actions_sent, actions);
    assert_eq!(data["screen"], "cart");
    assert_eq!(data["url"], "https://shop.example/cart");
    assert_eq!(data["id"], id(7).to_string());
    let notification = json!({
        "title": "Été", "body": "Votre panier vous attend", "image": "https://shop.example/cart.png",
    });
    assert_eq!(push.json["notification"], notification);
    let android = json!({
        "priority": "HIGH", "ttl": "3600s", "collapse_key": "cart", "notification": {"tag": "cart"},
    });
    assert_eq!(push.json["android"], android);
    let apns = &push.json["apns"];
    assert_eq!(apns["headers"]["apns-collapse-id"], "cart");
    assert_eq!(apns["headers"]["apns-priority"], "10");
    assert!(apns["headers"]["apns-expiration"].is_string());
    let aps = json!({"mutable-content": 1, "category": "buy.later"});
    assert_eq!(apns["payload"], json!({"aps": aps}));
    let image = json!({"image": "https://shop.example/cart.png"});
    assert_eq!(apns["fcm_options"], image);
    let web = json!({
        "headers": {"Urgency": "high", "TTL": "3600", "Topic": "cart"},
        "notification": {
            "tag": "cart",
            "actions": [{"action": "buy", "title": "Acheter"}, {"action": "later", "title": "Plus tard"}],
        },
        "fcm_options": {"link": "https://shop.example/cart"},
    });
    assert_eq!(push.json["webpush"], web);
}

/// What a template leaves out, FCM decides.
#[tokio::test]
async fn a_plain_notification_says_no_more_than_it_must() {
    let (dir, server) = (Scratch::new(), Fcm::start().await);
    let channels = channels(FcmSettings {
        priority: Priority::Normal,
        ..settings(&dir, &server)
    });
    let got = send(&channels, &plain()).await;
    assert!(matches!(got, Outcome::Accepted { .. }), "{got:?}");
    let expected = json!({
        "token": TOKEN,
        "notification": {"title": "Bonjour", "body": "là"},
        "data": {"id": id(7).to_string()},
        "android": {"priority": "NORMAL"},
        "apns": {"headers": {"apns-priority": "5"}},
        "webpush": {"headers": {"Urgency": "normal"}},
    });
    assert_eq!(server.accepted()[0].json, expected);
    // FCM takes no other links than these for browsers; the app gets it all the same.
    let deep = Content::Push(journey::content::Push {
        url: Some("shop://cart".into()),
        ..rich()
    });
    send(&channels, &deep).await;
    let json = &server.accepted()[1].json;
    assert_eq!(json["webpush"]["fcm_options"], Json::Null);
    assert_eq!(json["data"]["url"], "shop://cart");
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn one_token_serves_all_who_ask_at_the_same_time() {
    let (dir, server) = (Scratch::new(), Fcm::start().await);
    let channels = channels(settings(&dir, &server));
    let content = plain();
    let all = join_all((0..16).map(|_| send(&channels, &content))).await;
    let accepted = all.iter().filter(|o| matches!(o, Outcome::Accepted { .. }));
    assert_eq!(
        (accepted.count(), server.provider().tokens_given()),
        (16, 1)
    );
    // They are over before we would know: each that is refused asks once more.
    server.provider().expire_tokens();
    let all = join_all((0..16).map(|_| send(&channels, &content))).await;
    let accepted = all.iter().filter(|o| matches!(o, Outcome::Accepted { .. }));
    assert_eq!(
        (accepted.count(), server.provider().tokens_given()),
        (16, 2)
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn whoever_waits_for_a_token_that_is_not_given_fails_with_the_one_who_asked() {
    let (dir, server) = (Scratch::new(), Fcm::start().await);
    let settings = settings(&dir, &server);
    let mut file = server.provider().service_account(server.url());
    file["client_email"] = json!("somebody@example.com");
    std::fs::write(&settings.service_account_file, file.to_string()).unwrap();
    let channels = channels(settings);
    let content = plain();
    let all = join_all((0..8).map(|_| send(&channels, &content))).await;
    for got in &all {
        let Outcome::RefusedForNow {
            about: About::Trouble,
            unclear: false,
            detail,
            ..
        } = got
        else {
            panic!("{got:?}");
        };
        let said = detail.to_string();
        assert!(
            said.contains("Google gives no access token: invalid_grant"),
            "{said}"
        );
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn codes_decide() {
    let (dir, server) = (Scratch::new(), Fcm::start().await);
    let outcome = async |reply: Reply| {
        server.mood(Mood::answer(reply));
        send(&channels(settings(&dir, &server)), &plain()).await
    };
    let for_good = async |reply: Reply| match outcome(reply).await {
        Outcome::RefusedForGood { gone, .. } => gone,
        other => panic!("{other:?}"),
    };
    let bad = |status: u16, error: Json| Reply::json(status, &json!({"error": error}));
    let violation = |field: &str| {
        let details = json!([{
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": field, "description": "invalid"}],
        }]);
        bad(
            400,
            json!({"status": "INVALID_ARGUMENT", "message": "no", "details": details}),
        )
    };
    let words = "The registration token is not a valid FCM registration token";
    assert!(for_good(fcm::error("UNREGISTERED")).await);
    assert!(for_good(violation("message.token")).await);
    assert!(for_good(bad(400, json!({"message": words}))).await);
    assert!(!for_good(violation("message.android.ttl")).await);
    assert!(!for_good(fcm::error("INVALID_ARGUMENT")).await);
    assert!(!for_good(fcm::error("SENDER_ID_MISMATCH")).await);

    let for_now = async |reply: Reply| match outcome(reply).await {
        Outcome::RefusedForNow {
            about,
            unclear,
            detail,
            ..
        } => (about, unclear, detail.to_string()),
        other => panic!("{other:?}"),
    };
    let (about, unclear, said) = for_now(fcm::error("THIRD_PARTY_AUTH_ERROR")).await;
    assert_eq!((about, unclear), (About::Trouble, false));
    assert!(said.contains("no good key for Apple or the Web"), "{said}");
    let (about, unclear, _) = for_now(fcm::error("QUOTA_EXCEEDED")).await;
    assert_eq!((about, unclear), (About::Haste, false));
    for code in ["UNAVAILABLE", "INTERNAL"] {
        let (about, unclear, _) = for_now(fcm::error(code)).await;
        assert_eq!((about, unclear), (About::Trouble, true), "{code}");
    }
    // A 404 that is not about the token must not cost us all tokens.
    let (about, unclear, said) = for_now(bad(404, json!({"status": "NOT_FOUND"}))).await;
    assert_eq!((about, unclear), (About::Trouble, false));
    assert!(said.contains("no such project"), "{said}");
    let (about, unclear, said) = for_now(bad(403, json!({"message": "no"}))).await;
    assert_eq!((about, unclear), (About::Trouble, false));
    assert!(
        said.contains("does not accept the service account: no"),
        "{said}"
    );
}

#[tokio::test]
async fn a_token_that_does_not_come_is_waited_for_no_longer_than_the_message() {
    let dir = Scratch::new();
    let server = Fcm::start().await;
    let (silent, _) = crate::testing::http(Vec::new()).await;
    let mut settings = settings(&dir, &server);
    let mut file = server.provider().service_account(server.url());
    file["token_uri"] = json!(format!("http://{silent}/token"));
    std::fs::write(&settings.service_account_file, file.to_string()).unwrap();
    settings.timeout_seconds = 1;
    let channels = channels(settings);
    let content = plain();
    let begun = std::time::Instant::now();
    let all = join_all((0..3).map(|_| send(&channels, &content))).await;
    assert!(all.iter().all(Outcome::is_not_me), "{all:?}");
    // Not one after the other.
    assert!(
        begun.elapsed() < Duration::from_millis(2_900),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(server.requests(), 0);
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let dir = Scratch::new();
    let file = dir.path().join("account.json");
    let refused = |text: &Json| {
        std::fs::write(&file, text.to_string()).unwrap();
        let settings = AdapterSettings::Fcm(FcmSettings::new(&file));
        let settings = Settings {
            push: settings.into(),
            ..Settings::default()
        };
        Channels::new(&settings).map_err(|e| e.to_string())
    };
    let right = Fcm::default().service_account("https://oauth2.googleapis.com");
    assert!(refused(&right).is_ok());
    let said = refused(&json!({"private_key": "hunter2"})).unwrap_err();
    assert!(
        said.contains("`push.service_account_file` is no key of a service account"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    let with = |name: &str, value: &str| {
        let mut file = right.clone();
        file[name] = json!(value);
        refused(&file).unwrap_err()
    };
    assert!(with("private_key", "x").contains("`private_key` has no PEM block"));
    assert!(with("token_uri", "x").contains("`token_uri` is no URL"));
    let gone = AdapterSettings::Fcm(FcmSettings::new("/nowhere"));
    let on = |push: Option<AdapterSettings>, sms: Option<AdapterSettings>| {
        let settings = Settings {
            push: push.into(),
            sms: sms.into(),
            ..Settings::default()
        };
        Channels::new(&settings).unwrap_err().to_string()
    };
    assert!(on(Some(gone.clone()), None).contains("cannot be read: /nowhere"));
    assert!(on(None, Some(gone)).contains("`sms.fcm` carries push notifications only"));
}
