//! A real browser signs in, looks around and signs out; every page is accessible by day and by night.

use api::State;
use jiff::Timestamp;
use parcours_tests::kit::{browser::Scheme, driver::Driver};

use super::{EMAIL, PASSWORD, site_with};

/// What is wrong with the page that is open; `PICTURES=FOLDER` takes pictures.
fn look(driver: &mut Driver, name: &str, found: &mut Vec<String>) {
    for scheme in [Scheme::Light, Scheme::Dark] {
        driver.seen_by(1200, 900, scheme);
        found.extend(
            driver
                .wrong()
                .into_iter()
                .map(|w| format!("{name} {scheme:?}: {w}")),
        );
        driver.picture(&format!("access-{name}-{scheme:?}"));
    }
    driver.seen_by(390, 800, Scheme::Light);
    found.extend(
        driver
            .wrong()
            .into_iter()
            .map(|w| format!("{name} narrow: {w}")),
    );
    driver.picture(&format!("access-{name}-narrow"));
}

/// Of what the browser tells, errors; that a sign-in was refused is none.
fn is_wrong(told: &str) -> bool {
    let bad = told.contains(r#""level":"error""#) || told.contains("exceptionDetails");
    bad && !told.contains("401")
}

fn field(driver: &mut Driver, id: &str, text: &str) {
    driver.click(&format!("document.getElementById('{id}')"));
    driver.type_in(text);
}

/// French is longer: nothing runs out of its place, at a desk or on a telephone.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_over_in_french() {
    let site = site_with(false, |state| State {
        clock: Timestamp::now,
        ..state
    })
    .await;
    let roles = ["admin", "privacy_officer", "support"];
    let ines = site.user(EMAIL, &roles).await;
    let token = site.session_at(ines, Timestamp::now()).await;
    let base = site.served().await;
    let found = tokio::task::spawn_blocking(move || {
        let (mut driver, mut found) = (Driver::start(), Vec::new());
        driver.go(&format!("{base}/sign-in?lang=fr"));
        driver.eval(&format!("document.cookie = 'parcours={token}; path=/'"));
        for (name, path) in [
            ("overview", "/"),
            ("users", "/access/users"),
            ("user", &*format!("/access/users/{ines}")),
            ("keys", "/access/keys"),
            ("audit", "/access/audit"),
            ("account", "/account"),
            ("inbox", "/inbox"),
            ("mailbox", "/mailbox"),
            ("mail", "/mailbox/20260105-110100-mail"),
            ("text", "/mailbox/note-1"),
            ("error", "/nowhere"),
        ] {
            driver.go(&format!("{base}{path}"));
            driver.until("document.documentElement.lang === 'fr'");
            for (width, scheme) in [(1280, Scheme::Light), (1280, Scheme::Dark), (390, Scheme::Dark)] {
                driver.seen_by(width, 900, scheme);
                // Whatever is wider than its place and does not scroll or end in an ellipsis.
                let over = driver.eval(
                    "[...document.querySelectorAll('body *')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1 \
                     && getComputedStyle(e).overflowX === 'visible' && getComputedStyle(e).display !== 'inline').map(e => e.outerHTML.slice(0, 120)) \
                     .concat(document.documentElement.scrollWidth > innerWidth ? ['the page'] : []).join(' | ')",
                );
                let over = over.as_str().unwrap_or_default().to_owned();
                if !over.is_empty() {
                    found.push(format!("{name} {width}: {over}"));
                }
                driver.picture(&format!("fr-{name}-{width}-{scheme:?}"));
            }
            found.extend(driver.wrong().into_iter().map(|w| format!("{name}: {w}")));
        }
        found
    })
    .await
    .unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_looks_around_and_signs_out() {
    let site = site_with(false, |state| State {
        clock: Timestamp::now,
        ..state
    })
    .await;
    let roles = ["admin", "privacy_officer"];
    site.user(EMAIL, &roles).await;
    site.user("leo@shop.example", &["support"]).await;
    let base = site.served().await;
    let found = tokio::task::spawn_blocking(move || {
        let (mut driver, mut found) = (Driver::start(), Vec::new());
        driver.go(&format!("{base}/access/users"));
        driver.until("location.pathname === '/sign-in'");
        look(&mut driver, "sign-in", &mut found);
        field(&mut driver, "email", EMAIL);
        field(&mut driver, "password", "nonsense");
        driver.press("Enter");
        driver.until("document.querySelector('[role=alert]') !== null");
        look(&mut driver, "wrong", &mut found);
        field(&mut driver, "password", PASSWORD);
        driver.press("Enter");
        driver.until("location.pathname === '/access/users'");
        look(&mut driver, "users", &mut found);
        field(&mut driver, "email", "zoe@shop.example");
        driver.click("document.querySelector('[name=role_marketer]')");
        driver.click(
            "[...document.querySelectorAll('button')].find(b => b.textContent === 'Make a link')",
        );
        driver.until("document.body.textContent.includes('/welcome/')");
        look(&mut driver, "user", &mut found);
        let link = driver.eval("document.querySelector('pre').textContent");
        driver.go(link.as_str().unwrap());
        look(&mut driver, "welcome", &mut found);
        driver.go(&format!("{base}/access/keys"));
        field(&mut driver, "name", "the shop");
        driver.click("document.querySelector('[name=\"scope_events:write\"]')");
        driver.click(
            "[...document.querySelectorAll('button')].find(b => b.textContent === 'Make the key')",
        );
        driver.until("document.body.textContent.includes('pk_')");
        look(&mut driver, "keys", &mut found);
        driver.go(&format!("{base}/account"));
        look(&mut driver, "account", &mut found);
        field(&mut driver, "totp-current", PASSWORD);
        driver.press("Enter");
        driver.until("document.querySelector('svg.qr') !== null");
        look(&mut driver, "codes", &mut found);
        driver.go(&format!("{base}/access/audit"));
        look(&mut driver, "audit", &mut found);
        driver.click("document.querySelector('.who button')");
        driver.until("location.pathname === '/sign-in'");
        driver.go(&format!("{base}/"));
        driver.until("location.pathname === '/sign-in'");
        found.extend(
            driver
                .complaints()
                .into_iter()
                .filter(|told| is_wrong(told)),
        );
        found
    })
    .await
    .unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let signed = site
        .log()
        .await
        .into_iter()
        .filter(|e| e.action == "sign_in");
    assert_eq!(signed.map(|e| e.ok).collect::<Vec<_>>(), [false, true]);
}
