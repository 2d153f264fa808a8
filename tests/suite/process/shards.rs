//! Several shards, as an operator meets them: settings, `parcours reshard`, and a RabbitMQ without the plug-in.

use cli::servers::{RabbitMq, RabbitMqOptions};
use parcours_tests::kit;
use serde_json::json;

use super::{
    binary::{Finished, SOON, Workspace},
    scene::Scene,
};

/// `parcours ARGS…` with that setting.
fn parcours(url: &str, shards: &str, args: &[&str]) -> Finished {
    let workspace = Workspace::new(&[]);
    let command = workspace.parcours(args).env("AMQP_URL", url);
    command.env("PARCOURS_INTAKE_SHARDS", shards).output()
}

const EVENT: [&str; 5] = ["event", "--name", "order.placed", "--customer", "ana"];

#[test]
fn a_wrong_setting_is_named_with_what_is_right() {
    let nobody = "amqp://u:secret@127.0.0.1:1";
    for (url, shards, what) in [
        (nobody, "0", "a whole number from 1 to 64 is expected"),
        (nobody, "65", "a whole number from 1 to 64 is expected"),
        (nobody, "many", "PARCOURS_INTAKE_SHARDS=many"),
        (
            "amqp://u:secret@a,,b",
            "1",
            "a host is missing; write it as amqp://",
        ),
        ("a:5672", "1", "it begins with `amqp://`"),
    ] {
        let err = parcours(url, shards, &EVENT).expect(2).err();
        assert!(err.contains(what), "{err}");
        assert!(!err.contains("secret"), "{err}");
    }
    let workspace = Workspace::new(&[("config/parcours.yaml", "intake: { overlap_seconds: 0 }\n")]);
    let command = workspace.parcours(EVENT).env("AMQP_URL", nobody);
    let err = command.output().expect(2).err();
    assert!(
        err.contains("a whole number from 1 to 600 is expected"),
        "{err}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rabbitmq_without_the_plug_in_says_how_to_enable_it_and_serves_one_shard() {
    let directory = kit::scratch("parcours-plain");
    let home = directory.clone();
    let start = move || RabbitMq::start(&home, &RabbitMqOptions::default());
    let server = tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let url = server.url();
    let cure = "rabbitmq-plugins enable rabbitmq_consistent_hash_exchange";
    let err = parcours(&url, "2", &EVENT).expect(2).err();
    assert!(err.contains(cure), "{err}");
    parcours(&url, "", &EVENT).expect(0);
    let err = parcours(&url, "", &["reshard", "--to", "2"])
        .expect(2)
        .err();
    assert!(err.contains(cure), "{err}");
    let said = parcours(&url, "", &["reshard", "--to", "1", "--format", "json"]).expect(0);
    assert_eq!(
        said.json(),
        json!({ "shards": 1, "next": null, "drained": [] })
    );
    let err = parcours(&url, "", &["reshard", "--to", "65"])
        .expect(1)
        .err();
    assert!(err.contains("there cannot be 65 shards"), "{err}");
    tokio::task::spawn_blocking(move || server.stop())
        .await
        .unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

/// Two engines, events all the time, and kills while the number of shards changes twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_8_shards_change_while_events_come_in_and_engines_are_killed() {
    let vhost = kit::vhost().await;
    let url = vhost.url.clone();
    let mut scene = Scene::with(6_000, url, Some(vhost), "intake: { overlap_seconds: 1 }\n").await;
    let mut publisher = scene.start(&["event", "stream.ndjson"], "event");
    let mut engines = [scene.engine(), scene.engine()];
    for (turn, shards) in ["3", "2"].into_iter().enumerate() {
        let mut ordering = scene.start(&["reshard", "--to", shards], "reshard");
        scene.decided((turn + 1) * 1_000).await;
        engines[turn].kill();
        engines[turn] = scene.engine();
        assert_eq!(ordering.ends(SOON).code(), Some(0), "{}", ordering.err());
        let said = if shards == "3" {
            "3 shards: done"
        } else {
            "2 shards: done"
        };
        assert!(ordering.out().contains(said), "{}", ordering.out());
        assert!(
            ordering.err().contains("old shards are empty"),
            "{}",
            ordering.err()
        );
    }
    assert_eq!(publisher.ends(SOON).code(), Some(0), "{}", publisher.err());
    scene.through().await;
    for engine in &mut engines {
        engine.signal("TERM");
        assert_eq!(engine.ends(SOON).code(), Some(0), "{}", engine.err());
    }
    let audit = scene.audit().await;
    assert!(audit.sent > 0, "{audit}");
}
