//! How quickly support finds a customer, and what support asks next, at ten million of them.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use journey::ids::CustomerId;
use serde::Serialize;
use store::{
    Store,
    read::{Depth, MessageFilter, Reader, RunFilter},
};

use super::{Report, rig::Database};
use crate::output;

/// What each kind of search is to stay under, 95 of 100 times.
const AIM_MS: f64 = 50.0;
/// How often each kind is asked, each time for somebody else.
const TIMES: u64 = 100;
/// Of pages and lists, which look at more.
const PAGES: u64 = 30;

/// What one kind of search takes, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Asked {
    /// What is asked for.
    what: &'static str,
    /// The median.
    p50_ms: f64,
    /// 95 of 100 took no longer.
    p95_ms: f64,
    /// The longest.
    max_ms: f64,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            p50_ms,
            p95_ms,
            max_ms,
        } = self;
        write!(f, "{what:<44} {p50_ms:>8.2} {p95_ms:>8.2} {max_ms:>8.2}")
    }
}

impl Asked {
    fn of(what: &'static str, mut took: Vec<Duration>) -> Self {
        took.sort();
        let at = |percent: usize| {
            let place = (took.len() * percent).div_ceil(100).saturating_sub(1);
            let took = took.get(place).copied().unwrap_or_default();
            took.as_secs_f64() * 1_000.0
        };
        Self {
            what,
            p50_ms: at(50),
            p95_ms: at(95),
            max_ms: at(100),
        }
    }
}

/// A customer of the crowd, as its SQL draws them: see `store::crowd`.
struct Someone {
    key: String,
    email: String,
    phone: String,
    token: Option<String>,
    name: String,
}

/// In the database at `url`, which is filled up to that many; else in one of its own.
pub(super) async fn measure(n: u32, url: Option<&str>) -> Result<Report> {
    let database = Database::at(url).await?;
    let store = &database.store;
    store
        .gather(i64::from(n), |there| {
            output::aside(&format!("{there} customers"));
        })
        .await?;
    let asked = all(store, n).await?;
    database.stop().await?;
    let worst = asked.iter().map(|a| a.p95_ms).fold(0.0, f64::max);
    Ok(Report {
        aim: AIM_MS,
        ratio: AIM_MS / worst,
        noisy: false,
        asked,
        ..Report::new("search", "ms", worst, n, vec![worst])
    })
}

async fn all(store: &Store, n: u32) -> Result<Vec<Asked>> {
    let reader = Reader::new(store.pool().clone());
    let mut people = Vec::new();
    for number in 0..TIMES {
        // Far apart, and in no order.
        let number = 1 + (number * 7_919_993 + 104_729) % u64::from(n);
        people.push(someone(&reader, number).await?);
    }
    let mut asked = vec![
        finds(&reader, "key, whole", &people, |p| Some(p.key.clone())).await?,
        finds(&reader, "id", &people, |p| {
            Some(CustomerId::of(&p.key).to_string())
        })
        .await?,
        finds(&reader, "e-mail, whole", &people, |p| Some(p.email.clone())).await?,
        finds(&reader, "phone, as in its country", &people, |p| {
            Some(p.phone.replacen("+33", "0", 1))
        })
        .await?,
        finds(&reader, "push token, whole", &people, |p| p.token.clone()).await?,
        finds(&reader, "push token, 8 characters", &people, |p| {
            p.token.as_ref().map(|t| cut(t, 8))
        })
        .await?,
        begins(&reader, "key, 3 characters", &people, |p| cut(&p.key, 3)).await?,
        begins(&reader, "key, 9 characters", &people, |p| cut(&p.key, 9)).await?,
        begins(&reader, "e-mail, 3 characters", &people, |p| {
            cut(&p.email, 3)
        })
        .await?,
        begins(&reader, "e-mail, 10 characters", &people, |p| {
            cut(&p.email, 10)
        })
        .await?,
        begins(&reader, "name, whole", &people, |p| p.name.clone()).await?,
        begins(&reader, "name, last word first", &people, |p| {
            turned(&p.name, 99)
        })
        .await?,
        begins(&reader, "name, 3 letters", &people, |p| cut(&p.name, 3)).await?,
        begins(&reader, "name, 2 letters of each word", &people, |p| {
            turned(&p.name, 2)
        })
        .await?,
        begins(&reader, "nobody", &people, |p| format!("{}-nobody", p.name)).await?,
    ];
    asked.extend(pages(&reader, &people).await?);
    Ok(asked)
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// The words of a name the other way round, each cut.
fn turned(name: &str, characters: usize) -> String {
    let words: Vec<String> = name.split(' ').rev().map(|w| cut(w, characters)).collect();
    words.join(" ")
}

async fn someone(reader: &Reader, number: u64) -> Result<Someone> {
    let key = format!("user-{number:08}");
    let Some(customer) = reader.customer(&key).await? else {
        bail!("the crowd has no {key}");
    };
    let traits = &customer.row.traits;
    let text = |name: &str| {
        traits
            .get(name)
            .and_then(|v| v.as_text())
            .map(str::to_owned)
    };
    Ok(Someone {
        key,
        email: text("email").unwrap_or_default(),
        phone: text("phone").unwrap_or_default(),
        token: text("push_token"),
        name: store::search::name(traits).unwrap_or_default(),
    })
}

/// Whole things, each of which finds the one whom it is of.
async fn finds(
    reader: &Reader,
    what: &'static str,
    people: &[Someone],
    query: impl Fn(&Someone) -> Option<String>,
) -> Result<Asked> {
    let mut took = Vec::new();
    for person in people {
        let Some(query) = query(person) else { continue };
        let start = Instant::now();
        let found = reader.find(&query, Depth::Beginnings).await?;
        took.push(start.elapsed());
        if !found.customers.iter().any(|c| *c.row.key == *person.key) {
            bail!("{what}: {query} does not find {}", person.key);
        }
    }
    Ok(Asked::of(what, took))
}

/// Beginnings, which may find twenty others.
async fn begins(
    reader: &Reader,
    what: &'static str,
    people: &[Someone],
    query: impl Fn(&Someone) -> String,
) -> Result<Asked> {
    let mut took = Vec::new();
    for person in people {
        let query = query(person);
        let start = Instant::now();
        let found = reader.find(&query, Depth::Beginnings).await?;
        took.push(start.elapsed());
        if found.customers.is_empty() && found.complete && what != "nobody" {
            bail!("{what}: {query} finds nobody");
        }
    }
    Ok(Asked::of(what, took))
}

/// The page of a customer, and lists.
async fn pages(reader: &Reader, people: &[Someone]) -> Result<Vec<Asked>> {
    let (mut page, mut newest, mut failed, mut runs) = (vec![], vec![], vec![], vec![]);
    let of = |status: &str| MessageFilter {
        status: Some(status.to_owned()),
        ..MessageFilter::default()
    };
    for person in people.iter().take(usize::try_from(PAGES)?) {
        let start = Instant::now();
        let Some(customer) = reader.customer(&person.key).await? else {
            bail!("{} is gone", person.key);
        };
        let id = customer.row.id;
        reader.runs(id).await?;
        reader.expected(&customer.ledger).await?;
        reader.timeline(id, None, 50).await?;
        page.push(start.elapsed());
        let start = Instant::now();
        reader.messages(&MessageFilter::default(), None, 50).await?;
        newest.push(start.elapsed());
        let start = Instant::now();
        reader.messages(&of("failed"), None, 50).await?;
        failed.push(start.elapsed());
        let start = Instant::now();
        let filter = RunFilter {
            journey: Some("win-back".into()),
            ..RunFilter::default()
        };
        reader.run_list(&filter, None, 50).await?;
        runs.push(start.elapsed());
    }
    Ok(vec![
        Asked::of("the page of a customer", page),
        Asked::of("the newest messages of everybody", newest),
        Asked::of("the newest that failed, one in fifty", failed),
        Asked::of("runs of one journey of three", runs),
    ])
}
