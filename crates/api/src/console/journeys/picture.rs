//! The picture of a journey, with who waits where and how many took each way.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State as Shared, rejection::QueryRejection},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use journey::{
    counts::branches,
    graph::{self, Graph, Kind},
    machine::{Machine, NodeId},
};
use store::read::{Counted, StepFlow};

use super::overview::{RangeQuery, days, flow};
use crate::{
    State,
    console::{Page, PageError, words},
    i18n,
};

/// A picture brings its own style, and is shown as a picture: nothing of it runs.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

pub(in crate::console) async fn picture(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    query: Result<Query<RangeQuery>, QueryRejection>,
) -> Page {
    let Query(query) = query.map_err(|e| PageError::Wrong(e.body_text()))?;
    let flow = flow(&state, &name, days(&query)?.since(state.now())).await?;
    let mut graph = Graph::of(&flow.machine);
    for shown in &mut graph.boxes {
        if let Some(counts) = flow.counted.steps.get(&shown.id) {
            shown.details.extend(line(counts));
        }
    }
    on_arrows(&mut graph, &flow.machine, &flow.counted);
    let drawn = graph::svg(&graph).map_err(|_| PageError::NotFound("picture"))?;
    Ok(svg(drawn))
}

fn svg(drawn: String) -> Response {
    let kind = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("image/svg+xml; charset=utf-8"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(PICTURE_POLICY),
        ),
    ];
    (kind, drawn).into_response()
}

/// `3 inside · 12 sent · 2 held back`.
fn line(counts: &StepFlow) -> Option<String> {
    let held: u64 = counts.held.values().sum();
    let parts = [
        (counts.inside, i18n::say("inside")),
        (counts.sent, i18n::say("sent")),
        (counts.queued, i18n::say("on their way")),
        (held, i18n::say("held back")),
    ];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts
        .map(|(n, what)| format!("{} {what}", words::number(n)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// How many went along each arrow: the ways that lead there, taken together.
fn on_arrows(graph: &mut Graph, machine: &Machine, counted: &Counted) {
    let ways = ways(machine, counted);
    let entered = (counted.entered > 0 && machine.entries.len() == 1).then_some(counted.entered);
    let boxes: Vec<(Arc<str>, Kind)> = graph.boxes.iter().map(|b| (b.id.clone(), b.kind)).collect();
    for arrow in &mut graph.arrows {
        let ((from, kind), (to, _)) = (&boxes[arrow.from], &boxes[arrow.to]);
        let along = ways.iter().filter(|(a, b, _)| a == from && b == to);
        let n: u64 = match kind {
            Kind::Enter => entered.unwrap_or_default(),
            _ => along.map(|(.., n)| n).sum(),
        };
        if n > 0 {
            arrow.labels.push(words::number(n));
        }
    }
}

/// From which box to which, and how many.
fn ways(machine: &Machine, counted: &Counted) -> Vec<(Arc<str>, Arc<str>, u64)> {
    let end: Arc<str> = Arc::from("end#1");
    let mut ways = Vec::new();
    for node in &machine.nodes {
        let Some(step) = counted.steps.get(&node.id) else {
            continue;
        };
        let mut all = branches(node);
        if all.is_empty() {
            all.push((Arc::from(""), node.next));
        }
        for (way, to) in all {
            let n = step.took.get(&way).copied().unwrap_or_default();
            let to = match to {
                NodeId::END => end.clone(),
                to => machine
                    .node(to)
                    .map_or_else(|| end.clone(), |n| n.id.clone()),
            };
            ways.push((node.id.clone(), to, n));
        }
    }
    ways
}
