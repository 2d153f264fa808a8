//! From what the layout says, layers and how far from the left, to heights and ways.

use std::collections::BTreeMap;

use dagre::{EdgeLabel, NodeLabel, graph::Graph as Layered};

use super::{GAP, Placed, Rect, TURN, above, repeated, shifted, target, turn};
use crate::graph::{
    Arrow,
    route::{self, Ends, Stop, To},
};

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
pub(super) struct Settled {
    layers: BTreeMap<i64, Layer>,
    boxes: Vec<Spot>,
    labels: Vec<Option<Spot>>,
    /// Each arrow, from its box to the next.
    ways: Vec<(Ends, Way)>,
    /// Each box that something leads back to: from the turn up to it.
    loops: Vec<(usize, (i64, f64), Way)>,
}

impl Settled {
    pub fn read(
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

    pub fn finish(mut self) -> Placed {
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
