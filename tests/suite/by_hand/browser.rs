//! A person pauses a run and lets it go on, in a real browser: by clicks, and by the keyboard alone.

use parcours_tests::kit::{browser::Scheme, driver::Driver};
use tokio::net::TcpListener;

use super::*;

/// What is wrong with the page that is open.
fn look(driver: &mut Driver, name: &str, found: &mut Vec<String>) {
    for (width, scheme) in [
        (1200, Scheme::Light),
        (1200, Scheme::Dark),
        (390, Scheme::Light),
    ] {
        driver.seen_by(width, 900, scheme);
        let wrong = driver.wrong().into_iter();
        found.extend(wrong.map(|w| format!("{name} {width} {scheme:?}: {w}")));
        driver.picture(&format!("by-hand-{name}-{width}-{scheme:?}"));
    }
    driver.seen_by(1200, 900, Scheme::Light);
}

/// Tab until that is where one is.
fn tab_to(driver: &mut Driver, what: &str) {
    for _ in 0..80 {
        if driver.eval(&format!("document.activeElement.matches({what:?})")) == json!(true) {
            return;
        }
        driver.press("Tab");
    }
    panic!("the keyboard does not come to {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_paused_by_clicks_and_goes_on_by_the_keyboard_alone() {
    let place = place(STEPS).await;
    let (_, token) = place.session(&["support", "marketer"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(::api::serve(
        listener,
        place.router.clone(),
        std::future::pending(),
    ));
    let page = format!("{base}/customers/{}", CustomerId::of("ana"));
    let found = tokio::task::spawn_blocking(move || {
        let (mut driver, mut found) = (Driver::start(), Vec::new());
        let cookie = json!({ "name": "parcours", "value": token, "url": base });
        driver.call("Network.setCookie", &cookie);
        driver.go(&page);
        driver.click("document.querySelector('.run .acts > summary')");
        driver.click("document.querySelector('.run .acts > details > summary')");
        look(&mut driver, "open", &mut found);
        driver.click("document.querySelector('[id^=why-]')");
        driver.type_in("she called");
        driver.click("document.querySelector('form[action$=\"/pause\"] button')");
        driver.until("location.search === '?asked=pause'");
        driver.until("document.body.textContent.includes('Paused by a person since')");
        look(&mut driver, "paused", &mut found);

        // The keyboard alone: open, say why, Enter.
        tab_to(&mut driver, ".run .acts > summary");
        driver.press("Enter");
        tab_to(&mut driver, "[id^=why-]");
        driver.type_in("she is back");
        driver.press("Enter");
        driver.until("location.search === '?asked=resume'");
        driver.until("document.querySelector('form[action$=\"/pause\"]') !== null");
        let complaints = driver.complaints().into_iter();
        found.extend(complaints.filter(|told| told.contains(r#""level":"error""#)));
        found
    })
    .await
    .unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let done = "select count(*) from input where name = 'support.action'";
    assert_eq!(place.rig.count(done).await, 2);
    let waits = "select count(*) from run where due_at is not null";
    assert_eq!(place.rig.count(waits).await, 1);
}
