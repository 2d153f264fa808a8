//! What a browser makes of the console: accessible by WCAG 2.2 AA as far as axe can tell, by day and by night.

use parcours_tests::kit::browser::{self, Scheme};

use super::server;
use crate::shop;

/// Pages with an explanation on them.
#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_wrong_with_what_explains() {
    let server = server().await;
    // What is published can be asked about.
    sqlx::query("insert into workspace (applied_at, digest, machines, files) values (now(), $1, array[$1], '{}')")
        .bind(shop::machine().id.0)
        .execute(&*server.database)
        .await
        .expect("a workspace");
    super::lists::counted(&server).await;
    let (_, sheet) = server.get("/console.css").await;
    // `PICTURES=FOLDER cargo test … axe` takes pictures, to be looked at.
    let pictures = std::env::var_os("PICTURES").map(std::path::PathBuf::from);
    let (capped, nudge) = (server.shop.capped, server.shop.nudge);
    let mut found = Vec::new();
    for (name, path) in [
        ("capped", format!("/messages/{capped}?lang=en")),
        ("capped-fr", format!("/messages/{capped}?lang=fr")),
        ("sent", format!("/messages/{nudge}?lang=en")),
        ("customer", "/customers/ana?lang=fr".to_owned()),
        (
            "inside",
            "/customers/ana/journey?name=cart-rescue&lang=en".to_owned(),
        ),
        (
            "inside-fr",
            "/customers/ana/journey?name=cart-rescue&lang=fr".to_owned(),
        ),
        (
            "never",
            "/customers/c-0001/journey?name=cart-rescue&lang=en".to_owned(),
        ),
        (
            "left-fr",
            "/customers/ben/journey?name=cart-rescue&lang=fr".to_owned(),
        ),
        ("found", "/customers?q=c-000&lang=en".to_owned()),
        ("found-nobody-fr", "/customers?q=nobody&lang=fr".to_owned()),
        ("messages", "/messages?status=sent&lang=en".to_owned()),
        (
            "messages-none-fr",
            "/messages?journey=none&lang=fr".to_owned(),
        ),
        (
            "funnel",
            "/messages/funnel?from=2026-01-01&to=2026-01-31&by=day&lang=en".to_owned(),
        ),
        (
            "funnel-fr",
            "/messages/funnel?from=2026-01-01&to=2026-01-31&by=provider&lang=fr".to_owned(),
        ),
        ("mail", "/mailbox/20260105-110100-mail".to_owned()),
        ("text", "/mailbox/note-1".to_owned()),
        ("push", "/mailbox/note-2".to_owned()),
        ("chat", "/mailbox/note-3".to_owned()),
    ] {
        let (status, page) = server.get(&path).await;
        assert!(status.is_success(), "{path}: {page}");
        for scheme in [Scheme::Light, Scheme::Dark] {
            let wrong = browser::wrong(&page, &sheet, scheme);
            found.extend(wrong.iter().map(|w| format!("{name} {scheme:?}: {w}")));
            if let Some(folder) = &pictures {
                let file = folder.join(format!("{name}-{scheme:?}.png"));
                browser::picture(&page, &sheet, scheme, 1200, &file);
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
