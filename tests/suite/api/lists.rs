//! Support's lists: customers found, messages and runs filtered, and what became of messages.

use axum::http::StatusCode;
use serde_json::Value;

use super::{Server, server};

/// As the engine would have counted what the shop's rows say, and more.
pub(super) async fn counted(server: &Server) {
    sqlx::query(
        "insert into message_count (n, day, journey, step, channel, provider, outcome, reason)
         select n, day::date, 'cart-rescue', 'nudge', channel, provider, outcome, reason
         from (values (10, '2026-01-05', 'email', '', 'decided', ''), (2, '2026-01-05', 'email', '', 'suppressed', 'capped'),
                      (6, '2026-01-05', 'email', 'smtp', 'sent', ''), (1, '2026-01-05', 'email', 'smtp', 'failed', 'smtp'),
                      (4, '2026-01-05', 'email', 'smtp', 'opened', ''), (9, '2026-01-05', 'email', 'smtp', 'opens', ''),
                      (1, '2026-01-05', 'email', '', 'held', 'quiet'), (5, '2026-01-06', 'push', '', 'decided', ''))
              t (n, day, channel, provider, outcome, reason)",
    )
    .execute(&*server.database)
    .await
    .unwrap();
}

fn keys(found: &Value) -> Vec<&str> {
    let customers = found["items"].as_array().unwrap();
    customers.iter().filter_map(|c| c["key"].as_str()).collect()
}

#[tokio::test]
async fn a_search_says_by_what_it_found_whom() {
    let server = server().await;
    let found = server.json("/v1/customers?q=06+12+34+56+78").await;
    assert_eq!(keys(&found), ["ana"]);
    assert_eq!(found["items"][0]["matched"], "phone");
    assert_eq!(found["items"][0]["exact"], true);
    let found = server.json("/v1/customers?q=c-000").await;
    assert_eq!(found["items"][0]["matched"], "key");
    assert_eq!(
        (keys(&found).len(), &found["complete"]),
        (10, &Value::Bool(true))
    );
    let (status, page) = server.get("/customers?q=c-000").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("The key begins so") && page.contains("c-0009"),
        "{page}"
    );
    let (_, french) = server.get("/customers?q=c-000&lang=fr").await;
    assert!(french.contains("Début de la clé"), "{french}");
    let (_, all) = server.get("/customers").await;
    assert!(
        all.contains("cart-rescue") || all.contains("Next page"),
        "{all}"
    );
    let (_, many) = server.get("/customers?q=customer").await;
    assert!(many.contains("There are more customers"), "{many}");
    let (_, none) = server.get("/customers?q=nobody").await;
    assert!(none.contains("From three characters on"), "{none}");
}

#[tokio::test]
async fn messages_are_chosen_by_whatever_is_known_of_them_and_paged() {
    let server = server().await;
    let ids = async |query: &str| -> Vec<String> {
        let page = server.json(&format!("/v1/messages?{query}")).await;
        let messages = page["items"].as_array().unwrap();
        let ids = messages.iter().filter_map(|m| m["id"].as_str());
        ids.map(ToOwned::to_owned).collect()
    };
    let nudge = server.shop.nudge.to_string();
    let all = ids("").await;
    assert_eq!(all.len(), 5);
    for (query, n) in [
        ("customer=ANA@shop.example", 1),
        ("customer=0612345678", 1),
        ("customer=nobody", 0),
        ("journey=cart-rescue&step=nudge", 5),
        ("journey=other", 0),
        ("provider=smtp", 4),
        ("template=cart/nudge", 5),
        ("template=cart/other", 0),
        ("purpose=marketing&status=suppressed&reason=capped", 1),
        ("heard=opened", 0),
        ("from=2026-01-05&to=2026-01-05", 2),
        ("from=2026-01-05T11:00:00Z", 1),
        ("to=2026-01-04", 3),
    ] {
        assert_eq!(ids(query).await.len(), n, "{query}");
    }
    let first = server.json("/v1/messages?limit=2").await;
    assert_eq!(first["items"][0]["id"].as_str(), Some(&*nudge));
    let next = first["next"].as_str().unwrap();
    let second = server
        .json(&format!("/v1/messages?limit=2&cursor={next}"))
        .await;
    assert_eq!(second["items"].as_array().map(Vec::len), Some(2));
    let (_, back) = server.get("/messages").await;
    assert!(back.contains(&nudge), "{back}");
    for wrong in ["from=soon", "heard=lost", "failure=%22", "cursor=x"] {
        let (status, _) = server.get(&format!("/v1/messages?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn runs_are_listed_by_journey_step_and_state() {
    let server = server().await;
    let runs = async |query: &str| {
        let page = server.json(&format!("/v1/runs?{query}")).await;
        assert_eq!(page["next"], Value::Null);
        let runs = page["items"].as_array().unwrap().clone();
        let keys = runs.iter().map(|run| run["customer_key"].as_str().unwrap());
        let mut keys: Vec<_> = keys.map(ToOwned::to_owned).collect();
        keys.sort();
        keys
    };
    assert_eq!(runs("journey=cart-rescue&step=last_call").await, ["ana"]);
    assert_eq!(runs("step=last_call&status=open").await, ["ana"]);
    assert_eq!(runs("status=ended").await, ["ana", "ben"]);
    assert_eq!(runs("customer=ana").await, ["ana"]);
    for nobody in [
        "journey=other",
        "step=resumed",
        "status=paused",
        "customer=nobody",
    ] {
        assert!(runs(nobody).await.is_empty(), "{nobody}");
    }
    let (status, _) = server.get("/v1/runs?status=lost").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_funnel_adds_up_and_leads_to_the_messages_behind_it() {
    let server = server().await;
    counted(&server).await;
    let days = "from=2026-01-01&to=2026-01-31";
    let funnel = server
        .json(&format!("/v1/messages/funnel?{days}&by=day"))
        .await;
    let total = &funnel["total"];
    assert_eq!(
        (&total["decided"], &total["waiting"]),
        (&15.into(), &6.into())
    );
    assert_eq!((&total["opened"], &total["opens"]), (&4.into(), &9.into()));
    assert_eq!(funnel["rows"][0]["name"], "2026-01-05");
    assert_eq!(funnel["rows"][1]["decided"], 5);
    assert_eq!(
        funnel["suppressed"][0],
        serde_json::json!({ "reason": "capped", "n": 2 })
    );
    let failed = serde_json::json!({ "provider": "smtp", "failure": "smtp", "n": 1 });
    assert_eq!(funnel["failures"][0], failed);
    let push = server
        .json(&format!("/v1/messages/funnel?{days}&channel=push"))
        .await;
    assert_eq!(push["total"]["decided"], 5);
    let later = server
        .json("/v1/messages/funnel?from=2026-01-06&to=2026-01-06")
        .await;
    assert_eq!(later["total"]["decided"], 5);
    let (_, page) = server
        .get(&format!("/messages/funnel?{days}&by=provider"))
        .await;
    assert!(
        page.contains("status=failed&#38;failure=smtp&#38;provider=smtp"),
        "{page}"
    );
    assert!(page.contains("67 % of those sent"), "{page}");
    for wrong in ["by=week", "from=soon", "channel=fax"] {
        let (status, _) = server.get(&format!("/v1/messages/funnel?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}
