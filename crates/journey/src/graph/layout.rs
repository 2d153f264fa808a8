//! Where everything stands. The `dagre` crate puts boxes into layers and orders them so that few
//! arrows cross; heights and the ways of the arrows between the layers are our own.

use std::collections::{BTreeMap, BTreeSet};

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel,
    graph::{Graph as Layered, GraphOptions},
    layout::types::LabelPos,
};

use super::{
    Arrow,
    route::{self, Ends, Route, Stop, To},
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

/// A layer: what stands at one height.
#[derive(Clone, Copy, Debug, Default)]
struct Layer {
    top: f64,
    height: f64,
}

impl Layer {
    fn bottom(self) -> f64 {
        self.top + self.height
    }
}

/// The layout's heights are told apart to a tenth of a pixel.
fn level(y: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "far below 2^63")]
    let level = (y * 10.0).round() as i64;
    level
}

/// Where an arrow runs through a layer: the layer, and how far from the left.
type Way = Vec<(i64, f64)>;
/// A rectangle whose height is not known yet: its layer, its middle, its size.
type Spot = (i64, f64, (f64, f64));

/// What the layout says, before heights are given.
#[derive(Default)]
struct Settled {
    layers: BTreeMap<i64, Layer>,
    boxes: Vec<Spot>,
    labels: Vec<Option<Spot>>,
    /// Each arrow, from its box to the next.
    ways: Vec<(Ends, Way)>,
    /// Each box that something leads back to: from the turn up to it.
    loops: Vec<(usize, (i64, f64), Way)>,
}

impl Settled {
    fn read(
        layered: &Layered<NodeLabel, EdgeLabel>,
        boxes: &[(f64, f64)],
        arrows: &[Arrow],
        labels: &[Option<(f64, f64)>],
    ) -> Self {
        let mut settled = Self::default();
        for (at, size) in boxes.iter().enumerate() {
            let (x, y) = spot(layered, &at.to_string());
            settled.layer(y, size.1);
            settled.boxes.push((level(y), x, *size));
        }
        for to in repeated(arrows) {
            let (x, y) = spot(layered, &turn(to));
            settled.layer(y, TURN.1);
            let mut way = settled.way(layered, &above(to), &turn(to));
            way.reverse();
            settled.loops.push((to, (level(y), x), way));
        }
        for (at, arrow) in arrows.iter().enumerate() {
            let size = labels.get(at).copied().flatten();
            settled.arrow(layered, arrow, size);
        }
        settled
    }

    fn layer(&mut self, y: f64, height: f64) {
        let layer = self.layers.entry(level(y)).or_default();
        layer.height = layer.height.max(height);
    }

    /// The layers that an edge runs through, its ends not included.
    fn way(&mut self, layered: &Layered<NodeLabel, EdgeLabel>, from: &str, to: &str) -> Way {
        let points = layered.edge(from, to, None).map(|e| e.points.as_slice());
        let points = points.unwrap_or_default();
        let inner = points.get(1..points.len().saturating_sub(1));
        let mut way = Way::new();
        for point in inner.unwrap_or_default() {
            self.layer(point.y, 0.0);
            way.push((level(point.y), point.x));
        }
        way
    }

    fn arrow(
        &mut self,
        layered: &Layered<NodeLabel, EdgeLabel>,
        arrow: &Arrow,
        size: Option<(f64, f64)>,
    ) {
        let (from, to) = (arrow.from.to_string(), target(arrow));
        let way = self.way(layered, &from, &to);
        let edge = layered.edge(&from, &to, None);
        let place = edge.and_then(|e| Some((e.x?, e.y?)));
        let label = place.zip(size).map(|((x, y), size)| {
            self.layer(y, size.1);
            (level(y), x, size)
        });
        self.labels.push(label);
        let to = if arrow.back {
            let own = self.loops.iter().position(|l| l.0 == arrow.to);
            To::Turn(own.unwrap_or_default())
        } else {
            To::Box(arrow.to)
        };
        self.ways.push((
            Ends {
                from: arrow.from,
                to,
            },
            way,
        ));
    }

    fn finish(mut self) -> Placed {
        self.stack();
        let ways: Vec<(Ends, Vec<Stop>)> = self
            .ways
            .iter()
            .map(|(ends, way)| (*ends, self.stops(way)))
            .collect();
        let boxes: Vec<Rect> = self.boxes.iter().map(|b| self.rect(b, 0.0)).collect();
        let labels = self
            .labels
            .iter()
            .map(|l| l.as_ref().map(|l| self.rect(l, 0.5)));
        let floors: Vec<f64> = self.boxes.iter().map(|b| self.at(b.0).bottom()).collect();
        let turns: Vec<(f64, f64)> = self
            .loops
            .iter()
            .map(|l| (l.1.1, self.at(l.1.0).top))
            .collect();
        let loops = self
            .loops
            .iter()
            .zip(&turns)
            .map(|((to, _, way), turn)| route::around(*turn, &boxes, *to, &self.stops(way)));
        let placed = Placed {
            loops: loops.collect(),
            routes: route::routes(&boxes, &floors, &turns, &ways),
            labels: labels.collect(),
            boxes,
            width: 0.0,
            height: 0.0,
        };
        shifted(placed)
    }

    fn at(&self, level: i64) -> Layer {
        self.layers.get(&level).copied().unwrap_or_default()
    }

    fn stops(&self, way: &Way) -> Vec<Stop> {
        let stop = |(level, x): &(i64, f64)| {
            let layer = self.at(*level);
            Stop {
                x: *x,
                top: layer.top,
                bottom: layer.bottom(),
            }
        };
        way.iter().map(stop).collect()
    }

    /// `share`: how much of the room that is left in the layer stands above it.
    fn rect(&self, (level, x, (width, height)): &Spot, share: f64) -> Rect {
        let layer = self.at(*level);
        Rect {
            x: x - width / 2.0,
            y: layer.top + (layer.height - height) * share,
            width: *width,
            height: *height,
        }
    }

    /// Gives every layer its height and its place below the one before.
    fn stack(&mut self) {
        let mut aside: BTreeMap<i64, f64> = BTreeMap::new();
        for (ends, way) in &self.ways {
            let end = match ends.to {
                To::Box(to) => (self.boxes[to].0, self.boxes[to].1),
                To::Turn(at) => self.loops[at].1,
            };
            let mut before = (self.boxes[ends.from].0, self.boxes[ends.from].1);
            for stop in way.iter().copied().chain([end]) {
                let far = aside.entry(before.0).or_default();
                *far = far.max((before.1 - stop.1).abs());
                before = stop;
            }
        }
        let mut y = 0.0;
        for (level, layer) in &mut self.layers {
            layer.top = y;
            let far = aside.get(level).copied().unwrap_or_default();
            y += layer.height + (GAP.0 + far * 0.07).min(GAP.1);
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
