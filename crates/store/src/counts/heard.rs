//! What is told of a message after it was sent: noted at its row once, so that it is known whether it is news, and counted.

use journey::{
    ids::CustomerId,
    input::{Event, Input, InputKind},
    value::Value,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, error::during};

/// What may be told of a message; each is a bit of `message.heard`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Heard {
    /// It has arrived.
    Delivered = 1,
    /// It was opened.
    Opened = 2,
    /// A link in it was followed.
    Clicked = 4,
    /// It was answered.
    Replied = 8,
    /// It did not arrive, and the address is not at fault.
    Undelivered = 16,
    /// It came back for good.
    Bounced = 32,
    /// It was complained of.
    Complained = 64,
}

impl Heard {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Opened,
        Self::Clicked,
        Self::Replied,
        Self::Undelivered,
        Self::Bounced,
        Self::Complained,
    ];

    /// Its word: the event's name without `message.`, and the outcome that counts messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Replied => "replied",
            Self::Undelivered => "undelivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// What that word is for.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|heard| heard.as_str() == word)
    }

    /// What an event says of a message. A mail that comes back for now is not delivered.
    fn said(event: &Event) -> Option<Self> {
        let heard = Self::of(event.name.strip_prefix("message.")?)?;
        let for_now = event.properties.field("permanent") == Value::Bool(false);
        Some(match heard {
            Self::Bounced if for_now => Self::Undelivered,
            heard => heard,
        })
    }
}

/// Something that was told of a message.
pub(crate) struct Told<'a> {
    customer: CustomerId,
    message: Option<Uuid>,
    journey: Option<&'a str>,
    step: Option<&'a str>,
    heard: Heard,
    /// Whether the event says it itself, and it does not only follow.
    said: bool,
}

impl<'a> Told<'a> {
    /// What an input tells of a message: nothing, as a rule.
    pub(crate) fn of(customer: CustomerId, input: &'a Input) -> Vec<Self> {
        let InputKind::Event(event) = &input.kind else {
            return Vec::new();
        };
        let Some(heard) = Heard::said(event) else {
            return Vec::new();
        };
        let text = |name| match &event.properties {
            Value::Map(map) => map.get(name).and_then(Value::as_text),
            _ => None,
        };
        let told = |heard, said| Self {
            customer,
            message: text("message_id").and_then(|id| Uuid::try_parse(id).ok()),
            journey: text("journey"),
            step: text("step"),
            heard,
            said,
        };
        let mut all = vec![told(heard, true)];
        if heard == Heard::Clicked {
            // Who clicks has opened, whether or not the picture was fetched.
            all.push(told(Heard::Opened, false));
        }
        all
    }
}

/// Notes it at the rows, and counts: a statement of its own, for most batches hear nothing. What names no message of the
/// customer's is left out. The customers are locked, so nobody else notes anything meanwhile.
pub(crate) async fn heard(tx: &mut PgConnection, told: &[Told<'_>]) -> Result<(), Error> {
    if told.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "with told as (
             select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::bool[])
                           t (customer, message, journey, step, bit, what, said)
         ), known as materialized (
             select m.customer, m.at, m.id, m.journey, m.step, m.channel, coalesce(m.provider, '') as provider,
                    m.heard, t.bit, t.what, count(*) filter (where t.said) as times
             from told t cross join lateral (
                 select * from message m
                 where m.customer = t.customer
                   and (m.id = t.message or (t.message is null and m.journey = t.journey and m.step = t.step
                                             and m.status in ('leased', 'sent')))
                 order by m.at desc, m.id desc limit 1
             ) m
             group by m.customer, m.at, m.id, m.journey, m.step, m.channel, m.provider, m.heard, t.bit, t.what
         ), noted as (
             update message m set heard = m.heard | n.bits
             from (select customer, at, id, bit_or(bit) as bits from known group by customer, at, id) n
             where m.customer = n.customer and m.at = n.at and m.id = n.id and m.heard | n.bits <> m.heard
         )
         insert into message_count (n, day, journey, step, channel, provider, outcome, reason)
         select sum(o.n), (k.at at time zone 'UTC')::date, k.journey, k.step, k.channel, k.provider, o.outcome, ''
         from known k cross join lateral (values
             ((k.heard & k.bit = 0)::int, k.what),
             (k.times, case k.what when 'opened' then 'opens' when 'clicked' then 'clicks' end)) o (n, outcome)
         where o.outcome is not null and o.n > 0
         group by 2, 3, 4, 5, 6, 7",
    )
    .bind(told.iter().map(|t| t.customer.0).collect::<Vec<_>>())
    .bind(told.iter().map(|t| t.message).collect::<Vec<_>>())
    .bind(told.iter().map(|t| t.journey).collect::<Vec<_>>())
    .bind(told.iter().map(|t| t.step).collect::<Vec<_>>())
    .bind(told.iter().map(|t| t.heard as i16).collect::<Vec<_>>())
    .bind(told.iter().map(|t| t.heard.as_str()).collect::<Vec<_>>())
    .bind(told.iter().map(|t| t.said).collect::<Vec<_>>())
    .execute(tx)
    .await
    .map_err(during("counting what was told of messages"))?;
    Ok(())
}
