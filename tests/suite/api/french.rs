//! The console in French: whole, for whoever asks for it, and kept.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use super::{Server, server, text};
use crate::{shop, tongues::english_left};

/// What the shop calls things, and what its messages say.
const DATA: &[&str] = &[
    "Rescue an abandoned cart",
    "Your basket is waiting",
    "your basket is waiting",
    "Ten per cent off until Friday",
    "Still thinking it over?",
    "Your walking boots are nearly sold out in size 39.",
    "Hello Ana! Shall I keep the boots for you until tomorrow?",
    "Yes, please",
    "No, thanks",
    "BACK10 gives 10 % until Friday. STOP to 36111",
    "Shop:",
    "marketing_week",
    "cart.updated",
    "cart-rescue",
    "cart/nudge",
    "cart/last-call",
    "marketing",
    "nudge",
    "reminder",
    "resumed",
    "bought",
    "Bought",
    "night",
    "smtp",
    "country",
    "locale",
    "orders",
    "phone",
    "vip",
    "identify",
    "email",
    "true",
    "ana",
    "Ana",
    "ben",
    "Ben",
];

/// A page as somebody gets it whose browser likes that language best.
async fn spoken(server: &Server, path: &str, language: &str) -> (StatusCode, String) {
    let request = Request::get(path).header(header::ACCEPT_LANGUAGE, language);
    text(server.ask(request.body(Body::empty()).unwrap()).await).await
}

#[tokio::test]
async fn no_english_is_left_on_the_pages_of_the_console() {
    let server = server().await;
    // What is published can be asked about.
    sqlx::query("insert into workspace (applied_at, digest, machines, files) values (now(), $1, array[$1], '{}')")
        .bind(shop::machine().id.0)
        .execute(&*server.database)
        .await
        .unwrap();
    let (capped, nudge) = (server.shop.capped, server.shop.nudge);
    let mut left = Vec::new();
    for path in [
        "/".to_owned(),
        format!("/messages/{capped}"),
        format!("/messages/{nudge}"),
        "/customers/ana/journey?name=cart-rescue".to_owned(),
        "/customers/ben/journey?name=cart-rescue".to_owned(),
        "/mailbox".to_owned(),
        "/mailbox/20260105-110100-mail".to_owned(),
        "/mailbox/note-1".to_owned(),
        "/mailbox/note-2".to_owned(),
        "/mailbox/note-3".to_owned(),
        "/inbox".to_owned(),
        "/inbox?after=x".to_owned(),
        "/messages/nothing".to_owned(),
        "/customers/nobody".to_owned(),
        "/customers/ana/journey?name=nothing".to_owned(),
        "/customers/ana/journey".to_owned(),
        "/nowhere".to_owned(),
        "/v1/customers/ana/export?format=html".to_owned(),
    ] {
        let (status, english) = spoken(&server, &path, "en").await;
        let (same, french) = spoken(&server, &path, "fr-BE, en;q=0.5").await;
        assert_eq!(status, same, "{path}");
        let words = english_left(&english, &french, DATA);
        left.extend(words.iter().map(|word| format!("{path}: {word}")));
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[tokio::test]
async fn moments_are_said_as_the_french_say_them() {
    let server = server().await;
    let path = format!("/messages/{}", server.shop.nudge);
    let (_, sent) = spoken(&server, &path, "fr").await;
    assert!(
        sent.contains("décidé le <time") && sent.contains(" janv. 2026, "),
        "{sent}"
    );
    let (_, sent) = spoken(&server, &path, "de, en").await;
    assert!(
        sent.contains("decided <time") && sent.contains(" Jan 2026, "),
        "{sent}"
    );
}

/// What is chosen in the rail stays chosen, whatever the browser likes best; the address needs no language any more.
#[tokio::test]
async fn a_language_that_was_chosen_is_kept() {
    let server = server().await;
    let ask = async |path: &str, cookie: &str| {
        let request = Request::get(path)
            .header(header::ACCEPT_LANGUAGE, "en")
            .header(header::COOKIE, cookie);
        server.ask(request.body(Body::empty()).unwrap()).await
    };
    let chosen = ask("/mailbox?lang=fr", "").await;
    let cookie = chosen.headers()[header::SET_COOKIE].to_str().unwrap();
    for part in ["parcours_lang=fr; Path=/;", "SameSite=Lax", "HttpOnly"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert!(text(chosen).await.1.contains("<html lang=\"fr\">"));
    let next = ask("/mailbox", &cookie).await;
    assert!(!next.headers().contains_key(header::SET_COOKIE));
    assert!(text(next).await.1.contains("<h1>Courrier capturé</h1>"));
    // An address can still say otherwise, and nonsense says nothing.
    let english = text(ask("/mailbox?lang=en", &cookie).await).await.1;
    assert!(english.contains("<html lang=\"en\">"));
    let nonsense = ask("/mailbox?lang=xx", "parcours_lang=xx").await;
    assert!(!nonsense.headers().contains_key(header::SET_COOKIE));
    assert!(text(nonsense).await.1.contains("<html lang=\"en\">"));
    // Programs are answered in the language that they ask for, and given no cookie.
    let why = format!("/v1/messages/{}/why?lang=fr", server.shop.nudge);
    let told = ask(&why, "").await;
    assert!(!told.headers().contains_key(header::SET_COOKIE));
    assert!(text(told).await.1.contains("Envoyé par e-mail"));
    // One switch is enough: no link of the page itself says a language.
    let page = format!("/messages/{}", server.shop.capped);
    let page = text(ask(&page, &cookie).await).await.1;
    assert!(page.contains("Non envoyé"), "{page}");
    let (_, main) = page.split_once("<main").unwrap();
    assert!(main.contains("<li><a href=\"/messages/") && !main.contains("lang=fr"));
}
