//! Signing in, users, keys, the account and the audit log in French: whole.

use super::*;
use crate::tongues::english_left;

/// What is kept as programs and logs know it, and what this test calls people.
const DATA: &[&str] = &[
    "customers",
    "events",
    "journeys",
    "operations",
    "act",
    "inbox",
    "key",
    "post",
    "users",
    "erase",
    "export",
    "merge",
    "move",
    "reveal",
    "read",
    "write",
    "manage",
    "answer",
    "confirm",
    "link",
    "offer",
    "others",
    "password",
    "POST /access/users/{id}",
    "POST /access/users",
    "POST /access/keys",
    "POST /account",
    "POST /customers/{key}/reveal",
    "POST /access",
    "GET /access/users",
    "DELETE",
    "sign_in",
    "set_password",
    "password, ",
    "ines@",
    "leo@",
    "Kasse",
    "key:ID",
    ":read",
    ":write",
    ">confirm<",
    ">offer<",
    ">others<",
    ">link<",
    "wrong",
    "no_users",
];

/// What the same request gets in English and in French.
struct Both {
    left: Vec<String>,
}

impl Both {
    fn seen(&mut self, name: &str, english: &Answer, french: &Answer) {
        assert_eq!(english.status, french.status, "{name}: {}", french.body);
        let left = english_left(&english.body, &french.body, DATA);
        self.left
            .extend(left.iter().map(|word| format!("{name}: {word}")));
    }

    async fn get(&mut self, site: &Site, cookie: &str, path: &str) {
        let ask = async |language| {
            let headers = [BROWSER, ("cookie", cookie), ("accept-language", language)];
            site.get(path, &headers).await
        };
        let (english, french) = (ask("en").await, ask("fr").await);
        self.seen(path, &english, &french);
    }

    async fn form(&mut self, site: &Site, cookie: &str, path: &str, body: &str) {
        let ask = async |language| {
            let said = ("accept-language", language);
            let headers = [OWN, FORM, BROWSER, ("cookie", cookie), said];
            site.ask("POST", path, &headers, body).await
        };
        let (english, french) = (ask("en").await, ask("fr").await);
        self.seen(&format!("{path} {body}"), &english, &french);
    }
}

#[tokio::test]
async fn no_english_is_left_on_the_pages_of_access() {
    let site = site().await;
    let ines = site.user(EMAIL, &["admin", "privacy_officer"]).await;
    let leo = site
        .user("leo@shop.example", &["support", "marketer", "operator"])
        .await;
    let (cookie, other) = (site.session(ines).await, site.session(leo).await);
    let mut both = Both { left: Vec::new() };
    for path in ["/sign-in", "/welcome/nothing"] {
        both.get(&site, "", path).await;
    }
    both.form(&site, "", "/sign-in", "email=ines@shop.example&password=x")
        .await;
    let one = format!("/access/users/{leo}");
    let token = access::token().unwrap();
    let until = now() + SignedDuration::from_hours(72);
    let invited = access::hash_of(&token);
    assert!(site.access.invite(leo, &invited, until).await.unwrap());
    let welcome = format!("/welcome/{token}");
    both.get(&site, "", &welcome).await;
    for password in ["short", "password1234"] {
        both.form(&site, "", &welcome, &format!("password={password}"))
            .await;
    }
    for (path, body) in [
        ("/access/users", "email=x"),
        ("/access/users", "email=zoe@shop.example"),
        ("/access/users", "email=leo@shop.example&role_admin=on"),
        (&*one, "do=link"),
        ("/access/keys", "name=Kasse"),
        ("/access/keys", "name=Kasse&scope_events:write=on&days=0"),
        ("/access/keys", "name=Kasse&scope_events:write=on"),
        ("/account", "do=nothing"),
        ("/account", "do=confirm&code=1"),
        ("/account", "do=password&current=wrong"),
        ("/account", "do=others"),
        ("/customers/nobody/reveal", "reason=+"),
    ] {
        both.form(&site, &cookie, path, body).await;
    }
    let offer = format!("do=offer&current={PASSWORD}");
    for language in ["en", "fr"] {
        let said = ("accept-language", language);
        let headers = [OWN, FORM, BROWSER, ("cookie", &*cookie), said];
        let answer = site.ask("POST", "/account", &headers, &offer).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
    for path in [
        "/access/users",
        &one,
        "/access/keys",
        "/access/audit",
        "/access/audit?who=none",
        "/account",
        "/access/users/x",
    ] {
        both.get(&site, &cookie, path).await;
    }
    // Who may not is told so.
    both.get(&site, &other, "/access/users").await;
    assert!(both.left.is_empty(), "{}", both.left.join("\n"));
}
