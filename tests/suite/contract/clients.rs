//! Clients that are generated from the description: they are typed, and what they are used for works.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use super::{CUSTOMERS, Place, copy, given, place, run, scratch, tools};

/// What both programs found.
fn told(printed: &str) -> Value {
    serde_json::from_str(printed.trim()).unwrap_or_else(|e| panic!("{e}: {printed}"))
}

async fn holds(place: &Place, found: &Value) {
    assert_eq!(found["customers"], CUSTOMERS);
    let last = found["last"].as_array().unwrap();
    assert!(!last.is_empty(), "{found}");
    assert_eq!(found["accepted"], 1);
    assert_eq!(found["refused"], "empty: messageId");
    assert_eq!(found["missing"], "404 not_found");
    let orders = "select count(*) from input where name = 'order.placed'";
    let all = i64::try_from(CUSTOMERS).unwrap() + 1;
    assert_eq!(place.rig.count(orders).await, all, "the event took effect");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_in_typescript_is_checked_and_does_its_work() {
    let Some(tools) = tools() else { return };
    let place = place().await;
    let folder = scratch("typescript");
    fs::write(folder.join("openapi.json"), ::api::openapi::text()).unwrap();
    for name in ["program.ts", "tsconfig.json", "package.json"] {
        copy(&given("typescript").join(name), &folder.join(name));
    }
    let modules = tools.join("typescript/node_modules");
    std::os::unix::fs::symlink(&modules, folder.join("node_modules")).unwrap();
    let node = |script: &Path| {
        let mut command = Command::new(tools.join("bin/node"));
        command.current_dir(&folder).arg(script);
        command
    };
    let generate = modules.join("openapi-typescript/bin/cli.js");
    run(node(&generate).args(["openapi.json", "--output", "schema.d.ts"]));
    run(&mut node(&modules.join("typescript/bin/tsc")));
    let printed = run(node(&folder.join("program.ts")).args([&place.url(), &place.key]));
    let found = told(&printed);
    holds(&place, &found).await;
    assert_eq!(found["again"], json!(304));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_in_python_is_checked_and_does_its_work() {
    let Some(tools) = tools() else { return };
    let place = place().await;
    let folder = scratch("python");
    fs::write(folder.join("openapi.json"), ::api::openapi::text()).unwrap();
    copy(&given("python/program.py"), &folder.join("program.py"));
    let tool = |name: &str| {
        let mut command = Command::new(tools.join("bin").join(name));
        command.current_dir(&folder);
        command
    };
    run(tool("datamodel-codegen")
        .args(["--input", "openapi.json", "--input-file-type", "openapi"])
        .args([
            "--output",
            "models.py",
            "--output-model-type",
            "pydantic_v2.BaseModel",
        ])
        .args(["--target-python-version", "3.11", "--formatters", "builtin"])
        .args(["--snake-case-field", "--allow-population-by-field-name"])
        .args(["--use-annotated", "--capitalise-enum-members"]));
    run(tool("mypy").args(["--strict", "program.py"]));
    let printed = run(tool("python")
        .arg("program.py")
        .args([&place.url(), &place.key]));
    holds(&place, &told(&printed)).await;
}
