//! Merging a customer into another: both side by side, and what would come of it, before anything is done.

use std::{collections::BTreeSet, fmt::Display, sync::Arc};

use askama::Template;
use axum::{
    extract::{
        Form, Path, Query, State as Shared,
        rejection::{FormRejection, QueryRejection},
    },
    response::Response,
};
use journey::{
    customer::{Consent, Ledger},
    ids::CustomerId,
    merge::{consents_taken, traits_taken},
    message::Channel,
    value::{Map, Value},
};
use serde::Deserialize;
use store::read::{CustomerView, ReadError};

use super::{Frame, Page, PageError, html, words, words::When};
use crate::{
    NotAccepted, State,
    access::{Scope, mask, noted, see, viewer},
    i18n::{fill, say},
    merge::{NotMerged, Pair, REASON, into, pair, submit},
};

/// What a customer's page says of merges.
pub(super) struct Merges {
    /// Whom they were merged into, and since when.
    pub(super) into: Option<(Other, When)>,
    /// Who was merged into them.
    pub(super) took: Vec<Other>,
    /// Whether who looks may merge them into somebody.
    pub(super) may: bool,
}

/// Another customer, as a link.
pub(super) struct Other {
    pub(super) id: CustomerId,
    pub(super) key: String,
}

impl Other {
    fn of(id: CustomerId, key: &str, state: &State) -> Self {
        let key = mask::shown_key(id, key, state.now());
        Self { id, key }
    }
}

impl Merges {
    /// Of a customer, as they were read: before anything of them is hidden.
    pub(super) async fn of(state: &State, view: &CustomerView) -> Result<Self, ReadError> {
        let into = view.ledger.merged_into.as_ref();
        let taken = state.reader.taken_over(view.row.id).await?;
        let may = viewer().is_none_or(|v| v.may(Scope::CustomersMerge));
        Ok(Self {
            may: may && into.is_none(),
            into: into.map(|into| (Other::of(into.id(), &into.key, state), When(into.at))),
            took: taken
                .iter()
                .map(|t| Other::of(t.id, &t.key, state))
                .collect(),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    into: String,
}

/// A trait or a consent: what each has, and what the one who stays has afterwards.
struct Line {
    name: String,
    goes: String,
    stays: String,
    after: String,
    /// Whether it comes from the one who goes.
    taken: bool,
}

#[derive(Template)]
#[template(path = "merge.html")]
struct Compare {
    frame: Frame,
    /// What would be done, and what the button says.
    told: String,
    button: String,
    goes: Other,
    stays: Other,
    traits: Vec<Line>,
    consents: Vec<Line>,
    /// The journeys that the one who goes leaves.
    leaves: Vec<Arc<str>>,
    /// Whether nothing may be sent afterwards.
    restricted: bool,
    longest: usize,
}

pub(super) async fn compare(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Page {
    let Query(asked) = query.map_err(|_| PageError::unreadable())?;
    let both = pair(&state, &key, asked.into.trim()).await?;
    let runs = state.reader.runs(both.goes.row.id).await?;
    let leaves = runs.open.iter().filter(|run| run.left_at.is_none());
    let leaves = leaves.map(|run| run.title.clone()).collect();
    html(&page(&state, both, leaves))
}

fn page(state: &State, both: Pair, leaves: Vec<Arc<str>>) -> Compare {
    let Pair {
        mut goes,
        mut stays,
    } = both;
    let others = [&goes, &stays].map(|v| Other::of(v.row.id, &v.row.key, state));
    let taken = traits_taken(&stays.row.traits, &goes.row.traits);
    let taken: BTreeSet<Arc<str>> = taken.into_iter().map(|(name, _)| name).collect();
    let consents = consents(&goes.ledger, &stays.ledger);
    let restricted = [&goes, &stays]
        .iter()
        .any(|v| v.ledger.restricted.is_some());
    // What is compared is all of it; what is shown is what who looks may read.
    for view in [&mut goes, &mut stays] {
        mask::view(view, state.now());
    }
    let [goes_as, stays_as] = others;
    let keys: [&dyn Display; 2] = [&goes_as.key, &stays_as.key];
    Compare {
        frame: Frame::new(state, "customers"),
        told: fill("{0} goes, and {1} stays. This cannot be undone.", &keys),
        button: fill("Merge {0} into {1}", &keys),
        goes: goes_as,
        stays: stays_as,
        traits: traits(&goes.row.traits, &stays.row.traits, &taken),
        consents,
        leaves,
        restricted,
        longest: REASON,
    }
}

fn traits(goes: &Map, stays: &Map, taken: &BTreeSet<Arc<str>>) -> Vec<Line> {
    let names: BTreeSet<&Arc<str>> = goes.keys().chain(stays.keys()).collect();
    let shown = |traits: &Map, name: &str| traits.get(name).map(words::value).unwrap_or_default();
    let line = |name: &Arc<str>| {
        let taken = taken.contains(name);
        let both = |name: &str| match (stays.get(name), goes.get(name)) {
            (Some(Value::List(own)), Some(Value::List(other))) => {
                let more = other.iter().filter(|v| !own.contains(v));
                let all = own.iter().chain(more).cloned().collect();
                words::value(&Value::List(all))
            }
            (None, Some(other)) => words::value(other),
            _ => shown(stays, name),
        };
        Line {
            name: name.to_string(),
            goes: shown(goes, name),
            stays: shown(stays, name),
            after: if taken {
                both(name)
            } else {
                shown(stays, name)
            },
            taken,
        }
    };
    names.into_iter().map(line).collect()
}

fn consents(goes: &Ledger, stays: &Ledger) -> Vec<Line> {
    let taken = consents_taken(stays, goes);
    let all = |ledger: &Ledger| {
        let each = ledger.consents.iter();
        let each = each.flat_map(|(p, c)| c.keys().map(|channel| (p.clone(), *channel)));
        each.collect::<Vec<_>>()
    };
    let both: BTreeSet<(Arc<str>, Channel)> =
        [all(goes), all(stays)].into_iter().flatten().collect();
    let of = |ledger: &Ledger, purpose: &str, channel: Channel| {
        let given = ledger.consents.get(purpose).and_then(|c| c.get(&channel));
        given.map(consent).unwrap_or_default()
    };
    let line = |(purpose, channel): (Arc<str>, Channel)| {
        let changed = taken
            .iter()
            .find(|(p, c, _)| *p == purpose && *c == channel);
        let own = of(stays, &purpose, channel);
        Line {
            name: format!("{purpose} · {}", words::channel(channel.as_str())),
            goes: of(goes, &purpose, channel),
            after: changed.map_or_else(|| own.clone(), |(.., holds)| consent(holds)),
            stays: own,
            taken: changed.is_some(),
        }
    };
    both.into_iter().map(line).collect()
}

fn consent(given: &Consent) -> String {
    use journey::customer::ConsentState as C;
    let state = match given.state {
        C::Granted => say("Granted"),
        C::Unconfirmed => say("Not confirmed"),
        C::Withdrawn => say("Withdrawn"),
    };
    fill("{0}, {1}", &[&state, &words::moment(given.at)])
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    into: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn merge(
    Shared(state): Shared<State>,
    Path(key): Path<String>,
    given: Result<Form<Given>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(given) = given.map_err(|_| PageError::unreadable())?;
    let reason = given.reason.trim();
    if !(1..=REASON).contains(&reason.chars().count()) {
        return Err(PageError::wrong(say(
            "Say why: it is kept in the audit log.",
        )));
    }
    let pair = pair(&state, &key, given.into.trim()).await?;
    submit(&state, &pair, reason)
        .await
        .map_err(|error| match error {
            NotAccepted::Unavailable(why) => {
                tracing::warn!(reason = %why, "a merge was not taken");
                PageError::Busy(
                    say("Nothing was merged: events cannot be taken at the moment.").into(),
                )
            }
            NotAccepted::Failed(why) => {
                tracing::error!(reason = %why, "a merge could not be taken");
                PageError::Fault
            }
        })?;
    let page = see(&format!("/customers/{}", pair.goes.row.id));
    Ok(noted(page, into(&pair), reason))
}

impl From<NotMerged> for PageError {
    fn from(why: NotMerged) -> Self {
        let said = match why {
            NotMerged::Unknown => return Self::NotFound("customer"),
            NotMerged::Unread(error) => return error.into(),
            NotMerged::NoOther => say("Nobody has this key. Merge into a customer who is there."),
            NotMerged::Itself => say("That is the same customer."),
            NotMerged::Already => say("This customer was merged already."),
            NotMerged::Circle => say("The other was merged into this customer before."),
        };
        Self::Wrong(said.into())
    }
}
