//! What is wrong with a template that could not be filled in, in both languages.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RenderError, files::CARRIED, output::LARGEST, said::Said};
use crate::{
    content::Push,
    explain::{Language, Tongue, say},
};

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Fault {
    /// There is no such template for the channel.
    NoTemplate,
    /// It has neither the locale nor the default one.
    NoLocale {
        /// The default locale.
        default: Arc<str>,
    },
    /// It comes out empty.
    Empty {
        /// Which part.
        part: Piece,
    },
    /// Something at a place of the template.
    At {
        /// The place, as it is written; `None`: it is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Arc<str>>,
        /// What.
        wrong: Wrong,
    },
    /// The template runs too long.
    Endless,
    /// It writes more than 512 kB.
    TooLarge,
    /// It writes what is no text.
    NoText,
    /// A notification's `ttl` that is no time.
    Ttl,
    /// A notification's `collapse` that providers do not take.
    Collapse,
    /// A notification that is larger than providers carry.
    Heavy {
        /// How large it is, in bytes of JSON.
        bytes: usize,
    },
    /// A mail whose files are more than mails carry.
    HeavyMail {
        /// How much they hold, in bytes.
        bytes: usize,
    },
    /// An MJML element lacks an attribute.
    Attribute {
        /// Which.
        name: Arc<str>,
    },
    /// Something of MJML.
    Mjml {
        /// What.
        said: Said,
    },
}

/// What is wrong at a place of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Wrong {
    /// A name without a value.
    NoValue,
    /// There is no such filter, test, function or included template.
    NoSuch {
        /// What there is none of.
        thing: Thing,
    },
    /// An argument is missing.
    FewArguments,
    /// There are too many arguments.
    ManyArguments,
    /// A value that cannot be worked out.
    Unworkable,
    /// What a filter complains of.
    Said {
        /// What.
        said: Said,
    },
    /// Words of the template engine.
    Words {
        /// As they came.
        words: Arc<str>,
    },
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Of a mail.
    Subject,
    /// Of a mail.
    Html,
    /// Of a mail.
    PlainText,
    /// Of a text message or a chat.
    Text,
    /// Of a push notification.
    Title,
    /// Of a push notification.
    Body,
    /// Of a template that WhatsApp has approved.
    Parameter,
    /// Of a button of a push notification.
    Label,
    /// Of an attachment.
    FileName,
    /// A text that is attached to a mail.
    Attachment,
}

/// What a template names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// `| NAME`.
    Filter,
    /// `is NAME`.
    Test,
    /// `NAME(…)`.
    Function,
    /// `include`.
    Template,
}

impl Piece {
    fn words(self, language: Language) -> &'static str {
        let both = match self {
            Self::Subject => ["subject", "l’objet"],
            Self::Html => ["HTML part", "la partie HTML"],
            Self::PlainText => ["plain text", "le texte brut"],
            Self::Text => ["text", "le texte"],
            Self::Title => ["title", "le titre"],
            Self::Body => ["body", "le corps"],
            Self::Parameter => ["parameter for WhatsApp", "le paramètre pour WhatsApp"],
            Self::Label => ["label of an action", "le libellé d’une action"],
            Self::FileName => ["name of an attachment", "le nom d’une pièce jointe"],
            Self::Attachment => ["attachment", "la pièce jointe"],
        };
        both[language as usize]
    }
}

impl Thing {
    fn words(self, language: Language) -> &'static str {
        let both = match self {
            Self::Filter => ["filter", "ce filtre"],
            Self::Test => ["test", "ce test"],
            Self::Function => ["function", "cette fonction"],
            Self::Template => ["template", "ce modèle"],
        };
        both[language as usize]
    }
}

impl RenderError {
    /// What is wrong, in English, without where.
    pub fn message(&self) -> String {
        self.wrong(&Tongue::plain(Language::English))
    }

    /// Where, and what is wrong.
    pub fn say(&self, tongue: &Tongue) -> String {
        let (template, locale, what) = (&self.template, &self.locale, self.wrong(tongue));
        let channel = match tongue.language {
            Language::English => self.channel.as_str(),
            Language::French => tongue.channel(self.channel),
        };
        let line = self.line.map_or_else(String::new, |line| {
            say!(tongue, ", line {line}", ", ligne {line}")
        });
        say!(
            tongue,
            "template {template} ({channel}, {locale}){line}: {what}",
            "modèle {template} ({channel}, {locale}){line} : {what}"
        )
    }

    fn wrong(&self, tongue: &Tongue) -> String {
        let (template, locale) = (&self.template, &self.locale);
        match &self.fault {
            Fault::NoTemplate => {
                let (english, french) = (self.channel, tongue.channel(self.channel));
                say!(
                    tongue,
                    "there is no template `{template}` for {english}",
                    "il n’y a pas de modèle `{template}` pour l’envoi par {french}"
                )
            }
            Fault::NoLocale { default } => say!(
                tongue,
                "there is neither {locale} nor {default}",
                "il n’existe ni en {locale} ni en {default}"
            ),
            Fault::Empty { part } => {
                let part = part.words(tongue.language);
                say!(tongue, "the {part} comes out empty", "{part} est vide")
            }
            Fault::Endless => say!(
                tongue,
                "the template runs too long",
                "l’exécution du modèle est trop longue"
            ),
            Fault::TooLarge => {
                let most = LARGEST / 1024;
                say!(
                    tongue,
                    "the output is larger than {most} kB",
                    "le résultat dépasse {most} ko"
                )
            }
            Fault::NoText => say!(
                tongue,
                "the output is no text",
                "le résultat n’est pas du texte"
            ),
            Fault::Ttl => say!(
                tongue,
                "`ttl` is no time of up to four weeks, such as 4h",
                "`ttl` n’est pas une durée de quatre semaines au plus, comme 4h"
            ),
            Fault::Collapse => say!(
                tongue,
                "`collapse` has not 1 to 32 letters, digits, - and _",
                "`collapse` n’est pas fait de 1 à 32 lettres, chiffres, - et _"
            ),
            Fault::Heavy { bytes } => {
                let most = Push::MOST;
                say!(
                    tongue,
                    "the notification has {bytes} bytes, and providers carry {most}",
                    "la notification pèse {bytes} octets, et les fournisseurs en transportent {most}"
                )
            }
            Fault::HeavyMail { bytes } => {
                let (kilobytes, most) = (bytes / 1024, CARRIED / 1024);
                say!(
                    tongue,
                    "the files of this mail have {kilobytes} kB, and mails carry {most} kB",
                    "les fichiers de ce message pèsent {kilobytes} ko, et un message en transporte {most} ko"
                )
            }
            Fault::Attribute { name } => say!(
                tongue,
                "an element lacks its `{name}`",
                "il manque `{name}` à un élément"
            ),
            Fault::Mjml { said } => said.say(tongue),
            Fault::At { code, wrong } => {
                let place = code.as_ref().map_or_else(
                    || say!(tongue, "a value", "une valeur"),
                    |code| format!("`{code}`"),
                );
                format!("{place}{}", wrong.say(tongue))
            }
        }
    }
}

impl Wrong {
    /// What follows the place.
    fn say(&self, tongue: &Tongue) -> String {
        match self {
            Self::NoValue => say!(tongue, " has no value", " n’a pas de valeur"),
            Self::NoSuch { thing } => {
                let thing = thing.words(tongue.language);
                say!(
                    tongue,
                    ": there is no such {thing}",
                    " : {thing} n’existe pas"
                )
            }
            Self::FewArguments => say!(
                tongue,
                ": an argument is missing",
                " : il manque un argument"
            ),
            Self::ManyArguments => {
                say!(tongue, ": too many arguments", " : il y a trop d’arguments")
            }
            Self::Unworkable => say!(tongue, " cannot be worked out", " : impossible à évaluer"),
            Self::Said { said } => {
                let said = said.say(tongue);
                say!(tongue, ": {said}", " : {said}")
            }
            Self::Words { words } => {
                let quoted = tongue.quoted(words);
                say!(tongue, ": {quoted}", " : {quoted}")
            }
        }
    }
}
