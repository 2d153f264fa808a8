//! Every address for everybody, and when nothing is asked for at all.

use std::{fmt::Write as _, sync::Arc};

use ::api::{
    Look, Pages, State,
    access::{Need, Role, TABLE},
};
use axum::http::{StatusCode, header};
use journey::links::Key;

use super::{BROWSER, EMAIL, OWN, site, site_with};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/suite/access/table.golden");

/// With the pages of customers, so that theirs are routed.
fn with_pages(state: State) -> State {
    let pages = Pages {
        key: Key::new(&["a secret of thirty-two characters"]).unwrap(),
        turn: state.accept.clone(),
        policies: Arc::new(Default::default),
        uses: Arc::new(Default::default),
        browsers: None,
        look: Look::default(),
    };
    State {
        pages: Some(pages),
        ..state
    }
}

/// An address that the pattern fits.
fn sample(pattern: &str) -> String {
    let part = |part: &str| match part {
        "{customer}" | "{call}" | "{id}" => "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b".to_owned(),
        "{channel}" => "email".to_owned(),
        other if other.starts_with('{') => "x".to_owned(),
        other => other.to_owned(),
    };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_address_for_every_role_is_as_the_golden_table_says() {
    let site = site_with(false, with_pages).await;
    let mut users = Vec::new();
    for role in Role::ALL {
        let email = format!("{}@shop.example", role.word());
        users.push((role.word(), site.user(&email, &[role.word()]).await));
    }
    let mut table = String::new();
    for (method, pattern, need) in TABLE {
        let path = sample(pattern);
        let mut may = Vec::new();
        let nobody = site.ask(method, &path, &[OWN], "").await;
        if nobody.code() == "sign_in" {
            assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{path}");
        } else {
            assert_eq!(*need, Need::Public, "{method} {path}");
            may.push("everybody");
        }
        for (role, user) in &users {
            // Anew each time: some addresses end it.
            let cookie = site.session(*user).await;
            let answer = site
                .ask(method, &path, &[OWN, ("cookie", &cookie)], "")
                .await;
            assert_ne!(answer.code(), "sign_in", "{method} {path}");
            if answer.code() == "not_allowed" {
                assert_eq!(answer.status, StatusCode::FORBIDDEN);
            } else if may.first() != Some(&"everybody") {
                assert_ne!(
                    answer.status,
                    StatusCode::METHOD_NOT_ALLOWED,
                    "{method} {path}"
                );
                may.push(role);
            }
        }
        let need = match need {
            Need::Public => "-",
            Need::User => "(signed in)",
            Need::Scope(scope) => scope.word(),
        };
        writeln!(table, "{method:<8}{pattern:<48}{need:<18}{}", may.join(" ")).unwrap();
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(GOLDEN, &table).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == table, "BLESS=1 writes it anew:\n{table}");
}

#[tokio::test]
async fn without_any_user_everything_is_open_but_who_may_do_what() {
    let site = site().await;
    for path in [
        "/",
        "/customers",
        "/v1/customers",
        "/metrics",
        "/mailbox",
        "/inbox",
    ] {
        assert_eq!(site.get(path, &[]).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/access/users", "/access/keys", "/access/audit", "/account"] {
        let answer = site.get(path, &[]).await;
        assert_eq!(
            (answer.status, &*answer.code()),
            (StatusCode::FORBIDDEN, "no_users")
        );
    }
    // The first one closes it, for the very next request.
    site.user(EMAIL, &["admin"]).await;
    for path in [
        "/",
        "/customers",
        "/v1/customers",
        "/metrics",
        "/mailbox",
        "/inbox",
    ] {
        let answer = site.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.code(), "sign_in");
    }
    let health = site.get("/healthz", &[]).await;
    assert_eq!(health.status, StatusCode::OK);
    let nothing = site.get("/no-such-page", &[]).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn required_closes_it_without_users_too() {
    let site = site_with(true, |state| state).await;
    assert_eq!(site.get("/v1/customers", &[]).await.code(), "sign_in");
    let browser = site.get("/customers?q=a%20b", &[BROWSER]).await;
    assert_eq!(browser.status, StatusCode::SEE_OTHER);
    assert_eq!(
        browser.header(header::LOCATION),
        "/sign-in?to=%2Fcustomers%3Fq%3Da%2520b"
    );
}
