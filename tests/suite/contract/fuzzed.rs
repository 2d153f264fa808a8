//! What nobody would think of asking: Schemathesis makes it from the description, and looks at every answer.
//!
//! `SCHEMATHESIS_SEED` and `SCHEMATHESIS_EXAMPLES` ask for more than CI does: `make schemathesis SEED=7 EXAMPLES=200`.

use std::process::Command;

use super::{copy, given, place, run, scratch, tools};

/// The seed of CI, so that a change fails by what it changed and not by chance.
const SEED: &str = "1";
/// So many requests of each kind for an operation, at the most.
const EXAMPLES: &str = "12";

fn asked(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_is_answered_as_the_description_says() {
    let Some(tools) = tools() else { return };
    let place = place().await;
    let folder = scratch("fuzzed");
    for name in ["schemathesis.toml", "hooks.py"] {
        copy(&given(name), &folder.join(name));
    }
    let seed = asked("SCHEMATHESIS_SEED", SEED);
    let examples = asked("SCHEMATHESIS_EXAMPLES", EXAMPLES);
    let mut command = Command::new(tools.join("bin/schemathesis"));
    command
        .current_dir(&folder)
        .env("PARCOURS_KEY", &place.key)
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(format!("{}/v1/openapi.json", place.url()))
        .args(["--seed", &seed, "--max-examples", &examples]);
    let told = tokio::task::spawn_blocking(move || run(&mut command))
        .await
        .unwrap();
    let paths = place.described().await["paths"].clone();
    let paths = paths.as_object().unwrap().values();
    let all: usize = paths
        .map(|methods| methods.as_object().unwrap().len())
        .sum();
    assert!(told.contains(&format!("Tested: {all}\n")), "{told}");
}
