//! The fields of an event or of the traits, with what is said about them.

use std::sync::Arc;

use crate::{
    ide::outline::{Node, Pair},
    source::Span,
};

/// A step of a path: an item of a list.
pub(in crate::ide) const ITEM: &str = "[]";

/// How deep schemas are followed: as deep as expressions can sensibly go.
const MAX_DEPTH: usize = 6;

/// What a value holds, as far as its schema says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ide) struct Shape {
    /// Where its name stands in the schema's file; the whole of it at the top.
    pub place: Span,
    /// `text`, `a number`, `a list`, …; empty where nothing is said.
    pub kind: String,
    /// What it is for.
    pub about: String,
    /// An example, as it is written.
    pub example: String,
    /// The values that it can have.
    pub among: Vec<Arc<str>>,
    /// Whether it must be there.
    pub required: bool,
    /// Its fields, in the order of the file.
    pub fields: Vec<(Arc<str>, Shape)>,
    /// What the items of a list hold.
    pub item: Option<Box<Shape>>,
}

impl Shape {
    /// The field at the end of a path, in which [`ITEM`] stands for any item of a list.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |shape, name| match *name {
            ITEM => shape.item.as_deref(),
            name => shape.fields.iter().find(|f| *f.0 == *name).map(|f| &f.1),
        })
    }
}

struct Schema<'s> {
    text: &'s str,
    root: &'s Node,
}

/// The shape that a schema's file describes.
pub(super) fn read(text: &str, root: &Node) -> Shape {
    let schema = Schema { text, root };
    schema.shape(root, root.first_line(text), 0)
}

impl Schema<'_> {
    fn shape(&self, node: &Node, place: Span, depth: usize) -> Shape {
        let node = self.resolve(node);
        let word = |name: &str| {
            let raw = node.get(self.text, name).and_then(|n| n.raw(self.text));
            raw.unwrap_or_default()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let among = self.texts(node, "enum");
        let mut shape = Shape {
            place,
            kind: self.kind(node, &among),
            about: word("description"),
            example: self.example(node),
            among,
            ..Shape::default()
        };
        if depth < MAX_DEPTH {
            shape.fields = self.fields(node, depth);
            shape.item = node
                .get(self.text, "items")
                .map(|items| Box::new(self.shape(items, items.first_line(self.text), depth + 1)));
        }
        shape
    }

    fn fields(&self, node: &Node, depth: usize) -> Vec<(Arc<str>, Shape)> {
        let required = self.texts(node, "required");
        let pairs = node
            .get(self.text, "properties")
            .map_or(&[][..], Node::pairs);
        let field = |pair: &Pair| {
            let name: Arc<str> = Arc::from(&self.text[pair.key.clone()]);
            let mut shape = self.shape(&pair.value, pair.key.clone(), depth + 1);
            shape.required = required.contains(&name);
            (name, shape)
        };
        pairs.iter().map(field).collect()
    }

    /// Behind a `$ref` to a definition of the same file.
    fn resolve<'n>(&'n self, node: &'n Node) -> &'n Node {
        let mut node = node;
        for _ in 0..MAX_DEPTH {
            let Some(name) = node.get(self.text, "$ref").and_then(|n| n.raw(self.text)) else {
                break;
            };
            let found = ["$defs", "definitions"].iter().find_map(|word| {
                let name = name.strip_prefix(&format!("#/{word}/"))?;
                self.root.get(self.text, word)?.get(self.text, name)
            });
            let Some(found) = found else { break };
            node = found;
        }
        node
    }

    fn texts(&self, node: &Node, name: &str) -> Vec<Arc<str>> {
        let items = node.get(self.text, name).map_or(&[][..], Node::items);
        let texts = items.iter().filter_map(|i| i.raw(self.text));
        texts.map(Arc::from).collect()
    }

    fn kind(&self, node: &Node, among: &[Arc<str>]) -> String {
        if !among.is_empty() {
            return format!("one of {}", among.join(", "));
        }
        let moment =
            node.get(self.text, "format").and_then(|n| n.raw(self.text)) == Some("date-time");
        let kinds = node.get(self.text, "type").map_or(&[][..], Node::each);
        let words = kinds
            .iter()
            .filter_map(|k| k.raw(self.text))
            .map(|kind| match kind {
                "string" if moment => "a moment",
                "string" => "text",
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" => "true or false",
                "array" => "a list",
                "object" => "named fields",
                "null" => "nothing",
                other => other,
            });
        words.collect::<Vec<_>>().join(" or ")
    }

    fn example(&self, node: &Node) -> String {
        let first = |name: &str| Some(node.get(self.text, name)?.each().first()?.span.clone());
        let span = first("examples").or_else(|| first("example"));
        let written = span.and_then(|s| self.text.get(s)).unwrap_or_default();
        if written.contains('\n') || written.len() > 80 {
            return String::new();
        }
        written.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::ide::outline;

    #[test]
    fn fields_items_and_references_are_followed() {
        let text = "properties:\n  items: { type: array, items: { $ref: '#/$defs/item' } }\n  x: { type: [string, \"null\"], format: date-time }\nrequired: [x]\n$defs:\n  item: { properties: { sku: { type: string, enum: [a, b], description: What it is } } }\n";
        let shape = super::read(text, &outline::read(text));
        let item = shape.at(&["items"]).unwrap().item.as_ref().unwrap();
        assert_eq!(item.at(&["sku"]).unwrap().kind, "one of a, b");
        assert_eq!(item.at(&["sku"]).unwrap().about, "What it is");
        let x = shape.at(&["x"]).unwrap();
        assert_eq!((x.kind.as_str(), x.required), ("a moment or nothing", true));
        assert_eq!(&text[x.place.clone()], "x");
    }
}
