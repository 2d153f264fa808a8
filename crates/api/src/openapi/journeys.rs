//! Journeys: which are published, and how they do.

use store::read::{Flow, JourneyRow, Summary};

use super::{
    operation::{Operation, get},
    words::Part,
};
use crate::{page::Page, support::ListQuery};

pub(super) fn all() -> Vec<Operation> {
    vec![
        get("/v1/journeys", "listJourneys", "The journeys that are published")
            .about("In order of name.")
            .query::<ListQuery>()
            .answers::<Page<JourneyRow>>("One page.")
            .refuses(&["bad_cursor"]),
        get("/v1/journeys/{name}", "getJourney", "One journey, as it runs")
            .about("Who waits at which step, and what became of its messages; counted over all of them, for 30 s at the most.")
            .path::<Part>("name", "The journey's name.")
            .answers::<Flow>("The journey.")
            .tagged()
            .refuses(&["no_such_journey"]),
        get("/v1/summary", "getSummary", "Exact counts over everything")
            .about("Counted for 30 s at the most.")
            .answers::<Summary>("The counts."),
    ]
}
