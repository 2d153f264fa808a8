//! Support's search: by whatever is told of a customer, and by an index each time.

use std::{sync::Arc, time::Duration};

use journey::{
    advance::Turn,
    customer::Ledger,
    ids::CustomerId,
    input::{Event, Input, InputKind},
    value::Value,
};
use parcours_tests::kit;
use serde_json::json;
use sqlx::PgPool;
use store::{
    Arrival, Store,
    read::{Depth, Found, Matched, Reader},
};

use super::samples::{HORIZON, at};
use crate::fixture::{self, On};

/// Who is there: key and traits.
fn people() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        (
            "user-lea",
            json!({ "name": "Léa Verde", "email": "Lea.Verde@shop.example", "phone": "+32 470 12 34 81", "vip": true }),
        ),
        (
            "user-marc",
            json!({ "firstName": "Marc-Antoine", "lastName": "D'Œuvre", "email": "marc@shop.example", "phone": "0470123482" }),
        ),
        (
            "user-carmen",
            json!({ "first_name": "María del Carmen", "last_name": "García", "push_token": "apns00ff00ff" }),
        ),
        (
            "lea@keys.example",
            json!({ "name": "Lea Vermeer", "push_tokens": ["fcm:AAAA1111zzzz", "{\"endpoint\":\"https://push.example/send/web-SUB-1\"}"], "chat_id": "4711" }),
        ),
        ("x", json!({ "email": "x@shop.example", "name": "李 小龍" })),
    ]
}

/// An event that says so of a customer.
fn said(key: &str, id: &str, traits: serde_json::Value) -> Arrival {
    let kind = InputKind::Event(Event {
        customer: Arc::from(key),
        name: Arc::from("customer.updated"),
        at: at(0),
        properties: Value::Map(Arc::default()),
        traits: Value::from(traits).as_map().cloned().unwrap_or_default(),
        message_id: Arc::from(id),
        source: Arc::from("shop"),
    });
    Arrival {
        customer: CustomerId::of(key),
        key: Arc::from(key),
        input: Input {
            id: journey::ids::InputId::of_event(key, id),
            now: at(0),
            kind,
        },
    }
}

/// A turn that takes the traits over, as the engine's would.
async fn profile(store: &Store, key: &str, id: &str, traits: serde_json::Value) {
    let open = store
        .begin(&[said(key, id, traits.clone())], HORIZON)
        .await
        .unwrap();
    let turns = open.work.iter().map(|work| {
        let mut turn = super::samples::heard(work);
        turn.customer.traits = Value::from(traits.clone())
            .as_map()
            .cloned()
            .unwrap_or_default();
        turn.effects.profile = true;
        turn
    });
    let turns: Vec<Turn> = turns.collect();
    open.commit(turns).await.unwrap();
}

async fn shop() -> (On<Store>, Reader) {
    let store = fixture::store().await;
    for (key, traits) in people() {
        profile(&store, key, "1", traits).await;
    }
    let reader = Reader::new(store.pool().clone());
    (store, reader)
}

fn keys(found: &Found) -> Vec<&str> {
    found.customers.iter().map(|c| &*c.row.key).collect()
}

#[tokio::test]
async fn whatever_is_told_of_a_customer_finds_them() {
    let (_store, reader) = shop().await;
    let lea = CustomerId::of("user-lea").to_string();
    for (query, expected, matched, exact) in [
        ("user-lea", "user-lea", Matched::Key, true),
        ("user-l", "user-lea", Matched::Key, false),
        (&*lea, "user-lea", Matched::Id, true),
        ("LEA.verde@shop.example", "user-lea", Matched::Email, true),
        ("lea.verde@s", "user-lea", Matched::Email, false),
        ("+32470123481", "user-lea", Matched::Phone, true),
        ("0470 12 34 81", "user-lea", Matched::Phone, true),
        ("0470/12.34.82", "user-marc", Matched::Phone, true),
        ("verde lea", "user-lea", Matched::Name, true),
        ("vErdé", "user-lea", Matched::Name, false),
        ("le verd", "user-lea", Matched::Name, false),
        ("oeuv", "user-marc", Matched::Name, false),
        ("antoine", "user-marc", Matched::Name, false),
        ("d'œuvre marc", "user-marc", Matched::Name, false),
        ("carm", "user-carmen", Matched::Name, false),
        ("garcia maria", "user-carmen", Matched::Name, false),
        ("小龍", "x", Matched::Name, false),
        ("apns00ff00ff", "user-carmen", Matched::Device, true),
        ("apns00", "user-carmen", Matched::Device, false),
        ("fcm:AAAA1", "lea@keys.example", Matched::Device, false),
        (
            "https://push.example/send/web-SUB-1",
            "lea@keys.example",
            Matched::Device,
            true,
        ),
        ("web-SU", "lea@keys.example", Matched::Device, false),
        ("4711", "lea@keys.example", Matched::Chat, true),
    ] {
        let found = reader.find(query, Depth::Beginnings).await.unwrap();
        assert!(found.complete, "{query}");
        assert_eq!(keys(&found), [expected], "{query}: {found:?}");
        let first = &found.customers[0];
        assert_eq!((first.matched, first.exact), (matched, exact), "{query}");
    }
    for nobody in [
        "",
        "apns0",
        "web-sub-1",
        "verde marc",
        "0470 12 34 8",
        "\0",
        "%",
        "_er",
        "\\",
        "'",
    ] {
        let found = reader.find(nobody, Depth::Beginnings).await.unwrap();
        assert_eq!(keys(&found), [""; 0], "{nobody:?}");
    }
}

#[tokio::test]
async fn what_is_exactly_sought_comes_first() {
    let (store, reader) = shop().await;
    profile(&store, "lea", "1", json!({ "email": "other@shop.example" })).await;
    let found = reader.find("lea", Depth::Beginnings).await.unwrap();
    assert_eq!(keys(&found), ["lea", "lea@keys.example", "user-lea"]);
    let by: Vec<_> = found
        .customers
        .iter()
        .map(|c| (c.matched, c.exact))
        .collect();
    let expected = [
        (Matched::Key, true),
        (Matched::Key, false),
        (Matched::Email, false),
    ];
    assert_eq!(by, expected);
}

#[tokio::test]
async fn who_may_not_read_addresses_learns_no_letter_of_them() {
    let (_store, reader) = shop().await;
    let found = async |query: &str| {
        let found = reader.find(query, Depth::Whole).await.unwrap();
        found
            .customers
            .iter()
            .map(|c| c.row.key.to_string())
            .collect::<Vec<_>>()
    };
    for beginning in [
        "lea.v",
        "lea@keys",
        "ver",
        "le verde",
        "apns00",
        "fcm:AAAA1",
        "web-SU",
    ] {
        assert!(found(beginning).await.is_empty(), "{beginning}");
    }
    for (whole, who) in [
        ("lea.verde@shop.example", "user-lea"),
        ("verde", "user-lea"),
        ("lea verde", "user-lea"),
        ("garcia carmen", "user-carmen"),
        ("user-l", "user-lea"),
        ("lea@keys.example", "lea@keys.example"),
        ("apns00ff00ff", "user-carmen"),
        ("fcm:AAAA1111zzzz", "lea@keys.example"),
        ("0470123481", "user-lea"),
    ] {
        assert_eq!(found(whole).await, [who], "{whole}");
    }
}

#[tokio::test]
async fn what_a_customer_is_found_by_follows_their_traits() {
    let (store, reader) = shop().await;
    let finds = async |query: &str| {
        let found = reader.find(query, Depth::Beginnings).await.unwrap();
        !found.customers.is_empty()
    };
    assert!(finds("apns00ff").await && finds("garcia").await);
    profile(
        &store,
        "user-carmen",
        "2",
        json!({ "name": "Carmen Ruiz", "push_tokens": ["new-token-1"] }),
    )
    .await;
    assert!(
        !finds("apns00ff").await && !finds("garcia").await,
        "the token was dropped"
    );
    assert!(finds("new-to").await && finds("ruiz c").await);
    profile(&store, "user-carmen", "3", json!({ "city": "Gent" })).await;
    assert!(!finds("new-to").await && !finds("ruiz").await);
}

/// A change of a trait that nothing indexes moves no index, whoever has whatever else.
#[tokio::test]
async fn another_trait_moves_no_index() {
    let (store, _) = shop().await;
    for n in 0..20 {
        let (key, mut traits) = people().swap_remove(n % 5);
        traits["seen"] = json!(n);
        profile(&store, key, &format!("again{n}"), traits).await;
    }
    let moved = async || -> (i64, i64) {
        sqlx::query_as(
            "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'customer'",
        )
        .fetch_one(store.pool())
        .await
        .unwrap()
    };
    kit::eventually(
        Duration::from_secs(60),
        "the statistics come in",
        async || moved().await.0 >= 20,
    )
    .await;
    let (updated, hot) = moved().await;
    assert_eq!(updated, hot);
}

const MANY: i32 = 100_000;

/// Customers whose names, keys and addresses begin alike, without statistics.
async fn many(pool: &PgPool) {
    sqlx::query(
        "insert into customer (id, seen_at, key, traits, name, devices)
         select gen_random_uuid(), now(), 'user-' || n,
                jsonb_build_object('email', format('mary%s@shop.example', n), 'name', format('Mary N%s', n), 'phone', '+32470' || 100000 + n),
                'mary n' || n, array_to_tsvector(array['token' || n])
         from generate_series(1, $1) n",
    )
    .bind(MANY)
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn no_search_looks_at_more_for_there_being_more_customers() {
    let pool = fixture::pool().await;
    many(&pool).await;
    let ledger = Ledger::default();
    crate::shop::customer(&pool, "ana", &json!({ "name": "Ana" }), &ledger).await;
    let read = async || -> (i64, i64) {
        sqlx::query_as(
            "select seq_tup_read, idx_tup_fetch from pg_stat_user_tables where relname = 'customer'",
        )
        .fetch_one(&*pool)
        .await
        .unwrap()
    };
    let before = read().await;
    let reader = Reader::new(pool.clone());
    let queries = [
        ("user-", 20, false),
        ("mary", 20, false),
        ("ma n", 20, false),
        ("mary n77777", 1, true),
        ("n77777 mary", 1, true),
        ("mary zz", 0, false),
        ("token77777", 1, true),
        ("0470177777", 1, true),
        ("nobody", 0, true),
    ];
    for (query, there, complete) in queries {
        for depth in [Depth::Beginnings, Depth::Whole] {
            let found = reader.find(query, depth).await.unwrap();
            if depth == Depth::Beginnings {
                let got = (found.customers.len(), found.complete);
                assert_eq!(got, (there, complete), "{query}");
            }
        }
    }
    kit::eventually(
        Duration::from_secs(60),
        "the statistics come in",
        async || read().await.1 > before.1,
    )
    .await;
    let after = read().await;
    assert_eq!(after.0, before.0, "rows were read one after another");
    assert!(after.1 - before.1 < 20_000, "{before:?} {after:?}");
}

/// Of a benchmark, which asks for ten million.
#[tokio::test]
async fn a_crowd_is_gathered_once() {
    let store = fixture::store().await;
    store.gather(50, |_| {}).await.unwrap();
    assert_eq!(store.crowd().await.unwrap(), 50);
    let again = |n| panic!("they are there, and {n} are made");
    store.gather(50, again).await.unwrap();
}
