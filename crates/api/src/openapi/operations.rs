//! What an operator's tools ask.

use super::{
    operation::{Operation, get},
    words::{Bytes, Fields},
};
use crate::health::Report;

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
        get("/v1/openapi.json", "getDescription", "This document")
            .answers::<Fields>("OpenAPI 3.1.")
            .tagged(),
    ]
}
