//! `migrate`, `apply` and `customer`, and the HTTP intake of `run`.

use parcours_tests::kit;
use sqlx::PgPool;

use super::{
    audit::count,
    binary::{Parcours, SOON, Workspace},
};

struct Scene {
    database: kit::TestDb,
    workspace: Workspace,
}

impl Scene {
    async fn set() -> Self {
        Self {
            database: kit::database().await,
            workspace: Workspace::of_samples(),
        }
    }

    fn parcours(&self, args: &[&str]) -> Parcours {
        self.workspace
            .parcours(args)
            .env("DATABASE_URL", &self.database.url)
    }
}

#[tokio::test]
async fn apply_publishes_once_and_nothing_with_errors() {
    let scene = Scene::set().await;
    scene.parcours(&["migrate"]).output().expect(0);
    let apply = || scene.parcours(&["apply", "--format", "json"]).output();
    let first = apply().expect(0).json();
    assert_eq!(first["changed"], true);
    assert_eq!(first["journeys"].as_array().unwrap().len(), 18, "{first}");
    let second = apply().expect(0).json();
    assert_eq!(
        (&second["changed"], &second["revision"]),
        (&false.into(), &first["revision"])
    );
    let said = scene.parcours(&["apply"]).output().expect(0).err();
    assert!(said.contains("welcome version 1: unchanged"), "{said}");

    let path = "journeys/welcome/journey.yaml";
    let text = scene.workspace.read(path);
    scene.workspace.write(
        path,
        &text.replace("template: welcome/hello", "template: welcome/helo"),
    );
    let refused = scene.parcours(&["apply"]).output().expect(1).err();
    assert!(
        refused.contains("welcome/helo") && refused.contains(path),
        "{refused}"
    );
    let pool = PgPool::connect(&scene.database.url).await.unwrap();
    assert_eq!(count(&pool, "select count(*) from workspace").await, 1);
    scene.workspace.write(
        path,
        &text
            .replace("fpr: 30d", "")
            .replace("after: 30d", "after: 20d"),
    );
    let third = apply().expect(0).json();
    let welcome = third["journeys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|j| j["journey"] == "welcome");
    assert_eq!(welcome.unwrap()["version"], 2, "{third}");
}

#[tokio::test]
async fn the_first_run_publishes_the_workspace_and_wants_a_broker() {
    let scene = Scene::set().await;
    // Before anything else it says what it lacks.
    let lacking = scene.parcours(&["run"]).output().expect(2).err();
    assert!(lacking.contains("set AMQP_URL"), "{lacking}");
    let run = || {
        let run = scene.parcours(&["run"]);
        run.env("AMQP_URL", "amqp://127.0.0.1:1").output()
    };
    // The first start publishes what it finds, and nothing that has errors.
    let path = "journeys/welcome/journey.yaml";
    let good = scene.workspace.read(path);
    scene
        .workspace
        .write(path, &good.replace("after: 30d", "fpr: 30d"));
    let refused = run().expect(1).err();
    assert!(refused.contains("welcome/journey.yaml"), "{refused}");
    scene.workspace.write(path, &good);
    let said = run().expect(2).err();
    assert!(said.contains("welcome version 1: published"), "{said}");
    assert!(said.contains("RabbitMQ at 127.0.0.1:1"), "{said}");
    let said = scene
        .parcours(&["customer", "ana"])
        .output()
        .expect(1)
        .err();
    assert_eq!(said, "there is no customer ana\n");
}

/// The command line and the API say why a message went in the same words, in both languages.
async fn same_words(scene: &Scene, url: &str) {
    let ask = async |path: String| {
        let answer = kit::http().get(format!("{url}{path}"));
        let answer = answer.send().await.unwrap();
        serde_json::from_str::<serde_json::Value>(&answer.text().await.unwrap()).unwrap()
    };
    let messages = ask("/v1/messages?customer=ana".to_owned()).await;
    let id = messages["items"][0]["id"].as_str().expect("a message");
    for lang in ["en", "fr"] {
        let api = ask(format!("/v1/messages/{id}/why?lang={lang}")).await;
        let why = scene.parcours(&["why", id, "--lang", lang, "--format", "json"]);
        assert_eq!(why.output().expect(0).json(), api);
        let text = scene
            .parcours(&["why", id, "--lang", lang])
            .output()
            .expect(0)
            .out();
        assert!(
            text.starts_with(api["sentence"].as_str().unwrap()),
            "{text}"
        );
    }
    let nobody = uuid::Uuid::nil().to_string();
    scene.parcours(&["why", &nobody]).output().expect(1);
    for lang in ["en", "fr"] {
        let path = format!("/v1/customers/ana/journeys/cart-rescue/why?lang={lang}");
        let api = ask(path).await;
        let args = ["why", "ana", "cart-rescue", "--lang", lang];
        let why = scene.parcours(&[&args[..], &["--format", "json"]].concat());
        assert_eq!(why.output().expect(0).json(), api);
        let text = scene.parcours(&args).output().expect(0).out();
        let sentence = api["explanations"][0]["sentence"].as_str().unwrap();
        assert!(text.starts_with(sentence), "{text}");
    }
    for args in [
        ["why", "ana", "card-rescue"],
        ["why", "nobody", "cart-rescue"],
    ] {
        scene.parcours(&args).output().expect(1);
    }
    scene.parcours(&["why", "ana"]).output().expect(1);
}

#[tokio::test]
async fn support_reads_what_came_in_by_http() {
    let (scene, vhost) = tokio::join!(Scene::set(), kit::vhost());
    let run = scene.parcours(&["run", "--apply"]);
    let run = run
        .env("AMQP_URL", &vhost.url)
        .env("PARCOURS_HTTP", "127.0.0.1:0");
    let mut engine = run.start(scene.workspace.path(), "run");
    let address = kit::eventually_some(SOON, "it is ready", async || {
        assert!(engine.is_running(), "{}", engine.err());
        let err = engine.err();
        let (_, after) = err.split_once("\"http.address\":\"")?;
        Some(after.split_once('"')?.0.to_owned())
    })
    .await;
    let url = format!("http://{address}");
    let event = |name: &str, with: &str| {
        let args = [
            "event",
            "--http",
            &url,
            "--customer",
            "ana",
            "--name",
            name,
            "--with",
            with,
        ];
        scene.parcours(&args).output()
    };
    event("identify", r#"{"email":"ana@example.com","country":"FR"}"#).expect(0);
    event("customer.signed_up", "{}").expect(0);
    let refused = event("cart.updated", r#"{"cart_id":"c1"}"#).expect(2).err();
    assert!(refused.contains("event.total is missing"), "{refused}");

    let shown = kit::eventually_some(SOON, "the customer is there", async || {
        let shown = scene.parcours(&["customer", "ana"]).output();
        (shown.code() == Some(0) && shown.out().contains("welcome: entered")).then(|| shown.out())
    })
    .await;
    for line in [
        "ana  (known since",
        "  email    ana@example.com\n",
        "  welcome, entered",
        "traits changed: country, email",
    ] {
        assert!(shown.contains(line), "no `{line}` in: {shown}");
    }
    let json = scene.parcours(&["customer", "ana", "--limit", "1", "--format", "json"]);
    let json = json.output().expect(0).json();
    assert_eq!(json["customer"]["traits"]["country"], "FR");
    assert_eq!(
        json["timeline"]["entries"].as_array().unwrap().len(),
        1,
        "{json}"
    );
    same_words(&scene, &url).await;

    engine.signal("TERM");
    assert_eq!(engine.ends(SOON).code(), Some(0));
    assert!(!engine.err().contains("\"ERROR\""), "{}", engine.err());
}
