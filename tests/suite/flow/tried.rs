//! Versions side by side, the tests' results, simulations, and pausing by the API.

use super::*;
use crate::process::binary::Parcours;

#[tokio::test]
async fn two_versions_are_told_in_words_and_line_by_line() {
    let site = Site::busy(6).await;
    site.rig.apply(&shorter()).await;
    site.engine.reload().await.unwrap();
    while site.engine.passages_once(later(4)).await.unwrap().looked {}
    let told = site.json("/v1/journeys/sale/versions/1..2").await;
    let steps = told["difference"]["steps"].to_string();
    assert!(
        steps.contains("removed") && steps.contains("again"),
        "{steps}"
    );
    assert!(steps.contains("within"), "{steps}");
    assert_eq!(told["fallen"]["moves"], true);
    let page = site.page("/journeys/sale/versions/1..2").await;
    assert!(page.contains("class=\"gone\"") && page.contains("class=\"new\""));
    assert!(page.contains("wait <code>again</code>"), "{page}");
    assert!(page.contains("They moved to the same step"));
    let alone = site.page("/journeys/sale/versions/1..1").await;
    assert!(!alone.contains("class=\"gone\""));
    for wrong in ["1..9", "x", "1", "2..0"] {
        let (status, _) = site.get(&format!("/journeys/sale/versions/{wrong}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let (status, _) = site.get("/journeys/sale/versions?from=1&to=2").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_tests_of_what_is_published_are_run_and_told() {
    let site = Site::new().await;
    let told = site.json("/v1/journeys/sale/tests").await;
    assert_eq!((&told["passed"], &told["failed"]), (&json!(1), &json!(1)));
    let failure = &told["tests"][1]["failures"][0];
    assert_eq!(failure["about"], "sends");
    assert!(failure["expected"].to_string().contains("hi"), "{failure}");
    let timeline = told["tests"][1]["timeline"].as_str().unwrap();
    assert!(timeline.contains("held_out"), "{timeline}");
    let items = told["coverage"]["items"].as_array().unwrap();
    let arm = items
        .iter()
        .find(|i| i["title"] == "offer: discount")
        .unwrap();
    assert_eq!(arm["tests"], 1);
    let page = site.page("/journeys/sale/tests").await;
    assert!(page.contains("the held-out hear from us all the same"));
    // Another revision is run anew; tests that cannot be read keep nobody from publishing.
    site.rig
        .apply(&sale().file("journeys/sale/tests.yaml", "- name: no"))
        .await;
    let told = site.json("/v1/journeys/sale/tests").await;
    assert_eq!(told["tests"], json!([]));
    assert!(
        told["wrong"][0].as_str().unwrap().starts_with("line 1: "),
        "{told}"
    );
    let (status, _) = site.get("/v1/journeys/nothing/tests").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_simulation_says_what_the_command_says_and_leaves_nothing() {
    let site = Site::new().await;
    let asked = json!({
        "customer": { "id": "ada", "first_name": "Ada" },
        "events": [{ "event": "start" }, { "after": "1h", "event": "looked" }],
        "arms": { "offer": "discount" },
    });
    let (status, told) = site.post_json("/v1/journeys/sale/simulate", &asked).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let folder = kit::scratch("parcours-simulated");
    for file in sale().files() {
        let path = folder.join(&*file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &*file.text).unwrap();
    }
    std::fs::write(folder.join("events.yaml"), asked["events"].to_string()).unwrap();
    let command = |format: &str| {
        let args = [
            "simulate",
            "sale",
            "--arm",
            "offer=discount",
            "--events",
            "events.yaml",
        ];
        let who = ["--customer", "id=ada", "first_name=Ada", "--format", format];
        let command = Parcours::new(&folder, [&args[..], &who].concat());
        command.output().expect(0).out()
    };
    assert_eq!(
        told["text"].as_str().unwrap().trim_end(),
        command("text").trim_end()
    );
    let data: Value = serde_json::from_str(&command("json")).unwrap();
    for part in ["timeline", "sends", "ends", "standing", "zone", "start"] {
        assert_eq!(told[part], data[0][part], "{part}");
    }
    assert_eq!(site.rig.count("select count(*) from customer").await, 0);
    assert_eq!(
        site.rig.count("select count(*) from journey_counted").await,
        0
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_simulation_is_said_at_its_field() {
    let site = Site::new().await;
    let asked = json!({ "customer": { "consent": { "news": "all" } }, "events": "- { evnt: start }",
        "run_for": "a while" });
    let (status, told) = site.post_json("/v1/journeys/sale/simulate", &asked).await;
    assert_eq!(
        (status, &told["code"]),
        (StatusCode::BAD_REQUEST, &json!("wrong_simulation"))
    );
    let fields: Vec<_> = told["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["field"])
        .collect();
    assert_eq!(fields, ["customer", "events", "run_for"], "{told}");
    let body = form(&[
        ("customer", "a: b"),
        ("events", "- { evnt: start }"),
        ("run_for", ""),
    ]);
    let (status, page) = site.post("/journeys/sale/simulate", FORM, body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("id=\"events-wrong\"") && !page.contains("id=\"customer-wrong\""),
        "{page}"
    );
    let long = form(&[("events", &"#".repeat(40_000))]);
    let (status, page) = site.post("/journeys/sale/simulate", FORM, long).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
}

#[tokio::test]
async fn the_api_pauses_and_resumes_as_the_command_does() {
    let site = Site::busy(6).await;
    let why = json!({ "reason": "wrong price" });
    let (status, told) = site.post_json("/v1/journeys/sale/pause", &why).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(
        (&told["paused"], &told["changed"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(site.rig.store.paused().await.unwrap().len(), 1);
    assert!(!site.json("/v1/journeys/sale").await["paused_at"].is_null());
    let (_, told) = site.post_json("/v1/journeys/sale/pause", &why).await;
    assert_eq!(told["changed"], false);
    let (_, told) = site.post_json("/v1/journeys/sale/resume", &json!({})).await;
    assert_eq!(
        (&told["paused"], &told["changed"]),
        (&json!(false), &json!(true))
    );
    let (status, told) = site.post_json("/v1/journeys/sael/pause", &why).await;
    assert_eq!(
        (status, &told["code"]),
        (StatusCode::NOT_FOUND, &json!("no_such_journey"))
    );
    assert!(
        told["detail"]
            .as_str()
            .unwrap()
            .contains("did you mean `sale`?"),
        "{told}"
    );
    let body = form(&[("reason", "  ")]);
    let (status, _) = site.post("/journeys/sale/pause", FORM, body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
