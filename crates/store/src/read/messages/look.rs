//! Messages that a filter shows, looked for from a place on: in stretches of the index on when they were decided, up to a bound.

use jiff_sqlx::ToSqlx as _;
use journey::message::Decision;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{COLUMNS, MessageCursor, MessageFilter, MessageRow, place, row};
use crate::{
    packed::unpack,
    read::{ReadError, bounded},
    row::Moment,
};

/// How many messages one stretch has.
const STRETCH: i64 = 2_000;
/// How many stretches one page looks at.
const STRETCHES: usize = 50;

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Back in time.
    Older,
    /// Forward.
    Newer,
}

impl Way {
    const fn beyond(self) -> &'static str {
        match self {
            Self::Older => "<",
            Self::Newer => ">",
        }
    }

    const fn up_to(self) -> &'static str {
        match self {
            Self::Older => ">=",
            Self::Newer => "<=",
        }
    }

    const fn order(self) -> &'static str {
        match self {
            Self::Older => " order by m.at desc, m.id desc",
            Self::Newer => " order by m.at, m.id",
        }
    }
}

/// The next messages that way, the nearest first, and where to go on; `None`: there are no more.
pub(super) async fn towards(
    tx: &mut PgConnection,
    filter: &MessageFilter,
    way: Way,
    from: Option<MessageCursor>,
    limit: u32,
) -> Result<(Vec<MessageRow>, Option<MessageCursor>), ReadError> {
    let limit = bounded(limit);
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut from, mut found) = (from, Vec::new());
    for _ in 0..STRETCHES {
        // A customer has few, and where all are shown there is nothing to look for.
        let end = match filter.customer.is_some() || filter.shows_all() {
            true => None,
            false => end(tx, filter, way, from).await?,
        };
        found.extend(stretch(tx, filter, way, from, end, limit + 1).await?);
        if found.len() > wanted {
            found.truncate(wanted);
            let next = found.last().and_then(place);
            return Ok((found, next));
        }
        let Some(end) = end else {
            return Ok((found, None));
        };
        from = Some(end);
    }
    Ok((found, from))
}

/// The last message of the next stretch; `None`: there are not that many.
async fn end(
    tx: &mut PgConnection,
    filter: &MessageFilter,
    way: Way,
    from: Option<MessageCursor>,
) -> Result<Option<MessageCursor>, ReadError> {
    let mut query = QueryBuilder::new("select m.at, m.id from message m where true");
    bounds(&mut query, filter);
    if let Some(from) = from {
        beyond(&mut query, way.beyond(), from);
    }
    query.push(way.order()).push(" offset ");
    query.push_bind(STRETCH - 1).push(" limit 1");
    let row: Option<(Moment, Uuid)> = query.build_query_as().fetch_optional(tx).await?;
    Ok(row.map(|(at, id)| MessageCursor {
        at: at.to_jiff(),
        id: journey::ids::MessageId(id),
    }))
}

/// What of a stretch the filter shows.
async fn stretch(
    tx: &mut PgConnection,
    filter: &MessageFilter,
    way: Way,
    from: Option<MessageCursor>,
    end: Option<MessageCursor>,
    limit: i64,
) -> Result<Vec<MessageRow>, ReadError> {
    let mut query = QueryBuilder::new(COLUMNS);
    bounds(&mut query, filter);
    if let Some(from) = from {
        beyond(&mut query, way.beyond(), from);
    }
    if let Some(end) = end {
        beyond(&mut query, way.up_to(), end);
    }
    chosen(&mut query, filter);
    query.push(way.order());
    if filter.template.is_none() {
        query.push(" limit ").push_bind(limit);
    }
    let rows = query.build().fetch_all(tx).await?;
    let shown = rows.iter().filter(|row| is_of(filter, row));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(shown.take(limit).map(row).collect::<Result<_, _>>()?)
}

fn bounds(query: &mut QueryBuilder<Postgres>, filter: &MessageFilter) {
    if let Some(customer) = filter.customer {
        query.push(" and m.customer = ").push_bind(customer.0);
    }
    if let Some(from) = filter.from {
        query.push(" and m.at >= ").push_bind(from.to_sqlx());
    }
    if let Some(until) = filter.until {
        query.push(" and m.at < ").push_bind(until.to_sqlx());
    }
}

fn beyond(query: &mut QueryBuilder<Postgres>, than: &str, place: MessageCursor) {
    query.push(format!(" and (m.at, m.id) {than} ("));
    query.push_bind(place.at.to_sqlx()).push(", ");
    query.push_bind(place.id.0).push(")");
}

fn chosen(query: &mut QueryBuilder<Postgres>, filter: &MessageFilter) {
    for (column, wanted) in [
        (" and m.journey = ", &filter.journey),
        (" and m.step = ", &filter.step),
        (" and m.channel = ", &filter.channel),
        (" and m.purpose = ", &filter.purpose),
        // Compared as text, so that a status that does not exist finds nothing.
        (" and m.status::text = ", &filter.status),
        (" and m.reason = ", &filter.reason),
        (" and coalesce(m.provider, '') = ", &filter.provider),
        (" and m.provider_id = ", &filter.provider_id),
    ] {
        if let Some(wanted) = wanted {
            query.push(column).push_bind(wanted.clone());
        }
    }
    if let Some(heard) = filter.heard {
        query
            .push(" and m.heard & ")
            .push_bind(heard as i16)
            .push(" <> 0");
    }
    if let Some(kind) = &filter.failure {
        // As `Failure` is kept; of tries that came to nothing, the last says why.
        let kept = format!("{{\"kind\":\"{kind}\"");
        query.push(" and m.status = 'failed' and (starts_with(m.error, ");
        query.push_bind(kept.clone());
        query.push(") or (starts_with(m.error, '{\"kind\":\"gave_up\"') and strpos(m.error, ");
        query.push_bind(format!("\"last\":{kept}")).push(") > 0))");
    }
}

/// What SQL cannot see: a decision's template.
fn is_of(filter: &MessageFilter, row: &PgRow) -> bool {
    filter.template.as_deref().is_none_or(|template| {
        let decision = row.try_get("decision").ok();
        let decision = decision.and_then(|bytes| unpack::<Decision>(bytes).ok());
        decision.is_some_and(|decision| &*decision.template == template)
    })
}
