//! Support's questions against a real PostgreSQL.

use std::{sync::Arc, time::Duration};

use crate::{
    fixture,
    shop::{self, at, minutes},
};
use jiff::SignedDuration;
use journey::{
    customer::Ledger,
    ids::CustomerId,
    message::{Channel, Reason},
    trace::Fact,
};
use parcours_tests::kit;
use serde_json::json;
use store::read::{Depth, InputName, MessageCursor, MessageFilter, ReadError, Reader};

#[tokio::test]
async fn a_customer_is_found_by_key_by_id_and_by_address() {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 3).await;
    let reader = Reader::new(pool.clone());

    let by_key = reader.customer("ana").await.expect("read").expect("ana");
    let by_id = reader.customer(&shop.ana.to_string()).await.expect("read");
    assert_eq!(Some(&by_key), by_id.as_ref());
    assert_eq!(by_key.row.id, shop.ana);
    assert_eq!(by_key.ledger.consents["marketing"].len(), 2);

    for address in [
        "ANA@shop.example",
        "+33612345678",
        "+33 6 12 34 56 78",
        " ana ",
    ] {
        let found = reader.find(address, Depth::Beginnings).await.expect("read");
        assert!(found.complete);
        assert_eq!(found.customers.len(), 1, "{address}");
        assert_eq!(&*found.customers[0].row.key, "ana");
    }
    for nobody in ["nobody", "", "ana@x", "\0", "'; drop table customer"] {
        let found = reader.find(nobody, Depth::Beginnings).await.expect("read");
        assert_eq!(found.customers, [], "{nobody:?}");
    }
    assert_eq!(reader.customer("nobody").await.expect("read"), None);
}

#[tokio::test]
async fn a_search_reads_an_index_however_many_customers_there_are() {
    let pool = fixture::pool().await;
    sqlx::query(
        "insert into customer (id, seen_at, key, traits)
         select gen_random_uuid(), now(), n::text,
                jsonb_build_object('email', format('c%s@shop.example', n / 21), 'phone', format('+336%s', n), 'chat_id', n)
         from generate_series(1, 100000) n",
    )
    .execute(&*pool)
    .await
    .expect("rows");
    let scanned = async || -> (i64, i64) {
        sqlx::query_as(
            "select seq_tup_read, (select sum(idx_scan)::bigint from pg_stat_user_indexes
                                   where indexrelname ~ '^customer_(email|phone|chat)$')
             from pg_stat_user_tables where relname = 'customer'",
        )
        .fetch_one(&*pool)
        .await
        .unwrap()
    };
    let before = scanned().await;
    let reader = Reader::new(pool.clone());
    for (query, there, complete) in [
        ("nobody@shop.example", 0, true),
        ("C4000@shop.example", 20, false),
        ("+33 6 7000", 1, true),
        ("7000.", 0, true),
    ] {
        let found = reader.find(query, Depth::Beginnings).await.expect("read");
        let got = (found.customers.len(), found.complete);
        assert_eq!(got, (there, complete), "{query}");
    }
    let by_chat = reader.reached_at(Channel::Chat, &["777".into()]).await;
    assert_eq!(by_chat.expect("read"), [Arc::from("777")]);
    kit::eventually(
        Duration::from_secs(60),
        "the indexes are read",
        async || scanned().await.1 >= before.1 + 4,
    )
    .await;
    assert_eq!(
        scanned().await.0,
        before.0,
        "rows were read one after another"
    );
}

#[tokio::test]
async fn pages_of_customers_hold_everybody_once() {
    let pool = fixture::pool().await;
    shop::fill(&pool, 20).await;
    let reader = Reader::new(pool.clone());
    let (mut after, mut keys) = (None, Vec::new());
    loop {
        let page = reader.customers(after, 7).await.expect("read");
        assert!(page.customers.len() <= 7);
        keys.extend(page.customers.into_iter().map(|c| c.key));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(keys.len(), 23);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 23);
}

#[tokio::test]
async fn a_timeline_is_newest_first_with_its_decisions_and_their_messages() {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 0).await;
    let reader = Reader::new(pool.clone());
    let page = reader.timeline(shop.ana, None, 4).await.expect("read");
    let names: Vec<&str> = page.entries.iter().map(|e| &*e.name).collect();
    assert_eq!(names, ["timer", "page", "timer", "cart.updated"]);
    assert!(page.entries[1].trace.is_empty());
    assert_eq!(page.entries[2].kind, InputName::Timer);
    assert_eq!(&*page.messages[&shop.nudge].status, "sent");
    assert_eq!(
        page.entries[3]
            .body
            .at(&["properties", "cart_id"])
            .as_text(),
        Some("c-17")
    );

    let rest = reader.timeline(shop.ana, page.next, 4).await.expect("read");
    assert_eq!(rest.next, None);
    let [entry] = rest.entries.as_slice() else {
        panic!("one is left: {rest:?}");
    };
    assert_eq!(
        entry.trace[0].fact.sentence(),
        "traits changed: country, email"
    );
}

#[tokio::test]
async fn an_unreadable_trace_hides_only_itself() {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 0).await;
    sqlx::query("update input set trace = 'of another version' where name = 'cart.updated'")
        .execute(&*pool)
        .await
        .expect("update");
    let page = Reader::new(pool.clone())
        .timeline(shop.ana, None, 50)
        .await
        .expect("read");
    let broken: Vec<&str> = page
        .entries
        .iter()
        .filter(|e| e.unreadable)
        .map(|e| &*e.name)
        .collect();
    assert_eq!(broken, ["cart.updated"]);
    assert_eq!(page.entries.len(), 5);
}

#[tokio::test]
async fn runs_say_where_they_are_and_what_they_wait_for() {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 0).await;
    let runs = Reader::new(pool.clone())
        .runs(shop.ana)
        .await
        .expect("read");
    let [open] = runs.open.as_slice() else {
        panic!("one is open: {runs:?}");
    };
    assert_eq!(
        (open.version, &*open.title),
        (Some(3), "Rescue an abandoned cart")
    );
    let step = open.step.as_ref().expect("a step");
    assert_eq!((&*step.id, step.verb, step.line), ("last_call", "send", 40));
    let waiting = open.waiting.as_ref().expect("it waits");
    assert_eq!(waiting.until, Some(at(SignedDuration::from_hours(22))));
    assert_eq!(waiting.held.as_ref().map(|r| r.reason), Some(Reason::Quiet));
    let [ended] = runs.ended.as_slice() else {
        panic!("one has ended: {runs:?}");
    };
    assert_eq!(ended.reason.as_deref(), Some("bought"));
    assert!(ended.goal_at.is_some() && ended.step.is_none());
}

#[tokio::test]
async fn messages_are_filtered_and_paged() {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 0).await;
    let reader = Reader::new(pool.clone());
    let all = MessageFilter::default();
    let first = reader.messages(&all, None, 3).await.expect("read");
    assert_eq!(first.messages[0].id, shop.nudge);
    let cursor: MessageCursor = first
        .next
        .expect("more")
        .to_string()
        .parse()
        .expect("its text");
    assert_eq!(Some(cursor), first.next);
    let rest = reader.messages(&all, Some(cursor), 3).await.expect("read");
    assert_eq!(first.messages.len() + rest.messages.len(), 5);
    assert!(rest.messages.iter().all(|m| m.at < first.messages[2].at));

    let count = async |filter: MessageFilter| {
        reader
            .messages(&filter, None, 50)
            .await
            .expect("read")
            .messages
            .len()
    };
    let of = |customer| MessageFilter {
        customer: Some(customer),
        ..Default::default()
    };
    assert_eq!(count(of(shop.ben)).await, 4);
    assert_eq!(count(of(CustomerId::of("nobody"))).await, 0);
    let mut ben = of(shop.ben);
    ben.status = Some("suppressed".into());
    assert_eq!(count(ben.clone()).await, 1);
    ben.reason = Some("quiet".into());
    assert_eq!(count(ben).await, 0);
    let sms = MessageFilter {
        channel: Some("sms".into()),
        ..Default::default()
    };
    assert_eq!(count(sms).await, 0);
    let no_such = MessageFilter {
        status: Some("lost".into()),
        ..Default::default()
    };
    assert_eq!(count(no_such).await, 0);
}

#[test]
fn a_cursor_is_read_back_or_refused() {
    for text in [
        "",
        "-",
        "1-",
        "x-y",
        "1700000000000000",
        "9999999999999999999-0",
    ] {
        assert!(text.parse::<MessageCursor>().is_err(), "{text}");
    }
    let early = "-5-67e55044-10b1-426f-9247-bb680e5fe0c8";
    assert_eq!(
        early
            .parse::<MessageCursor>()
            .expect("a cursor")
            .to_string(),
        early
    );
}

#[tokio::test]
async fn a_message_names_the_sends_that_used_up_its_cap() {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 0).await;
    let reader = Reader::new(pool.clone());
    let scanned = reader
        .message(shop.capped, None)
        .await
        .expect("read")
        .expect("it");
    let message = reader
        .message(shop.capped, Some(shop.ben))
        .await
        .expect("read")
        .expect("it");
    assert_eq!(scanned, message);
    assert_eq!(message.row.reason.as_deref(), Some("capped"));
    assert_eq!(message.refusals()[0].used_by.len(), 3);
    assert_eq!(message.evidence.len(), 3);
    assert!(message.evidence.values().all(|m| &*m.status == "sent"));
    let of_another = reader
        .message(shop.capped, Some(shop.ana))
        .await
        .expect("read");
    assert_eq!(of_another, None);
}

#[tokio::test]
async fn the_summary_counts_every_run_and_message_once() {
    let pool = fixture::pool().await;
    let empty = Reader::new(pool.clone()).summary().await.expect("read");
    assert_eq!(*empty, store::read::Summary::default());
    shop::fill(&pool, 2).await;
    shop::count(&pool).await;
    let summary = Reader::new(pool.clone()).summary().await.expect("read");
    assert_eq!(summary.customers, 5);
    assert_eq!((summary.entered, summary.inside, summary.goals), (3, 1, 2));
    assert_eq!(summary.left["bought"], 2);
    assert_eq!(summary.sent["email"], 4);
    assert_eq!(summary.suppressed["capped"], 1);
    assert_eq!(
        (summary.failed, summary.recalled, summary.queued),
        (0, 0, 0)
    );
    let journey = &summary.journeys["cart-rescue"];
    assert_eq!((journey.entered, journey.inside, journey.sent), (3, 1, 4));
}

#[tokio::test]
async fn a_ledger_of_another_version_is_an_error_with_a_name() {
    let pool = fixture::pool().await;
    shop::customer(&pool, "old", &json!({}), &Ledger::default()).await;
    sqlx::query("update customer set ledger = 'x'")
        .execute(&*pool)
        .await
        .expect("update");
    let error = Reader::new(pool.clone())
        .customer("old")
        .await
        .expect_err("unreadable");
    assert!(matches!(
        error,
        ReadError::Unreadable {
            what: "the ledger",
            ..
        }
    ));
}

#[tokio::test]
async fn a_page_of_a_timeline_carries_only_the_messages_it_names() {
    let pool = fixture::pool().await;
    let shop = shop::fill(&pool, 0).await;
    let page = Reader::new(pool.clone())
        .timeline(shop.ben, None, 10)
        .await
        .expect("read");
    assert!(matches!(
        page.entries[0].trace[0].fact,
        Fact::Suppressed { .. }
    ));
    assert_eq!(
        page.messages.keys().copied().collect::<Vec<_>>(),
        [shop.capped]
    );
    assert_eq!(page.entries[0].at, at(minutes(30)));
}
