//! The word tables of the reference, made from the grammar.

use super::{Context, File, Form, Takes, Without, Word, takes::CHANNELS};

/// The table of a context (`cap`) or of one of its forms (`step.send`, `entry.date`) as Markdown;
/// `None` if there is nothing of that name.
///
/// A form's table has the words of the form itself; those that go with every form stand in the
/// table of the context.
pub fn table(name: &str) -> Option<String> {
    let (context, form) = name
        .split_once('.')
        .map_or((name, None), |(c, f)| (c, Some(f)));
    let context = context_of(context)?;
    let words: Vec<&Word> = match form {
        None if context.words.is_empty() => context.forms.iter().map(|f| &f.head).collect(),
        None => context.words.iter().collect(),
        Some(head) => form_of(context, head)?.words().collect(),
    };
    let mut table = "| word | does | takes | without it |\n| --- | --- | --- | --- |\n".to_owned();
    words.iter().for_each(|word| table.push_str(&row(word)));
    Some(table)
}

fn context_of(name: &str) -> Option<&'static Context> {
    let mut contexts = File::ALL.into_iter().flat_map(File::contexts);
    contexts.find(|c| c.name == name)
}

fn form_of(context: &'static Context, head: &str) -> Option<&'static Form> {
    context.forms.iter().find(|f| f.head.name == head)
}

fn row(word: &Word) -> String {
    let without = match word.without {
        Without::Error => "an error".to_owned(),
        Without::Value(value) => format!("`{value}`"),
        Without::Said(said) => said.to_owned(),
        Without::Nothing => String::new(),
    };
    let cells = [word.about.to_owned(), takes(&word.takes), without];
    let cells = cells.map(|c| c.replace('|', "\\|"));
    format!("| `{}` | {} |\n", word.name, cells.join(" | "))
}

/// What a word takes; each of a few words with what it does.
fn takes(what: &Takes) -> String {
    match what {
        Takes::OneOf(choices) if !choices.iter().any(|c| c.name == CHANNELS[0].name) => {
            let said: Vec<String> = choices
                .iter()
                .map(|c| format!("`{}` ({})", c.name, c.about))
                .collect();
            said.join(", ")
        }
        Takes::Fields(context) if context.what.starts_with('`') => "`{ … }`".to_owned(),
        Takes::Either(all) => all.iter().map(takes).collect::<Vec<_>>().join(", or "),
        _ => what.say(),
    }
}
