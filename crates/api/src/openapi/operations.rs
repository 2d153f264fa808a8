//! What an operator's tools ask.

use super::{
    operation::{Operation, get},
    words::{Bytes, Fields, Header, LANGUAGE},
};
use crate::{
    health::Report,
    operations::{
        Operations,
        samples::{Asked, Samples},
    },
};

pub(super) fn all() -> Vec<Operation> {
    vec![
        get("/healthz", "isAlive", "Whether the process lives")
            .answers_as::<Bytes>(200, "text/plain", "It does."),
        get("/readyz", "isReady", "Whether every part can work")
            .answers::<Report>("Each can.")
            .answers_as::<Report>(503, "application/json", "One cannot; `detail` says what is missing."),
        get("/metrics", "getMetrics", "What happened, in numbers")
            .about("In Prometheus' text format; not here where `metrics_http` gives it an address of its own.")
            .answers_as::<Bytes>(200, "text/plain", "The metrics."),
        get("/v1/operations", "getOperations", "How the system does")
            .about("What is not well and what to do about it, in words; the parts, the processes, the providers, and the newest values.")
            .header::<Header>("Accept-Language", LANGUAGE)
            .answers::<Operations>("As it was when it was looked at."),
        get("/v1/operations/samples", "listSamples", "Values over time")
            .about("By the minute for a day, by the quarter of an hour for a week.")
            .query::<Asked>()
            .answers::<Samples>("The values, by name.")
            .refuses(&["name", "span"]),
        get("/v1/openapi.json", "getDescription", "This document")
            .answers::<Fields>("OpenAPI 3.1.")
            .tagged(),
    ]
}
