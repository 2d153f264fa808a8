//! Where everything stands. The `dagre` crate puts boxes into layers and orders them so that few
//! arrows cross; heights and the ways of the arrows between the layers are our own.

use std::collections::BTreeMap;

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel,
    graph::{Graph as Layered, GraphOptions},
    layout::types::LabelPos,
};

use super::{
    Arrow,
    route::{self, Route, Stop},
};

/// The most layers that all arrows together may run through: beyond, the layout would take minutes
/// and nobody could read the picture.
const MOST_STOPS: usize = 8_000;
/// The most boxes.
const MOST_BOXES: usize = 1_500;
/// Between boxes side by side.
const BESIDE: f64 = 36.0;
/// Between arrows side by side.
const APART: f64 = 22.0;
/// Between two layers: the least, and the most where arrows go far to the side.
const GAP: (f64, f64) = (17.0, 44.0);

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
    /// The way of every arrow.
    pub routes: Vec<Route>,
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
    for (at, size) in boxes.iter().enumerate() {
        layered.set_node(at.to_string(), Some(node(*size)));
    }
    for (at, arrow) in arrows.iter().enumerate() {
        let size = labels.get(at).copied().flatten().unwrap_or_default();
        for (from, to, label) in pieces(at, arrow) {
            let size = if label { size } else { (0.0, 0.0) };
            for end in [&from, &to] {
                if !layered.has_node(end) {
                    layered.set_node(end.clone(), Some(node((1.0, 1.0))));
                }
            }
            layered.set_edge(from, to, Some(edge(size)), None);
        }
    }
    dagre::layout(&mut layered, Some(options()));
    Ok(Settled::read(&layered, boxes, arrows, labels).finish())
}

/// An arrow as the layout sees it: its ends, and whether it carries the words. One that leads back
/// goes down below its beginning, up beside what it repeats, and down to its end from above.
fn pieces(at: usize, arrow: &Arrow) -> Vec<(String, String, bool)> {
    let (from, to) = (arrow.from.to_string(), arrow.to.to_string());
    if !arrow.back {
        return vec![(from, to, true)];
    }
    let (below, above) = (format!("below{at}"), format!("above{at}"));
    vec![
        (from, below.clone(), false),
        (above.clone(), below, true),
        (above, to, false),
    ]
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

fn edge((width, height): (f64, f64)) -> EdgeLabel {
    EdgeLabel {
        width,
        height,
        labelpos: LabelPos::Center,
        ..EdgeLabel::default()
    }
}

/// A layer: what stands at one height.
#[derive(Clone, Copy, Debug, Default)]
struct Layer {
    top: f64,
    height: f64,
}

/// The layout's heights are told apart to a tenth of a pixel.
fn level(y: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "far below 2^63")]
    let level = (y * 10.0).round() as i64;
    level
}

/// What the layout says, before heights are given.
struct Settled {
    layers: BTreeMap<i64, Layer>,
    /// Each box: its layer, its middle, its size.
    boxes: Vec<(i64, f64, (f64, f64))>,
    /// Each arrow: the layers and middles that it runs through, ends not included.
    ways: Vec<Vec<(i64, f64)>>,
    labels: Vec<Option<(i64, f64, (f64, f64))>>,
    ends: Vec<(usize, usize, bool)>,
}

impl Settled {
    fn read(
        layered: &Layered<NodeLabel, EdgeLabel>,
        boxes: &[(f64, f64)],
        arrows: &[Arrow],
        labels: &[Option<(f64, f64)>],
    ) -> Self {
        let mut settled = Self {
            layers: BTreeMap::new(),
            boxes: Vec::with_capacity(boxes.len()),
            ways: Vec::with_capacity(arrows.len()),
            labels: Vec::with_capacity(arrows.len()),
            ends: arrows.iter().map(|a| (a.from, a.to, a.back)).collect(),
        };
        for (at, size) in boxes.iter().enumerate() {
            let (x, y) = spot(layered, &at.to_string());
            settled.layer(y, size.1);
            settled.boxes.push((level(y), x, *size));
        }
        for (at, arrow) in arrows.iter().enumerate() {
            let size = labels.get(at).copied().flatten();
            settled.arrow(layered, at, arrow, size);
        }
        settled
    }

    fn layer(&mut self, y: f64, height: f64) {
        let layer = self.layers.entry(level(y)).or_default();
        layer.height = layer.height.max(height);
    }

    fn arrow(
        &mut self,
        layered: &Layered<NodeLabel, EdgeLabel>,
        at: usize,
        arrow: &Arrow,
        size: Option<(f64, f64)>,
    ) {
        let mut way = Vec::new();
        let mut label = None;
        for (from, to, words) in pieces(at, arrow) {
            let Some(edge) = layered.edge(&from, &to, None) else {
                continue;
            };
            let inner = edge.points.len().saturating_sub(1);
            let mut points: Vec<(f64, f64)> = edge
                .points
                .get(1..inner)
                .unwrap_or_default()
                .iter()
                .map(|p| (p.x, p.y))
                .collect();
            if arrow.back {
                // Drawn from below to above, and only beside what it repeats.
                points = if words {
                    points.into_iter().rev().collect()
                } else {
                    Vec::new()
                };
            }
            for (x, y) in points {
                self.layer(y, 0.0);
                way.push((level(y), x));
            }
            if let (true, Some(size), Some(x), Some(y)) = (words, size, edge.x, edge.y) {
                self.layer(y, size.1);
                label = Some((level(y), x, size));
            }
        }
        self.ways.push(way);
        self.labels.push(label);
    }

    fn finish(mut self) -> Placed {
        self.stack();
        let layer = |level: &i64| self.layers.get(level).copied().unwrap_or_default();
        let boxes: Vec<Rect> = self
            .boxes
            .iter()
            .map(|(level, x, (width, height))| Rect {
                x: x - width / 2.0,
                y: layer(level).top,
                width: *width,
                height: *height,
            })
            .collect();
        let labels = self.labels.iter().map(|label| {
            label.as_ref().map(|(level, x, (width, height))| {
                let layer = layer(level);
                Rect {
                    x: x - width / 2.0,
                    y: layer.top + (layer.height - height) / 2.0,
                    width: *width,
                    height: *height,
                }
            })
        });
        let labels = labels.collect();
        let stop = |(level, x): &(i64, f64)| {
            let layer = layer(level);
            Stop {
                x: *x,
                top: layer.top,
                bottom: layer.top + layer.height,
            }
        };
        let ways: Vec<Vec<Stop>> = self
            .ways
            .iter()
            .map(|w| w.iter().map(stop).collect())
            .collect();
        let floors: Vec<f64> = self
            .boxes
            .iter()
            .map(|(level, ..)| layer(level).top + layer(level).height)
            .collect();
        let routes = route::routes(&boxes, &floors, &self.ends, &ways);
        shifted(Placed {
            boxes,
            routes,
            labels,
            width: 0.0,
            height: 0.0,
        })
    }

    /// Gives every layer its height and its place below the one before.
    fn stack(&mut self) {
        let mut aside: BTreeMap<i64, f64> = BTreeMap::new();
        let mut far = |a: (i64, f64), b: (i64, f64)| {
            let upper = aside.entry(a.0.min(b.0)).or_default();
            *upper = upper.max((a.1 - b.1).abs());
        };
        for (way, (from, to, _)) in self.ways.iter().zip(&self.ends) {
            let end = |at: usize| (self.boxes[at].0, self.boxes[at].1);
            let mut before = end(*from);
            for stop in way.iter().copied().chain([end(*to)]) {
                far(before, stop);
                before = stop;
            }
        }
        let mut y = 0.0;
        for (level, layer) in &mut self.layers {
            layer.top = y;
            let far = aside.get(level).copied().unwrap_or_default();
            y += layer.height + (GAP.0 + far * 0.06).min(GAP.1);
        }
    }
}

/// The middle of a node.
fn spot(layered: &Layered<NodeLabel, EdgeLabel>, name: &str) -> (f64, f64) {
    let node = layered.node(name);
    let x = node.and_then(|n| n.x).unwrap_or_default();
    (x, node.and_then(|n| n.y).unwrap_or_default())
}

/// Everything moved so that it begins at zero, and its size.
fn shifted(mut placed: Placed) -> Placed {
    let rects = || placed.boxes.iter().chain(placed.labels.iter().flatten());
    let least = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    let points = || placed.routes.iter().flat_map(Route::points);
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
    for route in &mut placed.routes {
        route.shift(-left, -top);
    }
    (placed.width, placed.height) = (right - left, bottom - top);
    placed
}
