//! The address and the query of a request, refused as a problem where they cannot be read.

use axum::{
    extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// NUL, as an address spells it: no text in the database can hold one.
const NUL: &str = "%00";

/// The `{names}` of an address, as `axum::extract::Path` reads them; else 400 `bad_path`.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.path().contains(NUL) {
            return Err(Problem::bad(
                "bad_path",
                "The address holds a NUL character.",
            ));
        }
        let read = AxumPath::<T>::from_request_parts(parts, state).await;
        read.map(|AxumPath(read)| Self(read))
            .map_err(|error| Problem::bad("bad_path", error.body_text()))
    }
}

/// What stands behind the `?`, as `axum::extract::Query` reads it; else 400 `bad_query`.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if parts.uri.query().is_some_and(|query| query.contains(NUL)) {
            return Err(Problem::bad(
                "bad_query",
                "A parameter holds a NUL character.",
            ));
        }
        let read = AxumQuery::<T>::try_from_uri(&parts.uri);
        read.map(|AxumQuery(read)| Self(read))
            .map_err(|error| Problem::bad("bad_query", error.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Where the API's addresses are routed, axum's own extractors would refuse in plain text.
    fn look(folder: &Path, wrong: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, wrong);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            if !source.contains(".route(\"/v1/") && !source.contains("Result<Json<") {
                continue;
            }
            let uses = source.split("use axum::{").nth(1).unwrap_or_default();
            let uses = uses.split("\n};").next().unwrap_or_default();
            let extract = uses.split("extract::").nth(1).unwrap_or_default();
            let extract = extract.split(['}', ';', '\n']).next().unwrap_or_default();
            let words = extract.split(|c: char| !c.is_alphanumeric());
            for word in words.filter(|word| ["Path", "Query", "Json", "Form"].contains(word)) {
                wrong.push(format!("{} of {}", word, path.display()));
            }
        }
    }

    #[test]
    fn addresses_of_the_api_are_read_by_what_refuses_with_problems() {
        let mut wrong = Vec::new();
        look(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut wrong,
        );
        wrong.retain(|place| !place.contains("/chat/") && !place.ends_with("extract.rs"));
        assert!(wrong.is_empty(), "use crate::extract instead: {wrong:?}");
    }
}
