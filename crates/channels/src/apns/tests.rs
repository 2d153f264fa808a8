//! The adapter against the stand-in of Apple's.

use std::{path::PathBuf, time::Duration};

use journey::{content::Content, message::Channel};
use serde_json::json;
use standins::{Apns, Mood, Provider as _, Reply, StandIn, apns};

use super::Tokens;
use crate::{
    About, AdapterSettings, ApnsSettings, Channels, Outcome, Priority, Settings,
    conformance::{Case, Means, Setup, conforms},
    push::{
        jwt,
        testing::{plain, rich},
    },
    testing::{Scratch, id, outgoing},
};

const DEVICE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn key(dir: &Scratch) -> PathBuf {
    let file = dir.path().join("key.p8");
    std::fs::write(&file, apns::KEY).unwrap();
    file
}

fn settings(dir: &Scratch, apple: &Apns, url: &str) -> ApnsSettings {
    let topic = apple.topics[0].clone();
    ApnsSettings {
        url: Some(url.to_owned()),
        ..ApnsSettings::new(key(dir), &apple.key_id, &apple.team_id, topic)
    }
}

fn channels(settings: ApnsSettings) -> Result<Channels, String> {
    let settings = Settings {
        push: AdapterSettings::Apns(settings).into(),
        ..Settings::default()
    };
    Channels::new(&settings).map_err(|e| e.to_string())
}

fn on(dir: &Scratch, server: &StandIn<Apns>) -> Channels {
    channels(settings(dir, server.provider(), server.url())).unwrap()
}

async fn send(channels: &Channels, to: &str, content: &Content) -> Outcome {
    channels
        .send(&outgoing(7, Channel::Push, to, content))
        .await
}

#[tokio::test]
async fn it_conforms() {
    let dir = Scratch::new();
    let settings = move |apple: &Apns, setup: &Setup| {
        AdapterSettings::Apns(ApnsSettings {
            ca_file: setup.ca_file.clone(),
            timeout_seconds: setup.timeout_seconds,
            ..settings(&dir, apple, &setup.url)
        })
    };
    conforms(&Case::<Apns> {
        channel: Channel::Push,
        to: |_, _| DEVICE.to_owned(),
        content: Content::Push(rich()),
        settings: Box::new(settings),
        prepare: |_| {},
        says,
        id: |notification| Some(notification.id.clone()),
        means: Means {
            // `BadDeviceToken`, which is also for good, means that nobody is there.
            for_good: Mood::answer(apns::error("PayloadEmpty")),
            // With Apple's own reason, it is Apple that has not taken it.
            for_now_is_unclear: false,
            // "The server received too many requests for the same device token."
            throttled: About::Message,
            ..Means::default()
        },
    })
    .await;
}

fn says(notification: &apns::Notification) {
    assert_eq!(notification.to, DEVICE);
    assert_eq!(notification.id, id(7).to_string());
    assert_eq!(notification.push_type, "alert");
    assert_eq!(notification.topic, "example.parcours.app");
    assert_eq!(notification.priority, Some(10));
    assert_eq!(notification.collapse_id.as_deref(), Some("cart"));
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap();
    let left = notification.expiration.unwrap() - now;
    assert!((3_500..=3_600).contains(&left), "{left}");
    let expected = json!({
        "aps": {
            "alert": {"title": "Été", "body": "Votre panier vous attend"},
            "mutable-content": 1,
            "category": "buy.later",
        },
        "id": id(7).to_string(),
        "url": "https://shop.example/cart",
        "image": "https://shop.example/cart.png",
        "actions": [
            {"name": "buy", "label": "Acheter", "url": "https://shop.example/buy"},
            {"name": "later", "label": "Plus tard"},
        ],
        "screen": "cart",
    });
    assert_eq!(notification.json, expected);
}

#[tokio::test]
async fn a_plain_notification_is_kept_for_four_weeks() {
    let (dir, server) = (Scratch::new(), Apns::start().await);
    let channels = channels(ApnsSettings {
        priority: Priority::Normal,
        ..settings(&dir, server.provider(), server.url())
    })
    .unwrap();
    send(&channels, DEVICE, &plain()).await;
    let now_or_never = Content::Push(journey::content::Push {
        ttl: Some(0),
        ..rich()
    });
    send(&channels, DEVICE, &now_or_never).await;
    let taken = server.accepted();
    let expected = json!({"aps": {"alert": {"title": "Bonjour", "body": "là"}}, "id": id(7)});
    assert_eq!(taken[0].json, expected);
    assert_eq!(
        (taken[0].priority, taken[0].collapse_id.as_deref()),
        (Some(5), None)
    );
    let at = u64::try_from(outgoing(7, Channel::Push, DEVICE, &plain()).at.as_second()).unwrap();
    assert_eq!(taken[0].expiration, Some(at + 28 * 86_400));
    assert_eq!(taken[1].expiration, Some(0));
    assert_eq!(server.violations(), Vec::<String>::new());
    let tokens: Vec<_> = taken
        .iter()
        .map(|n| n.request.header("authorization"))
        .collect();
    assert!(
        tokens[0].is_some() && tokens[0] == tokens[1],
        "one token for both"
    );
}

#[tokio::test]
async fn a_token_that_apple_finds_too_old_is_renewed_once() {
    let (dir, server) = (Scratch::new(), Apns::start().await);
    let channels = on(&dir, &server);
    let old = || Mood::answer(apns::error("ExpiredProviderToken"));
    server.moods([Mood::Accept, old(), Mood::Accept]);
    for _ in 0..2 {
        let got = send(&channels, DEVICE, &plain()).await;
        assert!(matches!(got, Outcome::Accepted { .. }), "{got:?}");
    }
    let taken = server.accepted();
    let tokens: Vec<_> = taken
        .iter()
        .map(|n| n.request.header("authorization"))
        .collect();
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(server.requests(), 3);
    server.mood(old());
    let got = send(&channels, DEVICE, &plain()).await;
    assert!(got.is_not_me(), "{got:?}");
    assert_eq!(server.requests(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_between_twenty_and_sixty_minutes() {
    let tokens = Tokens::new(jwt::p256(apns::KEY).unwrap(), "KEY0123456", "TEAM012345");
    let first = tokens.token(None).unwrap();
    tokio::time::advance(Duration::from_secs(20 * 60)).await;
    assert_eq!(tokens.token(None).unwrap(), first);
    tokio::time::advance(Duration::from_secs(39 * 60)).await;
    let second = tokens.token(None).unwrap();
    assert_ne!(second, first);
    // Whoever was refused with the first one finds that it has been renewed.
    assert_eq!(tokens.token(Some(&first)).unwrap(), second);
    assert_ne!(tokens.token(Some(&second)).unwrap(), second);
}

#[tokio::test]
async fn reasons_decide() {
    let (dir, server) = (Scratch::new(), Apns::start().await);
    let outcome = async |reply: Reply| {
        server.mood(Mood::answer(reply));
        send(&on(&dir, &server), DEVICE, &plain()).await
    };
    let for_good = [
        ("Unregistered", true),
        ("ExpiredToken", true),
        ("BadDeviceToken", true),
        ("DeviceTokenNotForTopic", false),
        ("BadCollapseId", false),
        ("PayloadTooLarge", false),
    ];
    for (reason, expected) in for_good {
        match outcome(apns::error(reason)).await {
            Outcome::RefusedForGood { gone, .. } => assert_eq!(gone, expected, "{reason}"),
            other => panic!("{reason}: {other:?}"),
        }
    }
    use About::{Haste, Message, Trouble};
    let for_now = [
        ("InvalidProviderToken", Trouble, false),
        ("Forbidden", Trouble, false),
        ("TopicDisallowed", Trouble, false),
        ("BadPath", Trouble, false),
        ("TooManyRequests", Message, false),
        ("TooManyProviderTokenUpdates", Haste, false),
        ("Shutdown", Trouble, false),
        ("InternalServerError", Trouble, true),
    ];
    for (reason, expected, open) in for_now {
        match outcome(apns::error(reason)).await {
            Outcome::RefusedForNow {
                about,
                unclear,
                detail,
                ..
            } => {
                assert_eq!((about, unclear), (expected, open), "{reason}");
                assert!(detail.to_string().contains(reason), "{detail}");
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
    // A proxy in between says nothing of Apple's.
    let got = outcome(Reply::empty(503)).await;
    assert!(got.is_unclear(), "{got:?}");
}

#[tokio::test]
async fn what_apple_could_not_take_is_not_sent() {
    let (dir, server) = (Scratch::new(), Apns::start().await);
    let channels = on(&dir, &server);
    for to in ["", "../../token", "ab/cd", "xyz", &"a".repeat(201)] {
        let got = send(&channels, to, &plain()).await;
        assert!(
            matches!(got, Outcome::RefusedForGood { gone: false, .. }),
            "{got:?}"
        );
    }
    let large = Content::Push(journey::content::Push {
        body: "x".repeat(4_050),
        ..rich()
    });
    let got = send(&channels, DEVICE, &large).await;
    let Outcome::RefusedForGood { detail, .. } = got else {
        panic!("{got:?}");
    };
    assert!(detail.to_string().contains("carries 4096"), "{detail}");
    assert_eq!(server.requests(), 0);
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let dir = Scratch::new();
    let right = settings(&dir, &Apns::default(), "https://api.push.apple.com");
    let refused = |change: &dyn Fn(&mut ApnsSettings)| {
        let mut settings = right.clone();
        change(&mut settings);
        channels(settings).unwrap_err()
    };
    assert!(channels(right.clone()).is_ok());
    assert!(refused(&|s| s.key_file = "/nowhere".into()).contains("cannot be read: /nowhere"));
    let rsa = dir.path().join("rsa.pem");
    let file = standins::Fcm::default().service_account("http://x");
    std::fs::write(&rsa, file["private_key"].as_str().unwrap()).unwrap();
    assert!(refused(&|s| s.key_file = rsa.clone()).contains("no key of the curve P-256"));
    assert!(refused(&|s| s.key_id = "a b".into()).contains("`push.key_id` must be letters"));
    assert!(refused(&|s| s.team_id = String::new()).contains("`push.team_id` must be letters"));
    assert!(refused(&|s| s.topic = "my app".into()).contains("bundle id"));
    assert!(refused(&|s| s.url = Some("x".into())).contains("`push.url` is no URL"));
    let sms = Settings {
        sms: AdapterSettings::Apns(right.clone()).into(),
        ..Settings::default()
    };
    let said = Channels::new(&sms).unwrap_err().to_string();
    assert!(
        said.contains("`sms.apns` carries push notifications only"),
        "{said}"
    );
}
