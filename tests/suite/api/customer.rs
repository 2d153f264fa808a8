//! The page of a customer, as support uses it, in a real browser.

use axum::{
    body::Body,
    http::{Request, header},
};
use jiff::Timestamp;
use parcours_tests::kit::{browser::Scheme, driver::Driver};

use super::{Server, server};
use crate::shop;

/// Lets the server be reached over TCP, and says where.
async fn served(server: &Server) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server.router.clone();
    tokio::spawn(api::serve(listener, router, std::future::pending()));
    format!("http://{address}")
}

async fn drive<T: Send + 'static>(work: impl FnOnce(&mut Driver) -> T + Send + 'static) -> T {
    let work = move || work(&mut Driver::start());
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// The page as a browser at work and one in a pocket see it.
fn look(driver: &mut Driver, name: &str, found: &mut Vec<String>) {
    for (width, scheme) in [
        (1280, Scheme::Light),
        (1280, Scheme::Dark),
        (390, Scheme::Light),
    ] {
        driver.seen_by(width, 900, scheme);
        let wrong = driver.wrong().into_iter();
        found.extend(wrong.map(|w| format!("{name} {width} {scheme:?}: {w}")));
        driver.picture(&format!("{name}-{width}-{scheme:?}"));
        let wide = driver.eval("document.documentElement.scrollWidth - innerWidth");
        assert!(
            wide.as_i64().unwrap() <= 0,
            "{name} at {width} runs over by {wide}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_pages_are_accessible_by_day_and_by_night_in_both_languages() {
    let server = server().await;
    let base = served(&server).await;
    let found = drive(move |driver| {
        let mut found = Vec::new();
        for (name, path) in [
            ("customer", "/customers/ana?lang=en"),
            ("customer-fr", "/customers/ana?lang=fr"),
            ("customer-refusals", "/customers/ana?lang=en&show=refusals"),
        ] {
            driver.go(&format!("{base}{path}"));
            driver.until("document.querySelectorAll('.what').length > 0");
            look(driver, name, &mut found);
        }
        driver.go(&format!("{base}/customers/ana?lang=en"));
        driver.click("document.querySelector('.what:has(.chip) > summary')");
        look(driver, "customer-open", &mut found);
        driver.click("document.querySelector('.what[open] a[href*=\"/inputs/\"]')");
        driver.until("location.pathname.includes('/inputs/')");
        look(driver, "input", &mut found);
        found.extend(driver.complaints());
        found
    })
    .await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_keeps_itself_up_to_date_and_what_is_open_stays_open() {
    let server = server().await;
    let (base, ana, pool) = (
        served(&server).await,
        server.shop.ana,
        server.database.clone(),
    );
    let (told, heard) = std::sync::mpsc::channel();
    let looks = tokio::spawn(drive(move |driver| {
        driver.go(&format!("{base}/customers/ana?lang=en"));
        driver.until("document.querySelector('.on .livemark') !== null");
        driver.click("document.querySelector('.what > summary')");
        let open = driver.eval("document.querySelector('.what[open]').id");
        told.send(()).unwrap();
        driver.until("document.body.textContent.includes('basket.blessed')");
        let still = format!("document.getElementById('{}').open", open.as_str().unwrap());
        assert_eq!(driver.eval(&still), true, "what was open is open");
        assert_eq!(
            driver.eval("document.activeElement.closest('details').id"),
            open,
            "and has the focus"
        );
    }));
    tokio::task::spawn_blocking(move || heard.recv().unwrap())
        .await
        .unwrap();
    let body = serde_json::json!({ "type": "track", "userId": "ana", "event": "basket.blessed" });
    shop::rows::input(
        &pool,
        ana,
        Timestamp::now(),
        "basket.blessed",
        body,
        Vec::new(),
    )
    .await;
    looks.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_found_by_keys_alone() {
    let server = server().await;
    let base = served(&server).await;
    drive(move |driver| {
        driver.go(&format!("{base}/?lang=en"));
        driver.press("/");
        driver.type_in("ana@shop.example");
        driver.press("Enter");
        driver.until(
            "location.pathname.startsWith('/customers/') && document.readyState === 'complete'",
        );
        // Along the lines of the timeline, and into one.
        let line =
            "[...document.querySelectorAll('.timeline summary')].indexOf(document.activeElement)";
        for (key, at) in [("j", 0), ("j", 1), ("k", 0)] {
            driver.press(key);
            driver.until(&format!("{line} === {at}"));
        }
        driver.press("Enter");
        driver.until("document.activeElement.parentElement.open");
        // Elsewhere, and back to looking for somebody.
        driver.press("g");
        driver.press("m");
        driver.until("location.pathname === '/messages' && document.readyState === 'complete'");
        driver.press("?");
        driver.until("document.getElementById('keys').open");
        driver.press("Escape");
        driver.until("!document.getElementById('keys').open");
    })
    .await;
}

#[tokio::test]
async fn a_timeline_shows_what_is_asked_for() {
    let server = server().await;
    let page = async |query: &str| {
        server
            .get(&format!("/customers/ana?lang=en&{query}"))
            .await
            .1
    };
    let all = page("").await;
    assert!(all.contains("cart.updated") && all.contains("Decided to send by email"));
    let refused = page("show=refusals").await;
    assert!(refused.contains("Held: quiet hours night on sms"));
    assert!(!refused.contains("Decided to send by email"));
    let timers = page("show=timers").await;
    assert!(!timers.contains("class=\"title mono\""), "no event");
    let nothing = page("journey=none").await;
    assert!(nothing.contains("Nothing of this kind."));
}

#[tokio::test]
async fn the_language_that_was_chosen_is_kept() {
    let server = server().await;
    let ask = async |path: &str, cookie: Option<&str>| {
        let mut request = Request::get(path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        server.ask(request.body(Body::empty()).unwrap()).await
    };
    let french = ask("/customers?lang=fr", None).await;
    let set = french.headers()[header::SET_COOKIE].to_str().unwrap();
    let cookie = set.split(';').next().unwrap().to_owned();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Lax"),
        "{set}"
    );
    let (_, kept) = super::text(ask("/customers/ana", Some(&cookie)).await).await;
    assert!(kept.contains("<html lang=\"fr\">") && kept.contains("Joignable par"));
    let (_, plain) = super::text(ask("/customers/ana", None).await).await;
    assert!(plain.contains("<html lang=\"en\">") && plain.contains("Reachable by"));
    let program = ask("/v1/customers?lang=fr", None).await;
    assert!(program.headers().get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn a_line_opens_to_all_that_is_known_of_it() {
    let server = server().await;
    let timeline = server.json("/v1/customers/ana/timeline").await;
    let entries = timeline["items"].as_array().unwrap();
    let sent = entries
        .iter()
        .find(|e| e["facts"].to_string().contains("decided to send by email"));
    let id = sent.expect("a send")["id"].as_str().unwrap();
    let (status, page) = server
        .get(&format!("/customers/ana/inputs/{id}?lang=en"))
        .await;
    assert_eq!(status, 200);
    for words in [
        "What was decided",
        "Decided to send by email",
        "Your basket is waiting",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let nothing = format!("/customers/ana/inputs/{}", uuid::Uuid::nil());
    assert_eq!(server.get(&nothing).await.0, 404);
    assert_eq!(server.get("/customers/ana/inputs/x").await.0, 404);
}
