//! `parcours vouchers`, as the staff of a shop use it.

use parcours_tests::kit;
use serde_json::{Value, json};

use super::binary::Workspace;

#[tokio::test]
async fn a_pool_is_filled_from_a_file_and_says_what_is_left() {
    let database = kit::database().await;
    let workspace = Workspace::of_samples();
    workspace.write("config/vouchers.yaml", "spring: { each: run, low: 4 }\n");
    let codes = "code,until\nA-1,2027\nA-2,2027\nA-1,2027\nA-3,2027\n";
    workspace.write("codes.csv", codes);
    let parcours = |args: &[&str]| {
        let command = workspace.parcours(args);
        command.env("DATABASE_URL", &database.url).output()
    };
    let imported = parcours(&["vouchers", "import", "spring", "codes.csv"]).expect(0);
    assert_eq!(
        imported.out(),
        "3 of 4 codes were new in spring; 1 were passed over, for the pool has them\n"
    );
    let again = parcours(&[
        "vouchers",
        "import",
        "spring",
        "codes.csv",
        "--format",
        "json",
    ]);
    let again: Value = serde_json::from_str(&again.expect(0).out()).unwrap();
    assert_eq!(again, json!({ "read": 4, "new": 0, "duplicates": 4 }));
    let listed = parcours(&["vouchers", "--format", "json"]).expect(0);
    let listed: Value = serde_json::from_str(&listed.out()).unwrap();
    assert_eq!(
        listed,
        json!([{ "pool": "spring", "each": "run", "low": 4, "left": 3, "drawn": 0, "runs_low": true }])
    );
    let text = parcours(&["vouchers"]).expect(0).out();
    assert!(
        text.contains("spring") && text.contains("runs low"),
        "{text}"
    );
    let other = parcours(&["vouchers", "import", "sprng", "codes.csv"]).expect(1);
    assert!(
        other.err().contains("config/vouchers.yaml has: spring"),
        "{}",
        other.err()
    );
    workspace.write("codes.csv", &format!("B-1\n{}\nB-2\n", "x".repeat(300)));
    let wrong = parcours(&["vouchers", "import", "spring", "codes.csv"])
        .expect(2)
        .err();
    assert!(
        wrong.contains("codes.csv:2: no code") && wrong.contains("1 codes before it"),
        "{wrong}"
    );
}
