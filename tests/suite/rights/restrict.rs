//! Articles 16 and 18: a correction counts at once, and what is restricted is kept and not used.

use jiff::Timestamp;
use journey::failure::Failure;
use parcours_tests::kit::{self, Rig, events};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::api::{desk, page_of};

use super::{KEY, MARKERS, desk, dispatch, earlier, id, rig, workspace};

fn known(first_name: &str, id: &str) -> bytes::Bytes {
    let traits = json!({ "first_name": first_name, "phone": MARKERS[4] });
    events::identify(KEY, id, &traits)
}

fn start(id: &str) -> bytes::Bytes {
    events::track(KEY, "start", id, &json!({ "note": id }))
}

#[tokio::test]
async fn article_16_a_corrected_trait_takes_effect_in_the_next_message() {
    let (rig, engine) = rig().await;
    events::take(&engine, &[known("Ann", "1"), start("2")], earlier()).await;
    // Decided already, and not sent yet: content is made when it leaves.
    events::take(&engine, &[known("Anna", "3")], earlier()).await;
    dispatch(&engine).await;
    let taken = rig.provider.taken();
    let texts = taken.iter().filter(|p| p.body["channel"] == "sms");
    let texts: Vec<_> = texts.map(|p| p.body["content"]["text"].clone()).collect();
    assert_eq!(texts, ["Hello Anna"]);
    // A null forgets.
    let forget = events::identify(KEY, "4", &json!({ "first_name": null }));
    events::take(&engine, &[forget], earlier()).await;
    let customer = rig.reader().customer(KEY).await.unwrap().unwrap();
    assert!(!customer.row.traits.contains_key("first_name"));
}

#[tokio::test]
async fn article_18_restricted_while_it_waits_a_message_does_not_leave_and_a_call_is_not_made() {
    let desk = desk().await;
    let rig = Rig::new(&workspace(&desk)).await;
    let engine = rig.engine(kit::quick()).await;
    events::take(&engine, &[known("Ann", "1"), start("2")], earlier()).await;
    let queued = "select (select count(*) from message where status = 'queued')
                       + (select count(*) from call where status = 'queued')";
    assert_eq!(rig.count(queued).await, 2, "a text and a call");
    let restricted = events::track(KEY, "customer.restricted", "3", &json!({}));
    events::take(&engine, &[restricted], earlier()).await;
    assert_eq!(dispatch(&engine).await, 1);
    engine.calls_once(&CancellationToken::new()).await.unwrap();
    assert!(rig.provider.posts().is_empty() && desk.asked().is_empty());
    let messages = rig.messages().await;
    assert!(
        messages.contains(&"sms suppressed restricted 1".to_owned()),
        "{messages:?}"
    );
    let why: String = sqlx::query_scalar("select error from call")
        .fetch_one(rig.store.pool())
        .await
        .unwrap();
    assert_eq!(Failure::read(&why), Failure::Restricted);

    // What happens meanwhile is kept, and decided to no effect outside.
    events::take(&engine, &[start("4")], Timestamp::now()).await;
    assert_eq!(dispatch(&engine).await, 0);
    let made = engine.calls_once(&CancellationToken::new()).await.unwrap();
    assert_eq!(made.leased, 0);
    assert_eq!(
        rig.count("select count(*) from input where kind = 0").await,
        4
    );

    // Lifted: the next one goes.
    let lifted = events::track(KEY, "customer.unrestricted", "5", &json!({}));
    events::take(&engine, &[lifted, start("6")], Timestamp::now()).await;
    assert_eq!(dispatch(&engine).await, 1);
    assert_eq!(rig.provider.taken().len(), 1);
}

#[tokio::test]
async fn article_18_support_reads_since_when_it_is_restricted() {
    let (rig, engine) = rig().await;
    let at = earlier();
    let restricted = events::track(KEY, "customer.restricted", "1", &json!({}));
    events::take(&engine, &[restricted], at).await;
    let again = events::track(KEY, "customer.restricted", "2", &json!({}));
    events::take(&engine, &[again], Timestamp::now()).await;
    let customer = rig
        .reader()
        .customer(&id().to_string())
        .await
        .unwrap()
        .unwrap();
    let since = customer.ledger.restricted.unwrap();
    assert_eq!(
        since.as_microsecond(),
        at.as_microsecond(),
        "the first of several"
    );
    let state = desk::state(rig.reader(), std::sync::Arc::default(), None);
    let router = ::api::router(state);
    let said = "Processing is restricted since";
    for path in ["", "/export?format=html"] {
        let console = if path.is_empty() {
            "/customers/"
        } else {
            "/v1/customers/"
        };
        let page = page_of(router.clone(), &format!("{console}{KEY}{path}")).await;
        assert!(page.contains(said), "{path}: {page}");
    }
    let lifted = events::track(KEY, "customer.unrestricted", "3", &json!({}));
    events::take(&engine, &[lifted], Timestamp::now()).await;
    let page = page_of(router, &format!("/customers/{KEY}")).await;
    assert!(!page.contains(said), "lifted");
}
