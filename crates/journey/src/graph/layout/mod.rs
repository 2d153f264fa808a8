//! Where everything stands. The `dagre` crate puts boxes into layers and orders them so that few
//! arrows cross; heights and the ways of the arrows between the layers are our own.

mod settle;

use std::collections::BTreeSet;

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel,
    graph::{Graph as Layered, GraphOptions},
    layout::types::LabelPos,
};

use self::settle::Settled;
use super::{Arrow, route::Route};

/// The most layers that all arrows together may run through: beyond, the layout would take minutes
/// and nobody could read the picture.
const MOST_STOPS: usize = 8_000;
/// The most boxes.
const MOST_BOXES: usize = 1_500;
/// Between boxes side by side.
const BESIDE: f64 = 36.0;
/// Between arrows side by side.
const APART: f64 = 22.0;
/// What the turn below a repeated part takes up.
const TURN: (f64, f64) = (64.0, 2.0);
/// Between two layers: the least, and the most where arrows go far to the side.
const GAP: (f64, f64) = (17.0, 52.0);

/// A rectangle; `x` and `y` are its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// From the left, in pixels.
    pub x: f64,
    /// From the top, in pixels.
    pub y: f64,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
}

impl Rect {
    /// The middle, from the left.
    pub fn middle(&self) -> f64 {
        self.x + self.width / 2.0
    }

    /// The lower edge, from the top.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The right edge, from the left.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }
}

/// Everything in its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// Of every box.
    pub boxes: Vec<Rect>,
    /// The way of every arrow; of one that leads back, to where the way up begins.
    pub routes: Vec<Route>,
    /// The ways up, one for each box that something leads back to.
    pub loops: Vec<Route>,
    /// The words of every arrow; none where it has no words.
    pub labels: Vec<Option<Rect>>,
    /// Of all of it, in pixels.
    pub width: f64,
    /// Of all of it, in pixels.
    pub height: f64,
}

/// The journey is too large to be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a drawing of {boxes} boxes with {stops} crossings of layers is more than anybody can read; write it as mermaid, dot or json instead"
)]
pub struct TooLarge {
    /// How many boxes it has.
    pub boxes: usize,
    /// How many layers all arrows together run through.
    pub stops: usize,
}

/// Places boxes and the words of arrows, all given by width and height in pixels: no two boxes
/// overlap, and no arrow runs through a box.
///
/// # Errors
/// [`TooLarge`]: it would take too long.
pub fn place(
    boxes: &[(f64, f64)],
    arrows: &[Arrow],
    labels: &[Option<(f64, f64)>],
) -> Result<Placed, TooLarge> {
    let stops = stops(boxes.len(), arrows);
    if boxes.len() > MOST_BOXES || stops > MOST_STOPS {
        return Err(TooLarge {
            boxes: boxes.len(),
            stops,
        });
    }
    let mut layered = Layered::with_options(GraphOptions {
        directed: true,
        multigraph: true,
        compound: false,
    });
    // First, so that the way up stands to the left of what is repeated.
    for to in repeated(arrows) {
        layered.set_node(above(to), Some(node((1.0, 1.0))));
        layered.set_node(turn(to), Some(node(TURN)));
        layered.set_edge(above(to), turn(to), Some(edge((0.0, 0.0), 1)), None);
    }
    for (at, size) in boxes.iter().enumerate() {
        layered.set_node(at.to_string(), Some(node(*size)));
    }
    let arriving = arriving(boxes.len(), arrows);
    for (at, arrow) in arrows.iter().enumerate() {
        let size = labels.get(at).copied().flatten().unwrap_or_default();
        let from = arrow.from.to_string();
        layered.set_edge(
            from,
            target(arrow),
            Some(edge(size, weight(arrow, &arriving))),
            None,
        );
    }
    for to in repeated(arrows) {
        layered.set_edge(above(to), to.to_string(), Some(edge((0.0, 0.0), 1)), None);
    }
    dagre::layout(&mut layered, Some(options()));
    Ok(Settled::read(&layered, boxes, arrows, labels).finish())
}

/// Where the layout has an arrow end. One that leads back ends below all that is repeated, where
/// one line for all of them goes up again.
fn target(arrow: &Arrow) -> String {
    if arrow.back {
        turn(arrow.to)
    } else {
        arrow.to.to_string()
    }
}

/// Below what a box repeats.
fn turn(to: usize) -> String {
    format!("turn{to}")
}

/// Above a box that repeats.
fn above(to: usize) -> String {
    format!("above{to}")
}

/// The boxes that something leads back to.
fn repeated(arrows: &[Arrow]) -> BTreeSet<usize> {
    arrows.iter().filter(|a| a.back).map(|a| a.to).collect()
}

/// How many layers all arrows together run through, if every box stands as high as it can.
fn stops(boxes: usize, arrows: &[Arrow]) -> usize {
    let mut layer = vec![0_usize; boxes];
    // Arrows stand in the order in which their boxes follow each other.
    for arrow in arrows.iter().filter(|a| !a.back) {
        layer[arrow.to] = layer[arrow.to].max(layer[arrow.from] + 1);
    }
    arrows
        .iter()
        .map(|a| 2 * layer[a.to].abs_diff(layer[a.from]))
        .sum()
}

fn options() -> LayoutOptions {
    LayoutOptions {
        nodesep: BESIDE,
        edgesep: APART,
        ranksep: 40.0,
        // The order as written, where another would cross as little.
        tie_keep_first: true,
        ..LayoutOptions::default()
    }
}

fn node((width, height): (f64, f64)) -> NodeLabel {
    NodeLabel {
        width,
        height,
        ..NodeLabel::default()
    }
}

/// How many arrows arrive at each box, those that lead back left out.
fn arriving(boxes: usize, arrows: &[Arrow]) -> Vec<u32> {
    let mut arriving = vec![0; boxes];
    for arrow in arrows.iter().filter(|a| !a.back) {
        arriving[arrow.to] += 1;
    }
    arriving
}

/// A box that only one arrow leads to stands right below where that begins; where several meet,
/// they are long instead.
fn weight(arrow: &Arrow, arriving: &[u32]) -> i32 {
    if !arrow.back && arriving[arrow.to] == 1 {
        4
    } else {
        1
    }
}

fn edge((width, height): (f64, f64), weight: i32) -> EdgeLabel {
    EdgeLabel {
        weight,
        width,
        height,
        labelpos: LabelPos::Center,
        ..EdgeLabel::default()
    }
}

/// Everything moved so that it begins at zero, and its size.
fn shifted(mut placed: Placed) -> Placed {
    let rects = || placed.boxes.iter().chain(placed.labels.iter().flatten());
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    let routes = || placed.routes.iter().chain(&placed.loops);
    let points = || routes().flat_map(Route::points);
    let left = least(&mut rects().map(|r| r.x).chain(points().map(|p| p.0)));
    let right = most(&mut rects().map(Rect::right).chain(points().map(|p| p.0)));
    let top = least(&mut rects().map(|r| r.y).chain(points().map(|p| p.1)));
    let bottom = most(&mut rects().map(Rect::bottom).chain(points().map(|p| p.1)));
    if !left.is_finite() {
        return placed;
    }
    for rect in placed
        .boxes
        .iter_mut()
        .chain(placed.labels.iter_mut().flatten())
    {
        rect.x -= left;
        rect.y -= top;
    }
    for route in placed.routes.iter_mut().chain(&mut placed.loops) {
        route.shift(-left, -top);
    }
    (placed.width, placed.height) = (right - left, bottom - top);
    placed
}
