//! The way of an arrow: straight down through the layers, and in soft curves between them, where
//! no box stands.

use super::layout::Rect;

/// Between arrows that leave the same box.
const PORTS: f64 = 30.0;
/// How far from the corners of a box an arrow may leave it.
const CORNER: f64 = 18.0;
/// How far a bow's control points reach out.
const BOW: f64 = 20.0;

/// Where an arrow runs through a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub x: f64,
    pub top: f64,
    pub bottom: f64,
}

/// The way of one arrow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Where it begins.
    pub start: (f64, f64),
    /// What follows, each from where the one before has ended.
    pub curves: Vec<Curve>,
}

/// A part of a way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// Straight to there.
    Line((f64, f64)),
    /// A cubic Bézier curve: two control points, and its end.
    Bezier((f64, f64), (f64, f64), (f64, f64)),
}

impl Route {
    /// All points that are named, control points too: the way lies between them.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let of = |curve: &Curve| match *curve {
            Curve::Line(end) => vec![end],
            Curve::Bezier(a, b, end) => vec![a, b, end],
        };
        std::iter::once(self.start).chain(self.curves.iter().flat_map(of))
    }

    /// Where it ends.
    pub fn end(&self) -> (f64, f64) {
        match self.curves.last() {
            Some(Curve::Line(end) | Curve::Bezier(_, _, end)) => *end,
            None => self.start,
        }
    }

    /// Points on the way, `steps` for each part.
    pub fn samples(&self, steps: u32) -> Vec<(f64, f64)> {
        let mut at = self.start;
        let mut out = vec![at];
        for curve in &self.curves {
            for step in 1..=steps {
                let t = f64::from(step) / f64::from(steps);
                out.push(curve.at(at, t));
            }
            at = curve.at(at, 1.0);
        }
        out
    }

    pub(super) fn shift(&mut self, x: f64, y: f64) {
        let moved = |point: &mut (f64, f64)| *point = (point.0 + x, point.1 + y);
        moved(&mut self.start);
        for curve in &mut self.curves {
            match curve {
                Curve::Line(end) => moved(end),
                Curve::Bezier(a, b, end) => [a, b, end].into_iter().for_each(moved),
            }
        }
    }

    fn line(&mut self, to: (f64, f64)) {
        if self.end() != to {
            self.curves.push(Curve::Line(to));
        }
    }

    /// To `to`, leaving and arriving upright.
    fn bend(&mut self, to: (f64, f64)) {
        let from = self.end();
        if (from.0 - to.0).abs() < 0.5 {
            return self.line(to);
        }
        let reach = (to.1 - from.1) * 0.55;
        self.curves.push(Curve::Bezier(
            (from.0, from.1 + reach),
            (to.0, to.1 - reach),
            to,
        ));
    }

    /// To `to` in a bow that reaches `reach` beyond both ends: below if it is positive.
    fn turn(&mut self, to: (f64, f64), reach: f64) {
        let from = self.end();
        let edge = if reach > 0.0 {
            from.1.max(to.1)
        } else {
            from.1.min(to.1)
        };
        self.curves.push(Curve::Bezier(
            (from.0, edge + reach),
            (to.0, edge + reach),
            to,
        ));
    }
}

impl Curve {
    /// The point at `t` of 0 to 1, if the part begins at `from`.
    fn at(&self, from: (f64, f64), t: f64) -> (f64, f64) {
        let mix = |a: f64, b: f64, c: f64, d: f64| {
            let s = 1.0 - t;
            s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d
        };
        match *self {
            Self::Line(end) => (from.0 + (end.0 - from.0) * t, from.1 + (end.1 - from.1) * t),
            Self::Bezier(a, b, end) => (mix(from.0, a.0, b.0, end.0), mix(from.1, a.1, b.1, end.1)),
        }
    }
}

/// The ways of all arrows. `floors`: the lower edge of each box's layer; `ends`: from, to, and
/// whether it leads back; `ways`: the layers in between.
pub(super) fn routes(
    boxes: &[Rect],
    floors: &[f64],
    ends: &[(usize, usize, bool)],
    ways: &[Vec<Stop>],
) -> Vec<Route> {
    let leave = ports(boxes, ends, ways, false);
    let arrive = ports(boxes, ends, ways, true);
    ends.iter()
        .zip(ways)
        .enumerate()
        .map(|(at, ((from, to, back), way))| {
            let start = (leave[at], boxes[*from].bottom());
            let end = (arrive[at], boxes[*to].y);
            if *back {
                around(start, end, floors[*from], way)
            } else {
                down(start, end, floors[*from], way)
            }
        })
        .collect()
}

fn down(start: (f64, f64), end: (f64, f64), floor: f64, way: &[Stop]) -> Route {
    let mut route = Route {
        start,
        curves: Vec::new(),
    };
    route.line((start.0, floor));
    for stop in way {
        route.bend((stop.x, stop.top));
        route.line((stop.x, stop.bottom));
    }
    route.bend(end);
    route
}

/// Down, around, up beside what is repeated, and around again.
fn around(start: (f64, f64), end: (f64, f64), floor: f64, way: &[Stop]) -> Route {
    let mut route = Route {
        start,
        curves: Vec::new(),
    };
    route.line((start.0, floor));
    let beside = |stop: &&Stop| stop.bottom <= floor + 0.5 && stop.top >= end.1 - 0.5;
    let stops: Vec<&Stop> = way.iter().filter(beside).collect();
    for (at, stop) in stops.iter().enumerate() {
        if at == 0 {
            route.turn((stop.x, floor), BOW);
        } else {
            route.bend((stop.x, stop.bottom));
        }
        route.line((stop.x, stop.top));
    }
    route.turn(end, -BOW);
    route
}

/// The places of arrows that leave a box: each straight above where it goes on, as far as there is
/// room, and apart from its neighbours. `aims`: where they go on, from left to right.
fn spread(rect: &Rect, aims: &[f64]) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a few arrows")]
    let between = aims.len().saturating_sub(1) as f64;
    let corner = CORNER.min(rect.width / 2.0);
    let (left, right) = (rect.x + corner, rect.right() - corner);
    let apart = PORTS.min((right - left) / between.max(1.0));
    let mut places = Vec::with_capacity(aims.len());
    let mut least = left;
    for (at, aim) in aims.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few arrows")]
        let most = right - apart * (between - at as f64);
        let place = aim.max(least).min(most);
        places.push(place);
        least = place + apart;
    }
    places
}

/// Where each arrow leaves its box, or arrives at it. Those that arrive from above meet in the
/// middle; one that leads back arrives beside it.
fn ports(
    boxes: &[Rect],
    ends: &[(usize, usize, bool)],
    ways: &[Vec<Stop>],
    arriving: bool,
) -> Vec<f64> {
    let mut found = vec![0.0; ends.len()];
    let mut leaving: Vec<Vec<(f64, usize)>> = vec![Vec::new(); boxes.len()];
    for (at, (from, to, back)) in ends.iter().enumerate() {
        let rect = &boxes[if arriving { *to } else { *from }];
        let next = if arriving {
            ways[at].last()
        } else {
            ways[at].first()
        };
        let aim = next.map_or(boxes[*to].middle(), |stop| stop.x);
        let side = if aim < rect.middle() { -1.0 } else { 1.0 };
        let aside = (rect.width / 2.0 - CORNER).clamp(0.0, PORTS);
        found[at] = rect.middle() + if *back { side * aside } else { 0.0 };
        if !arriving {
            leaving[*from].push((aim, at));
        }
    }
    for (own, mut arrows) in leaving.into_iter().enumerate() {
        arrows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let aims: Vec<f64> = arrows.iter().map(|a| a.0).collect();
        for (place, (_, at)) in spread(&boxes[own], &aims).into_iter().zip(arrows) {
            found[at] = place;
        }
    }
    found
}
