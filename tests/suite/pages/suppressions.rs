//! The suppression list, from a file to a message that does not go.

use jiff::Timestamp;
use journey::{failure::Failure, message::Channel, suppression};
use parcours_tests::kit::events;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Shop;

async fn dispatched(shop: &Shop, key: &str, event: &str) -> usize {
    let before = shop.rig.provider.taken().len();
    shop.happens(key, event).await;
    shop.engine
        .dispatch_once(&CancellationToken::new())
        .await
        .unwrap();
    shop.rig.provider.taken().len() - before
}

/// A list of another's, in hashes: what needs consent does not go, what is owed does; a consent that is
/// confirmed after it counts, and so does being taken off it.
#[tokio::test]
async fn what_is_on_the_list_gets_only_what_it_is_owed_until_a_consent_is_confirmed() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let hash = suppression::plain_hash(Channel::Sms, "+33 6 39 98 01 81");
    let store = shop.engine.store();
    assert_eq!(
        store
            .list(Channel::Sms, &[hash, hash], Timestamp::now())
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        store
            .list(Channel::Email, &[hash], Timestamp::now())
            .await
            .unwrap(),
        1
    );
    assert_eq!(dispatched(&shop, "ana", "go").await, 0);
    let why: String =
        sqlx::query_scalar("select error from message where reason = 'suppression_list'")
            .fetch_one(shop.rig.store.pool())
            .await
            .unwrap();
    assert_eq!(Failure::read(&why), Failure::Listed);
    assert_eq!(dispatched(&shop, "ana", "paid").await, 1);
    assert_eq!(store.unlist(Channel::Sms, &[hash]).await.unwrap(), 1);
    assert_eq!(dispatched(&shop, "ana", "go").await, 1);
    store
        .list(Channel::Sms, &[hash], Timestamp::now())
        .await
        .unwrap();
    assert_eq!(dispatched(&shop, "ana", "go").await, 0);
    let again = json!({ "purpose": "marketing", "channel": "sms", "confirmed": true });
    let again = events::track("ana", "consent.granted", "again", &again);
    events::take(&shop.engine, &[again], Timestamp::now()).await;
    assert_eq!(dispatched(&shop, "ana", "go").await, 1);
}

/// What is exported is what another can import: the list, and what bounced here.
#[tokio::test]
async fn an_export_holds_the_list_and_what_bounced() {
    let shop = Shop::new().await;
    shop.customer("ana").await;
    let bounced = events::track(
        "ana",
        "message.bounced",
        "b",
        &json!({ "channel": "email" }),
    );
    events::take(&shop.engine, &[bounced], Timestamp::now()).await;
    let store = shop.engine.store();
    let listed = suppression::plain_hash(Channel::Email, "bo@customer.example");
    store
        .list(Channel::Email, &[listed], Timestamp::now())
        .await
        .unwrap();
    assert_eq!(
        store.listed_page(Channel::Email, None).await.unwrap(),
        [listed]
    );
    assert!(
        store
            .listed_page(Channel::Email, Some(listed))
            .await
            .unwrap()
            .is_empty()
    );
    let (found, next) = store
        .suppressed_page(Channel::Email, uuid::Uuid::nil())
        .await
        .unwrap();
    assert_eq!(
        found,
        [suppression::plain_hash(
            Channel::Email,
            "ANA@customer.example "
        )]
    );
    let (found, next) = store
        .suppressed_page(Channel::Email, next.unwrap())
        .await
        .unwrap();
    assert!(found.is_empty() && next.is_none());
}
