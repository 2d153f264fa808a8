//! What providers tell by web hooks: receipts, and what customers say. It becomes events, as a producer could send them.
//!
//! A provider is answered with success once the events are safe, and calls again otherwise. What is signed wrongly, or by
//! nobody, is refused before anything is read; a report of a message that is not ours is passed over.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use channels::{Channels, Fate, Heard, Hook, Report, Said, Unheard, What};
use jiff::Timestamp;
use journey::{
    ids::{CustomerId, MessageId},
    intake::SegmentCall,
    links::{Key, LinkKind},
    machine::REPLIED,
    message::Channel,
};
use serde_json::{Map, Value, json};
use store::read::MessageRow;

use crate::{
    Accepted, State,
    extract::Path,
    intake::{accepted, not_accepted},
    problem::Problem,
    request,
};

/// What is needed to hear providers.
#[derive(Clone)]
pub struct Providers {
    /// Their adapters.
    pub channels: Arc<Channels>,
    /// What the tokens of messages are signed with.
    pub key: Key,
    /// How this process is reached from outside, without a slash at its end: some providers sign the address they call.
    pub base: Arc<str>,
}

/// The longest that a customer says at once, in characters; the rest is left out.
const LONGEST: usize = 10_000;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/v1/providers/{name}", get(hear).post(hear))
}

async fn hear(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let providers = state.providers.clone().ok_or_else(nobody)?;
    let body = request::bytes(&headers, body, request::SINGLE).await?;
    let query = uri.query().unwrap_or_default().as_bytes();
    let query: Vec<_> = url::form_urlencoded::parse(query).into_owned().collect();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let hook = Hook {
        url: &format!("{}{path}", providers.base),
        query: &query,
        headers: &headers,
        body: &body,
        at: state.now(),
    };
    let heard = providers.channels.hear(&name, &hook);
    let Heard { reports, answer } = heard.map_err(|why| unheard(&name, &why))?;
    let teller = Teller {
        state: &state,
        providers: &providers,
        name: &name,
    };
    let keys = teller.keys(&reports).await?;
    let mut events = Vec::new();
    // As many as there are: a body holds a bounded number, and what is left out here would be lost.
    for report in reports {
        events.extend(teller.events(report, &keys).await?);
    }
    if !events.is_empty() {
        state.accept.accept(events).await.map_err(not_accepted)?;
    }
    Ok(match answer {
        Some((kind, text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        None => StatusCode::OK.into_response(),
    })
}

fn nobody() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_provider",
        "No provider of that name is set up to call.",
    )
}

fn unheard(name: &str, why: &Unheard) -> Problem {
    match why {
        Unheard::Nobody => nobody(),
        Unheard::NotSigned => {
            tracing::warn!(
                provider = name,
                "a call is not signed as the provider would: see its secret in the settings, and `links.base`"
            );
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "signature",
                "The call is not signed as the provider signs.",
            )
        }
        Unheard::Unreadable(words) => {
            tracing::warn!(
                provider = name,
                reason = words,
                "a provider's call cannot be read"
            );
            Problem::bad("unreadable", words.clone())
        }
    }
}

/// Who told, and what it takes to know whom it is about.
struct Teller<'a> {
    state: &'a State,
    providers: &'a Providers,
    name: &'a str,
}

/// What producers call the customers whom reports are about.
type Keys = BTreeMap<CustomerId, Arc<str>>;

/// A message that is reported on: whose, which, how.
struct Reported {
    key: Arc<str>,
    message: MessageId,
    channel: Channel,
    row: Option<MessageRow>,
}

impl Teller<'_> {
    /// Whose messages the reports are about, by one look at the database.
    async fn keys(&self, reports: &[Report]) -> Result<Keys, Problem> {
        let now = self.state.now();
        let link = |report: &Report| match &report.what {
            What::Became { token, .. } => self.providers.key.read(token, now).ok(),
            _ => None,
        };
        let ids: Vec<_> = reports
            .iter()
            .filter_map(link)
            .map(|l| l.customer)
            .collect();
        match ids.is_empty() {
            true => Ok(Keys::new()),
            false => Ok(self.state.reader.keys(&ids).await?),
        }
    }

    /// The events that the report becomes; none if it is of nobody we know.
    async fn events(&self, report: Report, keys: &Keys) -> Result<Vec<Accepted>, Problem> {
        let Report { id, at, what } = report;
        let now = self.state.now();
        // A provider's clock may be ahead of ours.
        let at = at.map_or(now, |at| at.min(now));
        match what {
            What::Became { token, fate } => {
                let Some(of) = self.message(&token, &fate, keys).await? else {
                    return Ok(Vec::new());
                };
                let (event, fields) = became(&of, fate);
                let call = self.call(&of.key, event, &id, at, fields);
                Ok(self.accepted(call, now).into_iter().collect())
            }
            What::Said(said) => self.said(&id, at, said, now).await,
            What::Left { channel, from } => {
                let keys = self.known(channel, &from).await?;
                let fields = json!({ "channel": channel, "permanent": true });
                let calls = keys
                    .iter()
                    .map(|key| self.call(key, "message.bounced", &id, at, fields.clone()));
                Ok(calls.filter_map(|call| self.accepted(call, now)).collect())
            }
        }
    }

    /// Whose message it is, if the token is ours.
    async fn message(
        &self,
        token: &str,
        fate: &Fate,
        keys: &Keys,
    ) -> Result<Option<Reported>, Problem> {
        let Ok(link) = self.providers.key.read(token, self.state.now()) else {
            return Ok(None);
        };
        let LinkKind::Report { channel } = link.kind else {
            return Ok(None);
        };
        let Some(key) = keys.get(&link.customer) else {
            // They were erased.
            return Ok(None);
        };
        let row = match fate {
            Fate::Unsubscribed => {
                let of = Some(link.customer);
                let view = self.state.reader.message(link.message, of).await?;
                view.map(|view| view.row)
            }
            _ => None,
        };
        Ok(Some(Reported {
            key: key.clone(),
            message: link.message,
            channel,
            row,
        }))
    }

    /// Everybody who is reached there: one number may be two customers', and STOP is meant for both. Who is
    /// not known becomes a customer: what they say must not be lost.
    async fn said(
        &self,
        id: &str,
        at: Timestamp,
        said: Said,
        now: Timestamp,
    ) -> Result<Vec<Accepted>, Problem> {
        let text: String = said.text.chars().take(LONGEST).collect();
        let mut fields = json!({
            "channel": said.channel,
            "text": said.choice.unwrap_or(text),
        });
        if let Some(link) = said
            .token
            .and_then(|t| self.providers.key.read(&t, now).ok())
        {
            fields["message_id"] = json!(link.message);
        }
        let mut keys = self.known(said.channel, &said.from).await?;
        let mut traits = Map::new();
        if keys.is_empty() {
            keys.push(Arc::from(format!("{}:{}", self.name, said.from)));
            let (name, address) = match said.channel {
                Channel::Email => ("email", said.from),
                Channel::Sms => ("phone", said.from),
                Channel::Chat => ("chat_id", format!("{}:{}", self.name, said.from)),
                Channel::Push => return Ok(Vec::new()),
            };
            traits.insert(name.to_owned(), Value::from(address));
            traits.extend(said.name.map(|name| ("name".to_owned(), Value::from(name))));
        }
        let calls = keys.iter().map(|key| {
            let mut call = self.call(key, REPLIED, id, at, fields.clone());
            if !traits.is_empty() {
                call["context"] = json!({ "traits": traits });
            }
            call
        });
        Ok(calls.filter_map(|call| self.accepted(call, now)).collect())
    }

    async fn known(&self, channel: Channel, address: &str) -> Result<Vec<Arc<str>>, Problem> {
        let mut spellings = vec![address.to_owned()];
        match channel {
            Channel::Chat => spellings.insert(0, format!("{}:{address}", self.name)),
            Channel::Sms => spellings.extend(address.strip_prefix('+').map(str::to_owned)),
            Channel::Email => spellings = vec![address.trim().to_lowercase()],
            Channel::Push => {}
        }
        Ok(self.state.reader.reached_at(channel, &spellings).await?)
    }

    /// A `track` call, as a producer would send it.
    fn call(&self, key: &str, event: &str, id: &str, at: Timestamp, mut fields: Value) -> Value {
        fields["provider"] = json!(self.name);
        json!({
            "messageId": format!("{}:{id}", self.name),
            "userId": key,
            "event": event,
            "timestamp": at,
            "properties": fields,
        })
    }

    /// What the workspace's own schema does not take is logged and left out: the provider cannot mend it.
    fn accepted(&self, call: Value, now: Timestamp) -> Option<Accepted> {
        let taken = accepted(self.state, call, Some(SegmentCall::Track), now);
        taken
            .map_err(|refused| {
                let (provider, reason) = (self.name, refused.message);
                tracing::warn!(
                    provider,
                    reason,
                    "what a provider told does not fit the schema of its event"
                );
            })
            .ok()
    }
}

/// The event's name and fields.
fn became(of: &Reported, fate: Fate) -> (&'static str, Value) {
    let mut fields = json!({ "message_id": of.message, "channel": of.channel });
    let event = match fate {
        Fate::Delivered => "message.delivered",
        Fate::Opened => "message.opened",
        Fate::Complained => "message.complained",
        Fate::Clicked { url } => {
            fields["url"] = json!(url);
            "message.clicked"
        }
        Fate::Failed { detail } => {
            fields["reason"] = json!(detail.to_string());
            "message.undelivered"
        }
        Fate::Bounced { permanent, detail } => {
            fields["permanent"] = json!(permanent);
            fields["reason"] = json!(detail.to_string());
            "message.bounced"
        }
        Fate::Unsubscribed => {
            if let Some(row) = &of.row {
                fields["purpose"] = json!(row.purpose);
            }
            fields["how"] = json!("provider");
            "consent.withdrawn"
        }
    };
    (event, fields)
}
