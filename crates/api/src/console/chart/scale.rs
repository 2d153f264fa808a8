//! How high a value is drawn, and how it is written.

use super::{HIGH, Unit};
use crate::{
    console::words,
    i18n::{Language, language},
};

/// Tops of scales of time that read well, in seconds.
const TIMES: [f64; 19] = [
    0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 3_600.0,
    7_200.0, 21_600.0, 43_200.0, 86_400.0,
];

/// From 0 to a top that is easily read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    top: f64,
}

impl Scale {
    /// One that has room for `most`.
    pub(super) fn of(most: f64, unit: Unit) -> Self {
        let time = TIMES
            .into_iter()
            .find(|top| unit == Unit::Seconds && *top >= most);
        Self {
            top: time.unwrap_or_else(|| round(most)),
        }
    }

    /// Where a value is drawn: 0 is the top.
    pub(super) fn y(self, value: f64) -> f64 {
        (HIGH - value / self.top * HIGH).clamp(0.0, HIGH)
    }

    /// Top, middle and 0.
    pub(super) fn labels(self, unit: Unit) -> [String; 3] {
        [self.top, self.top / 2.0, 0.0].map(|value| written(value, unit))
    }
}

/// The next of 2, 4, 10, 20, 40, 100 and so on, whose halves are whole.
fn round(most: f64) -> f64 {
    let mut top: f64 = 2.0;
    // Doubles end at 1.8e308.
    for step in [2.0, 2.5, 2.0].into_iter().cycle().take(1_000) {
        if top >= most {
            break;
        }
        top *= step;
    }
    if top.is_finite() { top } else { f64::MAX }
}

/// `1,234`, `2.5`, `35 ms`, `2.5 min`, `12M`.
pub(super) fn written(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Number | Unit::Count | Unit::PerMinute => number(value),
        Unit::Seconds => time(value),
    }
}

fn number(value: f64) -> String {
    match value {
        v if v >= 999_950_000.0 => format!("{v:.1e}"),
        v if v >= 999_950.0 => format!("{}M", decimal(v / 1e6)),
        v => decimal(v),
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        0.0 => "0 s".to_owned(),
        s if s < 1.0 => format!("{} ms", decimal(s * 1e3)),
        s if s < 120.0 => format!("{} s", decimal(s)),
        s if s < 7_200.0 => format!("{} min", decimal(s / 60.0)),
        s if s < 172_800.0 => format!("{} h", decimal(s / 3_600.0)),
        s => format!("{} d", decimal(s / 86_400.0)),
    }
}

/// With one digit behind the point below ten, where that is not 0.
fn decimal(value: f64) -> String {
    let tenths = format!("{value:.1}");
    let text = match tenths.strip_suffix(".0") {
        None if value < 9.95 => tenths,
        _ => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "below a billion, and not below 0"
            )]
            return words::number(value.round().max(0.0) as u64);
        }
    };
    match language() {
        Language::English => text,
        Language::French => text.replace('.', ","),
    }
}
