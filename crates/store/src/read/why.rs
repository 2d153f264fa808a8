//! Why a message went or did not, with what the database knows of it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use journey::{
    customer::{ConsentState, Customer, Ledger},
    diagnostic::SourceFile,
    explain::{Case, Consented, Explanation, Language, Past, Status, Tongue, explain, slowed},
    ids::{CustomerId, InputId, MessageId},
    message::Channel,
    policies::{Pace, Policies},
    policy, workspace,
};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::{PgConnection, Row as _, postgres::PgRow, types::Json};

use super::{CustomerView, MessageRow, MessageView, ReadError, Reader, counted, moment};

/// The most files of policies that are read; a workspace has one.
const MOST_FILES: usize = 4;

/// Why a customer gets fewer messages than others.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Slowed {
    /// In one sentence.
    pub sentence: String,
    /// In numbers.
    #[serde(flatten)]
    pub pace: Pace,
}

impl Reader {
    /// Why that message went or did not, in words.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn why(
        &self,
        message: &MessageView,
        language: Language,
    ) -> Result<Explanation, ReadError> {
        let row = &message.row;
        let customer = self.customer(&row.customer.to_string()).await?;
        let policies = self.policies().await?;
        let tongue = tongue_of(customer.as_ref(), &policies, language);
        let ledger = customer.as_ref().map(|c| c.ledger.clone());
        let ledger = ledger.unwrap_or_default();
        let mut tx = self.page().await?;
        // What was stopped at dispatch was looked at again then.
        let looked = match message.attempt {
            0 => row.at,
            _ => row.done_at.unwrap_or(row.at),
        };
        let mut consents = said(&ledger, &row.purpose, looked);
        consents.extend(recorded(&mut tx, row.customer, &row.purpose, looked).await?);
        let left = left(&mut tx, message).await?;
        let counted = counted::of(&mut tx, message, customer.as_ref(), &policies).await?;
        let standings = match &counted {
            Some(counted) => counted.standings(&policies),
            None => Vec::new(),
        };
        Ok(explain(
            &Case {
                consents,
                standings,
                left: left.as_deref(),
                policies: &policies,
                suppressed: &ledger.suppressed,
                ..case(message, &ledger, &policies)
            },
            &tongue,
        ))
    }

    /// The language and clock by which a customer's history is told.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn tongue(
        &self,
        customer: &CustomerView,
        language: Language,
    ) -> Result<Tongue, ReadError> {
        let policies = self.policies().await?;
        Ok(tongue_of(Some(customer), &policies, language))
    }

    /// What a customer gets at the most at that moment, in words, where it is less than others get.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn slowed(
        &self,
        customer: &CustomerView,
        language: Language,
        now: Timestamp,
    ) -> Result<Option<Slowed>, ReadError> {
        let policies = self.policies().await?;
        let tongue = tongue_of(Some(customer), &policies, language);
        let pace = policy::pace(&policies, &customer.ledger, now);
        Ok(pace.and_then(|pace| {
            let sentence = slowed(&pace, &tongue)?;
            Some(Slowed { sentence, pace })
        }))
    }

    /// The policies of the workspace that holds; the usual ones where there is none.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn policies(&self) -> Result<Policies, ReadError> {
        let mut tx = self.page().await?;
        let files: Option<Json<BTreeMap<Arc<str>, Arc<str>>>> = sqlx::query_scalar(
            "select (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(files)
                     where key like 'config/policies.%')
             from workspace order by revision desc limit 1",
        )
        .fetch_optional(&mut *tx)
        .await?;
        let files: Vec<SourceFile> = files
            .into_iter()
            .flat_map(|Json(files)| files)
            .take(MOST_FILES)
            .map(|(path, text)| SourceFile { path, text })
            .collect();
        Ok(workspace::policies_of(&files))
    }
}

pub(super) fn tongue_of(
    customer: Option<&CustomerView>,
    policies: &Policies,
    language: Language,
) -> Tongue {
    let mut profile = Customer::new("");
    if let Some(customer) = customer {
        profile.traits = customer.row.traits.clone();
    }
    Tongue::local(language, &profile, &policies.defaults)
}

/// The schema holds statuses to words that are known here.
fn status(row: &MessageRow) -> Status {
    row.status.parse().unwrap_or(Status::Suppressed)
}

fn case<'a>(message: &'a MessageView, ledger: &'a Ledger, policies: &'a Policies) -> Case<'a> {
    let row = &message.row;
    let past = |(id, row): (&MessageId, &MessageRow)| {
        let past = Past {
            at: row.at,
            channel: row.channel.clone(),
            journey: row.journey.clone(),
            step: row.step.clone(),
            status: status(row),
        };
        (*id, past)
    };
    Case {
        status: status(row),
        channel: row.channel.parse().unwrap_or(Channel::Email),
        at: row.at,
        done_at: row.done_at,
        purpose: &row.purpose,
        journey: &row.journey,
        step: &row.step,
        reason: row.reason.as_deref().and_then(|r| r.parse().ok()),
        attempt: message.attempt,
        error: message.error.as_ref(),
        due_at: message.due_at,
        decision: message.decision.as_ref(),
        past: message.evidence.iter().map(past).collect(),
        consents: BTreeMap::new(),
        standings: Vec::new(),
        suppressed: &ledger.suppressed,
        policies,
        left: None,
    }
}

/// What the ledger says, where it was so by then.
fn said(ledger: &Ledger, purpose: &str, by: Timestamp) -> BTreeMap<Channel, Consented> {
    let channels = ledger.consents.get(purpose).into_iter().flatten();
    channels
        .filter(|(_, consent)| consent.at <= by)
        .map(|(channel, consent)| {
            let consented = Consented {
                state: consent.state,
                at: consent.at,
                how: consent.how.clone(),
                event: None,
                input: None,
            };
            (*channel, consented)
        })
        .collect()
}

/// The last record of each channel by then, and the event that brought it.
async fn recorded(
    tx: &mut PgConnection,
    customer: CustomerId,
    purpose: &str,
    by: Timestamp,
) -> Result<BTreeMap<Channel, Consented>, ReadError> {
    let rows = sqlx::query(
        "select distinct on (c.channel) c.channel, c.at, c.state, c.how, i.id as kept, i.name
         from consent c left join input i on i.customer = c.customer and i.id = c.input
         where c.customer = $1 and c.purpose = $2 and c.at <= $3
         order by c.channel, c.at desc, c.input desc",
    )
    .bind(customer.0)
    .bind(purpose)
    .bind(by.to_sqlx())
    .fetch_all(tx)
    .await?;
    let found: Result<Vec<_>, sqlx::Error> = rows.iter().map(record).collect();
    Ok(found?.into_iter().flatten().collect())
}

fn record(row: &PgRow) -> Result<Option<(Channel, Consented)>, sqlx::Error> {
    let state = match row.try_get::<&str, _>("state")? {
        "granted" => ConsentState::Granted,
        "unconfirmed" => ConsentState::Unconfirmed,
        _ => ConsentState::Withdrawn,
    };
    let text =
        |column| Ok::<_, sqlx::Error>(row.try_get::<Option<&str>, _>(column)?.map(Arc::from));
    let consented = Consented {
        state,
        at: moment(row, "at")?,
        how: text("how")?,
        event: text("name")?,
        input: row.try_get::<Option<_>, _>("kept")?.map(InputId),
    };
    let channel = row.try_get::<&str, _>("channel")?.parse();
    Ok(channel.ok().map(|channel| (channel, consented)))
}

/// Why the message's run left, if it has.
async fn left(tx: &mut PgConnection, message: &MessageView) -> Result<Option<String>, ReadError> {
    let reason: Option<Option<String>> = sqlx::query_scalar(
        "select reason from run where customer = $1 and id = $2
         union all select reason from run_ended where customer = $1 and id = $2 limit 1",
    )
    .bind(message.row.customer.0)
    .bind(message.run.0)
    .fetch_optional(tx)
    .await?;
    Ok(reason.flatten())
}
