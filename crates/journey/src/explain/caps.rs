//! Limits in numbers: caps, the customer's own, and fatigue.

use jiff::SignedDuration;

use super::{Case, Tongue, say};
use crate::{
    message::Refusal,
    policies::{Cap, Pace, Period, Rest, Upset, Window},
    policy::OWN_LIMIT,
};

/// A cap that was used up, a limit of the customer's own, or their pace.
pub(super) fn capped(case: &Case<'_>, refusal: Option<&Refusal>, tongue: &Tongue) -> String {
    let Some(refusal) = refusal else {
        return say!(
            tongue,
            "Not sent: a frequency cap was used up.",
            "Non envoyé : un plafond de fréquence était atteint."
        );
    };
    if let Some(pace) = &refusal.pace {
        return paced(refusal, pace, tongue);
    }
    let (rule, used) = (&refusal.rule, refusal.used_by.len());
    if **rule == *OWN_LIMIT {
        return say!(
            tongue,
            "Not sent: the customer has chosen a limit of their own, and it is used up.",
            "Non envoyé : le client a choisi une limite, et elle est atteinte."
        );
    }
    let Some(cap) = case.cap(rule) else {
        let used = tongue.messages(used);
        return say!(
            tongue,
            "Not sent: the cap {rule} was used up by {used}.",
            "Non envoyé : le plafond {rule} était atteint ({used})."
        );
    };
    let (max, window) = (tongue.messages(cap.max as usize), window(cap, tongue));
    if used == 0 {
        return say!(
            tongue,
            "Not sent: the cap {rule} allows {max} {window}.",
            "Non envoyé : le plafond {rule} autorise {max} {window}."
        );
    }
    let had = if used == 1 { "était" } else { "étaient" };
    let already = if used == 1 { "compté" } else { "comptés" };
    tongue.say(
        || format!("Not sent: the cap {rule} allows {max} {window}, and {used} had already been counted."),
        || {
            format!(
                "Non envoyé : le plafond {rule} autorise {max} {window}, et {used} {had} déjà {already}."
            )
        },
    )
}

/// `in 7 days`, `a week`.
pub(super) fn window(cap: &Cap, tongue: &Tongue) -> String {
    match &cap.window {
        Window::Rolling { per } => {
            let span = tongue.span(*per);
            say!(tongue, "in {span}", "en {span}")
        }
        Window::Calendar { per, .. } => {
            let (english, french) = match per {
                Period::Day => ("a day", "par jour"),
                Period::Week => ("a week", "par semaine"),
                Period::Month => ("a month", "par mois"),
            };
            tongue.say(|| english.into(), || french.into())
        }
    }
}

fn paced(refusal: &Refusal, pace: &Pace, tongue: &Tongue) -> String {
    let clause = clause(pace, tongue);
    if pace.is_slow() {
        return say!(tongue, "Not sent: {clause}.", "Non envoyé : {clause}.");
    }
    let used = tongue.messages(refusal.used_by.len());
    say!(
        tongue,
        "Not sent: {clause}, and {used} had already been counted.",
        "Non envoyé : {clause}, et ce rythme était déjà atteint ({used})."
    )
}

/// `at most 1 message in 7 days`.
pub(crate) fn at_most(max: u32, per: SignedDuration, tongue: &Tongue) -> String {
    let (max, per) = (tongue.messages(max as usize), tongue.span(per));
    say!(tongue, "at most {max} in {per}", "au plus {max} en {per}")
}

/// The pace in a sentence without its capital and its full stop: `the customer has responded to none of the
/// last 6 messages, and so gets at most 1 message in 7 days instead of 3`.
pub(crate) fn clause(pace: &Pace, tongue: &Tongue) -> String {
    let at_most = at_most(pace.max, pace.per, tongue);
    if !pace.is_slow() {
        return say!(
            tongue,
            "the customer gets {at_most}",
            "le client reçoit {at_most}"
        );
    }
    let why = match &pace.rest {
        Some(rest) => upset(rest, tongue),
        None => unheeded(pace.unheeded, tongue),
    };
    let full = pace.full;
    let mut text = say!(
        tongue,
        "the customer {why}, and so gets {at_most} instead of {full}",
        "le client {why}, et reçoit donc {at_most} au lieu de {full}"
    );
    if let Some(rest) = &pace.rest {
        let until = tongue.moment(rest.until);
        text.push_str(&say!(tongue, ", until {until}", ", jusqu’au {until}"));
    }
    text
}

fn unheeded(n: u32, tongue: &Tongue) -> String {
    if n == 1 {
        return say!(
            tongue,
            "has not responded to the last message",
            "n’a pas réagi au dernier message"
        );
    }
    say!(
        tongue,
        "has responded to none of the last {n} messages",
        "n’a réagi à aucun des {n} derniers messages"
    )
}

fn upset(rest: &Rest, tongue: &Tongue) -> String {
    let since = tongue.moment(rest.since);
    match rest.because {
        Upset::Complained => say!(
            tongue,
            "reported a message as unwanted on {since}",
            "a signalé un message comme indésirable le {since}"
        ),
        Upset::Withdrew => say!(
            tongue,
            "took a consent back on {since}",
            "a retiré un consentement le {since}"
        ),
    }
}

/// Why a customer gets fewer messages than others, in one sentence; `None`: they do not.
pub fn slowed(pace: &Pace, tongue: &Tongue) -> Option<String> {
    let clause = clause(pace, tongue);
    let mut letters = clause.chars();
    let first = letters.next().filter(|_| pace.is_slow())?;
    Some(format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
