//! Customers by whatever is told of them, for commands that are about one.

use anyhow::Result;
use journey::{ids::CustomerId, value::Map};
use store::read::{Depth, Found, FoundCustomer, Reader};

use crate::output::{self, Format, Refused};

/// What a search came to.
pub enum Whom {
    /// Exactly one is what was sought, or the only one who begins so.
    One(CustomerId),
    /// Several, or nobody.
    Others(Found),
}

/// Looks for a customer. A key or an id names one, whoever else begins so.
///
/// # Errors
/// If the database cannot be read.
pub async fn find(reader: &Reader, query: &str) -> Result<Whom> {
    if let Some(id) = reader.customer_id(query).await? {
        return Ok(Whom::One(id));
    }
    let found = reader.find(query, Depth::Beginnings).await?;
    let mut exact = found.customers.iter().filter(|c| c.exact);
    let only = match (exact.next(), exact.next(), &found.customers[..]) {
        (Some(one), None, _) => Some(one),
        (None, _, [one]) if found.complete => Some(one),
        _ => None,
    };
    Ok(match only {
        Some(customer) => Whom::One(customer.row.id),
        None => Whom::Others(found),
    })
}

/// The one whom a command is about.
///
/// # Errors
/// [`Refused`], once those who were found are printed, if there is not exactly one; or if the database cannot be read.
pub async fn one(reader: &Reader, query: &str, format: Format) -> Result<CustomerId> {
    let found = match find(reader, query).await? {
        Whom::One(id) => return Ok(id),
        Whom::Others(found) => found,
    };
    if found.customers.is_empty() {
        output::aside(&format!("there is no customer {query}"));
        return Err(Refused.into());
    }
    match format {
        Format::Json => output::json(&found)?,
        Format::Text => output::text(&list(&found)),
    }
    output::aside(&format!(
        "several customers are found by {query}: name one by their key"
    ));
    Err(Refused.into())
}

/// A line for each: key, what they are called, and by what they were found.
fn list(found: &Found) -> String {
    let mut table = output::wrapped(["CUSTOMER", "NAME", "E-MAIL", "FOUND BY"]);
    for customer in &found.customers {
        let traits = &customer.row.traits;
        let key = customer.row.key.to_string();
        table.add_row([key, name(traits), text(traits, "email"), by(customer)]);
    }
    let more = if found.complete { "" } else { "\nand others" };
    format!("{table}{more}")
}

fn by(customer: &FoundCustomer) -> String {
    let begins = if customer.exact {
        ""
    } else {
        ", which begins so"
    };
    format!("{}{begins}", customer.matched.as_str())
}

fn text(traits: &Map, name: &str) -> String {
    let text = traits.get(name).and_then(|value| value.as_text());
    text.unwrap_or_default().to_owned()
}

fn name(traits: &Map) -> String {
    let parts = ["name", "first_name", "firstName", "last_name", "lastName"];
    let parts = parts.map(|part| text(traits, part));
    match &parts[0][..] {
        "" => parts[1..]
            .join(" ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        name => name.to_owned(),
    }
}
