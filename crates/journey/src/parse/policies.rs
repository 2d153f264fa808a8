//! `config/policies.yaml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil;

use super::{Fields, Reader, ast::Word};
use crate::{
    diagnostics::{policy, yaml},
    machine::{Hours, Zone},
    message::Channel,
    policies::{
        Basis, Cap, ConsentRule, ControlGroup, Defaults, Holidays, Period, Policies, Purpose,
        QuietHours, Retention, Window,
    },
    source::{Kind, Node, Pair, Span},
};

const CONSENTS: [(&str, ConsentRule); 4] = [
    ("none", ConsentRule::None),
    ("opt_out", ConsentRule::OptOut),
    ("opt_in", ConsentRule::OptIn),
    ("double_opt_in", ConsentRule::DoubleOptIn),
];

const BASES: [(&str, Basis); 4] = [
    ("consent", Basis::Consent),
    ("contract", Basis::Contract),
    ("legal_obligation", Basis::LegalObligation),
    ("legitimate_interest", Basis::LegitimateInterest),
];

/// The file's policies; what it does not say is as without a file.
pub fn policies(root: &Node, r: &mut Reader<'_>) -> Policies {
    let mut found = Policies::default();
    if root.is_empty() {
        return found;
    }
    let Some(mut f) = Fields::of(root, "the policies", r) else {
        return found;
    };
    if let Some(node) = f.get("purposes") {
        found.purposes = r.purposes(node);
    }
    if let Some(node) = f.get("caps") {
        let caps = r.each(node, "a list of caps", |r, n| r.cap(n, &found.purposes));
        found.caps = r.unique(caps, "cap");
    }
    if let Some(node) = f.get("quiet_hours") {
        let quiet = r.each(node, "a list of quiet hours", |r, n| {
            r.quiet_hours(n, &found.purposes)
        });
        found.quiet_hours = r.unique(quiet, "quiet hours");
    }
    if let Some(node) = f.get("send_windows") {
        let windows = r.each(node, "a list of send windows", |r, n| {
            r.send_window(n, &found.purposes)
        });
        found.quiet_hours.extend(r.unique(windows, "send windows"));
    }
    if let Some(node) = f.get("holidays") {
        found.holidays = r.holidays(node);
    }
    if let Some(node) = f.get("control_group") {
        found.control_group = r.control_group(node, &found.purposes);
    }
    if let Some(node) = f.get("defaults") {
        r.defaults(node, &mut found.defaults);
    }
    if let Some(node) = f.get("retention") {
        found.retention = r.retention(node);
    }
    f.finish(r);
    found
}

impl Reader<'_> {
    fn each<T>(
        &mut self,
        node: &Node,
        expected: &str,
        read: impl Fn(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        match &node.kind {
            Kind::List(items) => items.iter().filter_map(|n| read(self, n)).collect(),
            _ => {
                self.wrong_kind(node, expected);
                Vec::new()
            }
        }
    }

    fn unique<T>(&mut self, named: Vec<(Word, T)>, what: &str) -> Vec<T> {
        let mut seen: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        for (word, _) in &named {
            if let Some(first) = seen.get(&word.text) {
                self.sink
                    .error(policy::TAKEN_NAME, word.span.clone(), format!("two {what} are called `{}`", word.text))
                    .labelled("the second")
                    .shown(first.clone(), "the first")
                    .noted("the name is what support sees when a message is held back: it must say which rule it was");
            } else {
                seen.insert(word.text.clone(), word.span.clone());
            }
        }
        named.into_iter().map(|n| n.1).collect()
    }

    fn purposes(&mut self, node: &Node) -> BTreeMap<Arc<str>, Purpose> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(node, "the purposes by name");
            return BTreeMap::new();
        };
        if pairs.is_empty() {
            self.sink
                .error(
                    yaml::MISSING,
                    node.span.clone(),
                    "at least one purpose should stand here",
                )
                .noted("every message has a purpose, such as `marketing: { consent: opt_in }`");
        }
        // A purpose with a mistake is there all the same: naming it is no second mistake.
        pairs
            .iter()
            .map(|pair| {
                let word = Word {
                    text: pair.name.clone(),
                    span: pair.name_span.clone(),
                };
                self.named(&word, "a purpose", false);
                (pair.name.clone(), self.purpose(pair))
            })
            .collect()
    }

    fn purpose(&mut self, pair: &Pair) -> Purpose {
        let mut purpose = Purpose::new(ConsentRule::OptIn);
        let Some(mut f) = Fields::of(&pair.value, "a purpose", self) else {
            return purpose;
        };
        let consent = f.need(
            "consent",
            "it is one of none, opt_out, opt_in and double_opt_in",
            self,
        );
        if let Some(consent) = consent.and_then(|n| self.one_of(n, "kind of consent", &CONSENTS)) {
            purpose.consent = consent;
            purpose.basis = Basis::of(consent);
        }
        if let Some(node) = f.get("title") {
            purpose.title = self.localized(node);
        }
        if let Some(node) = f.get("about") {
            purpose.about = self.localized(node);
        }
        let basis = f.get("basis");
        purpose.overrides = f.get("overrides").and_then(|n| self.truth(n));
        purpose.personal = f.get("personal").and_then(|n| self.truth(n));
        let goes = f.get("while_restricted").and_then(|n| self.truth(n));
        purpose.while_restricted = goes.unwrap_or_default();
        if let Some(node) = f.get("channels") {
            if let Kind::Map(pairs) = &node.kind {
                purpose.channels = pairs
                    .iter()
                    .filter_map(|p| self.channel_consent(p))
                    .collect();
            } else {
                self.wrong_kind(
                    node,
                    "the channels that need another consent, such as `{ email: double_opt_in }`,",
                );
            }
        }
        if let Some(node) = basis {
            self.basis(node, &pair.name, &mut purpose);
        }
        f.finish(self);
        purpose
    }

    fn basis(&mut self, node: &Node, name: &str, purpose: &mut Purpose) {
        let Some(basis) = self.one_of(node, "legal basis", &BASES) else {
            return;
        };
        purpose.basis = basis;
        let rules = purpose.channels.values().chain([&purpose.consent]);
        let wrong = rules.copied().find(|rule| !basis.fits(*rule));
        let Some(rule) = wrong else { return };
        let word = |rule| CONSENTS.iter().find(|c| c.1 == rule).map_or("", |c| c.0);
        let (basis, rule) = (basis.as_str(), word(rule));
        self.sink
            .error(
                policy::BASIS,
                node.span.clone(),
                format!("`{name}` cannot rest on `{basis}` with `consent: {rule}`"),
            )
            .labelled("the one does not allow the other")
            .noted(match purpose.basis {
                Basis::Consent => "consent is asked for beforehand: `opt_in` or `double_opt_in` (GDPR art. 6(1)(a) and 7)",
                _ => "customers may object to what rests on an interest: `opt_out`, `opt_in` or `double_opt_in` (GDPR art. 6(1)(f) and 21)",
            });
    }

    fn channel_consent(&mut self, pair: &Pair) -> Option<(Channel, ConsentRule)> {
        let consent = self.one_of(&pair.value, "kind of consent", &CONSENTS);
        let Ok(channel) = pair.name.parse() else {
            self.sink
                .error(
                    yaml::UNKNOWN_VALUE,
                    pair.name_span.clone(),
                    format!("`{}` is no channel", pair.name),
                )
                .guessed(&pair.name, Channel::ALL.map(Channel::as_str))
                .noted("channels are email, sms, push and chat");
            return None;
        };
        Some((channel, consent?))
    }

    /// A purpose by name, which must be declared.
    pub(crate) fn known_purpose(&mut self, word: &Word, purposes: &BTreeMap<Arc<str>, Purpose>) {
        // Without any, the declaration itself is wrong, and reported.
        if purposes.is_empty() || purposes.contains_key(&word.text) {
            return;
        }
        let all = purposes.keys().map(|k| &**k).collect::<Vec<_>>().join(", ");
        self.sink
            .error(
                policy::NO_PURPOSE,
                word.span.clone(),
                format!("no purpose is called `{}`", word.text),
            )
            .guessed(&word.text, purposes.keys().map(|k| &**k))
            .noted(format!(
                "purposes are declared in config/policies.yaml; there are: {all}"
            ));
    }

    fn control_group(
        &mut self,
        node: &Node,
        known: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<ControlGroup> {
        let mut f = Fields::of(node, "the control group", self)?;
        let percent = f.need("percent", "it is how many of a hundred customers", self);
        let basis_points = percent.and_then(|n| self.basis_points(n));
        let purposes = f
            .get("purposes")
            .map_or_else(Vec::new, |n| self.purpose_names(n, known));
        let salt = f
            .get("salt")
            .and_then(|n| self.text(n, "a word that draws other customers"));
        f.finish(self);
        Some(ControlGroup {
            basis_points: basis_points?,
            purposes,
            salt: salt.map_or_else(|| Arc::from(""), |w| w.text),
        })
    }

    fn basis_points(&mut self, node: &Node) -> Option<u32> {
        let word = self.text(node, "a number such as `5` or `2.5`")?;
        let percent: Option<f64> = word.text.trim_end_matches(['%', ' ']).parse().ok();
        let points = percent.map(|percent| percent * 100.0);
        let whole = points.filter(|p| (1.0..=5_000.0).contains(p) && (p - p.round()).abs() < 1e-6);
        if whole.is_none() || word.text.ends_with('%') {
            let diagnostic = self
                .sink
                .error(
                    policy::CONTROL,
                    word.span.clone(),
                    format!("`{}` is no share of customers", word.text),
                )
                .noted("a control group is more than 0 and at most 50 of a hundred customers, to two decimals");
            if let Some(percent) = percent.filter(|_| whole.is_some()) {
                diagnostic.rewritten(percent.to_string());
            }
            return None;
        }
        (1..=5_000).find(|points| whole.is_some_and(|w| (w - f64::from(*points)).abs() < 0.5))
    }

    fn cap(&mut self, node: &Node, purposes: &BTreeMap<Arc<str>, Purpose>) -> Option<(Word, Cap)> {
        let mut f = Fields::of(node, "a cap", self)?;
        let name = f
            .need(
                "name",
                "support sees it when the cap holds a message back",
                self,
            )
            .and_then(|n| self.name(n, "the name of a cap"));
        let purpose = f.get("purpose").and_then(|n| self.text(n, "a purpose"));
        if let Some(purpose) = &purpose {
            self.known_purpose(purpose, purposes);
        }
        let channel = f.get("channel").and_then(|n| self.channel(n));
        let journey = f
            .get("journey")
            .and_then(|n| self.text(n, "the name of a journey"));
        let tag = f.get("tag").and_then(|n| self.text(n, "a tag"));
        let max = f
            .need("max", "it is the number of messages that fit", self)
            .and_then(|n| self.largest(n));
        let window = self.window(&mut f);
        let capped = f.get("capped").and_then(|n| self.capped(n));
        f.finish(self);
        let text = |w: Option<Word>| w.map(|w| w.text);
        let name = name?;
        let cap = Cap {
            name: name.text.clone(),
            purpose: text(purpose),
            channel,
            journey: text(journey),
            tag: text(tag),
            max: max?,
            window: window?,
            capped,
        };
        Some((name, cap))
    }

    fn largest(&mut self, node: &Node) -> Option<u32> {
        let max = self.whole(node, "the largest number of messages", 0, 1_000_000)?;
        if max == 0 {
            self.sink
                .error(
                    policy::NOTHING_FITS,
                    node.span.clone(),
                    "this cap lets nothing through",
                )
                .labelled("each message is one too many")
                .noted("to send nothing at all, take the sends out of the journeys; to count, write how many fit")
                .warns();
        }
        Some(max)
    }

    fn window(&mut self, f: &mut Fields<'_>) -> Option<Window> {
        let why = "both kinds are in use elsewhere and differ: `rolling` counts back from each message, `calendar` from midnight, Monday or the first";
        let calendar = f.need("window", why, self).and_then(|n| {
            self.one_of(
                n,
                "kind of window",
                &[("rolling", false), ("calendar", true)],
            )
        });
        let per = f.need("per", "it is the time in which the cap counts", self);
        let zone = f.get("zone").map_or(Some(Zone::Customer), |n| self.zone(n));
        let (calendar, per) = (calendar?, per?);
        let periods = [
            ("day", Period::Day),
            ("week", Period::Week),
            ("month", Period::Month),
        ];
        let text = per.scalar().map(|s| s.text.clone()).unwrap_or_default();
        let named = periods.iter().any(|p| *p.0 == *text);
        if calendar {
            if text.starts_with(|c: char| c.is_ascii_digit()) {
                self.sink
                    .error(
                        policy::PERIOD,
                        per.span.clone(),
                        format!("a calendar window has no length like `{text}`"),
                    )
                    .labelled("day, week or month")
                    .noted("for a length of time use `window: rolling`");
                return None;
            }
            return Some(Window::Calendar {
                per: self.one_of(per, "period", &periods)?,
                zone: zone?,
            });
        }
        if named {
            self.sink
                .error(
                    policy::PERIOD,
                    per.span.clone(),
                    format!("a rolling window has no calendar, so `{text}` has no length"),
                )
                .labelled("a duration, such as `24h` or `7d`")
                .noted("for days, weeks and months use `window: calendar`");
            return None;
        }
        f.exclude(
            "per",
            "zone",
            "a rolling window is the same in every zone",
            self,
        );
        Some(Window::Rolling {
            per: self.some_time(per)?,
        })
    }

    fn quiet_hours(
        &mut self,
        node: &Node,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<(Word, QuietHours)> {
        let f = Fields::of(node, "quiet hours", self)?;
        self.quiet_or_window(f, "quiet hours", false, purposes)
    }

    fn send_window(
        &mut self,
        node: &Node,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<(Word, QuietHours)> {
        let f = Fields::of(node, "a send window", self)?;
        self.quiet_or_window(f, "a send window", true, purposes)
    }

    /// The words that quiet hours and send windows have in common: all.
    fn quiet_or_window(
        &mut self,
        mut f: Fields<'_>,
        what: &str,
        window: bool,
        purposes: &BTreeMap<Arc<str>, Purpose>,
    ) -> Option<(Word, QuietHours)> {
        let name = f
            .need(
                "name",
                "support sees it when they hold a message back",
                self,
            )
            .and_then(|n| self.name(n, &format!("the name of {what}")));
        let channels = f
            .get("channels")
            .map_or_else(Vec::new, |n| self.channels(n));
        let from = f
            .need("from", "a local time, such as `\"21:00\"`", self)
            .and_then(|n| self.time(n));
        let end = f.need("to", "a local time, such as `\"08:00\"`", self);
        let to = end.and_then(|n| self.time(n));
        let days = f.get("days").map_or_else(Vec::new, |n| self.days(n));
        let holidays = f.get("holidays").and_then(|n| self.truth(n));
        let holidays = match (window, holidays) {
            (false, Some(true)) => Holidays::OneOfThem,
            (true, Some(false)) => Holidays::None,
            _ => Holidays::AnyDay,
        };
        // Whole days can be meant where not all days are.
        let all_days = days.is_empty() && holidays == Holidays::AnyDay;
        if let (Some(from), Some(to), Some(end), true) = (from, to, end, all_days) {
            self.whole_day(Hours::Between { from, to }, &end.span);
        }
        let zone = f.get("zone").map_or(Some(Zone::Customer), |n| self.zone(n));
        let quiet = f.get("quiet").and_then(|n| self.quiet(n));
        let except = f
            .get("except")
            .map_or_else(Vec::new, |n| self.purpose_names(n, purposes));
        f.finish(self);
        let name = name?;
        let hours = QuietHours {
            name: name.text.clone(),
            channels: channels.into_iter().map(|c| c.0).collect(),
            from: from?,
            to: to?,
            zone: zone?,
            quiet,
            except,
            days,
            holidays,
            window,
        };
        Some((name, hours))
    }

    /// Dates by country.
    fn holidays(&mut self, node: &Node) -> BTreeMap<Arc<str>, BTreeSet<civil::Date>> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(
                node,
                "the holidays of each country, such as `{ FR: [2026-07-14] }`,",
            );
            return BTreeMap::new();
        };
        let mut all = BTreeMap::new();
        for pair in pairs {
            let word = Word {
                text: pair.name.clone(),
                span: pair.name_span.clone(),
            };
            let dates = match &pair.value.kind {
                Kind::Map(years) => years
                    .iter()
                    .flat_map(|y| self.dates(&y.value, &y.name))
                    .collect(),
                _ => self.dates(&pair.value, "").into_iter().collect(),
            };
            if let Some(country) = self.country(&word) {
                all.insert(country, dates);
            }
        }
        all
    }

    /// Dates, or days of that year.
    fn dates(&mut self, node: &Node, year: &str) -> Vec<civil::Date> {
        let words: Vec<Word> = match &node.kind {
            Kind::List(_) => self.each(node, "", |r, n| r.text(n, "a date")),
            _ => self.text(node, "a date").into_iter().collect(),
        };
        let dates = words.iter().filter_map(|word| self.holiday(word, year));
        dates.collect()
    }

    fn holiday(&mut self, word: &Word, year: &str) -> Option<civil::Date> {
        let text = match year {
            "" => word.text.to_string(),
            year => format!("{year}-{}", word.text),
        };
        let date = text.parse().ok().filter(|_| text.len() == 10);
        if date.is_none() {
            self.sink
                .error(
                    policy::HOLIDAY,
                    word.span.clone(),
                    format!("`{}` is no date", word.text),
                )
                .noted(
                    "a holiday is written as year, month and day, `2026-07-14`, or by year: `{ 2026: [07-14] }`",
                );
        }
        date
    }

    /// Two capital letters.
    fn country(&mut self, word: &Word) -> Option<Arc<str>> {
        let letters = word.text.len() == 2 && word.text.bytes().all(|b| b.is_ascii_alphabetic());
        let upper = word.text.to_ascii_uppercase();
        if letters && *word.text == *upper {
            return Some(word.text.clone());
        }
        let diagnostic = self
            .sink
            .error(
                policy::HOLIDAY,
                word.span.clone(),
                format!("`{}` is no country", word.text),
            )
            .noted(
                "a country is written by its two letters of ISO 3166-1, in capitals: `FR`, `GB`",
            );
        if letters {
            diagnostic.rewritten(upper);
        }
        None
    }

    /// One purpose or a list of them, which must be declared.
    fn purpose_names(&mut self, node: &Node, known: &BTreeMap<Arc<str>, Purpose>) -> Vec<Arc<str>> {
        let words: Vec<Word> = match &node.kind {
            Kind::List(_) => self.each(node, "", |r, n| r.text(n, "a purpose")),
            _ => self.text(node, "a purpose").into_iter().collect(),
        };
        for word in &words {
            self.known_purpose(word, known);
        }
        words.into_iter().map(|w| w.text).collect()
    }

    fn retention(&mut self, node: &Node) -> Retention {
        let mut kept = Retention::default();
        let Some(mut f) = Fields::of(node, "the retention", self) else {
            return kept;
        };
        for (name, span) in [
            ("inputs", &mut kept.inputs),
            ("messages", &mut kept.messages),
            ("runs", &mut kept.runs),
            ("calls", &mut kept.calls),
        ] {
            *span = f.get(name).and_then(|n| self.some_time(n));
        }
        f.finish(self);
        kept
    }

    fn defaults(&mut self, node: &Node, defaults: &mut Defaults) {
        let Some(mut f) = Fields::of(node, "the defaults", self) else {
            return;
        };
        let zone = f
            .get("zone")
            .and_then(|n| self.text(n, "the name of a time zone"));
        if let Some(zone) = zone.and_then(|w| self.zone_name(&w)) {
            defaults.zone = zone;
        }
        let country = f
            .get("country")
            .and_then(|n| self.text(n, "a country, such as `FR`"));
        defaults.country = country.and_then(|w| self.country(&w));
        if let Some(locale) = f
            .get("locale")
            .and_then(|n| self.text(n, "a locale, such as `fr` or `en`"))
        {
            defaults.locale = locale.text;
        }
        if let Some(capped) = f.get("capped").and_then(|n| self.capped(n)) {
            defaults.capped = capped;
        }
        if let Some(quiet) = f.get("quiet").and_then(|n| self.quiet(n)) {
            defaults.quiet = quiet;
        }
        f.finish(self);
    }
}
