//! What stands above and beside the graph: the title, and the rules of the head.

use super::{
    count,
    write::{Writer, px},
};
use crate::graph::{About, Graph, Kind, text::Face, words};

const TITLE: Face = Face::bold(19.0);
const NAME: Face = Face::mono(11.5);
const ABOUT: Face = Face::bold(10.5);
const RULE: Face = Face::sans(11.5);
const REASON: Face = Face::mono(11.0);
/// How wide a title may run.
const TITLE_ROOM: f64 = 620.0;
/// How wide the panel is, and what stands between its edge and its words.
const PANEL: (f64, f64) = (252.0, 14.0);

/// The title and the name of a journey.
pub(super) struct Title {
    lines: Vec<String>,
    name: String,
}

impl Title {
    pub fn of(graph: &Graph) -> Self {
        // A journey without a title is called by its name, which need not be said twice.
        let name = if graph.title == graph.journey {
            String::new()
        } else {
            NAME.cut(&graph.journey, TITLE_ROOM)
        };
        Self {
            lines: TITLE.wrap(&graph.title, TITLE_ROOM, 2),
            name,
        }
    }

    pub fn width(&self) -> f64 {
        let titles = self.lines.iter().map(|l| TITLE.width(l));
        titles.fold(NAME.width(&self.name), f64::max)
    }

    pub fn height(&self) -> f64 {
        let name = if self.name.is_empty() {
            0.0
        } else {
            NAME.leading() + 3.0
        };
        count(self.lines.len()) * TITLE.leading() + name + 22.0
    }

    pub fn draw(&self, out: &mut Writer, x: f64, y: f64) {
        out.lines("pg-title", TITLE, x, y, &self.lines);
        let y = y + count(self.lines.len()) * TITLE.leading() + 3.0;
        if !self.name.is_empty() {
            out.lines("pg-journey", NAME, x, y, std::slice::from_ref(&self.name));
        }
    }
}

/// A rule, in lines.
struct Rule {
    /// The name of its group, if it is the first of it.
    about: Option<&'static str>,
    lines: Vec<String>,
    reason: Vec<String>,
}

impl Rule {
    fn height(&self) -> f64 {
        let about = if self.about.is_some() {
            ABOUT.leading() + 10.0
        } else {
            5.0
        };
        about
            + count(self.lines.len()) * RULE.leading()
            + count(self.reason.len()) * REASON.leading()
    }
}

/// The rules of the head.
pub(super) struct Panel {
    rules: Vec<Rule>,
}

impl Panel {
    pub fn of(graph: &Graph) -> Self {
        let room = PANEL.0 - 2.0 * PANEL.1;
        let mut last: Option<About> = None;
        let rules = graph.head.iter().map(|rule| {
            let first = last.replace(rule.about) != Some(rule.about);
            let reason = rule.reason.iter().map(|r| format!("→ {r}"));
            Rule {
                about: first.then(|| words::about(rule.about)),
                lines: RULE.wrap(&rule.words, room, 4),
                reason: reason.flat_map(|r| REASON.wrap(&r, room, 2)).collect(),
            }
        });
        Self {
            rules: rules.collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub fn width(&self) -> f64 {
        PANEL.0
    }

    pub fn height(&self) -> f64 {
        if self.is_empty() {
            return 0.0;
        }
        self.rules.iter().map(Rule::height).sum::<f64>() + PANEL.1 + 4.0
    }

    pub fn draw(&self, out: &mut Writer, x: f64, y: f64) {
        if self.is_empty() {
            return;
        }
        let at = format!("translate({} {})", px(x), px(y));
        out.tag("g", &[("class", "pg-head"), ("transform", &at)]);
        let size = [px(PANEL.0), px(self.height())];
        out.empty(
            "rect",
            &[
                ("class", "pg-panel"),
                ("width", &size[0]),
                ("height", &size[1]),
                ("rx", "7"),
            ],
        );
        let mut y = 2.0;
        for rule in &self.rules {
            y = draw(rule, out, y);
        }
        out.line("</g>");
    }
}

/// Draws a rule at `y`; where it ends.
fn draw(rule: &Rule, out: &mut Writer, y: f64) -> f64 {
    let mut y = y + 5.0;
    if let Some(about) = rule.about {
        out.lines("pg-about", ABOUT, PANEL.1, y + 5.0, &[about.to_owned()]);
        y += ABOUT.leading() + 5.0;
    }
    out.lines("pg-rule", RULE, PANEL.1, y, &rule.lines);
    y += count(rule.lines.len()) * RULE.leading();
    out.lines("pg-reason", REASON, PANEL.1, y, &rule.reason);
    y + count(rule.reason.len()) * REASON.leading()
}

/// The graph in a sentence or two, for those who cannot see it.
pub(super) fn description(graph: &Graph) -> String {
    let titles = |kind: Kind| {
        let of_kind = graph.boxes.iter().filter(move |b| b.kind == kind);
        let titles: Vec<&str> = of_kind.map(|b| &*b.title).collect();
        titles
    };
    let steps = match graph.steps() {
        1 => "1 step".to_owned(),
        n => format!("{n} steps"),
    };
    let mut text = format!(
        "A journey of {steps}, entered by {}.",
        titles(Kind::Enter).join(" or ")
    );
    let sends = titles(Kind::Send);
    if !sends.is_empty() {
        text.push_str(&format!(" Sends: {}.", sends.join("; ")));
    }
    let mut ends = titles(Kind::Exit);
    ends.extend(titles(Kind::End));
    ends.dedup();
    if !ends.is_empty() {
        text.push_str(&format!(" Ends: {}.", ends.join("; ")));
    }
    words::clip(&text, 600)
}
