//! A database that is migrated while processes of the version before go on.

use std::{path::Path, time::Duration};

use parcours_tests::kit;
use sqlx::migrate::Migrator;
use store::{Error, Store, Until};

use super::{samples::*, turns::count};
use crate::fixture;

const SOON: Duration = Duration::from_secs(60);

/// This version's migrations, and these of a next one.
async fn next(more: &[(&str, &str)]) -> Migrator {
    let folder = kit::scratch("migrations");
    std::fs::create_dir_all(&folder).unwrap();
    for file in std::fs::read_dir(kit::workspace_root().join("migrations")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    for (name, sql) in more {
        std::fs::write(folder.join(name), sql).unwrap();
    }
    let migrator = Migrator::new(Path::new(&folder)).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    migrator
}

const EXPAND: (&str, &str) = (
    "9001_expand_note.sql",
    "alter table message add column note text",
);
const CONTRACT: (&str, &str) = (
    "9002_contract_error.sql",
    "alter table message drop column error",
);
const LATER: (&str, &str) = (
    "9003_expand_index.sql",
    "-- no-transaction\ncreate index concurrently later on message (note)",
);

async fn hear(store: &Store, key: &str) {
    let open = store
        .begin(&[event(key, "1", at(0))], HORIZON)
        .await
        .unwrap();
    let turns = open.work.iter().map(heard).collect();
    open.commit(turns).await.unwrap();
}

#[tokio::test]
async fn promise_8_the_version_before_works_with_what_a_newer_one_has_added() {
    let store = fixture::store().await;
    let newer = next(&[EXPAND, CONTRACT, LATER]).await;
    store.migrate_by(newer, Until::Expanded).await.unwrap();
    let added = "select count(*) from information_schema.columns
                 where table_name = 'message' and column_name in ('note', 'error')";
    assert_eq!(count(&store, added).await, 2, "nothing is taken away yet");
    let applied = "select count(*) from _sqlx_migrations where version > 9000";
    assert_eq!(count(&store, applied).await, 2);
    // Also where it starts anew, and what is ready stays so.
    store.migrate().await.unwrap();
    assert_eq!(store.schema().await.unwrap().missing, 0);
    hear(&store, "ana").await;
    assert_eq!(count(&store, "select count(*) from input").await, 1);
}

#[tokio::test]
async fn what_is_taken_away_is_asked_for_and_older_versions_say_that_they_cannot_go_on() {
    let store = fixture::store().await;
    let newer = || next(&[EXPAND, CONTRACT, LATER]);
    store
        .migrate_by(newer().await, Until::Expanded)
        .await
        .unwrap();
    store
        .migrate_by(newer().await, Until::Contracted)
        .await
        .unwrap();
    let left = "select count(*) from information_schema.columns
                where table_name = 'message' and column_name = 'error'";
    assert_eq!(count(&store, left).await, 0);
    store
        .migrate_by(newer().await, Until::Expanded)
        .await
        .unwrap();
    let refused = store.migrate().await.unwrap_err();
    assert!(
        matches!(refused, Error::Newer { version: 9002, .. }),
        "{refused}"
    );
    assert_eq!(
        refused.to_string(),
        "the database is of a newer version (migration 9002, contract error): this one cannot work with it"
    );
}

#[tokio::test]
async fn a_migration_that_was_edited_after_it_was_applied_is_told() {
    let store = fixture::store().await;
    let edited = "update _sqlx_migrations set checksum = '' where version = 1";
    sqlx::query(edited).execute(store.pool()).await.unwrap();
    let refused = store.migrate().await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the database was made by another version: migration 0001 is not what it was when it was applied"
    );
}

#[tokio::test]
async fn a_migration_that_waits_for_a_table_keeps_nobody_else_from_it() {
    let store = fixture::store().await;
    let mut report = store.pool().begin().await.unwrap();
    sqlx::query("select count(*) from message")
        .execute(&mut *report)
        .await
        .unwrap();
    let newer = next(&[EXPAND]).await;
    let migrating = store.migrate_by(newer, Until::Expanded);
    let working = async {
        let waits = "select count(*) from pg_stat_activity
                     where wait_event_type = 'Lock' and query like '%add column note%'
                       and datname = current_database()";
        kit::eventually(SOON, "the migration waits", async || {
            count(&store, waits).await > 0
        })
        .await;
        // Writes to the same table stand in line behind it, and have their turn all the same.
        for n in 0..4 {
            let key = format!("c{n}");
            let open = store
                .begin(&[event(&key, "1", at(0))], HORIZON)
                .await
                .unwrap();
            let first = run(&key, "a", None);
            let mut turn = with_runs(heard(&open.work[0]), std::slice::from_ref(&first));
            turn.effects.messages = vec![message(&first, 0, at(0))];
            open.commit(vec![turn]).await.unwrap();
        }
        let added = "select count(*) from information_schema.columns
                     where table_name = 'message' and column_name = 'note'";
        assert_eq!(count(&store, added).await, 0, "the report still reads");
        report.commit().await.unwrap();
    };
    let (migrated, ()) = tokio::join!(migrating, working);
    migrated.unwrap();
    assert_eq!(
        count(&store, "select count(*) from message where note is null").await,
        4
    );
}
