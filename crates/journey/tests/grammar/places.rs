//! Every place of every kind of file as a minimal document with a hole in it.

use std::collections::BTreeSet;

use journey::grammar::{Context, File, Form, Known, Takes, Word};

/// A place where words may stand, with the least that must stand around it.
pub struct Place {
    pub file: File,
    pub context: &'static Context,
    pub form: Option<&'static Form>,
    /// The document; `§` is where the place's words go.
    document: String,
}

impl Place {
    /// The words that stand there.
    pub fn words(&self) -> Vec<&'static Word> {
        match self.form {
            Some(form) => form.words().chain(self.context.words).collect(),
            None => self.context.words.iter().collect(),
        }
    }

    /// Every word of every form of the context.
    pub fn all(&self) -> BTreeSet<&'static str> {
        let forms = self.context.forms.iter().flat_map(Form::words);
        forms.chain(self.context.words).map(|w| w.name).collect()
    }

    /// The examples of the words that must stand here, without that of `but`.
    fn base(&self, but: &str) -> Vec<&'static str> {
        let head = self.form.map(|f| f.head.name);
        let wanted = |w: &&Word| w.name != but && (w.required() || Some(w.name) == head);
        self.words()
            .into_iter()
            .filter(wanted)
            .map(|w| w.example)
            .collect()
    }

    /// The whole document with these fields beside those that must stand here.
    pub fn with(&self, name: &str, field: &str) -> String {
        let mut fields = self.base(name);
        fields.push(field);
        self.document.replace('§', &fields.join(", "))
    }

    pub fn title(&self) -> String {
        let form = self.form.map_or("", |f| f.head.name);
        format!("{:?} {} {form}", self.file, self.context.name)
    }
}

/// Every place of a kind of file.
pub fn places(file: File) -> Vec<Place> {
    let mut found = Vec::new();
    open(file, &file.root(), "§", &mut found);
    found
}

fn open(file: File, takes: &Takes, document: &str, found: &mut Vec<Place>) {
    let Some((context, inner)) = inside(takes) else {
        return;
    };
    if found.iter().any(|p| p.context.name == context.name) {
        return;
    }
    let document = document.replace('§', &inner);
    let forms: Vec<Option<&Form>> = match context.forms {
        [] => vec![None],
        forms => forms.iter().map(Some).collect(),
    };
    let first = found.len();
    for form in forms {
        found.push(Place {
            file,
            context,
            form,
            document: document.clone(),
        });
    }
    for at in first..found.len() {
        if found[at].context.name == context.name {
            for word in found[at].words() {
                let inner = found[at].with(word.name, &format!("{}: §", word.name));
                open(file, &word.takes, &inner, found);
            }
        }
    }
}

/// The context that may stand here, and how it is written with `§` for its words.
fn inside(takes: &Takes) -> Option<(&'static Context, String)> {
    Some(match takes {
        Takes::List(item) => {
            let (context, inner) = inside(item)?;
            (context, format!("[ {inner} ]"))
        }
        Takes::Named { name, value } => {
            let (context, inner) = inside(value)?;
            let name = match name {
                Known::Channel => "email",
                Known::Target => "run.a",
                _ => "a",
            };
            (context, format!("{{ {name}: {inner} }}"))
        }
        Takes::Steps => (Takes::Steps.item()?, "[ { § } ]".to_owned()),
        Takes::Either(all) => return all.iter().find_map(inside),
        Takes::OneOrMore(one) => return inside(one),
        _ => (takes.fields()?, "{ § }".to_owned()),
    })
}

trait Item {
    fn item(&self) -> Option<&'static Context>;
}

impl Item for Takes {
    /// The context of the steps of a list of steps.
    fn item(&self) -> Option<&'static Context> {
        use journey::grammar::{Key, context_at};
        context_at(File::Journey, &[Key::Name("steps"), Key::Index(0)])
    }
}
