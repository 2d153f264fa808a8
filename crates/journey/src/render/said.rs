//! What filters and the layout of mails complain of, in both languages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::explain::{Language, Tongue};

/// A complaint. The words are ours, and so without a customer's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Of `money`.
    MoneyNeedsNumber,
    /// Of `date`.
    DateNeedsDate,
    /// Of `date`.
    DateStyles,
    /// Of `date`.
    NoDate,
    /// Of `date`.
    NoMoment,
    /// Of `date`.
    NoZone,
    /// Of `replace`.
    ReplaceTooLong,
    /// Of `join`.
    JoinTooLong,
    /// Of `range`.
    RangeByNothing,
    /// Of `range`.
    RangeTooLong,
    /// Of `{{ … }}`.
    PrintsNoList,
    /// Of MJML.
    NoRoot,
    /// Of MJML.
    Misplaced,
    /// Of MJML.
    Unclosed,
    /// Of MJML.
    Include,
    /// Of MJML.
    Malformed,
    /// Of MJML.
    NoLayout,
    /// Of MJML.
    HtmlTooLarge,
    /// Of the styles of a mail.
    Styles,
    /// Of the styles of a mail.
    ManyStyles,
    /// Of a mail's HTML.
    TooDeep,
    /// Of the plain text that is made of a mail's HTML.
    NoPlainText,
}

impl Said {
    /// Every one.
    pub const ALL: [Self; 22] = [
        Self::MoneyNeedsNumber,
        Self::DateNeedsDate,
        Self::DateStyles,
        Self::NoDate,
        Self::NoMoment,
        Self::NoZone,
        Self::ReplaceTooLong,
        Self::JoinTooLong,
        Self::RangeByNothing,
        Self::RangeTooLong,
        Self::PrintsNoList,
        Self::NoRoot,
        Self::Misplaced,
        Self::Unclosed,
        Self::Include,
        Self::Malformed,
        Self::NoLayout,
        Self::HtmlTooLarge,
        Self::Styles,
        Self::ManyStyles,
        Self::TooDeep,
        Self::NoPlainText,
    ];

    /// The one with those English words.
    pub(super) fn of(english: &str) -> Option<Self> {
        let english = |s: &Self| s.words(Language::English) == english;
        Self::ALL.into_iter().find(english)
    }

    pub(super) fn say(self, tongue: &Tongue) -> String {
        let words = |language| self.words(language).to_owned();
        tongue.say(|| words(Language::English), || words(Language::French))
    }

    /// In words.
    pub(super) fn words(self, language: Language) -> &'static str {
        let both = match self {
            Self::MoneyNeedsNumber => ["`money` needs a number", "`money` demande un nombre"],
            Self::DateNeedsDate => ["`date` needs a date", "`date` demande une date"],
            Self::DateStyles => [
                "the styles of `date` are short, long, full and time",
                "les styles de `date` sont `short`, `long`, `full` et `time`",
            ],
            Self::NoDate => ["this is no date", "ce n’est pas une date"],
            Self::NoMoment => [
                "this is no date and no moment",
                "ce n’est ni une date ni un moment",
            ],
            Self::NoZone => ["no such time zone", "ce fuseau horaire n’existe pas"],
            Self::ReplaceTooLong => [
                "`replace` makes too long a text",
                "`replace` produit un texte trop long",
            ],
            Self::JoinTooLong => [
                "`join` makes too long a text",
                "`join` produit un texte trop long",
            ],
            Self::RangeByNothing => [
                "`range` cannot step by 0",
                "`range` ne peut pas avancer de 0",
            ],
            Self::RangeTooLong => [
                "`range` has at most 1000 items",
                "`range` a au plus 1000 éléments",
            ],
            Self::PrintsNoList => [
                "`{{ … }}` prints texts and numbers; a list can be joined: items | join(\", \")",
                "`{{ … }}` écrit des textes et des nombres ; une liste se joint par `items | join(\", \")`",
            ],
            Self::NoRoot => [
                "there is no <mjml> element",
                "l’élément `<mjml>` est absent",
            ],
            Self::Misplaced => [
                "an MJML element stands where it may not",
                "un élément MJML n’est pas à sa place",
            ],
            Self::Unclosed => [
                "an MJML element is not closed",
                "un élément MJML n’est pas fermé",
            ],
            Self::Include => [
                "`mj-include` is not available; use `{% include %}`",
                "`mj-include` n’est pas disponible ; utilisez `{% include %}`",
            ],
            Self::Malformed => ["the MJML is not well-formed", "le MJML est mal formé"],
            Self::NoLayout => [
                "the MJML cannot be laid out",
                "le MJML ne peut pas être mis en page",
            ],
            Self::HtmlTooLarge => ["the HTML is too large", "le HTML est trop volumineux"],
            Self::Styles => [
                "the styles in <style> cannot be read",
                "les styles de `<style>` sont illisibles",
            ],
            Self::ManyStyles => [
                "<style> has too many rules for so large a mail",
                "`<style>` a trop de règles pour un message aussi grand",
            ],
            Self::TooDeep => [
                "the HTML is nested too deep",
                "le HTML est imbriqué trop profondément",
            ],
            Self::NoPlainText => [
                "no plain text can be made of the HTML: write one (email.….txt)",
                "le HTML ne donne pas de texte brut : écrivez-le (email.….txt)",
            ],
        };
        both[language as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Said};

    #[test]
    fn each_is_known_by_its_english_words_and_has_french_ones() {
        for said in Said::ALL {
            let [english, french] = Language::ALL.map(|l| said.words(l));
            assert_eq!(Said::of(english), Some(said), "{english}");
            assert_ne!(english, french);
        }
        assert_eq!(Said::of("recursion limit exceeded"), None);
    }
}
