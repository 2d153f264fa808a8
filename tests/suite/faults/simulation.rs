//! Many seeds of the simulation: `SIM_SEEDS` of them (100; CI plays 50) from `SIM_FROM`. `SIM_SEED` plays one.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::FutureExt as _;

use super::{
    sim::{Outcome, Sim},
    stage::Stage,
};

/// Threads that play seeds, each with a database of its own.
const THREADS: u64 = 4;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

fn on_a_stage<T>(work: impl AsyncFnOnce(&Stage) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { work(&Stage::new().await).await })
}

#[allow(clippy::print_stderr, reason = "for whoever plays seeds by hand")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The line that plays it again.
fn again(seed: u64) -> String {
    format!(
        "SIM_SEED={seed} cargo test -p parcours-tests --test suite faults::simulation::seeds -- --nocapture"
    )
}

async fn play(stage: &Stage, seed: u64) -> Result<Outcome, String> {
    let played = AssertUnwindSafe(Box::pin(Sim::play(stage, seed)));
    let played = played.catch_unwind().await;
    // What it panicked about stands above.
    let played = played.unwrap_or_else(|_| Err("a panic".to_owned()));
    played.map_err(|wrong| format!("{wrong}\nseed {seed} fails: {}", again(seed)))
}

/// Whatever goes wrong, the engine decides as the model does, and nobody outside gets a thing twice,
/// unasked, or without the consent that it needs.
#[test]
fn seeds() {
    if let Some(seed) = asked("SIM_SEED") {
        let played = on_a_stage(async |stage| play(stage, seed).await);
        match played {
            Ok(outcome) => say(&format!("seed {seed}: {outcome:?}")),
            Err(wrong) => panic!("{wrong}"),
        }
        return;
    }
    let from = asked("SIM_FROM").unwrap_or(0);
    let end = from + asked("SIM_SEEDS").unwrap_or(100);
    let (next, wrong) = (AtomicU64::new(from), Mutex::new(Vec::new()));
    let totals = Mutex::new([0; 3]);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                on_a_stage(async |stage| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= end || !wrong.lock().unwrap().is_empty() {
                            return;
                        }
                        if (seed - from) % 1_000 == 999 {
                            say(&format!("{} seeds", seed - from + 1));
                        }
                        match play(stage, seed).await {
                            Ok(outcome) => {
                                let mut totals = totals.lock().unwrap();
                                totals[0] += outcome.inputs;
                                totals[1] += outcome.sent;
                                totals[2] += usize::try_from(outcome.faults).unwrap();
                            }
                            Err(found) => {
                                say(&again(seed));
                                wrong.lock().unwrap().push((seed, found));
                            }
                        }
                    }
                });
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    if let Some((_, first)) = wrong.first() {
        let others: Vec<_> = wrong.iter().skip(1).map(|(seed, _)| again(*seed)).collect();
        panic!("{first}\n{}", others.join("\n"));
    }
    let [inputs, sent, faults] = totals.into_inner().unwrap();
    say(&format!(
        "seeds {from}..{end}: {inputs} inputs, {sent} messages sent, {faults} faults"
    ));
    assert!(sent > 0 && faults > 0, "the seeds test nothing");
}

/// A seed is worth noting only if it does the same again, on another database as well.
#[test]
fn the_same_seed_does_the_same_twice() {
    for seed in [3, 4] {
        let play_once = || on_a_stage(async |stage| play(stage, seed).await.unwrap());
        assert_eq!(play_once(), play_once(), "seed {seed}");
    }
}
