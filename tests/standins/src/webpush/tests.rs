use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value as Json, json};

use super::{Subscription, WebPush, browser::derive, decrypt};
use crate::{
    Mood, Provider as _, StandIn, jwt,
    testing::Ask,
    wire::{base64url, from_base64url, now},
};

/// The example of RFC 8291, section 5.
const PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vC\
                    YLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXL\
                    WyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

fn bytes(text: &str) -> Vec<u8> {
    from_base64url(text).unwrap()
}

#[test]
fn the_example_of_the_rfc_is_read() {
    let body = bytes(BODY);
    let plain = decrypt(&bytes(PRIVATE), &bytes(AUTH), &body).unwrap();
    assert_eq!(plain, b"When I grow up, I want to be a watermelon");
    let mut forged = body.clone();
    forged[100] ^= 1;
    for wrong in [&forged[..], &body[..120], &body[..60], &body[..10], b""] {
        assert!(decrypt(&bytes(PRIVATE), &bytes(AUTH), wrong).is_err());
    }
}

fn pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap()
}

fn vapid(pair: &EcdsaKeyPair, claims: &Json) -> String {
    let token = jwt::token("ES256", None, claims, |signed| {
        let signature = pair.sign(&SystemRandom::new(), signed).unwrap();
        signature.as_ref().to_vec()
    });
    format!(
        "vapid t={token}, k={}",
        base64url(pair.public_key().as_ref())
    )
}

fn claims(service: &StandIn<WebPush>) -> Json {
    json!({"aud": service.url(), "exp": now() + 3600, "sub": "mailto:ops@example.com"})
}

/// A message that only wakes the browser up.
fn ask(service: &StandIn<WebPush>, body: &[u8]) -> Ask {
    let endpoint = service
        .provider()
        .subscription(service.url(), "zoe")
        .endpoint;
    Ask::post(endpoint, body)
        .header("ttl", "60")
        .header("urgency", "high")
        .header("topic", "abandoned-cart_1")
        .header("content-encoding", "aes128gcm")
        .header("authorization", vapid(&pair(), &claims(service)))
}

#[tokio::test]
async fn a_message_is_taken() {
    let service = WebPush::start().await;
    let answer = ask(&service, b"").send().await;
    assert_eq!(answer.status, 201);
    let taken = service.accepted();
    assert_eq!((&*taken[0].to, taken[0].ttl), ("zoe", 60));
    assert_eq!(taken[0].subject, "mailto:ops@example.com");
    let location = format!("{}/message/{}", service.url(), taken[0].id);
    assert_eq!(answer.header("location"), Some(&*location));
    assert_eq!(service.violations(), Vec::<String>::new());
}

/// What an application server makes of a message, by ring alone.
fn encrypt(subscription: &Subscription, plain: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    let (receiver, auth) = (bytes(&subscription.p256dh), bytes(&subscription.auth));
    let secret = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
    let sender = secret.compute_public_key().unwrap();
    let info = [b"WebPush: info\0", &*receiver, sender.as_ref()].concat();
    let peer = UnparsedPublicKey::new(&ECDH_P256, &receiver);
    let material: [u8; 32] =
        agree_ephemeral(secret, &peer, |shared| derive(&auth, shared, &info)).unwrap();
    let salt = crate::wire::random::<16>();
    let key: [u8; 16] = derive(&salt, &material, b"Content-Encoding: aes128gcm\0");
    let nonce: [u8; 12] = derive(&salt, &material, b"Content-Encoding: nonce\0");
    let mut record = [plain, &[2, 0, 0]].concat();
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap())
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut record,
        )
        .unwrap();
    [
        &salt[..],
        &4096_u32.to_be_bytes(),
        &[65],
        sender.as_ref(),
        &record,
    ]
    .concat()
}

#[tokio::test]
async fn the_browser_reads_what_is_for_its_subscription() {
    let service = WebPush::start().await;
    let [zoe, leo] = ["zoe", "leo"].map(|n| service.provider().subscription(service.url(), n));
    let body = encrypt(&zoe, "{\"title\":\"Été\"}".as_bytes());
    assert_eq!(ask(&service, &body).send().await.status, 201);
    let taken = service.accepted();
    assert_eq!(
        taken[0].plaintext.as_deref(),
        Some("{\"title\":\"Été\"}".as_bytes())
    );
    assert_eq!(service.violations(), Vec::<String>::new());
    let body = encrypt(&leo, b"x");
    assert_eq!(ask(&service, &body).send().await.status, 201);
    assert_eq!(service.violations().len(), 1);
}

#[tokio::test]
async fn what_the_browser_cannot_read_is_noted_though_not_minded() {
    let service = WebPush::start().await;
    let answer = ask(&service, &bytes(BODY)).send().await;
    assert_eq!((answer.status, service.violations().len()), (201, 1));
    assert_eq!(service.accepted()[0].plaintext, None);
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_noted() {
    let service = WebPush::start().await;
    let right = ask(&service, &bytes(BODY));
    let with = |claim: &str, value: Json| {
        let mut claims = claims(&service);
        claims[claim] = value;
        right
            .clone()
            .header("authorization", vapid(&pair(), &claims))
    };
    let two = [
        vapid(&pair(), &claims(&service)),
        vapid(&pair(), &claims(&service)),
    ];
    let (token, _) = two[0].split_once(", ").unwrap();
    let (_, key) = two[1].split_once(", ").unwrap();
    let mut elsewhere = right.clone();
    elsewhere.url = elsewhere.url.replace("/push/", "/wpush/");
    let mut method = right.clone();
    method.method = "PUT";
    let mut long = right.clone();
    long.body = vec![0; 4097];
    let cases = [
        (elsewhere, 404),
        (method, 405),
        (right.clone().without("authorization"), 401),
        (right.clone().header("authorization", "WebPush x"), 401),
        (right.clone().header("authorization", token), 401),
        (
            right
                .clone()
                .header("authorization", format!("{token}, {key}")),
            401,
        ),
        (with("aud", json!("https://example.com")), 401),
        (with("aud", Json::Null), 401),
        (with("exp", json!(now() - 1)), 401),
        (with("exp", json!(now() + 90_000)), 401),
        (with("sub", json!("ops@example.com")), 401),
        (right.clone().without("ttl"), 400),
        (right.clone().header("ttl", "-1"), 400),
        (right.clone().header("ttl", "2592001"), 400),
        (right.clone().header("urgency", "urgent"), 400),
        (right.clone().header("topic", "a.b"), 400),
        (right.clone().header("topic", "x".repeat(33)), 400),
        (right.without("content-encoding"), 400),
        (long, 413),
    ];
    for (n, (ask, status)) in cases.into_iter().enumerate() {
        let answer = ask.send().await;
        let said = answer.json();
        assert_eq!(
            (answer.status, &said["code"]),
            (status, &json!(status)),
            "{said}"
        );
        assert_eq!(service.violations().len(), n + 1);
    }
    assert_eq!(service.accepted().len(), 0);
}

#[tokio::test]
async fn a_subscription_may_be_tied_to_a_key() {
    let pair = pair();
    let service = WebPush {
        application_server_key: Some(base64url(pair.public_key().as_ref())),
        ..WebPush::default()
    };
    let service = service.serve_tls().await;
    assert_eq!(ask(&service, b"").send().await.status, 403);
    let right = ask(&service, b"").header("authorization", vapid(&pair, &claims(&service)));
    assert_eq!(right.send().await.status, 201);
}

#[tokio::test]
async fn each_mood() {
    let service = WebPush::start().await;
    let cases = [
        (Mood::RefuseForGood, 400),
        (Mood::RefuseForNow, 503),
        (
            Mood::Throttle {
                retry_after: Some(1),
            },
            429,
        ),
        (Mood::Deny, 401),
        (Mood::GoneAddress, 410),
        (Mood::answer(super::error(404, 102, "Not found")), 404),
    ];
    for (mood, status) in cases {
        service.mood(mood);
        assert_eq!(ask(&service, b"").send().await.status, status);
    }
    service.mood(Mood::Garble);
    assert_eq!(ask(&service, b"").send().await.header("location"), None);
    service.mood(Mood::AcceptAndHang);
    assert!(ask(&service, b"").hangs().await.is_none());
    assert_eq!(service.accepted().len(), 2);
}
