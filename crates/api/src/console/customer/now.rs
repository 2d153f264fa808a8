//! Where a customer is in their journeys, and what happens next.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use journey::{
    explain::Tongue,
    ids::{CustomerId, MessageId},
};
use store::read::{ExpectedEntry, MessageFilter, MessageRow, ReadError, RunView, Version};

use crate::{
    State,
    console::{
        actions::OfRun,
        words::{self, When},
    },
    i18n::{fill, say},
};

/// The most messages that are told to be on their way.
const LEAVING: u32 = 20;

/// A run that is inside, or out of its journey with a goal still open.
pub(super) struct OpenRun {
    pub(super) title: Arc<str>,
    pub(super) journey: Arc<str>,
    pub(super) version: Option<i32>,
    pub(super) key: Arc<str>,
    pub(super) entered: When,
    pub(super) step: String,
    pub(super) line: Option<u32>,
    pub(super) waits: String,
    /// Since when, if it is paused.
    pub(super) paused: Option<When>,
    pub(super) actions: OfRun,
    pub(super) held: bool,
    pub(super) until: Option<When>,
}

/// Whether any of them is paused.
pub(super) fn is_any_paused(open: &[OpenRun]) -> bool {
    open.iter().any(|run| run.paused.is_some())
}

/// Something that will happen by itself.
pub(super) struct Next {
    /// When; `None`: when something else happens.
    pub(super) at: Option<When>,
    pub(super) title: Arc<str>,
    pub(super) step: String,
    pub(super) text: String,
    /// The step that follows, if one does.
    pub(super) then: Option<Arc<str>>,
    /// The message that is on its way, if it is one.
    pub(super) message: Option<MessageId>,
}

/// A run that is over.
pub(super) struct EndedRun {
    pub(super) title: Arc<str>,
    pub(super) journey: Arc<str>,
    pub(super) key: Arc<str>,
    pub(super) entered: When,
    pub(super) left: Option<When>,
    pub(super) reason: String,
    pub(super) goal: bool,
}

/// Messages that are decided and have not left, the newest first.
pub(super) async fn leaving(state: &State, id: CustomerId) -> Result<Vec<MessageRow>, ReadError> {
    let mut leaving = Vec::new();
    for status in ["queued", "leased"] {
        let filter = MessageFilter {
            customer: Some(id),
            status: Some(status.to_owned()),
            ..MessageFilter::default()
        };
        leaving.extend(
            state
                .reader
                .messages(&filter, None, LEAVING)
                .await?
                .messages,
        );
    }
    Ok(leaving)
}

/// What happens next, the soonest first; then what waits for something to happen.
pub(super) fn next(
    open: &[RunView],
    expected: Vec<ExpectedEntry>,
    leaving: &[MessageRow],
    tongue: &Tongue,
) -> Vec<Next> {
    let mut all: Vec<(Option<Timestamp>, Next)> = Vec::new();
    all.extend(leaving.iter().map(|m| (Some(m.at), leaves(m))));
    all.extend(open.iter().filter_map(|run| goes_on(run, tongue)));
    all.extend(expected.into_iter().map(|e| (Some(e.at), enters(e))));
    all.sort_by_key(|(at, _)| at.map_or((true, Timestamp::MAX), |at| (false, at)));
    all.into_iter().map(|(_, next)| next).collect()
}

fn leaves(message: &MessageRow) -> Next {
    let channel = words::channel(&message.channel);
    Next {
        at: Some(When(message.at)),
        title: message.journey.clone(),
        step: message.step.to_string(),
        text: fill("{0} is on its way", &[&channel]),
        then: None,
        message: Some(message.id),
    }
}

fn enters(entry: ExpectedEntry) -> Next {
    Next {
        at: Some(When(entry.at)),
        title: entry.title,
        step: String::new(),
        text: say("Enters, unless the date changes").into(),
        then: None,
        message: None,
    }
}

/// A run that is paused goes on by nothing.
fn goes_on(run: &RunView, tongue: &Tongue) -> Option<(Option<Timestamp>, Next)> {
    let step = run.step.as_ref()?;
    if run.left_at.is_some() || run.paused_since.is_some() {
        return None;
    }
    let at = until(run);
    let waits = run.waiting.as_ref().map(|w| w.say(tongue));
    let next = Next {
        at: at.map(When),
        title: run.title.clone(),
        step: step.id.to_string(),
        text: waits.map(|w| words::capital(&w)).unwrap_or_default(),
        then: step.then.clone(),
        message: None,
    };
    Some((at, next))
}

fn until(run: &RunView) -> Option<Timestamp> {
    run.waiting.as_ref().map_or(run.due_at, |w| w.until)
}

/// The open runs, with the versions that each can be moved to.
pub(super) async fn all_open(
    state: &State,
    open: &[RunView],
    tongue: &Tongue,
) -> Result<Vec<OpenRun>, ReadError> {
    let mut versions: BTreeMap<&str, Vec<Version>> = BTreeMap::new();
    for run in open {
        if !versions.contains_key(&*run.journey) {
            versions.insert(&run.journey, state.reader.versions(&run.journey).await?);
        }
    }
    let with = |run: &RunView| self::open(run, &versions[&*run.journey], tongue);
    Ok(open.iter().map(with).collect())
}

fn open(run: &RunView, versions: &[Version], tongue: &Tongue) -> OpenRun {
    let step = run.step.as_ref();
    OpenRun {
        title: run.title.clone(),
        journey: run.journey.clone(),
        version: run.version,
        key: run.key.clone(),
        entered: When(run.entered_at),
        step: step.map(|s| s.id.to_string()).unwrap_or_default(),
        line: step.map(|s| s.line),
        paused: run.paused_since.map(When),
        actions: OfRun::of(run, versions),
        waits: match (&run.left_at, &run.waiting) {
            (Some(_), _) => {
                let reason = words::reason(run.reason.as_deref().unwrap_or_default());
                fill(
                    "Has left ({0}); only watches for its goal",
                    &[&reason.to_lowercase()],
                )
            }
            (None, Some(waiting)) => words::capital(&waiting.say(tongue)),
            (None, None) => say("Not waiting").into(),
        },
        held: run.paused_since.is_some() || run.waiting.as_ref().is_some_and(|w| w.held.is_some()),
        until: until(run).map(When),
    }
}

pub(super) fn ended(run: &RunView) -> EndedRun {
    EndedRun {
        title: run.title.clone(),
        journey: run.journey.clone(),
        key: run.key.clone(),
        entered: When(run.entered_at),
        left: run.left_at.map(When),
        reason: words::reason(run.reason.as_deref().unwrap_or_default()),
        goal: run.goal_at.is_some(),
    }
}
