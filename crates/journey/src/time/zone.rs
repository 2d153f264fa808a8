//! Whose time zone counts: the trait, else the phone's country, else the default (rule 26).

use std::sync::Arc;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::{customer::Customer, machine::Zone, policies::Defaults};

/// A zone, with its name and how it was found.
#[derive(Clone, Debug)]
pub struct Zoned {
    /// The zone.
    pub zone: TimeZone,
    /// Its IANA name.
    pub name: Arc<str>,
    /// How it was found.
    pub source: ZoneSource,
}

impl Zoned {
    /// The name and where it comes from, for the trace: `Europe/Paris, from the phone's country`.
    pub fn explained(&self) -> Arc<str> {
        Arc::from(format!("{}, {}", self.name, self.source.words()))
    }
}

/// How a zone was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    /// The journey or the rule names it.
    Named,
    /// The trait `timezone`.
    Trait,
    /// The country of the trait `phone`.
    Phone,
    /// The default of `config/policies.yaml`.
    Default,
}

impl ZoneSource {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Named, Self::Trait, Self::Phone, Self::Default];

    /// In English words, as a trace keeps them.
    pub fn words(self) -> &'static str {
        match self {
            Self::Named => "as written",
            Self::Trait => "from the trait timezone",
            Self::Phone => "from the phone's country",
            Self::Default => "the default",
        }
    }
}

/// The zone of that IANA name, by the rules that the program was built with: those of the machine
/// that it runs on would be read from files, and differ from one to the next.
pub fn named(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The zone that `zone` means for this customer.
pub fn resolve(zone: &Zone, customer: &Customer, defaults: &Defaults) -> Zoned {
    match zone {
        Zone::Customer => of_customer(customer, defaults),
        Zone::Named(name) => match named(name) {
            Some(zone) => Zoned {
                zone,
                name: name.clone(),
                source: ZoneSource::Named,
            },
            // The checker refuses unknown names; a machine of another tz database may hold one.
            None => default(defaults),
        },
    }
}

/// The zone of a customer.
pub fn of_customer(customer: &Customer, defaults: &Defaults) -> Zoned {
    let from_trait = customer
        .traits
        .get("timezone")
        .and_then(|v| v.as_text())
        .and_then(|name| {
            Some(Zoned {
                zone: named(name)?,
                name: Arc::from(name),
                source: ZoneSource::Trait,
            })
        });
    from_trait
        .or_else(|| {
            let name = of_phone(customer.traits.get("phone")?.as_text()?)?;
            Some(Zoned {
                zone: named(name)?,
                name: Arc::from(name),
                source: ZoneSource::Phone,
            })
        })
        .unwrap_or_else(|| default(defaults))
}

fn default(defaults: &Defaults) -> Zoned {
    Zoned {
        zone: named(&defaults.zone).unwrap_or(TimeZone::UTC),
        name: defaults.zone.clone(),
        source: ZoneSource::Default,
    }
}

/// The zone of the country of an E.164 number, where that country has one zone only (ITU-T E.164
/// country codes; IANA `zone1970.tab`). Longer codes come first where one is a prefix.
fn of_phone(phone: &str) -> Option<&'static str> {
    let digits = phone
        .trim()
        .strip_prefix('+')
        .or_else(|| phone.trim().strip_prefix("00"))?;
    COUNTRIES
        .iter()
        .find(|(code, _)| digits.starts_with(code))
        .map(|(_, zone)| *zone)
}

const COUNTRIES: &[(&str, &str)] = &[
    ("212", "Africa/Casablanca"),
    ("213", "Africa/Algiers"),
    ("216", "Africa/Tunis"),
    ("221", "Africa/Dakar"),
    ("225", "Africa/Abidjan"),
    ("234", "Africa/Lagos"),
    ("254", "Africa/Nairobi"),
    ("352", "Europe/Luxembourg"),
    ("353", "Europe/Dublin"),
    ("354", "Atlantic/Reykjavik"),
    ("356", "Europe/Malta"),
    ("357", "Asia/Nicosia"),
    ("358", "Europe/Helsinki"),
    ("359", "Europe/Sofia"),
    ("370", "Europe/Vilnius"),
    ("371", "Europe/Riga"),
    ("372", "Europe/Tallinn"),
    ("377", "Europe/Monaco"),
    ("381", "Europe/Belgrade"),
    ("385", "Europe/Zagreb"),
    ("386", "Europe/Ljubljana"),
    ("420", "Europe/Prague"),
    ("421", "Europe/Bratislava"),
    ("852", "Asia/Hong_Kong"),
    ("886", "Asia/Taipei"),
    ("961", "Asia/Beirut"),
    ("965", "Asia/Kuwait"),
    ("966", "Asia/Riyadh"),
    ("971", "Asia/Dubai"),
    ("972", "Asia/Jerusalem"),
    ("974", "Asia/Qatar"),
    ("20", "Africa/Cairo"),
    ("27", "Africa/Johannesburg"),
    ("30", "Europe/Athens"),
    ("31", "Europe/Amsterdam"),
    ("32", "Europe/Brussels"),
    ("33", "Europe/Paris"),
    ("36", "Europe/Budapest"),
    ("39", "Europe/Rome"),
    ("40", "Europe/Bucharest"),
    ("41", "Europe/Zurich"),
    ("43", "Europe/Vienna"),
    ("44", "Europe/London"),
    ("45", "Europe/Copenhagen"),
    ("46", "Europe/Stockholm"),
    ("47", "Europe/Oslo"),
    ("48", "Europe/Warsaw"),
    ("49", "Europe/Berlin"),
    ("63", "Asia/Manila"),
    ("65", "Asia/Singapore"),
    ("66", "Asia/Bangkok"),
    ("81", "Asia/Tokyo"),
    ("82", "Asia/Seoul"),
    ("84", "Asia/Ho_Chi_Minh"),
    ("86", "Asia/Shanghai"),
    ("90", "Europe/Istanbul"),
    ("91", "Asia/Kolkata"),
    ("92", "Asia/Karachi"),
];
