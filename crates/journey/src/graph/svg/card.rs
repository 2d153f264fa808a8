//! One box: its icon, its title, its id and its details.

use super::{
    count, look,
    write::{Writer, px, slug},
};
use crate::graph::{Box, Kind, text::Face};

const TITLE: Face = Face::bold(13.0);
const ID: Face = Face::mono(10.5);
const DETAIL: Face = Face::sans(11.0);
/// The widest a box may be, and the narrowest.
const WIDTH: (f64, f64) = (246.0, 112.0);
/// What the icon takes.
const ICON: f64 = 32.0;
/// To the left of the words, to their right, above and below them.
const PAD: (f64, f64, f64) = (10.0, 12.0, 9.0);

/// A box, ready to be placed.
pub(super) struct Card<'g> {
    one: &'g Box,
    title: Vec<String>,
    id: Option<String>,
    details: Vec<String>,
}

impl<'g> Card<'g> {
    pub fn of(one: &'g Box) -> Self {
        let room = WIDTH.0 - ICON - PAD.0 - PAD.1;
        // A split is called by its id already.
        let id = one.given_id().filter(|_| one.kind != Kind::Split);
        let details = one.details.iter().flat_map(|d| DETAIL.pack(d, room, 3));
        Self {
            one,
            title: TITLE.wrap(&one.title, room, 4),
            id: id.map(|id| ID.cut(id, room)),
            details: details.collect(),
        }
    }

    /// Width and height, in whole pixels.
    pub fn size(&self) -> (f64, f64) {
        let titles = self.title.iter().map(|l| TITLE.width(l));
        let ids = self.id.iter().map(|l| ID.width(l));
        let details = self.details.iter().map(|l| DETAIL.width(l));
        let words = titles.chain(ids).chain(details).fold(0.0, f64::max);
        let wide = (words + ICON + PAD.0 + PAD.1)
            .clamp(WIDTH.1, WIDTH.0)
            .ceil();
        (wide, (self.words() + 2.0 * PAD.2).ceil())
    }

    /// The height of all words.
    fn words(&self) -> f64 {
        let more = count(self.details.len()) * DETAIL.leading();
        let id = count(usize::from(self.id.is_some())) * ID.leading();
        let gap = if more + id > 0.0 { 2.0 } else { 0.0 };
        count(self.title.len()) * TITLE.leading() + gap + id + more
    }

    pub fn draw(&self, out: &mut Writer, x: f64, y: f64) {
        self.open(out, x, y);
        out.text("title", &[], &self.tooltip());
        let (wide, high) = self.size();
        let round = if matches!(self.one.kind, Kind::Enter | Kind::Exit | Kind::End) {
            15.0
        } else {
            7.0
        };
        let (w, h, r) = (px(wide), px(high), px(round));
        out.empty(
            "rect",
            &[
                ("class", "pg-card"),
                ("width", &w),
                ("height", &h),
                ("rx", &r),
            ],
        );
        let strip =
            format!("M{ICON} 0V{h}H{r}a{r} {r} 0 0 1 -{r} -{r}V{r}a{r} {r} 0 0 1 {r} -{r}z");
        out.empty("path", &[("class", "pg-strip"), ("d", &strip)]);
        let icon = format!(
            "translate({} {})",
            px(ICON / 2.0 - 8.0),
            px(high / 2.0 - 8.0)
        );
        out.empty(
            "path",
            &[
                ("class", "pg-icon"),
                ("transform", &icon),
                ("d", look::icon(self.one.kind)),
            ],
        );
        self.words_at(out);
        out.line("</g>");
    }

    fn open(&self, out: &mut Writer, x: f64, y: f64) {
        let kind = self.one.kind.as_str();
        let class = format!("pg-box pg-{kind}");
        let at = format!("translate({} {})", px(x), px(y));
        let mut attributes = vec![
            ("class", class.as_str()),
            ("transform", &at),
            ("data-kind", kind),
        ];
        let slug = slug(&self.one.id);
        let step = format!("step-{slug}");
        let line = self.one.line.map(|l| l.to_string());
        match &line {
            Some(line) => attributes.extend([
                ("id", step.as_str()),
                ("data-step", &*self.one.id),
                ("data-line", line),
            ]),
            None => attributes.push(("id", &slug)),
        }
        out.tag("g", &attributes);
    }

    fn words_at(&self, out: &mut Writer) {
        let x = ICON + PAD.0;
        let mut y = PAD.2;
        out.lines("pg-name", TITLE, x, y, &self.title);
        y += count(self.title.len()) * TITLE.leading() + 2.0;
        if let Some(id) = &self.id {
            out.lines("pg-id", ID, x, y, std::slice::from_ref(id));
            y += ID.leading();
        }
        out.lines("pg-more", DETAIL, x, y, &self.details);
    }

    /// What a pointer that rests on it shows: all words, and the line.
    fn tooltip(&self) -> String {
        let mut words = vec![self.one.title.clone()];
        words.extend(self.one.given_id().map(str::to_owned));
        words.extend(self.one.details.iter().cloned());
        words.extend(self.one.line.map(|l| format!("line {l}")));
        words.join(" · ")
    }
}
