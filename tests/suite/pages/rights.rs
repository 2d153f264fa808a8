//! What is held on a customer, from their own page; and its erasure.

use axum::http::{StatusCode, header};
use journey::links::LinkKind;

use super::Shop;

/// GDPR art. 15 and 20: all of it, to read and to take away, by whoever holds the link.
#[tokio::test]
async fn all_that_is_held_is_read_and_taken_away_from_the_page() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    shop.happens("ana", "go").await;
    let way = format!("/p/{}/data", shop.preferences("ana"));
    let file = shop.get(&way).await;
    let name = file.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"my-data.json\"");
    let data: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(data["customer"]["traits"]["email"], "ana@customer.example");
    assert_eq!(data["messages"][0]["journey"], "go");
    assert_eq!(
        data["records"]["consent"][0]["how"], "form",
        "{}",
        data["records"]
    );
    let page = shop.get(&format!("{way}?format=html")).await;
    assert!(page.body.contains("ana@customer.example") && !page.body.contains("Léa <b>"));
    // By no other link.
    let erase = shop.link(LinkKind::Erase, "ana");
    assert_eq!(
        shop.get(&format!("/p/{erase}/data")).await.status,
        StatusCode::NOT_FOUND
    );
}

/// GDPR art. 17: asked once more, then gone; every link of theirs is nothing from then on.
#[tokio::test]
async fn who_asks_to_be_erased_is_asked_once_more_and_is_gone() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    shop.happens("ana", "go").await;
    let choices = format!("/p/{}", shop.preferences("ana"));
    let page = shop.get(&choices).await.body;
    let (_, rest) = page.split_once("href=\"/e/").expect("a way to be erased");
    let way = format!("/e/{}", rest.split_once('"').unwrap().0);
    assert!(shop.get(&way).await.body.contains("Yes, erase everything"));
    assert_eq!(shop.post(&way, "").await.status, StatusCode::BAD_REQUEST);
    let count = "select (select count(*) from customer) + (select count(*) from message)
                 + (select count(*) from consent) + (select count(*) from input)";
    assert!(shop.rig.count(count).await > 0);
    let gone = shop.post(&way, "sure=yes").await;
    assert!(gone.body.contains("Everything is erased"), "{}", gone.body);
    assert_eq!(shop.rig.count(count).await, 0);
    for path in [&way, &choices] {
        assert_eq!(shop.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
