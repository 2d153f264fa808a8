//! Journeys: which are published, and how they do.

use serde_json::json;
use store::read::{Flow, JourneyRow, Summary};

use super::{
    operation::{Operation, get, post},
    words::Part,
};
use crate::{
    journeys::{DaysQuery, Difference, PauseAsked, PausedTold, SimulationAsked, SimulationTold},
    page::Page,
    support::ListQuery,
    trial::TestsTold,
};

const NAME: &str = "The journey's name.";

fn paused(operation: Operation) -> Operation {
    operation
        .path::<Part>("name", NAME)
        .takes::<PauseAsked>(json!({ "reason": "the price is wrong" }))
        .by_write_key()
        .answers::<PausedTold>("What came of it; the reason stands in the audit log.")
        .refuses(&["bad_body", "no_such_journey", "reason"])
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        get("/v1/journeys", "listJourneys", "The journeys that are published")
            .about("In order of name.")
            .query::<ListQuery>()
            .answers::<Page<JourneyRow>>("One page.")
            .refuses(&["bad_cursor"]),
        get("/v1/journeys/{name}", "getJourney", "One journey, as it runs")
            .about("Who came to which step, which way they took, who waits there, and what became of messages; day by day, by version and by arm.")
            .path::<Part>("name", NAME)
            .query::<DaysQuery>()
            .answers::<Flow>("The journey.")
            .tagged()
            .refuses(&["no_such_journey"]),
        get(
            "/v1/journeys/{name}/versions/{pair}",
            "compareVersions",
            "What two versions differ in",
        )
        .about("As `parcours plan` tells it, with both sources, and what became of runs that were inside.")
        .path::<Part>("name", NAME)
        .path::<Part>("pair", "Both numbers, such as `3..4`.")
        .answers::<Difference>("The difference.")
        .refuses(&["not_found"]),
        get(
            "/v1/journeys/{name}/tests",
            "getTests",
            "What a journey's own tests say",
        )
        .about("Run on the workspace that is published, once for each revision; one at a time, for ten seconds at the most.")
        .path::<Part>("name", NAME)
        .answers::<TestsTold>("The results.")
        .refuses(&["no_such_journey", "unreadable_workspace"]),
        post(
            "/v1/journeys/{name}/simulate",
            "simulateJourney",
            "Play one customer through a journey",
        )
        .about("As `parcours simulate` does: nothing is kept, and nothing leaves. What is wrong stands in `refused`, with its field.")
        .path::<Part>("name", NAME)
        .takes::<SimulationAsked>(json!({
            "customer": { "first_name": "Ada", "consent": { "marketing": "all" } },
            "events": [{ "event": "Cart Updated" }, { "after": "2h", "event": "Order Completed" }],
            "run_for": "30d",
        }))
        .answers::<SimulationTold<'static>>("What happened.")
        .refuses(&["bad_body", "no_such_journey", "unreadable_workspace", "wrong_simulation"]),
        paused(post("/v1/journeys/{name}/pause", "pauseJourney", "Pause a journey"))
            .about("Nobody enters, and whoever is inside stays where they are; exits and goals still count. As `parcours pause`."),
        paused(post("/v1/journeys/{name}/resume", "resumeJourney", "Let a paused journey go on"))
            .about("As `parcours resume`."),
        get("/v1/summary", "getSummary", "What became of everybody so far")
            .about("Counted as it happens. What took long to count is kept for twenty times as long.")
            .answers::<Summary>("The counts."),
    ]
}
