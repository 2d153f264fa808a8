//! One customer: who they are, where they are, what happens next, and all that happened.

mod input;
mod now;
mod side;
mod timeline;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query, State as Shared, rejection::QueryRejection},
    response::Response,
};
use journey::ids::{CustomerId, InputId};
use serde::Deserialize;
use store::read::{CustomerView, JourneyName};
use uuid::Uuid;

pub(super) use self::input::page as input;
use self::{
    now::{EndedRun, Next, OpenRun},
    side::{ConsentRow, Reach},
    timeline::{Day, Filters},
};
use super::{
    Frame, Page, PageError,
    actions::{self, OptOut},
    customers, html,
    live::{self, Live, Seen},
    merge::Merges,
    words::When,
};
use crate::{State, access::mask, i18n, page::PAGE, problem::Problem};

#[derive(Deserialize)]
pub(super) struct Asked {
    before: Option<i64>,
    /// The input from which on the timeline is shown.
    input: Option<Uuid>,
    #[serde(default)]
    show: String,
    #[serde(default)]
    journey: String,
    /// What was asked for on the page before.
    #[serde(default)]
    asked: String,
}

#[derive(Template)]
#[template(path = "customer/page.html")]
struct CustomerPage {
    frame: Frame,
    id: CustomerId,
    key: String,
    title: String,
    seen: When,
    /// Stands for all that is shown.
    pulse: String,
    merges: Merges,
    /// Since when their processing is restricted, if it is.
    restricted: Option<When>,
    /// Why they get fewer messages than others, if they do.
    slowed: Option<String>,
    traits: Vec<(Arc<str>, String)>,
    channels: Vec<Reach>,
    /// Addresses are hidden, and may be shown for a reason.
    hidden: bool,
    consents: Vec<ConsentRow>,
    opt_out: OptOut,
    /// What was asked for on the page before.
    asked: Option<&'static str>,
    open: Vec<OpenRun>,
    next: Vec<Next>,
    ended: Vec<EndedRun>,
    /// Those that can be asked about.
    journeys: Vec<JourneyName>,
    filters: Filters,
    days: Vec<Day>,
    first: bool,
    older: Option<i64>,
}

pub(super) async fn page(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let view = state.reader.customer(&key).await?;
    let mut view = view.ok_or(PageError::NotFound("customer"))?;
    let id = view.row.id;
    // Before all else, so that what changes meanwhile is told.
    let pulse = state.reader.pulse(id).await?;
    let filters = Filters::of(&asked);
    let before = match asked.input {
        Some(input) => state.reader.before(id, InputId(input)).await?,
        None => asked.before,
    };
    let mut runs = state.reader.runs(id).await?;
    let expected = state.reader.expected(&view.ledger).await?;
    let leaving = now::leaving(&state, id).await?;
    let asks = state.reader.timeline_of(id, &filters.filter, before, PAGE);
    let mut page = asks.await?;
    let ways = state.reader.ways(id).await?;
    let language = i18n::language();
    let tongue = state.reader.tongue(&view, language).await?;
    let slowed = state.reader.slowed(&view, language, state.now()).await?;
    let merges = Merges::of(&state, &view).await?;
    mask::entries(&mut page.entries, &view, state.now());
    mask::runs(&mut runs, &view, state.now());
    mask::view(&mut view, state.now());
    html(&CustomerPage {
        frame: Frame::new(&state, "customers"),
        id,
        key: view.row.key.to_string(),
        title: title(&view),
        seen: When(view.row.seen_at),
        pulse,
        merges,
        restricted: view.ledger.restricted.map(When),
        slowed: slowed.map(|s| s.sentence),
        traits: side::traits(&view),
        channels: side::reach(&view),
        hidden: mask::may_ask(id, state.now()),
        consents: side::consents(&view.ledger),
        next: now::next(&runs.open, expected, &leaving, &tongue),
        open: now::all_open(&state, &runs.open, &tongue).await?,
        opt_out: OptOut::of(&state.reader.policies().await?),
        asked: actions::notice(&asked.asked),
        journeys: state.reader.journeys().await?,
        ended: runs.ended.iter().map(now::ended).collect(),
        first: before.is_none(),
        older: page.next,
        days: timeline::days(&page, &ways, &tongue),
        filters,
    })
}

/// What a customer is called: by name, else by key.
fn title(view: &CustomerView) -> String {
    let name = customers::name(&view.row.traits);
    if name.is_empty() {
        view.row.key.to_string()
    } else {
        name
    }
}

/// Tells the page that something has happened to the customer.
pub(super) async fn live(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    Query(seen): Query<Seen>,
    live: Option<Extension<Live>>,
) -> Result<Response, Problem> {
    let id = state.reader.customer_id(&key).await?;
    let id = id.ok_or_else(|| crate::support::no_such("customer"))?;
    let reader = state.reader.clone();
    live::tell(live, seen, move || {
        let reader = reader.clone();
        async move { reader.pulse(id).await }
    })
}
