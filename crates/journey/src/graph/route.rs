//! The way of an arrow: straight down through the layers, and in soft curves between them, where
//! no box stands.

use super::layout::Rect;

/// Between arrows that leave the same box.
const PORTS: f64 = 30.0;
/// How far from the corners of a box an arrow may leave it.
const CORNER: f64 = 18.0;
/// How far beside a turn the way up begins.
const ASIDE: f64 = 26.0;
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

/// Where an arrow begins and ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// Index of a box.
    pub from: usize,
    pub to: To,
}

/// Where an arrow ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    /// At the box of that index.
    Box(usize),
    /// At the turn of that index: it leads back.
    Turn(usize),
}

/// The ways of all arrows. `floors`: the lower edge of each box's layer.
pub(super) fn routes(
    boxes: &[Rect],
    floors: &[f64],
    turns: &[(f64, f64)],
    ways: &[(Ends, Vec<Stop>)],
) -> Vec<Route> {
    let end = |to: To| match to {
        To::Box(at) => (boxes[at].middle(), boxes[at].y),
        To::Turn(at) => turns[at],
    };
    let aims: Vec<(usize, f64)> = ways
        .iter()
        .map(|(ends, way)| (ends.from, way.first().map_or(end(ends.to).0, |s| s.x)))
        .collect();
    ways.iter()
        .zip(ports(boxes, &aims))
        .map(|((ends, way), x)| {
            let start = (x, boxes[ends.from].bottom());
            down(start, end(ends.to), floors[ends.from], way)
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

/// From a turn up beside what is repeated, and to the box `to` from above.
pub(super) fn around(turn: (f64, f64), boxes: &[Rect], to: usize, way: &[Stop]) -> Route {
    let mut route = Route {
        start: turn,
        curves: Vec::new(),
    };
    let to = &boxes[to];
    let mut stops = way.iter().filter(|stop| stop.top >= to.y - 0.5);
    if let Some(first) = stops.next() {
        below(&mut route, boxes, first);
        route.line((first.x, first.top));
    }
    for stop in stops {
        route.bend((stop.x, stop.bottom));
        route.line((stop.x, stop.top));
    }
    let side = side(route.end().0 - to.middle());
    let port = (to.width / 2.0 - CORNER).clamp(0.0, PORTS);
    route.line((route.end().0, to.y));
    route.turn((to.middle() + side * port, to.y), -BOW);
    route
}

/// From the turn to where the way up begins: in one bow if no box stands there, else around a
/// point beside the turn, where there is always room.
fn below(route: &mut Route, boxes: &[Rect], first: &Stop) {
    let (x, y) = route.end();
    let (left, right) = (x.min(first.x) - PORTS, x.max(first.x) + PORTS);
    let taken = boxes.iter().any(|b| {
        b.x < right && b.right() > left && b.y < y + BOW && b.bottom() > first.bottom + 0.5
    });
    if taken {
        route.turn((x + side(first.x - x) * ASIDE, y), BOW);
        route.bend((first.x, first.bottom));
    } else {
        let low = y + BOW;
        route.curves.push(Curve::Bezier(
            (x, low),
            (first.x, low + (y - first.bottom) / 2.0),
            (first.x, first.bottom),
        ));
    }
}

fn side(x: f64) -> f64 {
    if x < 0.0 { -1.0 } else { 1.0 }
}

/// Where each arrow leaves its box. `aims`: the box, and how far from the left it goes on.
fn ports(boxes: &[Rect], aims: &[(usize, f64)]) -> Vec<f64> {
    let mut found = vec![0.0; aims.len()];
    let mut leaving: Vec<Vec<(f64, usize)>> = vec![Vec::new(); boxes.len()];
    for (at, (from, aim)) in aims.iter().enumerate() {
        leaving[*from].push((*aim, at));
    }
    for (rect, mut arrows) in boxes.iter().zip(leaving) {
        arrows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let aims: Vec<f64> = arrows.iter().map(|a| a.0).collect();
        for (place, (_, at)) in spread(rect, &aims).into_iter().zip(arrows) {
            found[at] = place;
        }
    }
    found
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
    let (mut least, mut most) = (left, right - apart * between);
    for aim in aims {
        let place = aim.max(least).min(most);
        places.push(place);
        (least, most) = (place + apart, most + apart);
    }
    places
}
