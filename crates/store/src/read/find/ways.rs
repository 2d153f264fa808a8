//! The ways to look for a customer, each as a stretch of an index; one statement asks all that can find something.

use journey::ids::CustomerId;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{Depth, Matched};
use crate::search::{self, folded};

/// The most hits of one way: one more than are named, to know that there are more.
const HITS: &str = " limit 21)";
/// How many entries of an index are looked at for those that hold the other words too.
const LOOKED: i64 = 200;
/// The fewest characters of the beginning of a key or an address.
const ADDRESS: usize = 3;
/// Of a word of a name, in bytes: in some writings one character is a word.
const WORD: usize = 2;
/// Of a push token.
const TOKEN: usize = 6;
/// Behind every text that begins with what stands before it.
const LAST: char = '\u{10ffff}';
/// The words of a name that may lead: each has an index of its own.
const LEADS: [(&str, &str); 4] = [
    ("name", "name is not null"),
    ("rotated(name)", "split_part(name, ' ', 2) <> ''"),
    ("rotated(rotated(name))", "split_part(name, ' ', 3) <> ''"),
    (
        "rotated(rotated(rotated(name)))",
        "split_part(name, ' ', 4) <> ''",
    ),
];

/// What is sought, in the forms in which it may be kept.
pub(super) struct Sought<'q> {
    pub(super) query: &'q str,
    depth: Depth,
    folded: String,
    device: String,
}

impl<'q> Sought<'q> {
    pub(super) fn new(query: &'q str, depth: Depth) -> Self {
        Self {
            query,
            depth,
            folded: folded(query),
            device: search::device(query),
        }
    }

    /// As words of a name.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.folded.split(' ').filter(|word| !word.is_empty())
    }

    fn begins(&self) -> bool {
        self.depth == Depth::Beginnings
    }
}

/// One entry of an index.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Hit {
    /// Whose; `None`: there are more than were looked at.
    pub(super) id: Option<Uuid>,
    #[sqlx(try_from = "i32")]
    pub(super) matched: Matched,
    /// Whether the way finds nothing but the whole.
    pub(super) exact: bool,
}

const MATCHED: [Matched; 7] = [
    Matched::Id,
    Matched::Key,
    Matched::Email,
    Matched::Phone,
    Matched::Chat,
    Matched::Device,
    Matched::Name,
];

impl TryFrom<i32> for Matched {
    type Error = std::num::TryFromIntError;
    fn try_from(n: i32) -> Result<Self, Self::Error> {
        let n = usize::try_from(n)?;
        Ok(MATCHED.get(n).copied().unwrap_or(Self::Name))
    }
}

/// Everything that any way finds.
pub(super) async fn all(
    tx: &mut PgConnection,
    sought: &Sought<'_>,
) -> Result<Vec<Hit>, sqlx::Error> {
    // Tables without statistics otherwise get a scan, and one row too few a sort of all that begin so.
    sqlx::query(
        "select set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)",
    )
    .execute(&mut *tx)
    .await?;
    let mut ways = Ways::new();
    ways.ids(sought);
    ways.addresses(sought);
    ways.tokens(sought);
    if sought.begins() {
        ways.beginning("email", &sought.query.to_lowercase(), Matched::Email);
        ways.beginning("key", sought.query, Matched::Key);
    } else {
        ways.public_keys(sought.query);
    }
    ways.names(sought);
    ways.query.build_query_as().fetch_all(tx).await
}

/// The statement, way by way.
struct Ways {
    query: QueryBuilder<Postgres>,
    first: bool,
}

impl Ways {
    fn new() -> Self {
        Self {
            query: QueryBuilder::new(""),
            first: true,
        }
    }

    /// Begins a way, up to its condition.
    fn way(&mut self, matched: Matched, exact: bool) -> &mut QueryBuilder<Postgres> {
        let join = if self.first { "" } else { " union all " };
        self.first = false;
        let matched = matched as i32;
        self.query.push(format!(
            "{join}(select id, {matched} as matched, {exact} as exact from customer where "
        ))
    }

    fn ids(&mut self, sought: &Sought<'_>) {
        self.way(Matched::Key, true)
            .push("id = ")
            .push_bind(CustomerId::of(sought.query).0)
            .push(HITS);
        if let Ok(id) = Uuid::try_parse(sought.query) {
            self.way(Matched::Id, true)
                .push("id = ")
                .push_bind(id)
                .push(HITS);
        }
    }

    fn addresses(&mut self, sought: &Sought<'_>) {
        self.way(Matched::Email, true)
            .push("email = ")
            .push_bind(sought.query.to_lowercase())
            .push(HITS);
        self.way(Matched::Chat, true)
            .push("chat_id = ")
            .push_bind(sought.query.to_owned())
            .push(HITS);
        let numbers = search::numbers(sought.query);
        if !numbers.is_empty() {
            self.way(Matched::Phone, true)
                .push("phone = any(")
                .push_bind(numbers)
                .push(")")
                .push(HITS);
        }
    }

    /// A whole token is looked for by its first characters as well; the traits say whether it is it.
    fn tokens(&mut self, sought: &Sought<'_>) {
        let is_one = sought.device.chars().count() >= TOKEN && !sought.device.contains(' ');
        if !is_one {
            return;
        }
        let word = search::quoted(&sought.device);
        let way = self.way(Matched::Device, false);
        way.push("devices is not null and devices @@ ");
        if sought.begins() {
            way.push_bind(format!("{word}:*")).push("::tsquery");
        } else {
            way.push_bind(word)
                .push("::tsquery and ")
                .push_bind(sought.query.to_owned())
                .push(" = any(array(select jsonb_array_elements_text(jsonb_path_query_array(traits, '$.push_tokens[*]'))) || (traits->>'push_token'))");
        }
        way.push(HITS);
    }

    /// Keys or addresses that begin so, in order.
    fn beginning(&mut self, column: &str, with: &str, matched: Matched) {
        if with.chars().count() < ADDRESS {
            return;
        }
        let way = self.way(matched, false);
        stretch(way, column, with.to_owned(), format!("{with}{LAST}"));
        way.push(format!(" order by {column} using ~<~")).push(HITS);
    }

    /// Keys that begin so and are no addresses.
    fn public_keys(&mut self, with: &str) {
        if with.chars().count() < ADDRESS {
            return;
        }
        let open = Open {
            matched: Matched::Key,
            column: "key",
            kept: "true",
        };
        let end = format!("{with}{LAST}");
        self.looked(&open, with.to_owned(), end, |query| {
            query.push("strpos(key, '@') = 0");
        });
    }

    /// Names that hold all words, each index by the words that lead in it.
    fn names(&mut self, sought: &Sought<'_>) {
        let words: Vec<&str> = sought.words().collect();
        let Some(longest) = words
            .iter()
            .copied()
            .max_by_key(|word| word.chars().count())
        else {
            return;
        };
        if longest.len() < WORD {
            return;
        }
        let mut leads = vec![(longest.to_owned(), words.clone())];
        if let [first, second] = words[..] {
            // Both together are rarer than either.
            leads.push((format!("{first} {second}"), Vec::new()));
            leads.push((format!("{second} {first}"), Vec::new()));
        } else if words.len() > 2 {
            leads.push((sought.folded.clone(), Vec::new()));
        }
        for (lead, others) in leads {
            for (column, kept) in LEADS {
                self.led(sought.begins(), (column, kept), &lead, &others);
            }
        }
    }

    fn led(&mut self, begins: bool, of: (&'static str, &'static str), lead: &str, words: &[&str]) {
        let open = Open {
            matched: Matched::Name,
            column: of.0,
            kept: of.1,
        };
        // A space is all that may stand behind a whole word, and `!` comes next to it.
        let end = if begins { LAST } else { '!' };
        let after = if begins { "" } else { " " };
        self.looked(&open, lead.to_owned(), format!("{lead}{end}"), |query| {
            query.push("true");
            for word in words {
                query
                    .push(" and strpos(' ' || name || ' ', ")
                    .push_bind(format!(" {word}{after}"))
                    .push(") > 0");
            }
        });
    }

    /// Of the first entries of a stretch those that hold; and that there are more, if so.
    fn looked(
        &mut self,
        open: &Open,
        from: String,
        until: String,
        holds: impl FnOnce(&mut QueryBuilder<Postgres>),
    ) {
        let Open {
            matched,
            column,
            kept,
        } = open;
        let join = if self.first { "" } else { " union all " };
        self.first = false;
        let matched = *matched as i32;
        let query = &mut self.query;
        query.push(format!(
            "{join}(select case when holds then id end, {matched}, false from (select id, row_number() over () as place, "
        ));
        holds(query);
        query.push(" as holds from (select id, key, name from customer where ");
        stretch(query, column, from, until);
        query.push(format!(
            " and {kept} order by {column} using ~<~ limit {LOOKED}) l) k where holds or place = {LOOKED}"
        ));
        query.push(HITS);
    }
}

/// An index of which a stretch is looked at.
struct Open {
    matched: Matched,
    column: &'static str,
    /// The condition under which a row is in the index.
    kept: &'static str,
}

fn stretch(query: &mut QueryBuilder<Postgres>, column: &str, from: String, until: String) {
    query
        .push(format!("{column} ~>=~ "))
        .push_bind(from)
        .push(format!(" and {column} ~<~ "))
        .push_bind(until);
}
