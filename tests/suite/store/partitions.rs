//! The customers' tables cut into hash partitions: the same keys, the same statements, the same answers.

use std::collections::BTreeSet;

use sqlx::PgPool;
use store::{Error, Settings, Store};

use super::{plans, races, samples::*};
use crate::fixture;

/// Indexes, keys, checks, triggers and defaults of the customers' tables, each in one line, without what they are stored with.
async fn described(pool: &PgPool) -> BTreeSet<String> {
    let lines: Vec<String> = sqlx::query_scalar(
        "with t as (select oid, relname from pg_class
                    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition)
         select concat_ws(' ', relname, 'index', i.relname_of_index, i.def) from t
             join lateral (select c.relname as relname_of_index,
                                  replace(regexp_replace(pg_get_indexdef(x.indexrelid), ' WITH \\(.*?\\)', ''), ' ON ONLY ', ' ON ') as def
                           from pg_index x join pg_class c on c.oid = x.indexrelid where x.indrelid = t.oid) i on true
         union all
         select concat_ws(' ', relname, 'constraint', k.conname, pg_get_constraintdef(k.oid))
             from t join pg_constraint k on k.conrelid = t.oid
         union all
         select concat_ws(' ', relname, 'trigger', pg_get_triggerdef(g.oid))
             from t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
         union all
         select concat_ws(' ', relname, 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
                          a.attidentity::text, pg_get_expr(d.adbin, d.adrelid))
             from t join pg_attribute a on a.attrelid = t.oid
             left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
             where a.attnum > 0 and not a.attisdropped",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    lines.into_iter().collect()
}

/// A store whose tables are whole, also where all others of this run are cut.
async fn uncut() -> (Store, fixture::On<Settings>) {
    let settings = fixture::settings_of_nothing().await;
    let store = Store::connect(&settings).await.unwrap();
    store.migrate().await.unwrap();
    (store, settings)
}

#[tokio::test]
async fn tables_that_are_cut_keep_their_keys_indexes_checks_and_triggers() {
    let (store, _settings) = uncut().await;
    let before = described(store.pool()).await;
    store.partition(4).await.unwrap();
    assert_eq!(described(store.pool()).await, before);
    let parts: Vec<(String, i64, String)> = sqlx::query_as(
        "select p.relname::text, count(*), min(coalesce(array_to_string(c.reloptions, ','), '-'))
         from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
         where p.relkind = 'p' group by 1 order by 1",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    let names: Vec<&str> = parts.iter().map(|(name, ..)| &**name).collect();
    let of_customers = [
        "answer",
        "call",
        "chat_line",
        "chat_link",
        "consent",
        "customer",
        "dead_letter",
        "forward",
        "input",
        "message",
        "message_content",
        "run",
        "run_ended",
        "short_link",
        "voucher_draw",
    ];
    assert_eq!(
        names, of_customers,
        "every table of customers, and no other"
    );
    assert!(parts.iter().all(|(_, n, _)| *n == 4), "{parts:?}");
    let kept = parts
        .iter()
        .filter(|(.., stored)| stored == "fillfactor=80");
    assert_eq!(kept.count(), 4, "{parts:?}");
    store
        .partition(4)
        .await
        .expect("it is cut like this already");
    let other = store.partition(8).await.unwrap_err();
    assert!(matches!(other, Error::Cut(4)), "{other}");
    store
        .migrate()
        .await
        .expect("migrations know where they are");
}

#[tokio::test]
async fn tables_with_customers_are_not_cut() {
    let (store, _settings) = uncut().await;
    let open = store
        .begin(&[event("ana", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let turns = open.work.iter().map(heard).collect();
    open.commit(turns).await.unwrap();
    let refused = store.partition(4).await.unwrap_err();
    assert!(matches!(refused, Error::NotEmpty(_)), "{refused}");
    let plain = "select count(*) from pg_class where relkind = 'p'";
    assert_eq!(super::turns::count(&store, plain).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_1_holds_on_partitions_among_consumers_of_the_same_events() {
    let (store, _settings) = uncut().await;
    store.partition(3).await.unwrap();
    races::race(&store).await;
    races::many_consumers(&store).await;
}

#[tokio::test]
async fn the_hot_path_reads_only_the_rows_that_it_is_about_on_partitions() {
    let (store, settings) = uncut().await;
    store.partition(8).await.unwrap();
    store.pool().close().await;
    plans::hot_path(&settings).await;
}
