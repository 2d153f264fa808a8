//! `config/parcours.yaml`, read by its grammar alone: what may stand where is said there, and nowhere else.

use super::{Fields, Reader, ast::Word};
use crate::{
    diagnostics::{nearest, policy, yaml},
    grammar::{Context, File, Form, Known, Takes, Word as Setting},
    source::{Kind, Node, Pair},
};

/// Reports all that is wrong with the settings.
pub(crate) fn settings(root: &Node, r: &mut Reader<'_>) {
    if root.is_empty() {
        return;
    }
    r.described(root, &File::Settings.root());
}

impl Reader<'_> {
    /// Reports all that is wrong with a value that the grammar describes.
    pub(crate) fn described(&mut self, node: &Node, takes: &Takes) {
        match takes {
            Takes::Fields(context) => self.described_fields(node, context),
            Takes::OneOrMore(item) => match &node.kind {
                Kind::List(items) => items.iter().for_each(|n| self.described(n, item)),
                _ => self.described(node, item),
            },
            Takes::Named { value, .. } => match &node.kind {
                Kind::Map(pairs) => pairs.iter().for_each(|p| self.described(&p.value, value)),
                _ => self.wrong_kind(node, &takes.say()),
            },
            Takes::Duration => {
                self.some_time(node);
            }
            Takes::Whole { min, max } => {
                self.whole(node, "a setting", *min, *max);
            }
            Takes::Truth => {
                self.truth(node);
            }
            Takes::OneOf(choices) => {
                let words: Vec<(&str, ())> = choices.iter().map(|c| (c.name, ())).collect();
                self.one_of(node, "value of this setting", &words);
            }
            Takes::Secret { least, several } => self.secret(node, *least, *several),
            Takes::Ref(known) => self.known(node, *known),
            other => {
                self.text(node, &other.say());
            }
        }
    }

    fn described_fields(&mut self, node: &Node, context: &'static Context) {
        let form = match context.forms {
            [] => None,
            forms => match self.form(node, context, forms) {
                Some(form) => Some(form),
                None => return,
            },
        };
        let Some(mut fields) = Fields::of(node, context.what, self) else {
            return;
        };
        let words: Vec<&Setting> = match form {
            Some(form) => form.words().chain(context.words).collect(),
            None => context.words.iter().collect(),
        };
        for word in words {
            let found = match word.required() && form.is_none() {
                true => fields.need(word.name, &format!("as in `{}`", word.example), self),
                false => fields.get(word.name),
            };
            if let Some(value) = found {
                self.described(value, &word.takes);
            }
        }
        fields.finish(self);
    }

    /// The form whose first word stands there: exactly one does.
    fn form(
        &mut self,
        node: &Node,
        context: &'static Context,
        forms: &'static [Form],
    ) -> Option<&'static Form> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(node, &format!("the named fields of {}", context.what));
            return None;
        };
        let heads: Vec<&str> = forms.iter().map(|f| f.head.name).collect();
        let is_head = |p: &&Pair| heads.contains(&&*p.name);
        let all = heads.iter().map(|h| format!("`{h}`"));
        let all = all.collect::<Vec<_>>().join(" or ");
        let mut there = pairs.iter().filter(is_head);
        let Some(first) = there.next() else {
            let unknown = pairs.first();
            let span = unknown.map_or_else(|| self.first_line(&node.span), |p| p.name_span.clone());
            let near = unknown.and_then(|p| nearest(&p.name, heads.iter().copied()));
            let message = format!("{} needs {all}", context.what);
            self.sink
                .error(yaml::MISSING, span, message)
                .labelled("none of them stands here")
                .offered(near);
            return None;
        };
        if let Some(second) = there.next() {
            self.sink
                .error(
                    yaml::EXCLUDES,
                    second.name_span.clone(),
                    format!("`{}` cannot stand beside `{}`", second.name, first.name),
                )
                .labelled("one of them must go")
                .shown(first.name_span.clone(), "the other");
            return None;
        }
        forms.iter().find(|f| f.head.name == &*first.name)
    }

    /// Reports one without ever quoting it.
    fn secret(&mut self, node: &Node, least: u32, several: bool) {
        let Some(word) = self.text(node, "a secret") else {
            return;
        };
        let short = |secret: &str| secret.len() < least as usize;
        let fails = match several {
            true => word.text.split_whitespace().any(short),
            false => short(&word.text),
        };
        if fails {
            let what = if several {
                "a secret here"
            } else {
                "this secret"
            };
            self.sink
                .error(
                    yaml::UNKNOWN_VALUE,
                    word.span,
                    format!("{what} is too short"),
                )
                .labelled(format!("{least} characters or more are expected"))
                .noted("`openssl rand -hex 32` makes one");
        }
    }

    fn known(&mut self, node: &Node, known: Known) {
        let said = Takes::Ref(known).say();
        let Some(word) = self.text(node, &said) else {
            return;
        };
        let text = &*word.text;
        match known {
            Known::Listen if !is_address(text) => self.no_address(&word),
            Known::Mail if !is_mail(text) => self.is_none(&word, &said),
            Known::Sender if !is_sender(text) => self.is_none(&word, &said),
            Known::Colour if !is_colour(text) => self.is_none(&word, &said),
            Known::Url => self.scheme(&word, &["https", "http"], &said),
            Known::Database => self.scheme(&word, &["postgres", "postgresql"], &said),
            Known::Broker => self.scheme(&word, &["amqp", "amqps"], &said),
            _ => {}
        }
    }

    fn is_none(&mut self, word: &Word, said: &str) {
        self.sink
            .error(
                yaml::UNKNOWN_VALUE,
                word.span.clone(),
                format!("{said} should stand here"),
            )
            .labelled(format!("`{}` is none", word.text));
    }

    fn no_address(&mut self, word: &Word) {
        let said = Takes::Ref(Known::Listen).say();
        self.is_none(word, &said);
        let bare = word.text.split_once("://").map_or(&*word.text, |(_, b)| b);
        let bare = bare.trim_end_matches('/').trim_start_matches(':');
        let offered = match bare.parse::<u16>() {
            Ok(port) => format!("127.0.0.1:{port}"),
            Err(_) => bare.to_owned(),
        };
        if let Some(diagnostic) = self.sink.last(yaml::UNKNOWN_VALUE)
            && is_address(&offered)
        {
            diagnostic.rewritten(offered);
        }
    }

    /// Not quoted: it may hold a password.
    fn scheme(&mut self, word: &Word, schemes: &[&str], said: &str) {
        let (scheme, rest) = word.text.split_once("://").unzip();
        let named = rest.is_some_and(|r| !r.starts_with(['/', '?', '#']) && !r.is_empty());
        let whole = named && !word.text.contains(char::is_whitespace);
        if whole && scheme.is_some_and(|s| schemes.contains(&s)) {
            return;
        }
        let diagnostic = self
            .sink
            .error(
                policy::BAD_URL,
                word.span.clone(),
                format!("{said} should stand here"),
            )
            .labelled(format!("it begins with `{}://`", schemes[0]));
        if let Some(near) = scheme.and_then(|s| nearest(s, schemes.iter().copied())) {
            diagnostic.noted(format!("did you mean `{near}://`?"));
        }
    }
}

/// `HOST:PORT`.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let named = !host.is_empty() && !host.contains(['/', ' ', '@']);
        named && port.parse::<u16>().is_ok() && !port.starts_with('+')
    })
}

fn is_mail(text: &str) -> bool {
    let graphic = text.bytes().all(|b| b.is_ascii_graphic());
    text.split_once('@')
        .is_some_and(|(user, domain)| graphic && !user.is_empty() && !domain.is_empty())
}

fn is_sender(text: &str) -> bool {
    match text.strip_suffix('>').and_then(|t| t.rsplit_once('<')) {
        Some((_, address)) => is_mail(address),
        None => is_mail(text),
    }
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use crate::{diagnostic::SourceFile, diagnostics::Sink, grammar::Takes, parse::Reader, source};

    #[test]
    fn one_or_several_are_each_held_against_their_description() {
        let takes = Takes::OneOrMore(&Takes::Whole { min: 1, max: 9 });
        for (text, wrong) in [("5", 0), ("[1, 2]", 0), ("[1, 20, x]", 2), ("{ a: 1 }", 1)] {
            let file = SourceFile {
                path: "config/parcours.yaml".into(),
                text: text.into(),
            };
            let mut sink = Sink::new(&file);
            let root = source::load(&file, &mut sink).unwrap();
            Reader::new(&file, &mut sink).described(&root, &takes);
            assert_eq!(sink.finish().len(), wrong, "{text}");
        }
    }
}
