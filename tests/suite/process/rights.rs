//! `customer --export`, `customer --erase`, `erasures` and `processing`, as the staff of a shop use them.

use parcours_tests::kit;
use serde_json::Value;
use sqlx::PgPool;

use super::{
    audit::count,
    binary::{Parcours, Workspace},
};
use crate::shop;

const SECRET: &str = "a secret that is long enough";

struct Scene {
    database: kit::TestDb,
    workspace: Workspace,
    pool: PgPool,
}

impl Scene {
    async fn set() -> Self {
        let database = kit::database().await;
        let pool = PgPool::connect(&database.url).await.unwrap();
        shop::fill(&pool, 1).await;
        Self {
            database,
            workspace: Workspace::of_samples(),
            pool,
        }
    }

    fn parcours(&self, args: &[&str]) -> Parcours {
        let command = self.workspace.parcours(args);
        command.env("DATABASE_URL", &self.database.url)
    }

    fn with_secret(&self, args: &[&str]) -> Parcours {
        self.parcours(args).env("PARCOURS_PRIVACY_SECRET", SECRET)
    }
}

#[tokio::test]
async fn an_export_is_written_as_its_name_says() {
    let scene = Scene::set().await;
    let said = scene.parcours(&["customer", "ana", "--export", "ana.html"]);
    let said = said.output().expect(0).err();
    assert_eq!(said, "all that is held on ana is in ana.html\n");
    let page = scene.workspace.read("ana.html");
    assert!(page.starts_with("<!doctype html>") && page.contains("ana@shop.example"));
    scene
        .parcours(&["customer", "ana", "--export", "ana.json"])
        .output()
        .expect(0);
    let json: Value = serde_json::from_str(&scene.workspace.read("ana.json")).unwrap();
    assert_eq!(json["customer"]["traits"]["email"], "ana@shop.example");
    let out = scene
        .parcours(&["customer", "ana", "--export", "-"])
        .output()
        .expect(0);
    assert_eq!(
        serde_json::from_str::<Value>(&out.out()).unwrap()["customer"],
        json["customer"]
    );
    let nobody = scene.parcours(&["customer", "nobody", "--export", "-"]);
    assert_eq!(
        nobody.output().expect(1).err(),
        "there is no customer nobody\n"
    );
    let nowhere = scene.parcours(&["customer", "ana", "--export", "no/such/folder.json"]);
    let said = nowhere.output().expect(2).err();
    assert!(said.contains("cannot write no/such/folder.json"), "{said}");
}

#[tokio::test]
async fn erasing_asks_twice_wants_a_secret_and_leaves_a_list() {
    let scene = Scene::set().await;
    let there = "select count(*) from customer where key = 'ana'";
    let said = scene
        .with_secret(&["customer", "ana", "--erase"])
        .output()
        .expect(1)
        .err();
    assert!(said.contains("nothing was erased: --yes"), "{said}");
    let yes = ["customer", "ana", "--erase", "--yes"];
    let said = scene.parcours(&yes).output().expect(2).err();
    assert!(said.contains("set PARCOURS_PRIVACY_SECRET"), "{said}");
    let short = scene.parcours(&yes).env("PARCOURS_PRIVACY_SECRET", "short");
    let said = short.output().expect(2).err();
    assert!(said.contains("at least 16 bytes, and has 5"), "{said}");
    assert_eq!(count(&scene.pool, there).await, 1, "still there");

    let said = scene.with_secret(&yes).output().expect(0).out();
    assert!(
        said.starts_with("erased:\n") && said.contains("customer"),
        "{said}"
    );
    assert_eq!(count(&scene.pool, there).await, 0);
    let said = scene.with_secret(&yes).output().expect(1).err();
    assert_eq!(said, "there is no customer ana\n");

    scene
        .with_secret(&["erasures", "save", "list.ndjson"])
        .output()
        .expect(0);
    let list = scene.workspace.read("list.ndjson");
    assert!(list.lines().count() >= 3 && !list.contains("ana"), "{list}");
    // The back-up that is restored knows nothing of it.
    for table in [
        "erased",
        "erasure",
        "customer",
        "machine",
        "run",
        "run_ended",
        "message",
        "input",
    ] {
        let sql = sqlx::AssertSqlSafe(format!("truncate {table}"));
        sqlx::query(sql).execute(&scene.pool).await.unwrap();
    }
    shop::fill(&scene.pool, 1).await;
    let reapply = ["erasures", "reapply", "list.ndjson", "--format", "json"];
    let done = scene.with_secret(&reapply).output().expect(0).json();
    assert_eq!(done["customers"], 1, "{done}");
    assert_eq!(count(&scene.pool, there).await, 0, "erased again");
    scene.workspace.write("list.ndjson", "{\"hash\": 7}\n");
    let said = scene.with_secret(&reapply).output().expect(2).err();
    assert!(
        said.contains("list.ndjson:1: this is no line of a list"),
        "{said}"
    );
}

#[tokio::test]
async fn article_30_the_record_of_processing_is_printed_from_the_configuration() {
    let workspace = Workspace::of_samples();
    workspace.write(
        "config/parcours.yaml",
        "channels: { sms: { webhook: { url: \"https://gateway.example:8443/sms\" } } }\n",
    );
    let text = workspace.parcours(["processing"]).output().expect(0).out();
    for line in [
        "marketing\n  basis         consent: article 6(1)(a)\n  consent       email: asked for, and confirmed; sms: asked for",
        "cart-rescue (Rescue an abandoned cart)",
        "sms by gateway.example",
        "email (no provider is configured)",
        "vouchers at shop.example",
        "  events        until the customer is erased",
    ] {
        assert!(text.contains(line), "no `{line}` in {text}");
    }
    let json = workspace
        .parcours(["processing", "--format", "json"])
        .output();
    let json = json.expect(0).json();
    assert_eq!(json["purposes"][0]["purpose"], "feedback");
    assert_eq!(json["providers"]["sms"], "gateway.example");
    workspace.write("config/policies.yaml", "purposes: 7\n");
    workspace.parcours(["processing"]).output().expect(1);
}
