//! Indexes that are made while others write, on tables that are cut into partitions.
//!
//! PostgreSQL makes no index of such a table concurrently. It does of each part, and an index of the whole then takes in those
//! of its parts that are there already
//! (<https://www.postgresql.org/docs/15/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE>).

use sqlx::{AssertSqlSafe, PgConnection, SqlSafeStr as _, SqlStr, migrate::Migration};

/// Whether the migration makes an index concurrently, and nothing else.
pub(super) fn is_index(migration: &Migration) -> bool {
    migration.no_tx && Index::read(migration.sql.as_str()).is_some()
}

/// Makes the parts' indexes, if the table has parts and the migration is not applied yet. What it returns does the rest.
pub(super) async fn of_parts(
    connection: &mut PgConnection,
    mut migration: Migration,
) -> Result<Migration, sqlx::Error> {
    let text = migration.sql.as_str().to_owned();
    let Some(index) = Index::read(&text) else {
        return Ok(migration);
    };
    if is_applied(connection, &migration).await? {
        return Ok(migration);
    }
    let parts = parts(connection, &index).await?;
    for (part, name, broken) in &parts {
        if *broken {
            // An earlier try was ended in the middle.
            let gone = format!("drop index concurrently if exists {name}");
            run(connection, gone).await?;
        }
        run(connection, index.on(part, name)).await?;
    }
    if !parts.is_empty() {
        migration.sql = safe(index.whole());
        migration.no_tx = false;
    }
    Ok(migration)
}

/// `create [unique] index concurrently NAME on TABLE REST`.
#[derive(Debug, PartialEq, Eq)]
struct Index<'t> {
    unique: bool,
    name: &'t str,
    table: &'t str,
    rest: &'t str,
}

impl<'t> Index<'t> {
    /// The statement of a migration that consists of it, behind comments.
    fn read(text: &'t str) -> Option<Self> {
        let mut left = text;
        while let Some(comment) = left.trim_start().strip_prefix("--") {
            left = comment.split_once('\n').map_or("", |(_, after)| after);
        }
        let mut left = left.trim().trim_end_matches(';');
        let mut word = || {
            let (word, after) = left.trim_start().split_once(char::is_whitespace)?;
            left = after;
            Some(word)
        };
        let is = |word: &str, wanted: &str| word.eq_ignore_ascii_case(wanted);
        is(word()?, "create").then_some(())?;
        let mut next = word()?;
        let unique = is(next, "unique");
        if unique {
            next = word()?;
        }
        is(next, "index").then_some(())?;
        is(word()?, "concurrently").then_some(())?;
        let name = word()?;
        is(word()?, "on").then_some(())?;
        let table = word()?;
        let rest = left;
        (!rest.contains(';')).then_some(Self {
            unique,
            name,
            table,
            rest,
        })
    }

    fn kind(&self) -> &'static str {
        if self.unique { "unique index" } else { "index" }
    }

    /// The same of a part.
    fn on(&self, part: &str, name: &str) -> String {
        let (kind, rest) = (self.kind(), self.rest);
        format!("create {kind} concurrently if not exists {name} on {part} {rest}")
    }

    /// The same of the whole, which takes in those of its parts.
    fn whole(&self) -> String {
        let Self {
            name, table, rest, ..
        } = self;
        format!("create {} {name} on {table} {rest}", self.kind())
    }
}

/// The table's parts, if it is cut: quoted, with the index's name there, and whether there is one that is no good.
async fn parts(
    connection: &mut PgConnection,
    index: &Index<'_>,
) -> Result<Vec<(String, String, bool)>, sqlx::Error> {
    sqlx::query_as(
        "select quote_ident(c.relname), quote_ident($2 || '_' || c.relname),
                exists (select from pg_class x join pg_index i on i.indexrelid = x.oid
                        where x.relname = $2 || '_' || c.relname and not i.indisvalid)
         from pg_inherits h join pg_class c on c.oid = h.inhrelid
         where h.inhparent = to_regclass($1) and c.relispartition order by c.relname",
    )
    .bind(index.table)
    .bind(index.name)
    .fetch_all(connection)
    .await
}

async fn is_applied(
    connection: &mut PgConnection,
    migration: &Migration,
) -> Result<bool, sqlx::Error> {
    let there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        return Ok(false);
    }
    sqlx::query_scalar("select exists (select from _sqlx_migrations where version = $1)")
        .bind(migration.version)
        .fetch_one(connection)
        .await
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(safe(statement)).execute(connection).await?;
    Ok(())
}

/// It consists of a migration of ours and of names that the catalogue has quoted.
fn safe(statement: String) -> SqlStr {
    AssertSqlSafe(statement).into_sql_str()
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn a_migration_that_is_one_index_is_read() {
        let read = Index::read(
            "-- no-transaction\n-- why\ncreate unique index CONCURRENTLY later on message (note) where note is not null;\n",
        );
        let index = read.unwrap();
        assert!(index.unique);
        assert_eq!(
            index.whole(),
            "create unique index later on message (note) where note is not null"
        );
        assert_eq!(
            index.on("message_0", "later_message_0"),
            "create unique index concurrently if not exists later_message_0 on message_0 (note) where note is not null"
        );
        for other in [
            "-- no-transaction\nvacuum message",
            "create index later on message (note)",
            "create index concurrently a on m (x); drop index b",
            "",
        ] {
            assert_eq!(Index::read(other), None, "{other}");
        }
    }
}
