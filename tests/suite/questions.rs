//! Twelve questions that support is asked, of a year of history, in a real browser: each begins at the overview, and is answered by
//! what is read on the page. What a person does is counted: a word that is looked for, and each click, is one.

mod history;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use parcours_tests::kit::{browser::Scheme, driver::Driver};
use serde_json::json;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use self::history::Year;

/// A person at the console.
struct Person<'d> {
    driver: &'d mut Driver,
    /// What they did since the question was asked.
    done: usize,
}

impl Person<'_> {
    /// Looks for somebody, from wherever they are: `/`, the word, Enter.
    fn finds(&mut self, word: &str) {
        self.done += 1;
        self.driver.press("/");
        self.driver.until("document.activeElement.id === 'find'");
        self.driver.type_in(word);
        self.driver.press("Enter");
        self.driver.until(
            "location.pathname.startsWith('/customers/') && document.readyState === 'complete'",
        );
    }

    /// Clicks the first of these that can be seen and says so much.
    fn clicks(&mut self, selector: &str, says: &str) {
        self.done += 1;
        self.driver.click(&format!(
            "[...document.querySelectorAll({selector:?})].find(e => e.offsetParent && e.innerText.includes({says:?}))"
        ));
    }

    /// Chooses what is called so, and asks.
    fn asks(&mut self, journey: &str) {
        self.done += 2;
        let chosen = format!(
            "(() => {{ const s = document.querySelector('.ask select'); \
             s.value = [...s.options].find(o => o.text === {journey:?}).value; return s.value; }})()"
        );
        self.driver.eval(&chosen);
        self.driver.click("document.querySelector('.ask button')");
    }

    /// Whether all of this can be read on the page, once it is there.
    fn reads(&mut self, answer: &[&str]) {
        self.driver.until("document.readyState === 'complete'");
        for part in answer {
            self.driver.until(&format!(
                "document.querySelector('main').innerText.toLowerCase().includes({:?})",
                part.to_lowercase()
            ));
        }
    }
}

/// A question, what a person does to be answered, and how often they do something.
type Question = (&'static str, usize, fn(&mut Person<'_>));

const QUESTIONS: [Question; 12] = [
    ("Why did I get no reminder of my last cart?", 3, |p| {
        p.finds("+33699000000");
        p.clicks(".timeline summary", "week");
        p.clicks(".timeline details[open] a.chip", "");
        p.reads(&["2", "7 days", "marketing"]);
    }),
    ("Has my order confirmation arrived?", 1, |p| {
        p.finds("omar@customer.example");
        p.reads(&["message.delivered"]);
    }),
    ("What did you write to me then, word for word?", 3, |p| {
        p.finds("omar");
        p.clicks(".timeline summary", "ordered");
        p.clicks(".timeline details[open] a.chip", "");
        p.reads(&["Your order 4711 is on its way"]);
    }),
    ("When will I hear from you next?", 1, |p| {
        p.finds("pia");
        p.reads(&["What happens next", "Renewal", "reminder"]);
    }),
    ("Where am I in the welcome series?", 1, |p| {
        p.finds("quentin");
        p.reads(&["In a journey now", "Welcome", "rest"]);
    }),
    ("Why did the welcome series stop?", 3, |p| {
        p.finds("rosa");
        p.asks("Welcome");
        p.reads(&["bought", "ordered"]);
    }),
    ("Why did I get a code, and my friend did not?", 3, |p| {
        p.finds("sam");
        p.clicks(".timeline summary", "signed_up");
        p.clicks(".timeline details[open] a", "Everything about it");
        p.reads(&["offer", "Arm discount: dealt by chance, to 1 of 2"]);
    }),
    (
        "Since when do I get no more offers, and how did I say so?",
        2,
        |p| {
            p.finds("tara");
            p.clicks(".timeline summary", "consent.withdrawn");
            p.reads(&["Withdrawn"]);
        },
    ),
    ("Why did I not get the offer to come back?", 3, |p| {
        p.finds("umar");
        p.asks("Win back");
        p.reads(&["customer.orders", "1"]);
    }),
    ("Why do I get no text messages any more?", 1, |p| {
        p.finds("vera");
        p.reads(&["Suppressed"]);
    }),
    (
        "Who stopped the renewal of this customer, and why?",
        2,
        |p| {
            p.finds("wim");
            p.reads(&["Paused by a person"]);
            p.clicks(".timeline summary", "support.action");
            p.reads(&["he is abroad"]);
        },
    ),
    ("How many messages failed of late, and what for?", 2, |p| {
        p.clicks("nav a", "Messages");
        p.clicks(".tabs a", "What became of them");
        p.reads(&["Failures", "3"]);
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn twelve_questions_are_answered_by_few_clicks() {
    let year = Year::passed().await;
    let run = year.run("wim").await;
    let pause = Request::post(format!("/v1/customers/wim/runs/{run}/pause"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "reason": "he is abroad" }).to_string()))
        .unwrap();
    let paused = year.router.clone().oneshot(pause).await.unwrap();
    assert_eq!(paused.status(), StatusCode::ACCEPTED);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(api::serve(
        listener,
        year.router.clone(),
        std::future::pending(),
    ));
    let asked = move || {
        let mut driver = Driver::start();
        driver.seen_by(1280, 900, Scheme::Light);
        let mut counted = Vec::new();
        for (n, (question, _, answered)) in QUESTIONS.iter().enumerate() {
            driver.go(&format!("{base}/"));
            let mut person = Person {
                driver: &mut driver,
                done: 0,
            };
            answered(&mut person);
            counted.push((*question, person.done));
            driver.picture(&format!("question-{:02}", n + 1));
        }
        assert_eq!(driver.complaints(), Vec::<String>::new());
        counted
    };
    let counted = tokio::task::spawn_blocking(asked).await.unwrap();
    let wanted: Vec<_> = QUESTIONS.iter().map(|(q, n, _)| (*q, *n)).collect();
    assert_eq!(counted, wanted);
}
