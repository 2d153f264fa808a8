//! Workspaces and versions.

use std::{collections::BTreeSet, slice::from_ref, sync::Arc, time::Duration};

use journey::{diagnostic::SourceFile, machine::Machine};
use store::{Applied, Store};

use super::{samples::*, turns::count};
use crate::fixture;

fn files(text: &str) -> Vec<SourceFile> {
    ["journeys/welcome/journey.yaml", "config/policies.yaml"]
        .map(|path| SourceFile {
            path: arc(path),
            text: arc(text),
        })
        .into()
}

async fn apply(store: &Store, text: &str, machines: &[Arc<Machine>]) -> Applied {
    let machines: Vec<_> = machines.iter().map(|m| (m.clone(), arc(text))).collect();
    store.apply(&files(text), &machines, at(0)).await.unwrap()
}

fn versions(applied: &Applied) -> Vec<(i32, bool)> {
    applied
        .machines
        .iter()
        .map(|m| (m.version, m.new))
        .collect()
}

#[tokio::test]
async fn a_machine_keeps_its_version_and_a_step_back_makes_it_current_again() {
    let store = fixture::store().await;
    assert_eq!(store.news().await.unwrap().revision, None);
    assert_eq!(store.workspace().await.unwrap(), None);
    let (old, new) = (machine("welcome", 1), machine("welcome", 2));
    let other = machine("alpha", 1);
    let first = apply(&store, "a", &[old.clone(), other.clone()]).await;
    assert_eq!(versions(&first), [(1, true), (1, true)]);
    let same = apply(&store, "a", &[other.clone(), old.clone()]).await;
    assert_eq!((same.revision, same.changed), (first.revision, false));
    assert_eq!(versions(&same), [(1, false), (1, false)]);
    let second = apply(&store, "b", from_ref(&new)).await;
    assert_eq!(versions(&second), [(2, true)]);
    let third = apply(&store, "a", from_ref(&old)).await;
    assert!(third.changed && third.revision > second.revision);
    assert_eq!(versions(&third), [(1, false)]);

    let workspace = store.workspace().await.unwrap().unwrap();
    assert_eq!(
        Some(workspace.revision),
        store.news().await.unwrap().revision
    );
    assert_eq!(workspace.machines, [old.id]);
    let mut sources = files("a");
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(workspace.files, sources);
    let machines = store.machines().await.unwrap();
    let machines: Vec<_> = machines
        .iter()
        .map(|m| (m.machine.clone(), m.version, m.current))
        .collect();
    let wanted = [(other, 1, false), (old, 1, true), (new, 2, false)];
    assert_eq!(machines, wanted);
}

#[tokio::test]
async fn machines_with_open_runs_are_loaded_and_forgotten_ones_are_not() {
    let store = fixture::store().await;
    let all: Vec<_> = (1..=3).map(|p| machine("welcome", p)).collect();
    for m in &all {
        apply(&store, &m.priority.to_string(), from_ref(m)).await;
    }
    let loaded = async || -> BTreeSet<i32> {
        let machines = store.machines().await.unwrap();
        machines.iter().map(|m| m.version).collect()
    };
    assert_eq!(loaded().await, BTreeSet::from([3]));
    let open = store
        .begin(&[event("zoe", "1", at(0))], HORIZON)
        .await
        .unwrap();
    let mut first = run("zoe", "a", None);
    first.machine = all[0].id;
    let turn = with_runs(heard(&open.work[0]), &[first]);
    open.commit(vec![turn]).await.unwrap();
    assert_eq!(loaded().await, BTreeSet::from([1, 3]));
    let second = store.machine(all[1].id).await.unwrap().unwrap();
    assert_eq!((second.machine, second.version), (all[1].clone(), 2));
    let never = machine("never", 1).id;
    assert_eq!(store.machine(never).await.unwrap(), None);
}

#[tokio::test]
async fn two_applies_at_once_give_consistent_versions() {
    let store = fixture::store().await;
    let (a, b) = (machine("welcome", 1), machine("welcome", 2));
    let shared = machine("alpha", 1);
    let one = [a, shared.clone()];
    let two = [b, shared];
    let (one, two) = tokio::join!(apply(&store, "a", &one), apply(&store, "b", &two));
    assert_ne!(one.revision, two.revision);
    let mut seen = versions(&one);
    seen.extend(versions(&two));
    seen.sort_unstable();
    // `alpha` is new for one of them; `welcome` got two versions.
    assert_eq!(seen, [(1, false), (1, true), (1, true), (2, true)]);
    assert_eq!(count(&store, "select count(*) from machine").await, 3);
}

#[tokio::test]
async fn the_same_workspace_applied_twice_at_once_is_one_revision() {
    let store = fixture::store().await;
    let machines = [machine("welcome", 1)];
    let (one, two) = tokio::join!(apply(&store, "a", &machines), apply(&store, "a", &machines));
    assert_eq!(one.revision, two.revision);
    assert_ne!(one.changed, two.changed);
}

#[tokio::test]
async fn an_apply_wakes_whoever_listens() {
    let store = fixture::store().await;
    let mut listener = store.listen().await.unwrap();
    let applied = apply(&store, "a", &[machine("welcome", 1)]).await;
    let news = tokio::time::timeout(Duration::from_secs(20), listener.changed());
    news.await.expect("news comes").unwrap();
    assert_eq!(store.news().await.unwrap().revision, Some(applied.revision));
}

#[tokio::test]
async fn a_listener_that_lost_its_connection_looks_again_and_goes_on() {
    let store = fixture::store().await;
    let mut listener = store.listen().await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query ilike 'listen%'",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let wait = Duration::from_secs(20);
    // The server says why it hangs up; then the connection is gone, and with it perhaps news.
    let woken = async { while listener.changed().await.is_err() {} };
    tokio::time::timeout(wait, woken).await.expect("it wakes");
    let again = tokio::spawn(async move { listener.changed().await });
    let listening = "select count(*) from pg_stat_activity
         where datname = current_database() and query ilike 'listen%'";
    let reconnected = async {
        while count(&store, listening).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(wait, reconnected)
        .await
        .expect("it listens again");
    apply(&store, "a", &[machine("welcome", 1)]).await;
    let news = tokio::time::timeout(wait, again).await.expect("news comes");
    news.unwrap().unwrap();
}

#[tokio::test]
async fn processes_that_start_together_migrate_one_after_another() {
    let settings = fixture::settings_of_nothing().await;
    let a = Store::connect(&settings).await.unwrap();
    let b = Store::connect(&settings).await.unwrap();
    let (one, two) = tokio::join!(a.migrate(), b.migrate());
    one.unwrap();
    two.unwrap();
    assert_eq!(count(&a, "select count(*) from customer").await, 0);
}
