//! The list of the erased beside back-ups: what a restore brings back is erased again.

use jiff::Timestamp;
use parcours_tests::kit::{Rig, events};
use serde_json::json;

use super::{KEY, MARKERS, id, lived, neighbour, of_neighbour, rig, scan::scan};

#[tokio::test]
async fn article_17_what_a_restored_back_up_brings_back_is_erased_again() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    rig.store.erase(id(), Timestamp::now()).await.unwrap();
    let list = rig.store.erased_page(None).await.unwrap();
    assert_eq!(list.len(), 5);
    let text: String = list
        .iter()
        .map(|h| serde_json::to_string(h).unwrap() + "\n")
        .collect();
    for marker in MARKERS {
        assert!(!text.contains(marker), "{marker} is not in the list");
    }

    // A back-up from before: the person is in it, and the list is not.
    let (restored, engine) = super::rig().await;
    lived(&restored, &engine).await;
    neighbour(&engine).await;
    let neighbour = of_neighbour(&restored).await;
    let list = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect::<Vec<_>>();
    let later: Vec<_> = list
        .into_iter()
        .map(|h: store::ErasedHash| store::ErasedHash {
            at: Timestamp::now(),
            ..h
        })
        .collect();
    let done = restored.store.reapply(&later).await.unwrap();
    assert_eq!((done.hashes, done.customers), (5, 1));
    let left = scan(restored.store.pool(), &MARKERS, &[id()]).await;
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(of_neighbour(&restored).await, neighbour);
    let again = restored.store.reapply(&later).await.unwrap();
    assert_eq!((again.hashes, again.customers), (0, 0), "once");
}

#[tokio::test]
async fn whoever_came_back_by_themselves_is_not_erased_again() {
    let (rig, engine) = rig().await;
    lived(&rig, &engine).await;
    rig.store.erase(id(), Timestamp::now()).await.unwrap();
    let back = events::identify(KEY, "n", &json!({ "first_name": "Zoe" }));
    events::take(&engine, &[back], Timestamp::now()).await;
    let done = rig.store.reapply(&[]).await.unwrap();
    assert_eq!(done.customers, 0);
    assert!(known(&rig).await);
}

async fn known(rig: &Rig) -> bool {
    rig.reader().customer(KEY).await.unwrap().is_some()
}
