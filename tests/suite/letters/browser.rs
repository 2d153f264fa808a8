//! The console by clicks and by keys: an operator looks, mends, submits and discards.

use jiff::Timestamp;
use parcours_tests::kit::{browser::Scheme, driver::Driver};
use serde_json::json;
use tokio::net::TcpListener;

use super::{http::front, order, room};

fn look(driver: &mut Driver, name: &str, found: &mut Vec<String>) {
    for (width, scheme) in [
        (1200, Scheme::Light),
        (1200, Scheme::Dark),
        (390, Scheme::Light),
    ] {
        driver.seen_by(width, 900, scheme);
        let wrong = driver.wrong().into_iter();
        found.extend(wrong.map(|w| format!("{name} {width} {scheme:?}: {w}")));
        driver.picture(&format!("letters-{name}-{width}-{scheme:?}"));
    }
    driver.seen_by(1200, 900, Scheme::Light);
}

fn button(text: &str) -> String {
    format!("[...document.querySelectorAll('button')].find(b => b.textContent === '{text}')")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_are_mended_submitted_and_discarded_by_clicks_and_by_keys() {
    let room = room().await;
    let engine = room.engine().await;
    for n in 0..4 {
        room.publish("ana", order("ana", &n.to_string(), &json!("fifty")))
            .await;
    }
    room.publish("bo", "{\n\"a\": 1,\n\"b\" 2}").await;
    assert_eq!(room.take_in(&engine, 5).await, (0, 5));
    room.move_all(&engine).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(api::serve(
        listener,
        front(&engine).router,
        std::future::pending(),
    ));
    let worker = engine.clone();
    let replaying = tokio::spawn(async move {
        loop {
            let _ = worker
                .replays_once(&engine::Door::Turn, Timestamp::now())
                .await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    let found = tokio::task::spawn_blocking(move || {
        let (mut driver, mut found) = (Driver::start(), Vec::new());
        driver.go(&format!("{base}/dead-letters"));
        look(&mut driver, "list", &mut found);
        assert_eq!(driver.eval("document.querySelectorAll('tbody tr').length"), 5);
        // By keys alone: past the filters to the first line, and in.
        driver.eval("document.querySelector('.filters button').focus()");
        for _ in 0..9 {
            if driver.eval("document.activeElement.matches('tbody th a')") == true {
                break;
            }
            driver.press("Tab");
        }
        driver.press("Enter");
        driver.until("location.pathname.length > 40");
        driver.go(&format!("{base}/dead-letters?cause=schema"));
        driver.click("document.querySelector('tbody th a')");
        driver.until("document.querySelector('mark') !== null");
        assert_eq!(driver.eval("document.querySelector('mark').textContent.includes('\"total\": \"fifty\"')"), true);
        look(&mut driver, "one", &mut found);
        // Wrong first: told beside the field, with what was written.
        driver.eval("document.getElementById('body').value = document.getElementById('body').value.replace('fifty', 'sixty')");
        driver.click(&button("Check and submit"));
        driver.until("document.querySelector('#wrong') !== null");
        assert_eq!(driver.eval("document.getElementById('body').value.includes('sixty')"), true);
        assert_eq!(driver.eval("document.querySelector('#wrong code').textContent"), "properties.total");
        look(&mut driver, "wrong", &mut found);
        driver.eval("document.getElementById('body').value = document.getElementById('body').value.replace('\"sixty\"', '60')");
        driver.click(&button("Check and submit"));
        driver.until("document.querySelector('h1 .chip').textContent === 'Submitted again'");
        // What is no JSON: the line is marked; discarded with a reason, by keys.
        driver.go(&format!("{base}/dead-letters?cause=not_json"));
        driver.click("document.querySelector('tbody th a')");
        driver.until("document.querySelector('mark') !== null");
        driver.click("document.getElementById('reason')");
        driver.type_in("a probe");
        driver.press("Enter");
        driver.until("document.querySelector('h1 .chip').textContent === 'Discarded'");
        // All the others, and the page says how far it is without being loaded again.
        driver.go(&format!("{base}/dead-letters"));
        driver.click(&button("Submit all again"));
        driver.until("document.querySelector('progress') !== null");
        driver.until("document.querySelector('#job .chip').textContent === 'Done'");
        driver.until("document.querySelector('progress').value === 3");
        look(&mut driver, "job", &mut found);
        driver.go(&format!("{base}/dead-letters?lang=fr"));
        driver.until("document.querySelector('h1').textContent === 'Lettres mortes'");
        look(&mut driver, "french", &mut found);
        found.extend(driver.complaints().into_iter().filter(|told| {
            (told.contains(r#""level":"error""#) || told.contains("exceptionDetails")) && !told.contains("422")
        }));
        found
    })
    .await
    .unwrap();
    replaying.abort();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let statuses = "select count(*) from dead_letter where status = 'replayed'";
    assert_eq!(room.rig.count(statuses).await, 1);
    assert_eq!(
        room.rig
            .count("select count(*) from dead_letter where status = 'open' and tries = 1")
            .await,
        3
    );
    assert_eq!(
        room.rig
            .count("select count(*) from input where name = 'order.placed'")
            .await,
        1
    );
}
