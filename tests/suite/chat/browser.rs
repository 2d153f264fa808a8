//! The widget in a real browser: a whole conversation by clicks and keys, in both languages, by day and by night.
//!
//! `PICTURES=FOLDER cargo test … chat::browser` takes pictures, to be looked at.

use parcours_tests::kit::{browser::Scheme, driver::Driver};

use super::*;

/// Inside of the widget.
const ROOT: &str = "document.querySelector('parcours-chat').shadowRoot";

fn inside(selector: &str) -> String {
    format!("{ROOT}.querySelector({})", json!(selector))
}

/// The answer that a button of that label gives.
fn answer(label: &str) -> String {
    format!(
        "[...{ROOT}.querySelectorAll('.answers button')].find(b => b.textContent === {})",
        json!(label)
    )
}

/// That the last line says this.
fn last_says(text: &str) -> String {
    format!(
        "[...{ROOT}.querySelectorAll('.bubble')].at(-1)?.textContent.includes({})",
        json!(text)
    )
}

/// A page of the shop's with the widget on it, at an address of its own.
async fn shop(attributes: &str) -> (Place, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let place = Place::new(&concierge(), |web| web.origins = vec![origin.clone()]).await;
    let script = format!("http://{}/chat/widget.js", place.address);
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
         <title>Teas</title><style>body {{ font: 17px Georgia, serif; margin: 40px; }} p, button {{ text-transform: uppercase; }}
         @media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #ddd; }} }}</style>
         <main><h1>Our teas</h1><p>Lime blossom, verbena, and whatever else grows here.</p></main>
         <script async src=\"{script}\" {attributes}></script></html>"
    );
    let page = move || async { axum::response::Html(page) };
    let router = axum::Router::new().route("/", axum::routing::get(page));
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    (place, origin)
}

/// The driver waits by itself, so it gets a thread of its own.
async fn drive<T: Send + 'static>(work: impl FnOnce(&mut Driver) -> T + Send + 'static) -> T {
    let work = move || work(&mut Driver::start());
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_conversation_by_clicks() {
    let (place, url) = shop("").await;
    let keys = drive(move |page| {
        page.seen_by(1000, 760, Scheme::Light);
        page.go(&url);
        page.until("!!document.querySelector('parcours-chat')");
        page.picture("chat-closed");
        // Nothing was asked of the server, and nothing is kept.
        assert_eq!(page.eval("localStorage.length"), 0);
        page.click(&inside(".launch"));
        page.until(&last_says("Ask us anything"));
        page.picture("chat-greeting");
        page.type_in("Hello");
        page.press("Enter");
        page.until(&last_says("What is it about?"));
        page.picture("chat-question");
        page.click(&answer("Where is my order?"));
        page.until(&last_says("four digits"));
        // The buttons of a question that is answered are gone.
        assert_eq!(page.eval(&format!("{ROOT}.querySelectorAll('.answers').length")), 0);
        page.type_in("I have no idea");
        page.press("Enter");
        page.until(&format!("[...{ROOT}.querySelectorAll('.bubble')].filter(b => b.textContent.includes('four digits')).length === 2"));
        page.type_in("4711");
        page.press("Enter");
        page.until(&last_says("Order 4711 arrives tomorrow"));
        let link = page.eval(&format!("{ROOT}.querySelector('.bubble a').href"));
        assert_eq!(link, "https://shop.example/orders/4711");
        page.until(&format!("{}.value === ''", inside("textarea")));
        page.picture("chat-answered");
        assert_eq!(page.eval("document.cookie"), "");
        // Another page, the same conversation.
        page.go(&url);
        page.click(&inside(".launch"));
        page.until(&last_says("Order 4711 arrives tomorrow"));
        page.seen_by(390, 780, Scheme::Dark);
        page.eval(&format!("{}.scrollTop = 1e6", inside(".log")));
        page.picture("chat-phone-dark");
        let keys = page.eval("JSON.stringify(Object.keys(localStorage).sort())");
        page.press("Escape");
        page.until(&format!("{}.hidden && {ROOT}.activeElement === {}", inside(".panel"), inside(".launch")));
        keys
    })
    .await;
    assert_eq!(keys, r#"["parcours.chat.seen","parcours.chat.token"]"#);
    let reasons: Vec<String> = sqlx::query_scalar("select reason from run_ended")
        .fetch_all(place.rig.store.pool())
        .await
        .unwrap();
    assert_eq!(reasons, ["completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_keys_alone_and_in_french() {
    let (place, url) =
        shop("data-locale=\"fr\" data-accent=\"#f2c94c\" data-position=\"left\"").await;
    drive(move |page| {
        page.seen_by(1000, 760, Scheme::Light);
        page.go(&url);
        page.until("!!document.querySelector('parcours-chat')");
        page.press("Tab");
        page.until(&format!("{ROOT}.activeElement === {}", inside(".launch")));
        page.press("Enter");
        page.until(&last_says("Posez-nous vos questions"));
        page.type_in("Bonjour");
        page.press("Enter");
        page.until(&last_says("De quoi s’agit-il ?"));
        page.picture("chat-french");
        // A button is reached from the box by going back.
        page.eval(&format!("{}.focus()", inside(".answers button:last-child")));
        page.press("Enter");
        page.until(&last_says("Nous sommes là de 9 h à 18 h"));
        // Black on a light colour.
        let on = page.eval(&format!(
            "getComputedStyle({}).color",
            inside(".customer .bubble")
        ));
        assert_eq!(on, "rgb(17, 17, 17)");
        page.picture("chat-french-end");
    })
    .await;
    drop(place);
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_wrong_with_it() {
    let (place, url) = shop("").await;
    let found = drive(move |page| {
        let mut found = Vec::new();
        for scheme in [Scheme::Light, Scheme::Dark] {
            page.seen_by(1000, 760, scheme);
            page.go(&url);
            page.until("!!document.querySelector('parcours-chat')");
            found.extend(page.wrong());
            page.click(&inside(".launch"));
            page.until(&last_says("Ask us anything"));
            page.type_in("Hello");
            page.press("Enter");
            page.until(&last_says("What is it about?"));
            page.until(&format!("{}.hidden", inside(".typing")));
            found.extend(page.wrong());
            page.eval("localStorage.clear()");
        }
        found
    })
    .await;
    assert_eq!(found, Vec::<String>::new());
    drop(place);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_could_not_be_sent_is_kept_and_sent_again() {
    let (place, url) = shop("").await;
    let token = drive(move |page| {
        page.go(&url);
        page.click(&inside(".launch"));
        page.until(&last_says("Ask us anything"));
        page.eval("window.realFetch = fetch; window.fetch = () => Promise.reject(new TypeError('away')); 0");
        page.type_in("Hello");
        page.press("Enter");
        page.until(&format!("!!{}", inside(".unsent button")));
        page.picture("chat-unsent");
        page.eval("window.fetch = window.realFetch; 0");
        page.click(&inside(".unsent button"));
        page.until(&last_says("What is it about?"));
        page.until(&format!("!{}", inside(".unsent")));
        // A message that comes while the chat is closed is counted.
        page.press("Escape");
        page.eval("localStorage.getItem('parcours.chat.token')")
    })
    .await;
    let token = token.as_str().unwrap();
    assert_eq!(place.talk(token, 2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_it_is_closed_is_counted_and_other_pages_hear_it() {
    let (place, url) = shop("").await;
    let token = drive({
        let url = url.clone();
        move |page| {
            page.go(&url);
            page.click(&inside(".launch"));
            page.until(&last_says("Ask us anything"));
            page.type_in("Hello");
            page.press("Enter");
            page.until(&last_says("What is it about?"));
            page.eval("localStorage.getItem('parcours.chat.token')")
        }
    })
    .await;
    let token = token.as_str().unwrap().to_owned();
    let stored = json!(token);
    let says = tokio::runtime::Handle::current();
    let place = Arc::new(place);
    let other = place.clone();
    drive(move |page| {
        page.go(&url);
        page.eval(&format!(
            "localStorage.setItem('parcours.chat.token', {stored})"
        ));
        page.go(&url);
        // It was not read here.
        page.until(&format!("{}.textContent === '1'", inside(".badge")));
        page.eval("localStorage.setItem('parcours.chat.seen', 1e9)");
        page.go(&url);
        page.until(&format!("{}.hidden", inside(".badge")));
        page.eval("localStorage.removeItem('parcours.chat.seen')");
        page.go(&url);
        page.until(&format!("{}.textContent === '1'", inside(".badge")));
        // Answered from another device.
        says.block_on(other.says(&token, "hours"));
        page.until(&format!("{}.textContent === '2'", inside(".badge")));
        page.picture("chat-badge");
        page.click(&inside(".launch"));
        page.until(&last_says("from 9 to 18"));
        page.press("Escape");
        page.until(&format!("{}.hidden", inside(".badge")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_its_own_holds_nothing_but_the_chat() {
    let place = Place::new(&concierge(), |_| {}).await;
    let url = format!("http://{}/chat", place.address);
    drive(move |page| {
        page.seen_by(1000, 760, Scheme::Light);
        page.go(&url);
        page.until(&last_says("Ask us anything"));
        page.click(&inside("textarea"));
        page.type_in("Hello");
        page.press("Enter");
        page.until(&last_says("What is it about?"));
        page.picture("chat-page");
        assert_eq!(page.wrong(), Vec::<String>::new());
    })
    .await;
}
