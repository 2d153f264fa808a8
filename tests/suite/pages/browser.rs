//! What a browser makes of the pages: accessible by WCAG 2.2 AA as far as axe can tell, in both
//! languages, by day and by night.

use api::Look;
use journey::{links::LinkKind, message::Channel};
use parcours_tests::kit::{
    browser::{self, Scheme},
    events,
};
use serde_json::json;

use super::Shop;

/// Every page that customers see, by name.
async fn pages(shop: &Shop, key: &str) -> Vec<(String, String)> {
    let channel = Channel::Email;
    let unsubscribe = format!("/u/{}", shop.unsubscribe(key, channel));
    let preferences = format!("/p/{}", shop.preferences(key));
    let confirm = format!("/c/{}", shop.link(LinkKind::Confirm { channel }, key));
    let erase = format!("/e/{}", shop.link(LinkKind::Erase, key));
    let mut pages = Vec::new();
    for (name, path) in [
        ("preferences", &*preferences),
        ("unsubscribe", &unsubscribe),
        ("confirm", &confirm),
        ("erase", &erase),
        ("gone", "/p/x"),
    ] {
        pages.push((name.to_owned(), shop.get(path).await.body));
    }
    let stopped = shop.post(&unsubscribe, "sure=yes").await.body;
    pages.push(("unsubscribed".to_owned(), stopped));
    let saved = shop.post(&preferences, "do=save&pause=30").await;
    assert!(saved.status.is_redirection());
    let saved = shop.get(&format!("{preferences}?saved=yes")).await.body;
    pages.push(("saved".to_owned(), saved));
    pages
}

/// A customer who has something to confirm, and much that is known.
async fn full(shop: &Shop, key: &str, locale: &str) {
    let traits = json!({ "email": format!("{key}@customer.example"), "phone": "+33639980181",
        "first_name": "Léa", "locale": locale, "orders_count": 3, "birthday": "1985-07-14" });
    let consent = json!({ "purpose": "marketing", "how": "form" });
    let bodies = [
        events::identify(key, &format!("{key}-i"), &traits),
        events::track(key, "consent.granted", &format!("{key}-c"), &consent),
    ];
    events::take(&shop.engine, &bodies, jiff::Timestamp::now()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_wrong_with_any_page() {
    let shop = Shop::with(Look {
        name: "Maison Tilleul".into(),
        ..Look::default()
    })
    .await;
    let sheet = shop.get("/pages.css").await.body;
    // `PICTURES=FOLDER cargo test … axe` takes pictures, to be looked at.
    let pictures = std::env::var_os("PICTURES").map(std::path::PathBuf::from);
    let mut found = Vec::new();
    for locale in ["en", "fr"] {
        full(&shop, locale, locale).await;
        for (name, page) in pages(&shop, locale).await {
            for scheme in [Scheme::Light, Scheme::Dark] {
                let wrong = browser::wrong(&page, &sheet, scheme);
                found.extend(
                    wrong
                        .into_iter()
                        .map(|w| format!("{name} {locale} {scheme:?}: {w}")),
                );
                if let Some(folder) = &pictures {
                    let file = folder.join(format!("{name}-{locale}-{scheme:?}.png"));
                    browser::picture(&page, &sheet, scheme, 420, &file);
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // That it would find something.
    let page = shop
        .get("/p/x")
        .await
        .body
        .replace("<h1>", "<img src=\"x\"><h1 style=\"color: #bbb\">");
    let wrong = browser::wrong(&page, &sheet, Scheme::Light).join("\n");
    assert!(
        wrong.contains("image-alt") && wrong.contains("color-contrast"),
        "{wrong}"
    );
}
