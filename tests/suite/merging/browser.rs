//! Two customers are merged by keyboard alone.

use parcours_tests::kit::{browser::Scheme, driver::Driver};
use serde_json::json;
use tokio::net::TcpListener;

use super::{deliver, event, http, identify, profile, rig, take};

/// Goes on with the tab key until the element that an expression names has the focus.
fn tab_to(driver: &mut Driver, element: &str) {
    for _ in 0..80 {
        if driver.eval(&format!("document.activeElement === ({element})")) == true {
            return;
        }
        driver.press("Tab");
    }
    panic!("no tab leads to {element}");
}

fn look(driver: &mut Driver, name: &str, found: &mut Vec<String>) {
    for (scheme, width) in [
        (Scheme::Light, 1200),
        (Scheme::Dark, 1200),
        (Scheme::Light, 390),
    ] {
        driver.seen_by(width, 900, scheme);
        let wrong = driver.wrong().into_iter();
        found.extend(wrong.map(|w| format!("{name} {scheme:?} {width}: {w}")));
        driver.picture(&format!("merge-{name}-{scheme:?}-{width}"));
    }
    driver.seen_by(1200, 900, Scheme::Light);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_are_merged_by_keyboard() {
    let (rig, engine) = rig().await;
    let consent = json!({ "channel": "email" });
    take(
        &engine,
        &[
            identify(
                "bea",
                &json!({ "first_name": "Bea", "city": "Gent", "phone": "+32470000000" }),
            ),
            parcours_tests::kit::events::track("bea", "consent.withdrawn", "bw", &consent),
            event("bea", "tea", "bt"),
            identify("ana", &json!({ "first_name": "Ana", "city": "Brugge" })),
            parcours_tests::kit::events::track("ana", "consent.granted", "ag", &consent),
        ],
    )
    .await;
    let site = http::site(&rig);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(::api::serve(
        listener,
        site.router.clone(),
        std::future::pending(),
    ));
    let at = base.clone();
    let found = tokio::task::spawn_blocking(move || {
        let (mut driver, mut found) = (Driver::start(), Vec::new());
        driver.go(&format!("{at}/customers/bea"));
        tab_to(&mut driver, "[...document.querySelectorAll('summary')].find(s => s.textContent === 'Merge into another customer')");
        driver.press("Enter");
        tab_to(&mut driver, "document.getElementById('into')");
        look(&mut driver, "asked", &mut found);
        driver.type_in("ana");
        driver.press("Enter");
        driver.until("location.pathname.endsWith('/merge') && document.readyState === 'complete'");
        look(&mut driver, "compare", &mut found);
        let rows = driver.eval("[...document.querySelectorAll('tbody tr')].map(r => [...r.children].map(c => c.textContent).join('|')).join('\\n')");
        let rows = rows.as_str().unwrap();
        for row in ["city|Gent|Brugge|Brugge", "phone|+32470000000||+32470000000 taken over"] {
            assert!(rows.contains(row), "{row} in {rows}");
        }
        assert!(rows.lines().any(|r| r.starts_with("marketing · E-mail|Withdrawn") || r.contains("|Granted")), "{rows}");
        assert!(driver.eval("document.body.textContent.includes('tea')") == true, "what is left");
        tab_to(&mut driver, "document.getElementById('reason')");
        driver.type_in("the same person, ticket 4711");
        tab_to(&mut driver, "document.querySelector('button.main')");
        driver.press("Enter");
        driver.until("location.pathname.startsWith('/customers/') && !location.pathname.endsWith('/merge')");
        found.extend(driver.complaints());
        found
    })
    .await
    .unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(site.takes(&engine).await, 1);
    deliver(&engine).await;
    let (_, ledger) = profile(&rig, "bea").await;
    assert!(ledger.merged_into.is_some());
    let found = tokio::task::spawn_blocking(move || {
        let (mut driver, mut found) = (Driver::start(), Vec::new());
        driver.go(&format!("{base}/customers/bea"));
        look(&mut driver, "gone", &mut found);
        tab_to(&mut driver, "document.querySelector('.notice a')");
        driver.press("Enter");
        driver.until("document.readyState === 'complete' && document.querySelector('h1').textContent.startsWith('Ana')");
        assert!(driver.eval("document.body.textContent.includes('Took over bea')") == true);
        look(&mut driver, "stays", &mut found);
        driver.go(&format!("{base}/customers/bea/merge?into=ana"));
        assert!(driver.eval("document.body.textContent.includes('merged already')") == true);
        found
    })
    .await
    .unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
