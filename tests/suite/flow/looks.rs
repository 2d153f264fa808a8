//! The pages in a real browser: by clicks, by keys, by day and by night, wide and narrow, and held to axe.

use parcours_tests::kit::{browser::Scheme, driver::Driver};
use tokio::net::TcpListener;

use super::*;

async fn served(site: &Site) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = site.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tab_is_accessible_by_day_and_by_night_and_on_a_telephone() {
    let site = Site::busy(60).await;
    site.until(later(30)).await;
    site.rig.apply(&shorter()).await;
    site.engine.reload().await.unwrap();
    let url = served(&site).await;
    let look = move || {
        let mut page = Driver::start();
        let mut found = Vec::new();
        for (scheme, width) in [
            (Scheme::Light, 1280),
            (Scheme::Dark, 1280),
            (Scheme::Light, 390),
            (Scheme::Dark, 390),
        ] {
            page.seen_by(width, 900, scheme);
            for (name, path) in [
                ("overview", "/journeys/sale"),
                ("versions", "/journeys/sale/versions"),
                ("difference", "/journeys/sale/versions/1..2"),
                ("tests", "/journeys/sale/tests"),
                ("simulate", "/journeys/sale/simulate"),
            ] {
                page.go(&format!("{url}{path}"));
                if name == "simulate" {
                    page.click("document.querySelector('.bench button.main')");
                    page.until("document.querySelector('.told .timeline li') !== null");
                }
                page.picture(&format!("flow-{name}-{width}-{scheme:?}"));
                found.extend(page.wrong().into_iter().map(|w| format!("{name}: {w}")));
                let wide = page.eval("document.documentElement.scrollWidth > innerWidth");
                assert_eq!(wide, false, "{name} is wider than {width}");
            }
        }
        assert_eq!(page.complaints(), Vec::<String>::new());
        found
    };
    let found = tokio::task::spawn_blocking(look).await.unwrap();
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_is_paused_and_goes_on_by_keys_and_clicks() {
    let site = Site::busy(6).await;
    let url = served(&site).await;
    let look = move || {
        let mut page = Driver::start();
        page.seen_by(1280, 900, Scheme::Light);
        page.go(&format!("{url}/journeys/sale"));
        // By keys alone.
        page.eval("document.querySelector('#pausing summary').focus()");
        page.press("Enter");
        page.until("document.querySelector('#pausing').open");
        page.press("Tab");
        page.until("document.activeElement.id === 'reason'");
        page.type_in("the price is wrong");
        page.press("Enter");
        page.until("document.querySelector('.head .chip.warn') !== null");
        // And on by clicks.
        page.click("document.querySelector('#pausing summary')");
        page.click("document.querySelector('#reason')");
        page.type_in("mended");
        page.click("document.querySelector('#pausing button')");
        page.until(
            "document.querySelector('.head') && !document.querySelector('.head .chip.warn')",
        );
    };
    tokio::task::spawn_blocking(look).await.unwrap();
    let words: Vec<String> =
        sqlx::query_scalar("select in_flight from passage where journey = 'sale' order by id")
            .fetch_all(site.rig.store.pool())
            .await
            .unwrap();
    assert_eq!(words, ["pause", "resume"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_renews_itself_when_somebody_enters() {
    let site = Site::busy(6).await;
    let url = served(&site).await;
    let (told, tell) = tokio::sync::oneshot::channel();
    let look = move || {
        let mut page = Driver::start();
        page.seen_by(1280, 900, Scheme::Light);
        page.go(&format!("{url}/journeys/sale"));
        page.until("document.querySelector('.figures dd').textContent === '6'");
        told.send(()).unwrap();
        page.until("document.querySelector('.figures dd').textContent === '7'");
    };
    let looking = tokio::task::spawn_blocking(look);
    tell.await.unwrap();
    site.take(&[site.event(200, "start")], later(5)).await;
    looking.await.unwrap();
}
