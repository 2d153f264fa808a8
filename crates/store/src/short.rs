//! Short forms of addresses: what each code stands for.

use jiff::Timestamp;
use journey::ids::{CustomerId, MessageId};
use uuid::Uuid;

use crate::{
    Error, Store,
    error::during,
    read::{ReadError, Reader},
    row::moment,
};

/// A short form in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortLink {
    /// Its letters and digits.
    pub code: String,
    /// Where it leads.
    pub url: String,
    /// Whether it is told who follows it.
    pub told: bool,
}

/// A short form that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedLink {
    /// Whose message it stood in.
    pub customer: CustomerId,
    /// The message.
    pub message: MessageId,
    /// The short form.
    pub link: ShortLink,
}

impl Store {
    /// Keeps the short forms of a message, and says whether each is now its own: false for all if one of the codes is another
    /// message's, which chance brings once in an age. What is kept already stays as it was.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn keep_short(
        &self,
        customer: CustomerId,
        message: MessageId,
        links: &[ShortLink],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let doing = during("keeping short links");
        let codes: Vec<&str> = links.iter().map(|l| &*l.code).collect();
        let urls: Vec<&str> = links.iter().map(|l| &*l.url).collect();
        let told: Vec<bool> = links.iter().map(|l| l.told).collect();
        sqlx::query(
            // Whoever is being erased is waited for, and then there is nobody to keep them for.
            "with c as (select id from customer where id = $1 for key share)
             insert into short_link (customer, code, message, at, told, url)
             select c.id, code, $2, $3, told, url from c, unnest($4::text[], $5::text[], $6::bool[]) l (code, url, told)
             where not exists (select from short_link k where k.code = l.code)
             on conflict do nothing",
        )
        .bind(customer.0)
        .bind(message.0)
        .bind(moment(now))
        .bind(&codes)
        .bind(&urls)
        .bind(&told)
        .execute(&self.pool)
        .await
        .map_err(&doing)?;
        let foreign: bool = sqlx::query_scalar(
            "select exists (select from short_link where code = any($3) and (customer, message) <> ($1, $2))",
        )
        .bind(customer.0)
        .bind(message.0)
        .bind(&codes)
        .fetch_one(&self.pool)
        .await
        .map_err(&doing)?;
        Ok(!foreign)
    }
}

impl Reader {
    /// What a short form stands for that was kept after `since`.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn short_link(
        &self,
        code: &str,
        since: Timestamp,
    ) -> Result<Option<FollowedLink>, ReadError> {
        let mut tx = self.page().await?;
        let found: Option<(Uuid, Uuid, bool, String)> = sqlx::query_as(
            "select customer, message, told, url from short_link where code = $1 and at > $2 limit 1",
        )
        .bind(code)
        .bind(moment(since))
        .fetch_optional(&mut *tx)
        .await?;
        Ok(found.map(|(customer, message, told, url)| FollowedLink {
            customer: CustomerId(customer),
            message: MessageId(message),
            link: ShortLink {
                code: code.to_owned(),
                url,
                told,
            },
        }))
    }
}
