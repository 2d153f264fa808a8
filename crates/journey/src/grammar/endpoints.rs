//! `config/endpoints.yaml`.

use super::{Context, PLAIN, Takes, takes::Known, word};

/// Endpoints by their names.
pub(super) const ENDPOINTS: Takes = Takes::Named {
    name: Known::Endpoint,
    value: &Takes::Fields(&ENDPOINT),
};

static ENDPOINT: Context = Context {
    name: "endpoint",
    what: "an endpoint",
    about: "A service that journeys can call",
    words: &[word(
        "url",
        Takes::Ref(Known::Url),
        "Its address",
        "url: https://vouchers.internal/new",
    )
    .needed()],
    ..PLAIN
};
