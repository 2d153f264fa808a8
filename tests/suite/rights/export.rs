//! Articles 15 and 20: all that is held, as data and as a page.

use std::collections::BTreeSet;

use jiff::Timestamp;
use parcours_tests::kit::events;
use serde_json::{Value, json};

use super::{KEY, MARKERS, id, lived, neighbour, rig};

#[tokio::test]
async fn article_15_the_export_holds_every_row_of_every_table() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    neighbour(&engine).await;
    // A table of tomorrow, which nobody has told the export of.
    sqlx::raw_sql(
        "create table stamp (customer uuid not null, number int not null, body bytea, primary key (customer, number));
         create table unrelated (number int primary key)",
    )
    .execute(rig.store.pool())
    .await
    .unwrap();
    sqlx::query(
        "insert into stamp select $1, n, '{\"of\": \"tomorrow\"}' from generate_series(1, 1200) n",
    )
    .bind(id().0)
    .execute(rig.store.pool())
    .await
    .unwrap();
    // Something for somebody whom they were merged into, which could not be delivered.
    sqlx::query(
        "insert into forward (customer, id, at, kind, into_key, name, error, body)
         values ($1, $1, now(), 0, 'somebody', 'seen', 'it could not be', '{}')",
    )
    .bind(id().0)
    .execute(rig.store.pool())
    .await
    .unwrap();
    let export = rig
        .reader()
        .export(KEY, Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let json = serde_json::to_value(&export).unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns
         where column_name = 'customer' and table_schema = current_schema()
           and not (select relispartition from pg_class where oid = quote_ident(table_name)::regclass) order by 1",
    )
    .fetch_all(rig.store.pool())
    .await
    .unwrap();
    assert!(tables.len() >= 6, "{tables:?}");
    for table in &tables {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table} where customer = $1"));
        let held: i64 = sqlx::query_scalar(sql)
            .bind(id().0)
            .fetch_one(rig.store.pool())
            .await
            .unwrap();
        let section = match table.as_str() {
            "call" => &json["calls"],
            "input" => &json["inputs"],
            "message" => &json["messages"],
            "run" => &json["runs"],
            "run_ended" => &json["ended"],
            other => &json["records"][other],
        };
        let told = section.as_array().map_or(0, Vec::len);
        assert_eq!(i64::try_from(told).unwrap(), held, "rows of {table}");
        // These come about otherwise than by what happens to a person here.
        let elsewhere = ["answer", "dead_letter", "forward", "message_content"];
        let lives = held > 0 || elsewhere.contains(&table.as_str());
        assert!(lives, "the person has a row in {table}");
    }
    assert_eq!(
        json["records"]["stamp"][0]["body"],
        json!({ "of": "tomorrow" })
    );
    let text = json.to_string();
    for marker in MARKERS {
        assert!(text.contains(marker), "{marker} is in the export");
    }
    assert!(!text.contains("neighbour"), "nobody else is in it");
}

/// A column that a section leaves out is a thing that is held and not told.
#[tokio::test]
async fn article_15_no_column_is_left_out() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    let export = rig
        .reader()
        .export(KEY, Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let json = serde_json::to_value(&export).unwrap();
    // The machine is told by journey and version, the trace in its sentences; the key columns are the person.
    let known = [
        // For the search: they are made of traits.
        (
            "customer",
            json!([json["customer"]]),
            vec!["name", "devices"],
        ),
        ("input", json["inputs"].clone(), vec!["trace"]),
        // What was told of it stands in the inputs.
        ("message", json["messages"].clone(), vec!["heard"]),
        ("call", json["calls"].clone(), vec![]),
        (
            "run",
            json["runs"].clone(),
            vec!["machine", "node", "revision"],
        ),
        ("run_ended", json["ended"].clone(), vec!["machine"]),
    ];
    for (table, section, aside) in known {
        let told: BTreeSet<String> = section[0].as_object().unwrap().keys().cloned().collect();
        let columns: Vec<String> = sqlx::query_scalar(
            "select column_name::text from information_schema.columns
             where table_name = $1 and table_schema = current_schema() and column_name <> 'customer'
               and is_generated = 'NEVER'",
        )
        .bind(table)
        .fetch_all(rig.store.pool())
        .await
        .unwrap();
        for column in columns {
            let found = told.contains(&column) || aside.contains(&column.as_str());
            assert!(found, "{table}.{column} is not told: {told:?}");
        }
    }
}

#[tokio::test]
async fn article_20_what_pages_of_support_cut_off_is_in_the_export() {
    let (rig, engine) = rig().await;
    let many = (0..1_203).map(|n| events::track(KEY, "seen", &format!("s{n}"), &json!({ "n": n })));
    events::take(&engine, &many.collect::<Vec<_>>(), Timestamp::now()).await;
    let export = rig
        .reader()
        .export(KEY, Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let numbers: Vec<Value> = export
        .inputs
        .iter()
        .map(|i| i.body["properties"]["n"].clone())
        .collect();
    let expected: Vec<Value> = (0..1_203).map(Value::from).collect();
    assert_eq!(numbers, expected, "all of them, in the recorded order");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_all_the_same() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    for sql in [
        "update run set state = 'odd state'",
        "update input set trace = 'odd trace' where trace is not null",
        "update customer set ledger = 'odd ledger'",
    ] {
        sqlx::query(sql).execute(rig.store.pool()).await.unwrap();
    }
    let export = rig
        .reader()
        .export(KEY, Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let text = serde_json::to_string(&export).unwrap();
    for odd in ["odd state", "odd trace", "odd ledger"] {
        assert!(text.contains(odd), "{odd}");
    }
    assert!(
        api::export_page(&export, api::Language::English)
            .unwrap()
            .contains("odd state")
    );
}

#[tokio::test]
async fn article_12_the_page_says_it_in_words_and_runs_nothing() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    let hostile = json!({ "note": "</pre><script>alert(1)</script>" });
    events::take(
        &engine,
        &[events::identify(KEY, "h", &hostile)],
        Timestamp::now(),
    )
    .await;
    let export = rig
        .reader()
        .export(KEY, Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let page = api::export_page(&export, api::Language::English).unwrap();
    for marker in MARKERS
        .iter()
        .chain(&["Handed to stand-in", "given, not confirmed", "bounced"])
    {
        assert!(page.contains(marker), "{marker} is on the page");
    }
    assert!(!page.contains("<script"), "nothing runs");
    if let Ok(file) = std::env::var("EXPORT_PAGE") {
        std::fs::write(file, page).unwrap();
    }
}
