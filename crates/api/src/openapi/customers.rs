//! Customers: who they are, what happened to them, and their rights.

use serde_json::json;
use store::read::{Export, JourneyWhy};

use super::{
    operation::{Operation, delete, get, post},
    words::{Bytes, Header, IF_MATCH, KEY, Key, LANGUAGE, Part},
};
use crate::{
    merge::{MergeAsked, MergeInto},
    pages::given::CustomerLinks,
    rights::{Erased, ExportQuery},
    support::{Customer, CustomersPage, CustomersQuery, LanguageQuery, Timeline, TimelineQuery},
};

pub(super) fn all() -> Vec<Operation> {
    vec![
        get("/v1/customers", "listCustomers", "Customers, or those whom a search finds")
            .about("In order of id, which says nothing about age. A search is quick on any table, and names 20 at the most, the best first, and behind who was merged whom they turned out to be.")
            .query::<CustomersQuery>()
            .answers::<CustomersPage>("One page.")
            .refuses(&["bad_cursor"]),
        get("/v1/customers/{key}", "getCustomer", "One customer, whole")
            .about("Traits, consents, runs with the steps that they wait at, and entries by date that are to come.")
            .path::<Part>("key", KEY)
            .header::<Header>("Accept-Language", LANGUAGE)
            .answers::<Customer>("The customer.")
            .tagged()
            .refuses(&["not_found"]),
        delete("/v1/customers/{key}", "eraseCustomer", "Erase a customer")
            .about("From every table, for good (GDPR, article 17). Their addresses are kept as keyed hashes, so that an import does not write to them again.")
            .path::<Part>("key", KEY)
            .header::<Header>("If-Match", IF_MATCH)
            .by_write_key()
            .answers::<Erased>("They are erased.")
            .refuses(&["not_found", "no_privacy_secret", "changed"]),
        post("/v1/customers/{key}/merge", "mergeCustomer", "Say that a customer is another")
            .about("The one of the address goes, and the other stays: with what is known of both, and with all that happens from now on. It cannot be undone.")
            .path::<Part>("key", KEY)
            .header::<Key>("Idempotency-Key", "Another one for each merge, such as a UUID: the same twice is one.")
            .by_write_key()
            .takes::<MergeInto>(json!({ "into": "ana", "reason": "asked for by phone" }))
            .answers_as::<MergeAsked>(202, "application/json", "It is on its way; `GET …/inputs/{id}` says what came of it.")
            .refuses(&[
                "bad_body", "circle", "idempotency_key", "idempotency_key_in_use", "idempotency_key_reused", "into",
                "merged", "no_other", "not_found", "reason", "same_customer",
            ]),
        get("/v1/customers/{key}/export", "exportCustomer", "All that is held on a customer")
            .about("Whole, and of one moment (GDPR, articles 15 and 20).")
            .path::<Part>("key", KEY)
            .query::<ExportQuery>()
            .header::<Header>("Accept", "Where `format` does not say: which of `application/json` and `text/html` comes first.")
            .answers::<Export>("Data, or a page to read.")
            .answers_as::<Bytes>(200, "text/html", "")
            .refuses(&["not_found"]),
        get("/v1/customers/{key}/links", "getCustomerLinks", "Links to a customer's own pages")
            .about("For pages of yours on which the customer is signed in: whoever holds a link may do what it is for, for 60 days.")
            .path::<Part>("key", KEY)
            .by_write_key()
            .answers::<CustomerLinks>("The links.")
            .refuses(&["not_found"]),
        get("/v1/customers/{key}/timeline", "getTimeline", "What happened to a customer, and what was decided on it")
            .about("The newest first. Of some alone, 2,000 inputs are looked at for a page: it may have fewer than `limit`, even none, with a `next` that goes on.")
            .path::<Part>("key", KEY)
            .query::<TimelineQuery>()
            .header::<Header>("Accept-Language", LANGUAGE)
            .answers::<Timeline>("One page.")
            .refuses(&["not_found", "bad_cursor"]),
        get(
            "/v1/customers/{key}/journeys/{journey}/why",
            "explainJourney",
            "Why a customer is in a journey, left it, or did not enter",
        )
        .about("Of every open run, else of the last that is over; and of the last entry that did not take them.")
        .path::<Part>("key", KEY)
        .path::<Part>("journey", "The journey's name.")
        .query::<LanguageQuery>()
        .header::<Header>("Accept-Language", LANGUAGE)
        .answers::<JourneyWhy>("The explanations.")
        .refuses(&["not_found"]),
    ]
}
