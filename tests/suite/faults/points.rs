//! Every point at which a turn can be cut off, one after another: before each round trip to the
//! database and after it, with the connection lost or the process dead. Then the same is done again,
//! and the database holds what it holds without any of that. `FAULT_EVERY=2` cuts at every point in half of these ways, in
//! half the time.

mod bench;
mod turns;

use bench::{Bench, How};
use parcours_tests::kit::Fault;
use turns::Turn;

/// More round trips than any of these turns makes.
const MOST: u64 = 200;

/// Cuts a turn everywhere.
async fn everywhere(turn: Turn) {
    let bench = Bench::set(turn).await;
    let before = bench.contents().await;
    let wanted = bench.undisturbed().await;
    assert_ne!(wanted, before, "{turn:?} does nothing");
    bench.act_again().await;
    bench.holds(&wanted, "done twice").await;
    let every = std::env::var("FAULT_EVERY").map_or(1, |n| n.parse().expect("a number"));
    for fault in [Fault::Before, Fault::After] {
        for (n, how) in (0..).zip([How::Lost, How::Killed]) {
            let mut trip = 1 + n % every;
            while bench.cut(trip, fault, how).await {
                bench
                    .holds(&wanted, &format!("{fault:?} round trip {trip}, {how:?}"))
                    .await;
                trip += every;
                assert!(trip < MOST, "{turn:?} does not end");
            }
            // Begun, told, committed: fewer would mean that nothing is cut.
            assert!(trip > 3, "{turn:?} makes only {trip} round trips");
        }
    }
}

macro_rules! cut_everywhere {
    ($($name:ident: $turn:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            Box::pin(everywhere(Turn::$turn)).await;
        })*
    };
}

cut_everywhere! {
    an_event_that_enters: Enters,
    an_event_that_moves_ends_and_recalls: Moves,
    a_timer: Timer,
    a_message_that_is_taken: Taken,
    a_message_that_is_to_be_tried_again: Throttled,
    a_message_that_is_refused_for_good: Refused,
    a_call_that_is_answered: Answered,
    a_call_that_fails_for_good: Unanswered,
    a_page_of_a_sweep: Sweep,
    runs_that_pass_to_another_version: Passage,
    a_page_of_the_retention: Retention,
    an_erasure: Erasure,
    an_apply: Apply,
}
