//! Answers to questions: what a customer's words mean (rule 29).

mod written;

use std::sync::Arc;

use crate::{
    machine::{Choice, Expect},
    value::Value,
};

/// The longest answer that is kept, in bytes.
pub const MAX_ANSWER: usize = 2_000;

/// Words by which a customer takes every consent on a channel back, whatever was asked. The
/// English ones are those that carriers oblige senders to know (Twilio's default list).
const STOP: [&str; 11] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "arret",
    "arreter",
    "desabonner",
    "desinscription",
];

/// Words by which a customer who has stopped all messages on a channel begins anew: those of
/// Twilio's default list, and French ones.
const START: [&str; 6] = [
    "start",
    "unstop",
    "yes start",
    "reprendre",
    "reprise",
    "recommencer",
];

/// Words by which a customer asks who writes and how to end it: those of Twilio's default list, and a French
/// one.
const HELP: [&str; 3] = ["help", "info", "aide"];

/// Words by which a customer wants a conversation to begin anew. Journeys heed them where they say so.
const RESTART: [&str; 8] = [
    "restart",
    "start over",
    "start again",
    "menu",
    "main menu",
    "tout recommencer",
    "menu principal",
    "retour au menu",
];

/// Words by which a customer wants to talk to a person. Journeys heed them where they say so.
const PERSON: [&str; 18] = [
    "agent",
    "human",
    "person",
    "a person",
    "real person",
    "operator",
    "talk to a person",
    "talk to a human",
    "talk to an agent",
    "talk to someone",
    "speak to someone",
    "conseiller",
    "conseillere",
    "un conseiller",
    "humain",
    "parler a quelqu un",
    "parler a une personne",
    "parler a un conseiller",
];

/// What a reply may ask for, whatever was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more messages on its channel.
    Stop,
    /// Messages on its channel again.
    Start,
    /// Who writes, and how to end it.
    Help,
    /// The conversation from its beginning.
    Restart,
    /// A person.
    Person,
}

impl Keyword {
    /// As `event.keyword` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Help => "help",
            Self::Restart => "restart",
            Self::Person => "person",
        }
    }
}

/// The keyword that a reply is, and nothing beside it.
pub fn keyword(text: &str) -> Option<Keyword> {
    let text = normal(text);
    let all: [(&[&str], Keyword); 5] = [
        (&STOP, Keyword::Stop),
        (&START, Keyword::Start),
        (&HELP, Keyword::Help),
        (&RESTART, Keyword::Restart),
        (&PERSON, Keyword::Person),
    ];
    let found = all.into_iter().find(|(words, _)| words.contains(&&*text));
    found.map(|(_, keyword)| keyword)
}

/// A text without capitals, accents, punctuation and outer or double spaces: what two answers are
/// compared by.
pub fn normal(text: &str) -> String {
    let letters = text.chars().take(MAX_ANSWER).flat_map(plain);
    let kept: String = letters
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A letter in small and without its accent. The accents of the languages of Western Europe; other
/// scripts stay as they are.
fn plain(c: char) -> Vec<char> {
    c.to_lowercase()
        .flat_map(|c| {
            let base: &str = match c {
                'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => "a",
                'ç' => "c",
                'è' | 'é' | 'ê' | 'ë' => "e",
                'ì' | 'í' | 'î' | 'ï' => "i",
                'ñ' => "n",
                'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => "o",
                'ù' | 'ú' | 'û' | 'ü' => "u",
                'ý' | 'ÿ' => "y",
                'œ' => "oe",
                'æ' => "ae",
                'ß' => "ss",
                '\u{300}'..='\u{36f}' => "",
                _ => return vec![c],
            };
            base.chars().collect()
        })
        .collect()
}

/// What an answer was taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    /// The value of `steps.ID.answer`.
    pub value: Value,
    /// Which option, counted from 0, where there are options.
    pub option: Option<usize>,
}

/// What those words mean as an answer; `None`: they are not understood.
pub fn understand(expect: &Expect, text: &str) -> Option<Understood> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let value = match expect {
        Expect::Options(choices) => return option(choices, text),
        Expect::Text => Value::Text(cut(text)),
        Expect::Number { min, max } => written::number(text, *min, *max)?,
        Expect::Date => Value::Text(Arc::from(written::date(text)?.to_string())),
        Expect::Email => Value::Text(written::email(text)?),
    };
    Some(Understood {
        value,
        option: None,
    })
}

/// At most [`MAX_ANSWER`] bytes, at the end of a letter.
fn cut(text: &str) -> Arc<str> {
    let mut end = text.len().min(MAX_ANSWER);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Arc::from(&text[..end])
}

fn option(choices: &[Choice], text: &str) -> Option<Understood> {
    let said = normal(text);
    let means = |choice: &Choice| words(choice).any(|word| normal(word) == said);
    let index = choices.iter().position(means);
    let index = index
        .or_else(|| numbered(choices, &said))
        .or_else(|| only(choices, |word| nearly(word, &said)))
        .or_else(|| mentioned(choices, &said))?;
    Some(Understood {
        value: Value::Text(choices[index].name.clone()),
        option: Some(index),
    })
}

/// The only option with a label or a synonym that is it; its name is for authors, and may be any word.
fn only(choices: &[Choice], is_it: impl Fn(&str) -> bool) -> Option<usize> {
    let means = |choice: &Choice| words(choice).skip(1).any(|word| is_it(&normal(word)));
    let mut found = (0..choices.len()).filter(|i| means(&choices[*i]));
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

/// Whether it is that word but for a slip: one letter of five, two of nine.
fn nearly(word: &str, said: &str) -> bool {
    let slips = match word.chars().count() {
        ..5 => return false,
        5..9 => 1,
        _ => 2,
    };
    strsim::osa_distance(word, said) <= slips
}

/// Words that turn what is said round.
const NOT: [&str; 10] = [
    "not", "no", "never", "don", "doesn", "pas", "non", "jamais", "ni", "sans",
];

/// The only option whose label or synonym is part of a sentence: `where is my parcel please`.
fn mentioned(choices: &[Choice], said: &str) -> Option<usize> {
    if said.split(' ').any(|word| NOT.contains(&word)) {
        return None;
    }
    let said = format!(" {said} ");
    only(choices, |word| {
        word.chars().count() >= 4 && said.contains(&format!(" {word} "))
    })
}

fn words(choice: &Choice) -> impl Iterator<Item = &Arc<str>> {
    let labels = choice.label.values();
    std::iter::once(&choice.name)
        .chain(labels)
        .chain(&choice.synonyms)
}

/// The option of that number, counted from 1: where there is nothing to press, providers number them.
/// Where an option has a number in its own words, that may be what is meant.
fn numbered(choices: &[Choice], said: &str) -> Option<usize> {
    let number: usize = said.parse().ok()?;
    let index = number.checked_sub(1).filter(|i| *i < choices.len())?;
    let digit = |word: &Arc<str>| word.contains(|c: char| c.is_ascii_digit());
    let ambiguous = choices.iter().any(|choice| words(choice).any(digit));
    (!ambiguous).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Vec<Choice> {
        let choice = |name: &str, label: &str, synonyms: &[&str]| Choice {
            name: Arc::from(name),
            label: [(Arc::from(""), Arc::from(label))].into(),
            synonyms: synonyms.iter().map(|s| Arc::from(*s)).collect(),
            then: crate::machine::NodeId::END,
        };
        vec![
            choice("talk", "Talk to a person", &["agent", "un conseiller"]),
            choice("write", "Plus tard, été", &[]),
        ]
    }

    #[test]
    fn an_option_is_understood_by_its_name_label_and_synonyms() {
        let expect = Expect::Options(choices());
        let answer = |text: &str| understand(&expect, text).and_then(|u| u.option);
        for text in ["talk", " Talk to a person! ", "AGENT", "Un conseiller."] {
            assert_eq!(answer(text), Some(0), "{text}");
        }
        assert_eq!(answer("plus tard ete"), Some(1));
        for text in [
            "Agnet",
            "un conseillr",
            "I want an agent, please",
            "je veux un conseiller",
        ] {
            assert_eq!(answer(text), Some(0), "{text}");
        }
        // Not what was meant, or not for sure.
        for text in [
            "no agent please",
            "pas un conseiller",
            "an agent, plus tard été",
            "agentur",
        ] {
            assert_eq!(answer(text), None, "{text}");
        }
        for text in ["", "  ", "talk to", "person"] {
            assert_eq!(answer(text), None, "{text}");
        }
    }

    #[test]
    fn an_option_is_understood_by_its_number_unless_others_have_numbers_of_their_own() {
        let answer = |choices: Vec<Choice>, text: &str| {
            understand(&Expect::Options(choices), text).and_then(|u| u.option)
        };
        for (text, option) in [("1", Some(0)), ("2.", Some(1)), ("0", None), ("3", None)] {
            assert_eq!(answer(choices(), text), option, "{text}");
        }
        let mut nights = choices();
        nights[1].label = [(Arc::from(""), Arc::from("7 nights"))].into();
        assert_eq!(answer(nights, "1"), None);
    }

    #[test]
    fn stop_words_are_known_in_both_languages() {
        for text in ["STOP", "stop!", "Arrêt", "Unsubscribe", "désabonner"] {
            assert_eq!(keyword(text), Some(Keyword::Stop), "{text}");
        }
        assert_eq!(keyword("Main menu"), Some(Keyword::Restart));
        assert_eq!(keyword("Parler à quelqu’un"), Some(Keyword::Person));
        // Which asks for messages again.
        assert_eq!(keyword("recommencer"), Some(Keyword::Start));
        for text in ["stop it please", "no", "continue"] {
            assert_eq!(keyword(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_answer_is_cut_at_a_letter() {
        let text = "é".repeat(MAX_ANSWER);
        let Some(Value::Text(kept)) = understand(&Expect::Text, &text).map(|u| u.value) else {
            panic!("not understood");
        };
        assert_eq!(kept.len(), MAX_ANSWER);
    }
}
