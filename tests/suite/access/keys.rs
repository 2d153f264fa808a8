//! Keys of programs, and the write key beside them.

use axum::http::StatusCode;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;
use store::access::NewKey;

use super::{EMAIL, Site, now, site, site_with, wait};
use crate::process::binary::Workspace;

const JSON: (&str, &str) = ("content-type", "application/json");
const EVENT: &str = r#"{"userId":"ana","messageId":"m1","event":"x"}"#;

async fn key(site: &Site, scopes: &[&str], days: Option<i64>) -> (uuid::Uuid, String) {
    let key = api::access::new_key().unwrap();
    let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
    let new = NewKey {
        hash: &api::access::hash_of(&key),
        name: "a program",
        scopes: &scopes,
        made_by: "cli",
        expires_at: days.map(|d| now() + SignedDuration::from_hours(24 * d)),
    };
    let id = site.access.add_key(&new, now()).await.unwrap();
    (id, format!("Bearer {key}"))
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_until_it_is_revoked() {
    let site = site().await;
    site.user(EMAIL, &["admin"]).await;
    let (id, bearer) = key(&site, &["customers:read"], None).await;
    let auth = ("authorization", &*bearer);
    assert_eq!(
        site.get("/v1/customers", &[auth]).await.status,
        StatusCode::OK
    );
    let more = site.get("/v1/messages", &[auth]).await;
    assert_eq!(
        (more.status, &*more.code()),
        (StatusCode::FORBIDDEN, "not_allowed")
    );
    assert!(more.body.contains("messages:read"), "{}", more.body);
    let track = site.ask("POST", "/v1/track", &[auth, JSON], EVENT).await;
    assert_eq!(track.code(), "not_allowed");
    assert_eq!(
        site.get("/account", &[auth]).await.code(),
        "not_allowed",
        "a key has no account"
    );
    let used = site.access.keys().await.unwrap()[0].last_used_at;
    assert_eq!(used, Some(now()));
    assert!(site.access.revoke_key(id, now()).await.unwrap());
    assert!(!site.access.revoke_key(id, now()).await.unwrap(), "once");
    assert_eq!(site.get("/v1/customers", &[auth]).await.code(), "sign_in");
    let (_, short) = key(&site, &["customers:read"], Some(1)).await;
    let auth = ("authorization", &*short);
    assert_eq!(
        site.get("/v1/customers", &[auth]).await.status,
        StatusCode::OK
    );
    wait(SignedDuration::from_hours(24));
    assert_eq!(site.get("/v1/customers", &[auth]).await.code(), "sign_in");
    for wrong in ["Bearer pk_", "Bearer ", "Bearer nothing", "Basic cGs6"] {
        let answer = site.get("/v1/customers", &[("authorization", wrong)]).await;
        assert_eq!(answer.code(), "sign_in", "{wrong}");
    }
}

#[tokio::test]
async fn the_write_key_goes_on_sending_events_and_nothing_else() {
    let site = site_with(false, |state| api::State {
        write_key: Some("hush".into()),
        ..state
    })
    .await;
    site.user(EMAIL, &["admin"]).await;
    let basic = format!("Basic {}", BASE64_STANDARD.encode("hush:"));
    let write = ("authorization", &*basic);
    let track = async |auth| site.ask("POST", "/v1/track", &[auth, JSON], EVENT).await;
    assert_eq!(track(write).await.status, StatusCode::OK);
    assert_eq!(
        track(("authorization", "Basic b3RoZXI6")).await.code(),
        "sign_in"
    );
    assert_eq!(site.get("/v1/customers", &[write]).await.code(), "sign_in");
    let erase = site.ask("DELETE", "/v1/customers/ana", &[write], "").await;
    assert_eq!(erase.code(), "sign_in");
    // Whoever has the scope need not know the write key as well.
    let (_, events) = key(&site, &["events:write"], None).await;
    assert_eq!(
        track(("authorization", &*events)).await.status,
        StatusCode::OK
    );
    let (_, erases) = key(&site, &["customers:erase"], None).await;
    let auth = ("authorization", &*erases);
    let erase = site.ask("DELETE", "/v1/customers/ana", &[auth], "").await;
    assert_eq!(
        erase.code(),
        "no_privacy_secret",
        "it came as far as the handler"
    );
}

#[tokio::test]
async fn intake_with_its_write_key_does_not_need_the_database() {
    let site = site_with(true, |state| api::State {
        write_key: Some("hush".into()),
        ..state
    })
    .await;
    site.database.close().await;
    let basic = format!("Basic {}", BASE64_STANDARD.encode("hush:"));
    let headers = [("authorization", &*basic), JSON];
    let answer = site.ask("POST", "/v1/track", &headers, EVENT).await;
    assert_eq!(answer.status, StatusCode::OK);
    let other = site
        .get("/v1/customers", &[("authorization", "Bearer pk_x")])
        .await;
    assert_eq!(other.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_sends_events_with_the_write_key_of_the_settings_or_a_key() {
    let site = site_with(false, |state| api::State {
        write_key: Some("hush".into()),
        ..state
    })
    .await;
    site.user(EMAIL, &["admin"]).await;
    let url = site.served().await;
    let workspace = Workspace::new(&[]);
    // The command knows no other clock than the machine's.
    let dated = EVENT.replace(
        r#""event""#,
        r#""type":"track","timestamp":"2026-03-02T09:00:00Z","event""#,
    );
    let event = |key: &str| {
        let command = workspace.parcours(["event", "--http", &url, "-"]);
        command.env("PARCOURS_WRITE_KEY", key).fed(&dated)
    };
    event("hush").expect(0);
    let refused = event("other").expect(2).err();
    assert!(refused.contains("401"), "{refused}");
    let (_, bearer) = key(&site, &["events:write"], None).await;
    event(bearer.trim_start_matches("Bearer ")).expect(0);
    let (_, reads) = key(&site, &["customers:read"], None).await;
    let refused = event(reads.trim_start_matches("Bearer "));
    let refused = refused.expect(2).err();
    assert!(refused.contains("events:write"), "{refused}");
}
