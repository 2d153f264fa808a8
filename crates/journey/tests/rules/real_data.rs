//! The back-test on two data sets that we did not make, against counts by hand. They stand beside
//! the repository, not in it; where they are absent, the tests say so and pass.

use std::{fs, path::PathBuf};

use jiff::{Timestamp, civil, tz::TimeZone};
use journey::backtest::Report;

use crate::backtest::{CAP, CART, Happened, WIN_BACK, carts_by_hand, tested, win_back_by_hand};

fn rows(name: &str) -> Option<Vec<Vec<String>>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    // A worktree may lie one folder deeper than the repository.
    let deeper = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/data")
        .join(name);
    let Ok(text) = fs::read_to_string(path).or_else(|_| fs::read_to_string(deeper)) else {
        eprintln!("SKIPPED: shared/data/{name} is not there");
        return None;
    };
    let rows = text.lines().skip(1);
    Some(
        rows.map(|row| row.split(',').map(str::to_owned).collect())
            .collect(),
    )
}

fn utc(time: civil::DateTime) -> Timestamp {
    time.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// 31,106 events of a shop; those of one user stand in their order.
fn shop() -> Option<Vec<Happened>> {
    let rows = rows("ecom_events.csv")?;
    let happened = rows.into_iter().map(|row| Happened {
        what: match &*row[2] {
            "add_to_cart" => "add_to_cart",
            "purchase" => "purchase",
            _ => "other",
        },
        at: utc(row[3].parse().unwrap()),
        who: row[0].clone(),
    });
    Some(happened.collect())
}

/// 69,659 purchases of CDs, by day.
fn cds() -> Option<Vec<Happened>> {
    let rows = rows("cdnow_purchases.csv")?;
    let happened = rows.into_iter().map(|row| Happened {
        what: "purchase",
        at: utc(row[1]
            .parse::<civil::Date>()
            .unwrap()
            .to_datetime(civil::Time::MIN)),
        who: row[0].clone(),
    });
    Some(happened.collect())
}

fn compare(found: &Report, by_hand: &Report) {
    eprintln!("{found:?}");
    assert_eq!(found, by_hand);
}

#[test]
fn carts_of_the_shop() {
    let Some(events) = shop() else { return };
    assert_eq!(events.len(), 31_106);
    compare(&tested(CART, "", &events), &carts_by_hand(&events, None));
    let three_days = jiff::SignedDuration::from_hours(72);
    compare(
        &tested(CART, CAP, &events),
        &carts_by_hand(&events, Some(three_days)),
    );
}

#[test]
fn win_back_of_the_shop() {
    let Some(events) = shop() else { return };
    compare(&tested(WIN_BACK, "", &events), &win_back_by_hand(&events));
}

#[test]
fn win_back_of_the_cd_shop() {
    let Some(events) = cds() else { return };
    assert_eq!(events.len(), 69_659);
    compare(&tested(WIN_BACK, "", &events), &win_back_by_hand(&events));
}
