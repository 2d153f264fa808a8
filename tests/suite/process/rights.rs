//! `customer --export`, `customer --erase`, `erasures`, `processing` and `audit`, as the staff of a shop use them.

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
    assert!(
        said.contains("16 characters or more are expected"),
        "{said}"
    );
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

/// Labels the first name, for no endpoint.
fn label_names(workspace: &Workspace) {
    let policies = workspace.read("config/policies.yaml");
    let labels = "labels: { name: { about: What they are called, only_to: [] } }\n";
    workspace.write("config/policies.yaml", &format!("{policies}\n{labels}"));
    let traits = workspace.read("config/traits.yaml");
    let labelled = traits.replacen("  first_name:\n", "  first_name:\n    labels: name\n", 1);
    assert_ne!(labelled, traits);
    workspace.write("config/traits.yaml", &labelled);
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
    label_names(&workspace);
    let text = workspace.parcours(["processing"]).output().expect(0).out();
    assert!(text.contains("first_name [name]"), "{text}");
    let json = workspace.parcours(["processing", "--format", "json"]);
    let json = json.output().expect(0).json();
    assert_eq!(json["labels"]["traits"]["first_name"][0], "name");
    workspace.write("config/policies.yaml", "purposes: 7\n");
    workspace.parcours(["processing"]).output().expect(1);
}

/// Forty women, of whom five got a mail, and forty men, of whom thirty did, two each; and a few others.
const TWO_GROUPS: &str = r#"
insert into customer (id, seen_at, key, traits)
select gen_random_uuid(), now(), 'g' || n, jsonb_build_object(
    'gender', case when n <= 40 then 'f' when n <= 80 then 'm' else 'rare' || n end,
    'birthday', case when n <= 40 then to_char(now() - interval '30 years 2 days', 'YYYY-MM-DD')
                     when n <= 80 then to_char(now() - interval '25 years' + interval '2 days', 'YYYY-MM-DD')
                     else 'in 1980' end)
from generate_series(1, 85) n;
insert into message (customer, at, id, run, done_at, status, channel, purpose, journey, step, decision)
select id, now() - interval '1 day', gen_random_uuid(), gen_random_uuid(), now(), 'sent', 'email', 'marketing',
       'birthday', 'mail', '{}'
from customer, generate_series(1, 2) twice
where traits->>'gender' = 'f' and substr(key, 2)::int <= 5 or traits->>'gender' = 'm' and substr(key, 2)::int <= 70;
insert into message (customer, at, id, run, done_at, status, channel, purpose, journey, step, decision)
select id, now() - interval '100 days', gen_random_uuid(), gen_random_uuid(), now(), 'sent', 'email', 'marketing',
       'birthday', 'mail', '{}'
from customer where key like 'g%';
insert into message (customer, at, id, run, done_at, status, channel, purpose, journey, step, reason, decision)
select id, now(), gen_random_uuid(), gen_random_uuid(), now(), 'suppressed', 'email', 'marketing',
       'birthday', 'mail', 'capped', '{}'
from customer where key like 'g%';
insert into consent (customer, at, input, purpose, channel, state)
select id, now() - case when substr(key, 2)::int <= 3 then interval '1 day' else interval '4 years' end,
       gen_random_uuid(), 'marketing', 'email', 'granted'
from customer where key like 'g%' and substr(key, 2)::int <= 10;
insert into consent (customer, at, input, purpose, channel, state)
select id, now(), gen_random_uuid(), 'marketing', 'email', 'withdrawn' from customer where key in ('g1', 'g9');
insert into consent (customer, at, input, purpose, channel, state)
select id, now() - interval '4 years', gen_random_uuid(), 'marketing', 'sms', 'granted' from customer where key = 'g1';
"#;

#[tokio::test]
async fn article_24_an_audit_shows_who_gets_less_and_which_consents_are_old() {
    let database = kit::database().await;
    let pool = PgPool::connect(&database.url).await.unwrap();
    let scene = Scene {
        database,
        workspace: Workspace::of_samples(),
        pool,
    };
    sqlx::raw_sql(TWO_GROUPS)
        .execute(&scene.pool)
        .await
        .unwrap();
    let endless = "journey: endless
purpose: marketing
enter: { event: e }
steps:
  - { wait: 30d }
";
    scene
        .workspace
        .write("journeys/endless/journey.yaml", endless);
    label_names(&scene.workspace);

    let audit = scene.parcours(&["audit", "--format", "json"]).output();
    let audit = audit.expect(0).json();
    let by = |name: &str| {
        let all = audit["groups"].as_array().unwrap();
        all.iter().find(|g| g["by"] == name).unwrap()
    };
    let gender = by("gender");
    assert_eq!(
        gender["customers"],
        serde_json::json!({ "f": 40, "m": 40, "(other groups)": 5 })
    );
    assert_eq!(
        gender["journeys"]["birthday"],
        serde_json::json!({ "f": { "reached": 5, "messages": 10 }, "m": { "reached": 30, "messages": 60 } }),
        "what was sent, in these ninety days"
    );
    let behind = &gender["behind"];
    assert_eq!(behind.as_array().unwrap().len(), 1);
    assert_eq!(
        (&behind[0]["group"], &behind[0]["most"]),
        (&"f".into(), &"m".into())
    );
    assert_eq!(
        by("age")["customers"],
        serde_json::json!({ "25 to 34": 40, "18 to 24": 40, "(not known)": 5 }),
        "thirty the day before yesterday, and twenty-five the day after tomorrow"
    );
    assert_eq!(by("country")["customers"]["(not known)"], 85);
    let consents = audit["consents"].as_array().unwrap();
    let of = |channel: &str| {
        let of = |c: &&Value| c["purpose"] == "marketing" && c["channel"] == channel;
        consents.iter().find(of).unwrap()
    };
    assert_eq!(
        (&of("email")["customers"], &of("email")["recent"]),
        (&8.into(), &2.into())
    );
    assert_eq!(
        (&of("sms")["customers"], &of("sms")["recent"]),
        (&1.into(), &0.into())
    );
    let lacking = audit["lacking"].as_array().unwrap();
    let endless = lacking.iter().find(|l| l["journey"] == "endless").unwrap();
    assert_eq!(endless["exit"], true);
    let for_email = audit["traits"]["email"].as_array().unwrap();
    assert!(for_email.contains(&"marketing".into()), "{for_email:?}");
    assert_eq!(audit["labels"]["traits"]["first_name"][0], "name");

    let text = scene.parcours(&["audit"]).output().expect(0).out();
    for line in [
        "  endless: nothing ends it but its last step",
        "  ! nobody has consented to marketing by sms of late",
        "  ! birthday: 12 % of f got a message, and 75 % of m",
        "  first_name [name]  ",
        "Sent by country\n  it is not known of any customer",
    ] {
        assert!(text.contains(line), "no `{line}` in {text}");
    }
    let wider = scene.parcours(&[
        "audit", "--days", "200", "--by", "gender", "--format", "json",
    ]);
    let wider = wider.output().expect(0).json();
    assert_eq!(wider["groups"][0]["behind"].as_array().unwrap().len(), 0);
    assert_eq!(wider["groups"].as_array().unwrap().len(), 1);
}
