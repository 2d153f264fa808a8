//! `parcours bench`: what the engine's benchmarks do and print; how fast it was is not looked at.

use super::binary::Workspace;

fn last_line(args: [&str; 4]) -> serde_json::Value {
    let workspace = Workspace::new(&[]);
    let said = workspace.parcours(args).output().expect(0).out();
    let line = said.lines().last().unwrap();
    serde_json::from_str(line).unwrap()
}

#[test]
fn turns_are_measured_beside_the_floor_of_the_same_run() {
    let report = last_line(["bench", "welcome", "--n", "300"]);
    assert_eq!(report["bench"], "welcome");
    assert_eq!(report["unit"], "steps/s");
    let number = |name: &str| report[name].as_f64().unwrap();
    assert!((number("ratio") - number("ours") / number("floor")).abs() < 1e-9);
    assert!(number("aim") > 0.0 && report["noisy"].is_boolean());
    let cpu = &report["cpu_us"];
    for process in ["engine", "postgres", "rabbitmq"] {
        assert!(cpu[process].is_number(), "{report}");
    }
    assert!(number("wal_bytes") > 100.0 && number("memory_mb") > 1.0);
}

#[test]
fn every_message_of_a_benchmark_reaches_the_provider_once() {
    // It fails by itself if the provider's count is not the database's.
    let report = last_line(["bench", "end-to-end", "--n", "200"]);
    assert_eq!(report["rounds"].as_array().unwrap().len(), 3);
    assert!(report["ours"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_size_without_a_bound_is_refused() {
    let workspace = Workspace::new(&[]);
    let refused = workspace
        .parcours(["bench", "welcome", "--n", "0"])
        .output();
    assert!(refused.expect(2).err().contains("--n goes from 1 to"));
}
