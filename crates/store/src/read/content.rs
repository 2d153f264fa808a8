//! What a message said, where that is kept.

use jiff::Timestamp;
use journey::{
    content::Content,
    ids::{CustomerId, MessageId},
};
use sqlx::Row as _;

use super::{ReadError, Reader, moment};
use crate::packed::unpack;

impl Reader {
    /// What a message said, as it was handed over at that moment; files are named, and have no bytes. `None`: it was
    /// not sent, or what it said is not kept, or of another version.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn content(
        &self,
        customer: CustomerId,
        message: MessageId,
    ) -> Result<Option<(Timestamp, Content)>, ReadError> {
        let mut tx = self.page().await?;
        let row = sqlx::query(
            "select at, body from message_content where customer = $1 and message = $2",
        )
        .bind(customer.0)
        .bind(message.0)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let at = moment(&row, "at")?;
        let content = unpack(row.try_get("body")?).ok();
        Ok(content.map(|content| (at, content)))
    }
}
