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
            let (_, name, _) = of_phone(customer)?;
            Some(Zoned {
                zone: named(name)?,
                name: Arc::from(*name),
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

/// The customer's country, ISO 3166-1 in capitals: the trait `country`, else the phone's, else the default.
pub fn country_of(customer: &Customer, defaults: &Defaults) -> Option<Arc<str>> {
    let named = customer.traits.get("country").and_then(|v| v.as_text());
    let named = named
        .map(|c| c.trim().to_ascii_uppercase())
        .filter(|c| c.len() == 2);
    let phone = || of_phone(customer).map(|(_, _, country)| Arc::from(*country));
    named
        .map(Arc::from)
        .or_else(phone)
        .or_else(|| defaults.country.clone())
}

/// The country of the phone's E.164 number, where that country has one zone only (ITU-T E.164
/// country codes; IANA `zone1970.tab`). Longer codes come first where one is a prefix.
fn of_phone(customer: &Customer) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let phone = customer.traits.get("phone")?.as_text()?.trim();
    let digits = phone
        .strip_prefix('+')
        .or_else(|| phone.strip_prefix("00"))?;
    COUNTRIES.iter().find(|(code, ..)| digits.starts_with(code))
}

/// Calling code, zone, and ISO 3166-1.
const COUNTRIES: &[(&str, &str, &str)] = &[
    ("212", "Africa/Casablanca", "MA"),
    ("213", "Africa/Algiers", "DZ"),
    ("216", "Africa/Tunis", "TN"),
    ("221", "Africa/Dakar", "SN"),
    ("225", "Africa/Abidjan", "CI"),
    ("234", "Africa/Lagos", "NG"),
    ("254", "Africa/Nairobi", "KE"),
    ("352", "Europe/Luxembourg", "LU"),
    ("353", "Europe/Dublin", "IE"),
    ("354", "Atlantic/Reykjavik", "IS"),
    ("356", "Europe/Malta", "MT"),
    ("357", "Asia/Nicosia", "CY"),
    ("358", "Europe/Helsinki", "FI"),
    ("359", "Europe/Sofia", "BG"),
    ("370", "Europe/Vilnius", "LT"),
    ("371", "Europe/Riga", "LV"),
    ("372", "Europe/Tallinn", "EE"),
    ("377", "Europe/Monaco", "MC"),
    ("381", "Europe/Belgrade", "RS"),
    ("385", "Europe/Zagreb", "HR"),
    ("386", "Europe/Ljubljana", "SI"),
    ("420", "Europe/Prague", "CZ"),
    ("421", "Europe/Bratislava", "SK"),
    ("852", "Asia/Hong_Kong", "HK"),
    ("886", "Asia/Taipei", "TW"),
    ("961", "Asia/Beirut", "LB"),
    ("965", "Asia/Kuwait", "KW"),
    ("966", "Asia/Riyadh", "SA"),
    ("971", "Asia/Dubai", "AE"),
    ("972", "Asia/Jerusalem", "IL"),
    ("974", "Asia/Qatar", "QA"),
    ("20", "Africa/Cairo", "EG"),
    ("27", "Africa/Johannesburg", "ZA"),
    ("30", "Europe/Athens", "GR"),
    ("31", "Europe/Amsterdam", "NL"),
    ("32", "Europe/Brussels", "BE"),
    ("33", "Europe/Paris", "FR"),
    ("36", "Europe/Budapest", "HU"),
    ("39", "Europe/Rome", "IT"),
    ("40", "Europe/Bucharest", "RO"),
    ("41", "Europe/Zurich", "CH"),
    ("43", "Europe/Vienna", "AT"),
    ("44", "Europe/London", "GB"),
    ("45", "Europe/Copenhagen", "DK"),
    ("46", "Europe/Stockholm", "SE"),
    ("47", "Europe/Oslo", "NO"),
    ("48", "Europe/Warsaw", "PL"),
    ("49", "Europe/Berlin", "DE"),
    ("63", "Asia/Manila", "PH"),
    ("65", "Asia/Singapore", "SG"),
    ("66", "Asia/Bangkok", "TH"),
    ("81", "Asia/Tokyo", "JP"),
    ("82", "Asia/Seoul", "KR"),
    ("84", "Asia/Ho_Chi_Minh", "VN"),
    ("86", "Asia/Shanghai", "CN"),
    ("90", "Europe/Istanbul", "TR"),
    ("91", "Asia/Kolkata", "IN"),
    ("92", "Asia/Karachi", "PK"),
];
