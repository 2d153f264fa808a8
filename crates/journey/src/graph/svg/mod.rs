//! The graph as an SVG that stands alone: no font, script or picture from elsewhere.

mod card;
mod head;
mod look;
mod write;

use self::{
    card::Card,
    write::{Writer, px},
};
use super::{
    Arrow, Graph,
    layout::{Placed, TooLarge, place},
    route::{Curve, Route},
    text::Face,
};

/// Around everything.
const MARGIN: f64 = 28.0;
/// Words on arrows.
const WORD: Face = Face::sans(11.0);
/// How wide they may be.
const WORD_ROOM: f64 = 168.0;
/// Beside and above them.
const WORD_PAD: (f64, f64) = (6.0, 2.0);

/// The graph as SVG. Every step is a group with `id="step-ID"` and `data-step="ID"`; an id of the
/// compiler, such as `wait#1`, is `step-wait-1` there. Colours follow the reader's light or dark
/// scheme and can be set from outside by the properties that begin with `--pg-`.
///
/// # Errors
/// [`TooLarge`] beyond what can be laid out and read.
pub fn svg(graph: &Graph) -> Result<String, TooLarge> {
    let cards: Vec<Card<'_>> = graph.boxes.iter().map(Card::of).collect();
    let words: Vec<Vec<String>> = graph.arrows.iter().map(words).collect();
    let sizes: Vec<(f64, f64)> = cards.iter().map(Card::size).collect();
    let labels: Vec<Option<(f64, f64)>> = words.iter().map(|w| size_of(w)).collect();
    let placed = place(&sizes, &graph.arrows, &labels)?;
    Ok(Drawing {
        graph,
        cards,
        words,
        placed,
    }
    .draw())
}

/// The words of an arrow in lines.
fn words(arrow: &Arrow) -> Vec<String> {
    let lines = arrow.labels.iter().flat_map(|l| WORD.wrap(l, WORD_ROOM, 3));
    lines.collect()
}

fn size_of(lines: &[String]) -> Option<(f64, f64)> {
    let wide = lines.iter().map(|l| WORD.width(l)).reduce(f64::max)?;
    let high = WORD.leading() * count(lines.len());
    Some((wide + 2.0 * WORD_PAD.0, high + 2.0 * WORD_PAD.1))
}

fn count(n: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lines of a box")]
    let n = n as f64;
    n
}

struct Drawing<'g> {
    graph: &'g Graph,
    cards: Vec<Card<'g>>,
    words: Vec<Vec<String>>,
    placed: Placed,
}

impl Drawing<'_> {
    fn draw(mut self) -> String {
        let title = head::Title::of(self.graph);
        let panel = head::Panel::of(self.graph);
        let down = MARGIN + title.height();
        self.shift(MARGIN, down);
        let beside = self.right_above(down + panel.height() + MARGIN) + 1.5 * MARGIN;
        let wide = (self.placed.width + MARGIN)
            .max(MARGIN + title.width())
            .max(if panel.is_empty() {
                0.0
            } else {
                beside + panel.width()
            });
        let high = down + self.placed.height.max(panel.height());
        let mut out = Writer::default();
        self.open(&mut out, wide + MARGIN, high + MARGIN);
        title.draw(&mut out, MARGIN, MARGIN);
        panel.draw(&mut out, beside, down);
        self.arrows(&mut out);
        self.boxes(&mut out);
        out.line("</svg>");
        out.finish()
    }

    /// Moves the graph below the title.
    fn shift(&mut self, x: f64, y: f64) {
        let Placed {
            boxes,
            routes,
            loops,
            labels,
            ..
        } = &mut self.placed;
        for rect in boxes.iter_mut().chain(labels.iter_mut().flatten()) {
            rect.x += x;
            rect.y += y;
        }
        for route in routes.iter_mut().chain(loops) {
            route.shift(x, y);
        }
    }

    /// The right edge of all that stands above `y`.
    fn right_above(&self, y: f64) -> f64 {
        let Placed {
            boxes,
            routes,
            loops,
            labels,
            ..
        } = &self.placed;
        let rects = boxes.iter().chain(labels.iter().flatten());
        let rects = rects.filter(|r| r.y < y).map(super::Rect::right);
        let points = routes.iter().chain(loops).flat_map(|r| r.samples(4));
        let points = points.filter(|p| p.1 < y).map(|p| p.0);
        rects.chain(points).fold(0.0, f64::max)
    }

    fn open(&self, out: &mut Writer, wide: f64, high: f64) {
        let (wide, high) = (px(wide.ceil()), px(high.ceil()));
        let name = format!("graph-{}", write::slug(&self.graph.journey));
        out.tag(
            "svg",
            &[
                ("xmlns", "http://www.w3.org/2000/svg"),
                ("class", "parcours-graph"),
                ("viewBox", &format!("0 0 {wide} {high}")),
                ("width", &wide),
                ("height", &high),
                ("role", "img"),
                ("aria-labelledby", &format!("{name}-title {name}-desc")),
                ("data-journey", &self.graph.journey),
            ],
        );
        out.text(
            "title",
            &[("id", &format!("{name}-title"))],
            &self.graph.title,
        );
        out.text(
            "desc",
            &[("id", &format!("{name}-desc"))],
            &head::description(self.graph),
        );
        out.line(&format!("<style>{}</style>", look::STYLE));
        out.empty(
            "rect",
            &[
                ("class", "pg-paper"),
                ("width", &wide),
                ("height", &high),
                ("rx", "10"),
            ],
        );
    }

    fn arrows(&self, out: &mut Writer) {
        let Placed { routes, loops, .. } = &self.placed;
        for route in loops {
            out.empty(
                "path",
                &[("class", "pg-arrow pg-back"), ("d", &path(route, true))],
            );
            out.empty("path", &[("class", "pg-tip"), ("d", &tip(route))]);
            let (x, y) = (px(route.start.0), px(route.start.1));
            out.empty(
                "circle",
                &[("class", "pg-tip"), ("cx", &x), ("cy", &y), ("r", "3.5")],
            );
        }
        for (arrow, route) in self.graph.arrows.iter().zip(routes) {
            let id = |at: usize| &*self.graph.boxes[at].id;
            let d = path(route, !arrow.back);
            let mut attributes = vec![("class", "pg-arrow"), ("d", d.as_str())];
            attributes.extend([("data-from", id(arrow.from)), ("data-to", id(arrow.to))]);
            out.empty("path", &attributes);
            if !arrow.back {
                out.empty("path", &[("class", "pg-tip"), ("d", &tip(route))]);
            }
        }
        for (lines, rect) in self.words.iter().zip(&self.placed.labels) {
            if let Some(rect) = rect {
                label(out, lines, rect);
            }
        }
    }

    fn boxes(&self, out: &mut Writer) {
        for (card, rect) in self.cards.iter().zip(&self.placed.boxes) {
            card.draw(out, rect.x, rect.y);
        }
    }
}

fn label(out: &mut Writer, lines: &[String], rect: &super::Rect) {
    let at = [px(rect.x), px(rect.y), px(rect.width), px(rect.height)];
    out.empty(
        "rect",
        &[
            ("class", "pg-word-back"),
            ("x", &at[0]),
            ("y", &at[1]),
            ("width", &at[2]),
            ("height", &at[3]),
            ("rx", "4"),
        ],
    );
    let top = rect.y + WORD_PAD.1;
    out.lines("pg-word", WORD, rect.middle(), top, lines);
}

/// The way of an arrow; `tipped`: up to where its tip begins.
fn path(route: &Route, tipped: bool) -> String {
    let point = |(x, y): (f64, f64)| format!("{} {}", px(x), px(y));
    let mut d = format!("M{}", point(route.start));
    for (at, curve) in route.curves.iter().enumerate() {
        // The tip covers the last pixels.
        let up = if tipped && at + 1 == route.curves.len() {
            4.0
        } else {
            0.0
        };
        let above = |(x, y): (f64, f64)| point((x, y - up));
        d.push_str(&match *curve {
            Curve::Line(end) => format!("L{}", above(end)),
            Curve::Bezier(a, b, end) => format!("C{} {} {}", point(a), point(b), above(end)),
        });
    }
    d
}

/// Every arrow arrives from above.
fn tip(route: &Route) -> String {
    let (x, y) = route.end();
    format!("M{} {}l-4.5 -7.5h9z", px(x), px(y))
}
