//! The adapter against a push service and the browser behind it.

use std::net::TcpListener;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use journey::{content::Content, failure::Failure, message::Channel};
use p256::{PublicKey, SecretKey};
use serde_json::{Value as Json, json};
use standins::{Mood, Provider as _, Reply, WebPush, webpush};

use super::{Vapid, decode, guard, seal};
use crate::{
    About, AdapterSettings, Channels, Outcome, Secret, Settings, Urgency, WebPushSettings,
    conformance::{Case, Means, Setup, conforms},
    push::testing::{plain, rich},
    testing::{id, outgoing},
};

/// The example of RFC 8291, section 5.
const SENDER: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
const RECEIVER: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vC\
                    YLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXL\
                    WyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
/// A private key of ours.
const KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

fn bytes(text: &str) -> Vec<u8> {
    decode(text).unwrap()
}

#[test]
fn the_example_of_the_rfc_comes_out() {
    let sender = SecretKey::from_slice(&bytes(SENDER)).unwrap();
    let receiver = PublicKey::from_sec1_bytes(&bytes(RECEIVER)).unwrap();
    let salt = bytes(SALT).try_into().unwrap();
    let plain = b"When I grow up, I want to be a watermelon";
    let sealed = seal::seal_with(plain, &receiver, &bytes(AUTH), &sender, salt).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(sealed), BODY);
    // With a salt and a key of its own each time.
    let seal = || seal::seal(plain, &receiver, &bytes(AUTH)).unwrap();
    assert_ne!(seal()[..86], seal()[..86]);
    let largest = seal::seal(&[b'x'; seal::MOST], &receiver, &bytes(AUTH)).unwrap();
    assert_eq!(largest.len(), 4_096);
}

fn settings() -> WebPushSettings {
    WebPushSettings {
        private_endpoints: true,
        ..WebPushSettings::new(Secret::new(KEY), "mailto:push@shop.example")
    }
}

fn channels(settings: WebPushSettings) -> Result<Channels, String> {
    let settings = Settings {
        push: AdapterSettings::WebPush(settings).into(),
        ..Settings::default()
    };
    Channels::new(&settings).map_err(|e| e.to_string())
}

fn subscription(service: &WebPush, url: &str) -> String {
    let browser = service.subscription(url, "zoe");
    let keys = json!({"p256dh": browser.p256dh, "auth": browser.auth});
    json!({"endpoint": browser.endpoint, "expirationTime": null, "keys": keys}).to_string()
}

async fn send(channels: &Channels, to: &str, content: &Content) -> Outcome {
    channels
        .send(&outgoing(7, Channel::Push, to, content))
        .await
}

#[tokio::test]
async fn it_conforms() {
    let settings = |_: &WebPush, setup: &Setup| {
        AdapterSettings::WebPush(WebPushSettings {
            ca_file: setup.ca_file.clone(),
            timeout_seconds: setup.timeout_seconds,
            urgency: Urgency::High,
            ..settings()
        })
    };
    conforms(&Case::<WebPush> {
        channel: Channel::Push,
        to: subscription,
        content: Content::Push(rich()),
        settings: Box::new(settings),
        prepare: |_| {},
        says,
        id: |push| Some(push.id.clone()),
        means: Means {
            // Anybody's host.
            unreachable: About::Message,
            ..Means::default()
        },
    })
    .await;
}

fn says(push: &webpush::Push) {
    assert_eq!(push.to, "zoe");
    assert_eq!((push.ttl, push.topic.as_deref()), (3_600, Some("cart")));
    assert_eq!(push.urgency.as_deref(), Some("high"));
    assert_eq!(push.subject, "mailto:push@shop.example");
    let read: Json = serde_json::from_slice(push.plaintext.as_deref().unwrap()).unwrap();
    let expected = json!({
        "id": id(7).to_string(),
        "title": "Été",
        "body": "Votre panier vous attend",
        "url": "https://shop.example/cart",
        "image": "https://shop.example/cart.png",
        "tag": "cart",
        "actions": [
            {"action": "buy", "title": "Acheter", "url": "https://shop.example/buy"},
            {"action": "later", "title": "Plus tard"},
        ],
        "data": {"screen": "cart"},
    });
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_plain_notification_is_kept_for_four_weeks() {
    let service = WebPush::start().await;
    let to = subscription(service.provider(), service.url());
    send(&channels(settings()).unwrap(), &to, &plain()).await;
    let push = &service.accepted()[0];
    assert_eq!((push.ttl, push.topic.as_deref()), (2_419_200, None));
    assert_eq!(push.urgency.as_deref(), Some("normal"));
    let read: Json = serde_json::from_slice(push.plaintext.as_deref().unwrap()).unwrap();
    assert_eq!(read, json!({"id": id(7), "title": "Bonjour", "body": "là"}));
}

/// The public key that a page subscribes with is the one that stands beside the signature.
#[tokio::test]
async fn both_spellings_of_the_key_are_the_same_key() {
    let raw = Vapid::new(&Secret::new(KEY), "https://shop.example/push").unwrap();
    let pem = pem(&bytes(KEY));
    let pem = Vapid::new(&Secret::new(pem), "https://shop.example/push").unwrap();
    assert_eq!(raw.public, pem.public);
    let service = WebPush {
        application_server_key: Some(raw.public),
        ..WebPush::default()
    };
    let service = service.serve().await;
    let to = subscription(service.provider(), service.url());
    let got = send(&channels(settings()).unwrap(), &to, &plain()).await;
    assert!(matches!(got, Outcome::Accepted { .. }), "{got:?}");
}

/// PKCS#8 around a private key of P-256, with its public key.
fn pem(private: &[u8]) -> String {
    use p256::elliptic_curve::sec1::ToSec1Point as _;
    let public = SecretKey::from_slice(private).unwrap().public_key();
    let head = bytes("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg");
    let point = public.to_sec1_point(false);
    let der = [
        &head,
        private,
        &[0xa1, 0x44, 0x03, 0x42, 0x00],
        point.as_bytes(),
    ]
    .concat();
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

#[tokio::test]
async fn statuses_decide() {
    let service = WebPush::start().await;
    let to = subscription(service.provider(), service.url());
    let outcome = async |reply: Reply| {
        service.mood(Mood::answer(reply));
        send(&channels(settings()).unwrap(), &to, &plain()).await
    };
    let apple = |status: u16, reason: &str| Reply::json(status, &json!({"reason": reason}));
    let for_good = [
        (webpush::error(404, 102, "Not found"), true),
        (webpush::error(410, 106, "Gone"), true),
        (apple(410, "Unregistered"), true),
        (webpush::error(413, 104, "Too large"), false),
        (webpush::error(400, 110, "Invalid"), false),
        (apple(400, "VapidPkHashMismatch"), false),
        (webpush::error(403, 109, "Another key"), false),
    ];
    for (reply, expected) in for_good {
        match outcome(reply).await {
            Outcome::RefusedForGood { gone, detail } => assert_eq!(gone, expected, "{detail}"),
            other => panic!("{other:?}"),
        }
    }
    let for_now = [
        (
            webpush::error(401, 109, "Invalid VAPID"),
            About::Trouble,
            false,
        ),
        (apple(403, "BadJwtToken"), About::Trouble, false),
        (webpush::error(429, 201, "Too many"), About::Haste, false),
        (webpush::error(500, 999, "Error"), About::Trouble, true),
        (
            webpush::error(503, 202, "Busy").header("retry-after", "9"),
            About::Haste,
            false,
        ),
    ];
    for (reply, expected, open) in for_now {
        match outcome(reply).await {
            Outcome::RefusedForNow {
                about,
                unclear,
                detail,
                ..
            } => {
                assert_eq!((about, unclear), (expected, open), "{detail}");
            }
            other => panic!("{other:?}"),
        }
    }
}

fn unusable(outcome: Outcome) -> String {
    match outcome {
        Outcome::RefusedForGood {
            detail: Failure::AddressUnusable { words },
            gone: false,
        } => words.to_string(),
        other => panic!("{other:?}"),
    }
}

/// A subscription comes from anybody.
#[tokio::test]
async fn no_subscription_leads_into_our_own_network() {
    let service = WebPush::start_tls().await;
    let (to, port) = (
        subscription(service.provider(), service.url()),
        service.url().rsplit(':').next().unwrap(),
    );
    let channels = channels(WebPushSettings {
        private_endpoints: false,
        ca_file: Some(standins::ca_file()),
        ..settings()
    })
    .unwrap();
    // By a name that is looked up when the connection is made.
    assert_eq!(
        unusable(send(&channels, &to, &plain()).await),
        guard::OWN_NETWORK
    );
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
        let to = to.replace("localhost", host);
        assert!(to.contains(&format!("{host}:{port}")));
        assert_eq!(
            unusable(send(&channels, &to, &plain()).await),
            guard::OWN_NETWORK
        );
    }
    let to = to.replace("https://", "http://");
    let said = unusable(send(&channels, &to, &plain()).await);
    assert_eq!(said, "the endpoint is not https://");
    assert_eq!(service.requests(), 0);
}

/// A subscription may lead to any host: one that is dead, or never answers, stops nobody else's messages.
#[tokio::test]
async fn a_dead_host_concerns_its_own_subscriptions_alone() {
    let service = WebPush::start().await;
    let to = subscription(service.provider(), service.url());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let [silent_at, dead_at] = [&silent, &dead].map(|l| l.local_addr().unwrap().to_string());
    drop(dead);
    let mut settings = WebPushSettings {
        timeout_seconds: 1,
        ..settings()
    };
    settings.limits.circuit.failures = 1;
    let channels = channels(settings).unwrap();
    for (host, open) in [(dead_at, false), (silent_at, true)] {
        let real = service.url().rsplit('/').next().unwrap();
        let got = send(&channels, &to.replace(real, &host), &plain()).await;
        let Outcome::RefusedForNow { about, unclear, .. } = got else {
            panic!("{got:?}");
        };
        assert_eq!((about, unclear), (About::Message, open), "{host}");
    }
    let got = send(&channels, &to, &plain()).await;
    assert!(matches!(got, Outcome::Accepted { .. }), "{got:?}");
}

#[tokio::test]
async fn what_is_no_subscription_is_not_asked() {
    let service = WebPush::start().await;
    let channels = channels(settings()).unwrap();
    let right: Json =
        serde_json::from_str(&subscription(service.provider(), service.url())).unwrap();
    let with = |pointer: &str, value: &str| {
        let mut wrong = right.clone();
        *wrong.pointer_mut(pointer).unwrap() = json!(value);
        wrong.to_string()
    };
    let wrong = [
        "a-token".to_owned(),
        "{}".to_owned(),
        with("/endpoint", "nowhere"),
        with("/keys/p256dh", "AAAA"),
        with("/keys/p256dh", "!"),
        with("/keys/auth", "AAAA"),
    ];
    for to in wrong {
        unusable(send(&channels, &to, &plain()).await);
    }
    let large = Content::Push(journey::content::Push {
        body: "x".repeat(3_980),
        ..journey::content::Push::default()
    });
    let got = send(&channels, &right.to_string(), &large).await;
    assert!(
        matches!(got, Outcome::RefusedForGood { gone: false, .. }),
        "{got:?}"
    );
    assert_eq!(service.requests(), 0);
    // Some browsers pad what others do not.
    let auth = format!("{}==", right["keys"]["auth"].as_str().unwrap());
    let got = send(&channels, &with("/keys/auth", &auth), &plain()).await;
    assert!(matches!(got, Outcome::Accepted { .. }), "{got:?}");
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let refused = |key: &str, subject: &str| {
        let settings = WebPushSettings::new(Secret::new(key), subject);
        channels(settings).unwrap_err()
    };
    let key = refused("c2hvcnQ", "mailto:a@b.example");
    assert!(key.contains("`push.private_key` must be 32 bytes"), "{key}");
    let zero = "A".repeat(43);
    assert!(refused(&zero, "mailto:a@b.example").contains("`push.private_key`"));
    let pem = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----";
    assert!(refused(pem, "mailto:a@b.example").contains("PKCS#8"));
    for subject in ["push@shop.example", "mailto:shop", "http://shop.example"] {
        assert!(
            refused(KEY, subject).contains("`push.subject` must begin"),
            "{subject}"
        );
    }
    let sms = Settings {
        sms: AdapterSettings::WebPush(settings()).into(),
        ..Settings::default()
    };
    let said = Channels::new(&sms).unwrap_err().to_string();
    assert!(
        said.contains("`sms.webpush` carries push notifications only"),
        "{said}"
    );
}

#[test]
fn a_subscription_is_the_same_address_however_it_is_written() {
    let channels = channels(WebPushSettings::new(
        Secret::new(KEY),
        "mailto:a@shop.example",
    ));
    let browsers = channels.unwrap().browsers().unwrap();
    assert_eq!(bytes(browsers.key()).len(), 65);
    let plain = json!({ "endpoint": "https://push.example.net/x", "keys": { "p256dh": RECEIVER, "auth": AUTH } });
    let long = json!({ "keys": { "auth": format!("{AUTH}=="), "p256dh": format!("{RECEIVER}=") },
        "expirationTime": null, "endpoint": "https://PUSH.example.net:443/x" });
    let address = |json: &Json| browsers.address(json.to_string().as_bytes());
    let is = address(&plain).unwrap();
    assert_eq!(address(&long).unwrap(), is);
    assert_eq!(browsers.address(is.as_bytes()).unwrap(), is);
    for (field, wrong) in [
        ("/endpoint", "http://push.example.net/x"),
        ("/endpoint", "https://127.0.0.1/x"),
        ("/endpoint", "https://a:b@push.example.net/x"),
        ("/endpoint", "x"),
        ("/keys/p256dh", "AAAA"),
        ("/keys/auth", "AAAA"),
    ] {
        let mut bad = plain.clone();
        *bad.pointer_mut(field).unwrap() = json!(wrong);
        assert!(address(&bad).is_err(), "{bad}");
    }
    for wrong in ["", "[]", "{}", &format!("{}{}", " ".repeat(2_048), is)] {
        assert!(browsers.address(wrong.as_bytes()).is_err(), "{wrong:.20}");
    }
}
