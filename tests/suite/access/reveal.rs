//! Names and addresses are hidden from who need not read them, and shown for a reason, for a while.

use axum::http::StatusCode;
use jiff::SignedDuration;
use store::access::NewKey;

use super::{BROWSER, EMAIL, Site, now, site, wait};
use crate::shop;

const KEY: &str = "ana";

/// What is known of them only to who may read it.
async fn secrets(site: &Site) -> Vec<String> {
    let traits: Vec<(String, String)> =
        sqlx::query_as("select traits->>'email', traits->>'phone' from customer where key = $1")
            .bind(KEY)
            .fetch_all(&*site.database)
            .await
            .unwrap();
    let (email, phone) = traits.into_iter().next().unwrap();
    vec![email, phone]
}

#[tokio::test]
async fn addresses_are_hidden_until_a_reason_is_given() {
    let site = site().await;
    shop::fill(&site.database, 10).await;
    let secrets = secrets(&site).await;
    let marketer = site.user(EMAIL, &["marketer"]).await;
    let cookie = site.session(marketer).await;
    let pages = [
        "/customers",
        "/customers/ana",
        "/v1/customers",
        "/v1/customers/ana",
        "/v1/customers/ana/timeline",
    ];
    let told = async |cookie: &str| {
        let mut told = Vec::new();
        for path in pages {
            let answer = site.get(path, &[BROWSER, ("cookie", cookie)]).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
            let known = secrets.iter().any(|s| answer.body.contains(&**s));
            told.push(known.then_some(path));
        }
        told.into_iter().flatten().collect::<Vec<_>>()
    };
    assert!(told(&cookie).await.is_empty(), "{:?}", told(&cookie).await);
    let page = site
        .get("/customers/ana", &[BROWSER, ("cookie", &cookie)])
        .await
        .body;
    assert!(page.contains("/reveal") && page.contains('…'), "{page}");
    let without = site
        .form("/customers/ana/reveal", &cookie, "reason=+")
        .await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    let shown = site
        .form("/customers/ana/reveal", &cookie, "reason=ticket+4711")
        .await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    assert!(told(&cookie).await.contains(&"/customers/ana"));
    let other = site
        .get("/customers/ben", &[BROWSER, ("cookie", &cookie)])
        .await
        .body;
    assert!(other.contains("/reveal"), "of that customer alone");
    let again = site.session(marketer).await;
    assert!(told(&again).await.is_empty(), "in that session alone");
    wait(SignedDuration::from_mins(15));
    assert!(told(&cookie).await.is_empty(), "for a quarter of an hour");
    let log = site.log().await;
    let done = log
        .iter()
        .find(|e| e.ok && e.action.ends_with("/reveal"))
        .unwrap();
    assert_eq!(done.reason, "ticket 4711");
    let ana = journey::ids::CustomerId::of(KEY);
    assert_eq!(done.what, format!("customer={ana}"));
}

#[tokio::test]
async fn who_may_read_addresses_reads_them_and_a_key_without_the_scope_cannot_ask() {
    let site = site().await;
    shop::fill(&site.database, 10).await;
    let secrets = secrets(&site).await;
    let support = site.user(EMAIL, &["support"]).await;
    let cookie = site.session(support).await;
    let page = site
        .get("/customers/ana", &[BROWSER, ("cookie", &cookie)])
        .await
        .body;
    assert!(page.contains(&*secrets[0]) && !page.contains("/reveal"));
    let key = api::access::new_key().unwrap();
    let scopes = ["customers:read".to_owned()];
    let new = NewKey {
        hash: &api::access::hash_of(&key),
        name: "a report",
        scopes: &scopes,
        made_by: "cli",
        expires_at: None,
    };
    site.access.add_key(&new, now()).await.unwrap();
    let bearer = format!("Bearer {key}");
    let auth = ("authorization", &*bearer);
    let json = site.get("/v1/customers/ana", &[auth]).await.body;
    assert!(!json.contains(&*secrets[0]), "{json}");
    let asked = site
        .ask(
            "POST",
            "/customers/ana/reveal",
            &[auth, super::FORM],
            "reason=x",
        )
        .await;
    assert_eq!(asked.status, StatusCode::NOT_FOUND);
}
