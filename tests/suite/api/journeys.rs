//! Journeys as they run: counted as the tables have it, drawn, and accessible.

use parcours_tests::kit::{browser::Scheme, driver::Driver};
use tokio::net::TcpListener;

use super::*;

async fn published() -> Server {
    let server = server().await;
    sqlx::query("insert into workspace (applied_at, digest, machines, files) values (now(), $1, array[$1], '{}')")
        .bind(shop::machine().id.0)
        .execute(&*server.database)
        .await
        .expect("a workspace");
    server
}

impl Server {
    async fn count(&self, sql: &'static str) -> u64 {
        let count: i64 = sqlx::query_scalar(sql)
            .fetch_one(&*self.database)
            .await
            .expect("a count");
        count.unsigned_abs()
    }
}

#[tokio::test]
async fn a_journey_is_counted_step_by_step() {
    let server = published().await;
    shop::count(&server.database).await;
    let reader = Reader::new(server.database.clone());
    let flow = reader.flow("cart-rescue", None).await.unwrap().unwrap();
    let counted = &flow.counted;
    let inside = "select count(*) from run where journey = 'cart-rescue' and left_at is null";
    assert_eq!(counted.inside, server.count(inside).await);
    assert!(counted.inside > 0);
    let waits: u64 = counted.steps.values().map(|step| step.inside).sum();
    // Whoever stands behind the last step waits at none.
    let at_a_step =
        "select count(*) from run where journey = 'cart-rescue' and left_at is null and node >= 0";
    assert_eq!(waits, server.count(at_a_step).await);
    let sent = "select count(*) from message where journey = 'cart-rescue' and step = 'nudge' and status = 'sent'";
    assert_eq!(counted.steps["nudge"].sent, server.count(sent).await);
    let held: u64 = counted
        .steps
        .values()
        .flat_map(|step| step.held.values())
        .sum();
    let other = "select count(*) from message where journey = 'cart-rescue' and status not in ('sent', 'queued', 'leased')";
    assert_eq!(held, server.count(other).await);
    let [version] = &counted.versions[..] else {
        panic!("one version: {:?}", counted.versions)
    };
    assert!(version.current && version.version == 3 && version.inside == counted.inside);
    let told = server.json("/v1/journeys/cart-rescue").await;
    assert_eq!(told["version"], 3);
    assert_eq!(told["inside"], counted.inside);
    assert_eq!(told["steps"]["nudge"]["sent"], counted.steps["nudge"].sent);
    let all = server.json("/v1/journeys").await;
    assert_eq!(all["items"][0]["title"], "Rescue an abandoned cart");
    let (status, _) = server.get("/v1/journeys/nothing").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(reader.flow("nothing", None).await.unwrap().is_none());
    let (status, _) = server.get("/journeys/nothing").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_is_drawn_with_who_waits_where() {
    let server = published().await;
    let (_, drawn) = server.get("/journeys/cart-rescue/picture.svg").await;
    assert!(drawn.contains(" inside"), "{drawn}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = server.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let look = move || {
        let mut page = Driver::start();
        let mut found = Vec::new();
        for scheme in [Scheme::Light, Scheme::Dark] {
            page.seen_by(1200, 900, scheme);
            page.go(&format!("{url}/journeys"));
            page.picture(&format!("journeys-{scheme:?}"));
            found.extend(page.wrong());
            page.click("document.querySelector('tbody a')");
            // The picture is there, and its own style with it.
            page.until("document.querySelector('.drawn img')?.naturalWidth > 200");
            page.picture(&format!("journey-{scheme:?}"));
            found.extend(page.wrong());
        }
        assert_eq!(page.complaints(), Vec::<String>::new());
        found
    };
    let found = tokio::task::spawn_blocking(look).await.unwrap();
    assert_eq!(found, Vec::<String>::new());
}
