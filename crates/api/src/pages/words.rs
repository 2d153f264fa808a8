//! What the pages of customers say, in English and in French.

use axum::http::{HeaderMap, header};
use jiff::civil::Date;

/// A language of these pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    #[default]
    English,
    French,
}

/// All of them.
pub(super) const LANGUAGES: [Language; 2] = [Language::English, Language::French];

impl Language {
    /// The language of a locale: `fr-BE`, `en_GB`.
    pub(super) fn of(locale: &str) -> Option<Self> {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        LANGUAGES
            .into_iter()
            .find(|l| l.words().code.eq_ignore_ascii_case(language))
    }

    /// The first of those that a browser asks for. Browsers name them in order of preference.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let asked = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        let names = asked.split(',').take(20);
        names
            .map(|n| n.split(';').next().unwrap_or_default().trim())
            .find_map(Self::of)
    }

    pub(super) fn asked(headers: &HeaderMap) -> Self {
        Self::accepted(headers).unwrap_or_default()
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }
}

/// The words of one language. `{…}` is filled in.
pub(super) struct Words {
    pub code: &'static str,
    pub language: &'static str,
    pub gone: &'static str,
    pub gone_text: &'static str,
    pub wrong: &'static str,
    pub wrong_text: &'static str,
    pub busy: &'static str,
    pub busy_text: &'static str,
    pub stop_title: &'static str,
    pub stop_question: &'static str,
    pub stop: &'static str,
    pub stopped: &'static str,
    pub stopped_text: &'static str,
    pub to_preferences: &'static str,
    pub confirm_title: &'static str,
    pub confirm_question: &'static str,
    pub confirm_address: &'static str,
    pub confirm: &'static str,
    pub confirmed: &'static str,
    pub confirmed_text: &'static str,
    pub nothing_waits: &'static str,
    pub nothing_waits_text: &'static str,
    pub choices: &'static str,
    pub choices_text: &'static str,
    pub saved: &'static str,
    pub receive: &'static str,
    pub waits: &'static str,
    pub none: &'static str,
    pub email: &'static str,
    pub sms: &'static str,
    pub push: &'static str,
    pub chat: &'static str,
    pub how_often: &'static str,
    pub often_any: &'static str,
    pub often_day: &'static str,
    pub often_three: &'static str,
    pub often_week: &'static str,
    pub often_month: &'static str,
    pub often_other: &'static str,
    pub often_text: &'static str,
    pub personal: &'static str,
    pub personal_label: &'static str,
    pub personal_text: &'static str,
    pub pause: &'static str,
    pub pause_none: &'static str,
    pub pause_days: &'static str,
    pub paused: &'static str,
    pub pause_keep: &'static str,
    pub pause_end: &'static str,
    pub your_language: &'static str,
    pub save: &'static str,
    pub all_off: &'static str,
    pub all_off_text: &'static str,
    pub known: &'static str,
    pub known_text: &'static str,
    pub known_none: &'static str,
    pub fact: &'static str,
    pub value: &'static str,
    pub used: &'static str,
    pub to_reach: &'static str,
    pub to_speak: &'static str,
    pub to_time: &'static str,
    pub not_used: &'static str,
    pub unheeded: &'static str,
    pub upset: &'static str,
    pub to_pace: &'static str,
    pub to_pace_slow: &'static str,
    pub all_held: &'static str,
    pub download: &'static str,
    pub erase: &'static str,
    pub erase_text: &'static str,
    pub erase_sure: &'static str,
    pub erased: &'static str,
    pub erased_text: &'static str,
    pub private: &'static str,
}

impl Words {
    /// `5 January 2026`, `1er janvier 2026`.
    pub(super) fn day(&self, date: Date) -> String {
        let locale = if self.code == "en" {
            "en-gb"
        } else {
            self.code
        };
        journey::render::long_date(date, locale)
    }
}

const ENGLISH: Words = Words {
    code: "en",
    language: "English",
    gone: "This link does not work any more",
    gone_text: "It may be too old, or incomplete. The newest message that you had from us has one that works.",
    wrong: "That did not work",
    wrong_text: "What was sent cannot be read. Please open the link once more.",
    busy: "Not right now",
    busy_text: "Your choice could not be taken. Nothing was changed; please try again in a moment.",
    stop_title: "Unsubscribe",
    stop_question: "Do you want to stop receiving “{what}”?",
    stop: "Yes, stop",
    stopped: "You are unsubscribed",
    stopped_text: "You will not receive “{what}” here any more. This holds from now on, also for messages that were about to leave.",
    to_preferences: "See all my choices",
    confirm_title: "Confirm",
    confirm_question: "Do you want to receive this from us?",
    confirm_address: "It will come to {address}.",
    confirm: "Yes, I want that",
    confirmed: "Thank you",
    confirmed_text: "It is confirmed. You can take it back at any time: every message has a link for that.",
    nothing_waits: "There is nothing to confirm",
    nothing_waits_text: "It was confirmed or taken back before.",
    choices: "Your choices",
    choices_text: "What you get from us, how often, and what is known of you. Changes hold at once.",
    saved: "Your choices are saved.",
    receive: "What you receive",
    waits: "not confirmed yet: look at your messages",
    none: "There is nothing that you could receive at the moment.",
    email: "E-mail",
    sms: "Text message",
    push: "Notification on your phone",
    chat: "Chat",
    how_often: "How often",
    often_any: "Whenever there is something for me",
    often_day: "Once a day at most",
    often_three: "Three times a week at most",
    often_week: "Once a week at most",
    often_month: "Once a month at most",
    often_other: "As set before",
    often_text: "Messages about your orders and your account come all the same.",
    personal: "How personal",
    personal_label: "Use what I buy and look at to choose what I get",
    personal_text: "Without it you only get what everybody gets.",
    pause: "Pause",
    pause_none: "No pause",
    pause_days: "For {days} days",
    paused: "Paused until {day}.",
    pause_keep: "Leave it so",
    pause_end: "End the pause now",
    your_language: "Language",
    save: "Save",
    all_off: "Stop everything",
    all_off_text: "Nothing of the above, on any channel. Messages about your orders and your account still come.",
    known: "What is known of you",
    known_text: "What each is used for stands beside it.",
    known_none: "Nothing but that you exist.",
    fact: "What",
    value: "As it is kept",
    used: "Used for",
    to_reach: "reaching you",
    to_speak: "writing in your language",
    to_time: "writing at a good time",
    not_used: "nothing at the moment",
    unheeded: "Messages in a row that you did not open or answer",
    upset: "When you took a consent back or reported a message",
    to_pace: "how often we write to you",
    to_pace_slow: "how often we write to you: {max} in {per} at the most for now",
    all_held: "Read all that is held on me",
    download: "Download it as a file",
    erase: "Erase everything",
    erase_text: "All that is known of you here is removed, at once and for good: what you chose, what you were sent, and what you did. You will not receive anything any more. Orders and bills that the law obliges the shop to keep are kept elsewhere.",
    erase_sure: "Yes, erase everything",
    erased: "Everything is erased",
    erased_text: "Nothing that names you is left here, and your addresses will not be written to again.",
    private: "This page is yours alone: whoever has its address can change your choices.",
};

const FRENCH: Words = Words {
    code: "fr",
    language: "Français",
    gone: "Ce lien ne fonctionne plus",
    gone_text: "Il est peut-être trop ancien, ou incomplet. Le dernier message que vous avez reçu de nous en contient un qui fonctionne.",
    wrong: "Cela n’a pas fonctionné",
    wrong_text: "Ce qui a été envoyé est illisible. Veuillez rouvrir le lien.",
    busy: "Pas pour l’instant",
    busy_text: "Votre choix n’a pas pu être enregistré. Rien n’a changé ; veuillez réessayer dans un instant.",
    stop_title: "Se désabonner",
    stop_question: "Souhaitez-vous ne plus recevoir « {what} » ?",
    stop: "Oui, arrêter",
    stopped: "Vous êtes désabonné",
    stopped_text: "Vous ne recevrez plus « {what} » par cette voie. C’est valable dès maintenant, même pour les messages qui allaient partir.",
    to_preferences: "Voir tous mes choix",
    confirm_title: "Confirmer",
    confirm_question: "Souhaitez-vous recevoir ceci de notre part ?",
    confirm_address: "Vous le recevrez à {address}.",
    confirm: "Oui, je le souhaite",
    confirmed: "Merci",
    confirmed_text: "C’est confirmé. Vous pouvez changer d’avis à tout moment : chaque message contient un lien pour cela.",
    nothing_waits: "Il n’y a rien à confirmer",
    nothing_waits_text: "Cela a déjà été confirmé ou retiré.",
    choices: "Vos choix",
    choices_text: "Ce que vous recevez de nous, à quel rythme, et ce que nous savons de vous. Les changements valent tout de suite.",
    saved: "Vos choix sont enregistrés.",
    receive: "Ce que vous recevez",
    waits: "pas encore confirmé : consultez vos messages",
    none: "Il n’y a rien que vous puissiez recevoir pour le moment.",
    email: "E-mail",
    sms: "SMS",
    push: "Notification sur votre téléphone",
    chat: "Messagerie",
    how_often: "À quel rythme",
    often_any: "Dès qu’il y a quelque chose pour moi",
    often_day: "Une fois par jour au plus",
    often_three: "Trois fois par semaine au plus",
    often_week: "Une fois par semaine au plus",
    often_month: "Une fois par mois au plus",
    often_other: "Comme réglé auparavant",
    often_text: "Les messages sur vos commandes et votre compte vous parviennent dans tous les cas.",
    personal: "Personnalisation",
    personal_label: "Tenir compte de mes achats et de mes visites pour choisir ce que je reçois",
    personal_text: "Sans cela, vous ne recevez que ce que tout le monde reçoit.",
    pause: "Pause",
    pause_none: "Pas de pause",
    pause_days: "Pendant {days} jours",
    paused: "En pause jusqu’au {day}.",
    pause_keep: "Ne rien changer",
    pause_end: "Mettre fin à la pause",
    your_language: "Langue",
    save: "Enregistrer",
    all_off: "Tout arrêter",
    all_off_text: "Plus rien de ce qui précède, par aucune voie. Les messages sur vos commandes et votre compte vous parviennent encore.",
    known: "Ce que nous savons de vous",
    known_text: "L’usage de chaque donnée figure à côté.",
    known_none: "Rien, sinon que vous existez.",
    fact: "Donnée",
    value: "Telle qu’elle est conservée",
    used: "Sert à",
    to_reach: "vous joindre",
    to_speak: "vous écrire dans votre langue",
    to_time: "vous écrire au bon moment",
    not_used: "rien pour le moment",
    unheeded: "Messages de suite que vous n’avez ni ouverts ni suivis d’une réponse",
    upset: "Retrait d’un consentement, ou signalement d’un message",
    to_pace: "vous écrire plus ou moins souvent",
    to_pace_slow: "vous écrire plus ou moins souvent : {max} en {per} au plus pour l’instant",
    all_held: "Lire tout ce qui est conservé sur moi",
    download: "Le télécharger dans un fichier",
    erase: "Tout effacer",
    erase_text: "Tout ce qui est connu de vous ici est supprimé, tout de suite et définitivement : vos choix, ce que vous avez reçu et ce que vous avez fait. Vous ne recevrez plus rien. Les commandes et les factures que la loi oblige la boutique à garder sont conservées ailleurs.",
    erase_sure: "Oui, tout effacer",
    erased: "Tout est effacé",
    erased_text: "Plus rien ici ne porte votre nom, et vos adresses ne seront plus utilisées.",
    private: "Cette page n’est qu’à vous : quiconque en a l’adresse peut changer vos choix.",
};
