//! Writing elements: everything that comes from a journey is escaped here.

use crate::graph::text::Face;

/// An SVG in the making.
#[derive(Default)]
pub(super) struct Writer {
    out: String,
}

impl Writer {
    /// A line as it is.
    pub fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A tag that is left open.
    pub fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.line(">");
    }

    /// An element without content.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.line("/>");
    }

    /// An element that holds a text.
    pub fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        escape(text, &mut self.out);
        self.line(&format!("</{name}>"));
    }

    /// Lines of text below each other: `x` is where they begin, or their middle if their class
    /// says so; `y` is the upper edge of the first.
    pub fn lines(&mut self, class: &str, face: Face, x: f64, y: f64, lines: &[String]) {
        let mut base = y + face.size * 0.98 + (face.leading() - face.size) / 2.0;
        for line in lines {
            let at = [px(x), px(base)];
            self.text(
                "text",
                &[("class", class), ("x", &at[0]), ("y", &at[1])],
                line,
            );
            base += face.leading();
        }
    }

    pub fn finish(self) -> String {
        self.out
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, &mut self.out);
            self.out.push('"');
        }
    }
}

/// Text as XML has it, within elements and attributes. What XML cannot hold is left out.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

/// A number of pixels to a tenth, as short as it can be.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" {
        "0".into()
    } else {
        short.to_owned()
    }
}

/// An id as it may stand in an attribute `id`: `wait#1` is `wait-1`.
pub(super) fn slug(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    id.chars().map(|c| if plain(c) { c } else { '-' }).collect()
}
