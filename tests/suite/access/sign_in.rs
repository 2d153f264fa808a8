//! Signing in and out, and what keeps others from it.

use axum::http::{StatusCode, header};
use futures::future::join_all;
use jiff::SignedDuration;
use ring::hmac;

use super::{BROWSER, EMAIL, FORM, OWN, PASSWORD, now, site, wait};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const SECRET: &[u8] = b"12345678901234567890";

/// A code as RFC 4226 makes it, by another hand than ours.
fn code(step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn a_browser_is_led_to_the_sign_in_and_back() {
    let site = site().await;
    site.user(EMAIL, &["support"]).await;
    let asked = site
        .get("/sign-in?to=%2Fcustomers%3Fq%3Dx", &[BROWSER])
        .await;
    assert!(
        asked.body.contains("value=\"/customers?q=x\""),
        "{}",
        asked.body
    );
    let signed = site.sign_in("Ines@Shop.example", PASSWORD, "").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER);
    assert_eq!(signed.header(header::LOCATION), "/customers");
    let set = signed.header(header::SET_COOKIE);
    assert!(
        set.starts_with("parcours=") && set.contains("; HttpOnly; SameSite=Lax"),
        "{set}"
    );
    let cookie = signed.cookie();
    let page = site
        .get("/customers", &[BROWSER, ("cookie", &cookie)])
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(EMAIL) && page.body.contains("/sign-out"));
    assert!(
        !page.body.contains("/access/users"),
        "support does not manage users"
    );
    // What is kept is no token.
    let token = cookie.split_once('=').unwrap().1.as_bytes();
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select hash from session")
        .fetch_all(&*site.database)
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_ne!(kept[0], token);
    let out = site.form("/sign-out", &cookie, "").await;
    assert!(
        out.header(header::SET_COOKIE)
            .starts_with("parcours=; Path=/; Max-Age=0")
    );
    let after = site.get("/customers", &[("cookie", &cookie)]).await;
    assert_eq!(after.code(), "sign_in");
}

#[tokio::test]
async fn behind_https_the_cookie_is_held_to_the_host() {
    let site = site().await;
    site.user(EMAIL, &["support"]).await;
    let headers = [
        ("origin", "https://crm.shop.example"),
        ("host", "crm.shop.example"),
        FORM,
    ];
    let body = format!("email={EMAIL}&password={PASSWORD}");
    let signed = site.ask("POST", "/sign-in", &headers, &body).await;
    let set = signed.header(header::SET_COOKIE);
    assert!(
        set.starts_with("__Host-parcours=") && set.ends_with("; Secure"),
        "{set}"
    );
    assert_eq!(
        site.get("/", &[("cookie", &signed.cookie())]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn nobody_learns_which_accounts_there_are() {
    let site = site().await;
    site.user(EMAIL, &["support"]).await;
    let wrong = site.sign_in(EMAIL, "another long password", "").await;
    let unknown = site
        .sign_in("none@shop.example", "another long password", "")
        .await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.status, unknown.status);
    let said = unknown.body.replace("none@shop.example", EMAIL);
    assert_eq!(wrong.body, said, "the same words");
    for _ in 0..6 {
        let locked = site.sign_in(EMAIL, "another long password", "").await;
        assert_eq!(locked.body, said, "also when it is locked");
    }
}

#[tokio::test]
async fn five_failures_lock_an_account_for_a_quarter_of_an_hour() {
    let site = site().await;
    site.user(EMAIL, &["support"]).await;
    for _ in 0..4 {
        site.sign_in(EMAIL, "wrong", "").await;
        wait(MINUTE);
    }
    let right = site.sign_in(EMAIL, PASSWORD, "").await;
    assert_eq!(
        right.status,
        StatusCode::SEE_OTHER,
        "four are forgiven, and forgotten"
    );
    for _ in 0..5 {
        site.sign_in(EMAIL, "wrong", "").await;
        wait(MINUTE);
    }
    let locked = site.sign_in(EMAIL, PASSWORD, "").await;
    assert_eq!(
        locked.status,
        StatusCode::UNAUTHORIZED,
        "the right one does not help now"
    );
    wait(MINUTE * 13);
    assert_eq!(
        site.sign_in(EMAIL, PASSWORD, "").await.status,
        StatusCode::UNAUTHORIZED
    );
    wait(MINUTE * 2);
    assert_eq!(
        site.sign_in(EMAIL, PASSWORD, "").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn what_is_tried_at_once_is_counted_as_well() {
    let site = site().await;
    site.user(EMAIL, &["support"]).await;
    let tried = join_all((0..20).map(|_| site.access.attempt(EMAIL, now()))).await;
    let looked_at = tried.into_iter().filter(|t| t.as_ref().unwrap().is_some());
    assert_eq!(looked_at.count(), 5);
}

#[tokio::test]
async fn a_code_is_asked_for_and_taken_once() {
    let site = site().await;
    let id = site.user(EMAIL, &["support"]).await;
    site.access.offer_totp(id, SECRET).await.unwrap();
    assert!(site.access.confirm_totp(id, SECRET, 0).await.unwrap());
    let step = now().as_second() / 30;
    let signs = async |code: &str| site.sign_in(EMAIL, PASSWORD, code).await.status;
    assert_eq!(signs("").await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        signs(&code(step - 2)).await,
        StatusCode::UNAUTHORIZED,
        "too old"
    );
    assert_eq!(signs(&code(step)).await, StatusCode::SEE_OTHER);
    assert_eq!(
        signs(&code(step)).await,
        StatusCode::UNAUTHORIZED,
        "taken already"
    );
    assert_eq!(
        signs(&code(step - 1)).await,
        StatusCode::UNAUTHORIZED,
        "before one that was taken"
    );
    assert_eq!(
        signs(&code(step + 1)).await,
        StatusCode::SEE_OTHER,
        "a clock that is ahead"
    );
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_after_thirty_days() {
    let site = site().await;
    let id = site.user(EMAIL, &["support"]).await;
    let idle = site.session(id).await;
    let holds =
        async |cookie: &str| site.get("/", &[("cookie", cookie)]).await.status == StatusCode::OK;
    wait(HOUR * 11);
    assert!(holds(&idle).await);
    wait(HOUR * 11);
    assert!(holds(&idle).await, "it was used eleven hours ago");
    wait(HOUR * 12);
    assert!(!holds(&idle).await);
    let used = site.session(id).await;
    for _ in 0..71 {
        wait(HOUR * 10);
        assert!(holds(&used).await);
    }
    wait(HOUR * 10);
    assert!(!holds(&used).await, "thirty days have passed");
    let out = site.session(id).await;
    assert!(holds(&out).await);
    site.access.set_disabled(id, Some(now())).await.unwrap();
    assert!(!holds(&out).await, "who is disabled is out at once");
}

#[tokio::test]
async fn another_site_changes_nothing() {
    let site = site().await;
    let id = site.user(EMAIL, &["admin"]).await;
    let cookie = site.session(id).await;
    let body = "name=mine&scope_events:write=on";
    for from in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[
            ("origin", "https://evil.example"),
            ("host", "crm.shop.example"),
        ],
        &[("origin", "null"), ("host", "crm.shop.example")],
        &[],
    ] {
        let headers: Vec<_> = [FORM, ("cookie", &*cookie)]
            .into_iter()
            .chain(from.iter().copied())
            .collect();
        let answer = site.ask("POST", "/access/keys", &headers, body).await;
        assert_eq!(
            (answer.status, &*answer.code()),
            (StatusCode::FORBIDDEN, "cross_site"),
            "{from:?}"
        );
        let signs = format!("email={EMAIL}&password={PASSWORD}");
        let headers: Vec<_> = [FORM].into_iter().chain(from.iter().copied()).collect();
        let signed = site.ask("POST", "/sign-in", &headers, &signs).await;
        assert_eq!(signed.status, StatusCode::FORBIDDEN, "{from:?}");
        assert_eq!(signed.cookie(), "");
    }
    assert!(site.access.keys().await.unwrap().is_empty());
    let own = site.form("/access/keys", &cookie, body).await;
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!(site.access.keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_sign_in_leads_nowhere_else() {
    let site = site().await;
    site.user(EMAIL, &["support"]).await;
    for to in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
    ] {
        let page = site.get(&format!("/sign-in?to={to}"), &[BROWSER]).await;
        assert!(
            page.body.contains("name=\"to\" value=\"/\""),
            "{to}: {}",
            page.body
        );
        let body = format!("email={EMAIL}&password={PASSWORD}&to={to}");
        let signed = site.ask("POST", "/sign-in", &[OWN, FORM], &body).await;
        assert_eq!(signed.header(header::LOCATION), "/", "{to}");
    }
}
