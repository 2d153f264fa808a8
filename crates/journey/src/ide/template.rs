//! Templates: what stands inside `{{ … }}` and `{% … %}`, finished or not.

use std::sync::Arc;

use super::{
    expression::{self, Path, Token},
    facts::{ITEM, Shape},
    project::{Project, template_of},
    symbol::{Named, Symbol, computed},
};
use crate::{expr::Root, source::Span};

/// The inside of one `{{ … }}` or `{% … %}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub inside: Span,
    /// Whether it is `{% … %}`.
    pub statement: bool,
}

/// Every tag of a template; one that is not closed ends with its line. Comments have none.
pub(super) fn tags(text: &str) -> Vec<Tag> {
    let (mut at, mut found) = (0, Vec::new());
    while let Some(open) = text[at..].find('{').map(|i| at + i) {
        let sign = text.as_bytes().get(open + 1);
        let close = match sign {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                at = open + 1;
                continue;
            }
        };
        let start = open + 2;
        let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
        let end = text[start..].find(close).map(|n| start + n);
        // The next tag's end is not this one's; a comment may hold tags.
        let of_next = |end: &usize| close != "#}" && opens(&text[start..*end]);
        let end = end.filter(|end| !of_next(end)).unwrap_or(line_end);
        at = end;
        if close != "#}" {
            found.push(Tag {
                inside: start..end,
                statement: close == "%}",
            });
        }
    }
    found
}

/// Whether a tag begins in a text.
fn opens(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// A name that the template gives itself, by `for` or `set`, and what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub name: String,
    /// From where on it is known.
    pub from: usize,
    /// The path that it is, or whose items it is.
    pub source: Vec<String>,
}

/// The tokens of a tag.
fn inside(text: &str, tag: &Tag) -> Vec<Token> {
    expression::tokens(text, &tag.inside)
}

/// The names that a template gives itself, in the order of the text.
pub(super) fn locals(text: &str) -> Vec<Local> {
    let statements = tags(text).into_iter().filter(|t| t.statement);
    statements.filter_map(|tag| local(text, &tag)).collect()
}

fn local(text: &str, tag: &Tag) -> Option<Local> {
    let tokens = inside(text, tag);
    let mut paths = tokens.iter().filter_map(|t| match t {
        Token::Path(path) => Some(path),
        _ => None,
    });
    let word = paths.next()?.names(text).join(".");
    let name = paths.next()?.names(text).first()?.to_string();
    let (source, item) = match &*word {
        "for" => {
            let is_in = paths.next()?.names(text) == ["in"];
            (is_in.then(|| paths.next())?, true)
        }
        "set" => (paths.next(), false),
        _ => return None,
    };
    let mut source: Vec<String> = source
        .map_or_else(Vec::new, |p| p.names(text))
        .into_iter()
        .map(str::to_owned)
        .collect();
    if item {
        source.push(ITEM.to_owned());
    }
    Some(Local {
        name,
        from: tag.inside.start,
        source,
    })
}

/// What a template's names mean.
pub(super) struct Meaning<'p> {
    pub project: &'p Project,
    pub template: Option<&'p str>,
    pub locals: Vec<Local>,
}

impl<'p> Meaning<'p> {
    /// In that file.
    pub fn new(project: &'p Project, path: &'p str, text: &str) -> Self {
        Self {
            project,
            template: template_of(path),
            locals: locals(text),
        }
    }

    /// The path with the template's own names replaced by what they stand for.
    pub fn whole(&self, names: &[&str], at: usize) -> Vec<String> {
        let mut path: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        // A name may stand for another one; each is older than the one before.
        let mut before = at;
        for _ in 0..8 {
            let Some(first) = path.first() else { break };
            let known = self.locals.iter().rev();
            let mut known = known.filter(|l| l.from < before && l.name == *first);
            let Some(local) = known.next() else { break };
            before = local.from;
            path.splice(..1, local.source.iter().cloned());
        }
        path
    }

    /// What a path of the template names.
    pub fn symbol(&self, path: &[String]) -> Option<Symbol> {
        let (first, rest) = path.split_first()?;
        if first == "customer" {
            return Some(match rest {
                [] => Symbol::Root(Root::Customer),
                _ => Symbol::Trait(arcs(rest)),
            });
        }
        let template = self.template?;
        let value = self.passed_on(template, first)?;
        match rest {
            [] => Some(Symbol::Filled {
                template: Arc::from(template),
                name: Arc::from(&**first),
            }),
            _ => beneath(&value, rest),
        }
    }

    /// What is known of the value at the end of a path.
    pub fn shape(&self, path: &[String]) -> Option<&'p Shape> {
        let (first, rest) = path.split_first()?;
        let symbol = if first == "customer" {
            Symbol::Trait(arcs(rest))
        } else {
            beneath(&self.passed_on(self.template?, first)?, rest)?
        };
        shape(self.project, &symbol)
    }

    /// The value of a field of `with`: of the first send that says where it comes from.
    fn passed_on(&self, template: &str, name: &str) -> Option<Value> {
        let mut first = None;
        for (_, journey, send) in self.project.sends(template) {
            let Some((_, raw)) = send.fields.iter().find(|f| *f.0.text == *name) else {
                continue;
            };
            let value = Value {
                path: raw
                    .trim_start_matches('=')
                    .trim()
                    .split('.')
                    .map(str::to_owned)
                    .collect(),
                entering: journey.events.first().cloned(),
            };
            if computed(raw) {
                return Some(value);
            }
            first.get_or_insert(value);
        }
        first
    }
}

/// Where a field of `with` comes from.
struct Value {
    path: Vec<String>,
    entering: Option<Arc<str>>,
}

fn arcs(path: &[String]) -> Vec<Arc<str>> {
    path.iter().map(|p| Arc::from(&**p)).collect()
}

/// What a path beneath a field of `with` names.
fn beneath(value: &Value, rest: &[String]) -> Option<Symbol> {
    let words: Vec<&str> = value.path.iter().map(String::as_str).collect();
    let with = |before: &[&str]| -> Vec<Arc<str>> {
        let before = before.iter().map(|p| Arc::from(*p));
        before.chain(arcs(rest)).collect()
    };
    match words.as_slice() {
        ["customer", path @ ..] => Some(Symbol::Trait(with(path))),
        ["run", "event", path @ ..] | ["event", path @ ..] => Some(Symbol::Field {
            event: value.entering.clone()?,
            path: with(path),
        }),
        _ => None,
    }
}

/// What is known of a trait or a field.
pub(super) fn shape<'p>(project: &'p Project, symbol: &Symbol) -> Option<&'p Shape> {
    let (shape, path) = match symbol {
        Symbol::Trait(path) => (project.traits()?.0, path),
        Symbol::Field { event, path } => (project.event(event)?.0, path),
        _ => return None,
    };
    shape.at(&path.iter().map(|p| &**p).collect::<Vec<_>>())
}

/// Everything that a template names.
pub(super) fn symbols(project: &Project, path: &str, text: &str) -> Vec<Named> {
    if !path.starts_with("templates/") {
        return Vec::new();
    }
    let meaning = Meaning::new(project, path, text);
    let mut found = Vec::new();
    for tag in tags(text) {
        let tokens = inside(text, &tag);
        let names_file = tag.statement && names_file(text, &tokens);
        let mut before = None;
        for token in &tokens {
            match token {
                Token::Text(span) if names_file && expression::closed(text, span) => {
                    let span = span.start + 1..span.end - 1;
                    let symbol = Symbol::Shared(Arc::from(&text[span.clone()]));
                    found.push(named(span, symbol));
                }
                Token::Path(path) if matches!(before, Some(Token::Sign('|', _))) => {
                    let span = path.parts[0].clone();
                    let symbol = Symbol::Filter(Arc::from(&text[span.clone()]));
                    found.push(named(span, symbol));
                }
                Token::Path(path) => found.extend(names(&meaning, path, text)),
                _ => {}
            }
            before = Some(token.clone());
        }
    }
    found
}

/// Whether a statement names another file: `extends`, `include`, `import`, `from`.
pub(super) fn names_file(text: &str, tokens: &[Token]) -> bool {
    matches!(tokens.iter().find(|t| !matches!(t, Token::Sign('-' | '+', _))), Some(Token::Path(path))
        if ["extends", "include", "import", "from"].contains(&&*path.names(text).join(".")))
}

fn named(span: Span, symbol: Symbol) -> Named {
    Named {
        span,
        symbol,
        defines: false,
    }
}

fn names(meaning: &Meaning<'_>, path: &Path, text: &str) -> Vec<Named> {
    let names = path.names(text);
    let at = path.parts[0].start;
    let depths = 1..=names.iter().take_while(|n| !n.is_empty()).count();
    let found = depths.filter_map(|depth| {
        let symbol = meaning.symbol(&meaning.whole(&names[..depth], at))?;
        Some(named(path.parts[depth - 1].clone(), symbol))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::{locals, tags};

    #[test]
    fn a_tag_that_is_not_closed_ends_with_its_line() {
        let text = "a {{ b\n{% if c %}{# {{ d }} #}{{ e }}";
        let inside: Vec<&str> = tags(text).iter().map(|t| &text[t.inside.clone()]).collect();
        assert_eq!(inside, [" b", " if c ", " e "]);
    }

    #[test]
    fn loops_and_settings_give_names() {
        let found = locals("{% for item in cart.items %}{%- set x = item.name %}");
        let words: Vec<_> = found
            .iter()
            .map(|l| (&*l.name, l.source.join(".")))
            .collect();
        assert_eq!(
            words,
            [
                ("item", "cart.items.[]".to_owned()),
                ("x", "item.name".to_owned())
            ]
        );
    }
}
