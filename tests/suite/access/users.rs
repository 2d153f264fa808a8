//! Users are invited, set their password by a link, and are kept out; one's own account.

use axum::http::{StatusCode, header};
use jiff::SignedDuration;

use super::{BROWSER, EMAIL, PASSWORD, Site, site, wait};

/// The path of the link that a page shows.
fn link(page: &str) -> String {
    let (_, rest) = page.split_once("/welcome/").expect("a link");
    let token: String = rest.chars().take_while(|c| *c != '<').collect();
    format!("/welcome/{token}")
}

async fn invite(site: &Site, cookie: &str) -> String {
    let body = "email=Leo@Shop.example&name=L%C3%A9o&role_support=on";
    let made = site.form("/access/users", cookie, body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    link(&made.body)
}

#[tokio::test]
async fn an_invitation_sets_a_password_once() {
    let site = site().await;
    let admin = site.user(EMAIL, &["admin"]).await;
    let cookie = site.session(admin).await;
    let welcome = invite(&site, &cookie).await;
    let again = site
        .form(
            "/access/users",
            &cookie,
            "email=leo@shop.example&role_support=on",
        )
        .await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let page = site.get(&welcome, &[BROWSER]).await;
    assert!(page.body.contains("leo@shop.example"));
    let weak = site.form(&welcome, "", "password=password1234").await;
    assert_eq!(weak.status, StatusCode::BAD_REQUEST);
    assert!(weak.body.contains("easily guessed"));
    let set = site
        .form(&welcome, "", &format!("password={PASSWORD}"))
        .await;
    assert_eq!(set.header(header::LOCATION), "/sign-in");
    let twice = site
        .form(&welcome, "", "password=somebody else is here")
        .await;
    assert_eq!(twice.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get(&welcome, &[]).await.status, StatusCode::NOT_FOUND);
    let signed = site.sign_in("leo@shop.example", PASSWORD, "").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_invitation_holds_for_three_days() {
    let site = site().await;
    let admin = site.user(EMAIL, &["admin"]).await;
    let welcome = invite(&site, &site.session(admin).await).await;
    wait(SignedDuration::from_hours(71));
    assert_eq!(site.get(&welcome, &[]).await.status, StatusCode::OK);
    wait(SignedDuration::from_hours(1));
    let late = site
        .form(&welcome, "", &format!("password={PASSWORD}"))
        .await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn roles_change_at_once_and_nobody_changes_their_own() {
    let site = site().await;
    let admin = site.user(EMAIL, &["admin"]).await;
    let leo = site.user("leo@shop.example", &["support"]).await;
    let (cookie, his) = (site.session(admin).await, site.session(leo).await);
    let inbox = async || site.get("/inbox", &[("cookie", &his)]).await.status;
    assert_eq!(inbox().await, StatusCode::OK);
    let path = format!("/access/users/{leo}");
    let done = site.form(&path, &cookie, "do=roles&role_operator=on").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(inbox().await, StatusCode::FORBIDDEN);
    let page = site.get("/inbox", &[BROWSER, ("cookie", &his)]).await;
    assert!(
        page.body.contains("inbox:answer"),
        "it names what is missing"
    );
    let menu = site.get("/", &[BROWSER, ("cookie", &his)]).await.body;
    assert!(!menu.contains("href=\"/inbox\"") && menu.contains("href=\"/messages\""));
    site.form(&path, &cookie, "do=disable").await;
    assert_eq!(
        inbox().await,
        StatusCode::UNAUTHORIZED,
        "his sessions are over"
    );
    let out = site.sign_in("leo@shop.example", PASSWORD, "").await;
    assert_eq!(out.status, StatusCode::UNAUTHORIZED);
    let own = format!("/access/users/{admin}");
    for done in ["do=disable", "do=roles&role_support=on"] {
        let answer = site.form(&own, &cookie, done).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "there is always an admin"
        );
    }
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let site = site().await;
    let id = site.user(EMAIL, &["support"]).await;
    let (here, there) = (site.session(id).await, site.session(id).await);
    let new = "seven quiet harbours";
    let wrong = site
        .form(
            "/account",
            &here,
            &format!("do=password&current=nonsense&password={new}"),
        )
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let done = site
        .form(
            "/account",
            &here,
            &format!("do=password&current={PASSWORD}&password={new}"),
        )
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let open = async |cookie: &str| site.get("/account", &[("cookie", cookie)]).await.status;
    assert_eq!(open(&here).await, StatusCode::OK);
    assert_eq!(
        open(&there).await,
        StatusCode::UNAUTHORIZED,
        "other sessions are ended"
    );
    assert_eq!(
        site.sign_in(EMAIL, PASSWORD, "").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        site.sign_in(EMAIL, new, "").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn codes_are_set_up_by_a_code() {
    let site = site().await;
    let id = site.user(EMAIL, &["support"]).await;
    let cookie = site.session(id).await;
    let without = site
        .form("/account", &cookie, "do=offer&current=nonsense")
        .await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    let offer = format!("do=offer&current={PASSWORD}");
    assert_eq!(
        site.form("/account", &cookie, &offer).await.status,
        StatusCode::SEE_OTHER
    );
    let page = site
        .get("/account", &[BROWSER, ("cookie", &cookie)])
        .await
        .body;
    assert!(page.contains("<svg class=\"qr\"") && page.contains("otpauth://totp/Parcours:"));
    let wrong = site
        .form("/account", &cookie, "do=confirm&code=000000")
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let user = site.access.user(EMAIL).await.unwrap().unwrap();
    assert!(
        !user.has_totp,
        "nothing counts before a code has shown that it works"
    );
}
