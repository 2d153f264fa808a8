//! Entries that no event makes: segments, dates and schedules.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil};

use super::Stepper;
use crate::{
    customer::{Customer, Expected},
    ids::RunId,
    input::{Sweep, SweepKind},
    machine::{By, Change, Entry, Machine},
    time,
    trace::{Fact, Line, NotEntered},
    value::Value,
    world::{Entering, World},
};

impl Stepper<'_> {
    /// Remembers who belongs to what before traits change, once per input.
    pub(super) fn remember_members(&mut self) {
        if self.members.is_none() && !self.world.entered_by_segment().is_empty() {
            self.members = Some(self.members_now());
        }
    }

    fn members_now(&self) -> Vec<bool> {
        let entries = self.world.entered_by_segment().iter();
        entries.map(|e| self.belongs(e)).collect()
    }

    fn belongs(&self, entering: &Entering) -> bool {
        match entering.get().map(|e| &e.by) {
            Some(By::Segment { condition, .. }) => condition.eval(&self.before_entry()).holds(),
            _ => false,
        }
    }

    /// Entries by segments whose membership has changed since it was remembered (rule 21).
    pub(super) fn enter_by_segment(&mut self) -> BTreeSet<RunId> {
        let Some(before) = self.members.take() else {
            return BTreeSet::new();
        };
        let after = self.members_now();
        let world = self.world;
        let mut begun = BTreeSet::new();
        for ((entering, was), is) in world.entered_by_segment().iter().zip(before).zip(after) {
            let change = if is { Change::Entered } else { Change::Left };
            let Some(entry) = entering.get().filter(|_| was != is) else {
                continue;
            };
            if matches!(&entry.by, By::Segment { change: wanted, .. } if *wanted == change) {
                begun.extend(self.enter_at(&entering.machine, entry, self.now));
            }
        }
        begun
    }

    /// Tries one entry that no event makes, at its moment.
    fn enter_at(&mut self, machine: &Arc<Machine>, entry: &Entry, at: Timestamp) -> Option<RunId> {
        let event = entry.by.occasion(at)?;
        let heard = std::mem::replace(&mut self.event, event.clone());
        let begun = self.first_entry(machine, &[entry], None);
        self.event = heard;
        // Whoever enters so hears its own occasion, not the event that was its cause.
        if let Some(run) = begun {
            self.hearing.remove(&run);
            self.occasions.insert(run, event);
        }
        begun
    }

    /// One customer's part in a sweep.
    pub(super) fn sweep(&mut self, sweep: &Sweep) -> BTreeSet<RunId> {
        let machine = self.world.current(&sweep.journey).cloned();
        let entry = machine
            .as_ref()
            .and_then(|m| m.entries.get(usize::from(sweep.entry)));
        let (Some(machine), Some(entry)) = (&machine, entry) else {
            self.not_entered(&sweep.journey, NotEntered::NotStartable);
            return BTreeSet::new();
        };
        let begun = match (sweep.kind, &entry.by) {
            (SweepKind::Tick(at), By::Schedule { segment, .. }) => {
                let outside = segment
                    .as_ref()
                    .filter(|(_, c)| !c.eval(&self.before_entry()).holds());
                if let Some((name, _)) = outside {
                    self.not_entered(&machine.journey, NotEntered::NotInSegment.by(name));
                    None
                } else {
                    self.enter_at(machine, entry, at)
                }
            }
            (
                SweepKind::Backfill,
                By::Segment {
                    name, condition, ..
                },
            ) => {
                if condition.eval(&self.before_entry()).holds() {
                    self.enter_at(machine, entry, self.now)
                } else {
                    self.not_entered(&machine.journey, NotEntered::NotInSegment.by(name));
                    None
                }
            }
            (SweepKind::Dates(since), By::Date { .. }) => {
                self.expect_dates(since);
                None
            }
            _ => None,
        };
        begun.into_iter().collect()
    }

    /// The moment of a date entry has come.
    pub(super) fn date(&mut self, journey: &Arc<str>, entry: u16) -> BTreeSet<RunId> {
        let world = self.world;
        let entering = world
            .entered_by_date()
            .iter()
            .find(|e| e.machine.journey == *journey && e.entry == entry);
        let Some((entering, found)) = entering.and_then(|e| Some((e, e.get()?))) else {
            self.forget_dates();
            return BTreeSet::new();
        };
        let expected = self.expected(journey, entry);
        let Some(due) = expected.at.filter(|due| *due <= self.now) else {
            return BTreeSet::new();
        };
        let next = next_date(world, self.customer, &found.by, due, expected.fired);
        if let Some(next) = next.filter(|next| next.at == due) {
            self.expect(journey, entry, |e| e.fired = Some((next.day, due)));
        }
        let begun = self.enter_at(&entering.machine, found, due);
        self.expect_date(entering, found, self.now);
        begun.into_iter().collect()
    }

    fn expected(&self, journey: &str, entry: u16) -> Expected {
        let dates = self.customer.ledger.dates.get(journey);
        dates
            .and_then(|d| d.get(&entry))
            .copied()
            .unwrap_or_default()
    }

    fn expect(&mut self, journey: &Arc<str>, entry: u16, change: impl FnOnce(&mut Expected)) {
        let dates = &mut self.customer.ledger.dates;
        let entries = dates.entry(journey.clone()).or_default();
        change(entries.entry(entry).or_default());
        self.effects.profile = true;
    }

    /// Computes the moments of all date entries anew: those at or after `from`.
    pub(super) fn expect_dates(&mut self, from: Timestamp) {
        let world = self.world;
        for entering in world.entered_by_date() {
            if let Some(entry) = entering.get() {
                self.expect_date(entering, entry, from);
            }
        }
        self.forget_dates();
    }

    /// Moments of entries that there are no more.
    fn forget_dates(&mut self) {
        let world = self.world;
        let known = |journey: &Arc<str>, entry: u16| {
            let mut all = world.entered_by_date().iter();
            all.any(|e| e.machine.journey == *journey && e.entry == entry)
        };
        let dates = &mut self.customer.ledger.dates;
        let mut forgotten = false;
        for (journey, entries) in dates.iter_mut() {
            let before = entries.len();
            entries.retain(|entry, _| known(journey, *entry));
            forgotten |= entries.len() != before;
        }
        dates.retain(|_, entries| !entries.is_empty());
        self.effects.profile |= forgotten;
    }

    fn expect_date(&mut self, entering: &Entering, entry: &Entry, from: Timestamp) {
        let journey = &entering.machine.journey;
        let before = self.expected(journey, entering.entry);
        let at =
            next_date(self.world, self.customer, &entry.by, from, before.fired).map(|next| next.at);
        if before.at == at {
            return;
        }
        self.expect(journey, entering.entry, |e| e.at = at);
        self.trace.push(Line {
            journey: Some(journey.clone()),
            run: None,
            step: None,
            fact: Fact::Expects { at },
        });
    }
}

/// One moment of a date entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextDate {
    /// The day that it is about, before the offset.
    pub day: civil::Date,
    /// The moment.
    pub at: Timestamp,
}

/// The first moment of a date entry at or after `from`; `None` where there is none any more, or
/// the trait holds no date. The day that has `fired` does not come again (rule 20).
pub fn next_date(
    world: &World,
    customer: &Customer,
    by: &By,
    from: Timestamp,
    fired: Option<(civil::Date, Timestamp)>,
) -> Option<NextDate> {
    let By::Date {
        of,
        yearly,
        offset,
        at,
        zone,
    } = by
    else {
        return None;
    };
    let value = customer.traits.get(of)?;
    let zone = time::resolve(zone, customer, &world.policies.defaults).zone;
    let wanted = When {
        offset: *offset,
        at: *at,
        zone: &zone,
    };
    let (date, clock) = local(value, &zone)?;
    let counts = |next: &NextDate| {
        next.at >= from && fired.is_none_or(|(day, at)| day != next.day && at < next.at)
    };
    if !yearly {
        // A moment with its own clock and no other is exact.
        let exact = value.as_moment().filter(|_| at.is_none());
        let at = match exact {
            Some(moment) => time::plus(moment, *offset),
            None => wanted.on(date, clock),
        };
        return Some(NextDate { day: date, at }).filter(counts);
    }
    let year = from.to_zoned(zone.clone()).year();
    // The offset may lead into a neighbouring year, or over as many as ten; the year that has
    // fired is passed over.
    let reach = i16::try_from(offset.abs().as_hours() / (365 * 24) + 1).unwrap_or(11);
    (year - reach..=year + reach + 1)
        .filter_map(|year| in_year(date, year))
        .map(|day| NextDate {
            day,
            at: wanted.on(day, clock),
        })
        .find(counts)
}

/// How a date becomes a moment.
struct When<'z> {
    offset: SignedDuration,
    at: Option<civil::Time>,
    zone: &'z jiff::tz::TimeZone,
}

impl When<'_> {
    /// With a time of day, the offset counts days of the calendar.
    fn on(&self, date: civil::Date, clock: civil::Time) -> Timestamp {
        let midnight = time::instant(date, civil::Time::MIN, self.zone);
        match self.at {
            Some(at) => {
                let day = time::day_after(midnight, self.offset, self.zone);
                time::instant(day, at, self.zone)
            }
            None => time::plus(time::instant(date, clock, self.zone), self.offset),
        }
    }
}

/// The local date and time that a trait's value says.
fn local(value: &Value, zone: &jiff::tz::TimeZone) -> Option<(civil::Date, civil::Time)> {
    if let Some(moment) = value.as_moment() {
        let local = moment.to_zoned(zone.clone());
        return Some((local.date(), local.time()));
    }
    let date: civil::Date = value.as_text()?.trim().parse().ok()?;
    Some((date, civil::Time::MIN))
}

/// The same day in another year: 29 February is kept on 28 February (rule 20).
fn in_year(date: civil::Date, year: i16) -> Option<civil::Date> {
    let last = civil::Date::new(year, date.month(), 1)
        .ok()?
        .days_in_month();
    civil::Date::new(year, date.month(), date.day().min(last)).ok()
}

/// Whether a customer may have a part in a sweep: a look at their traits alone, which the turn
/// takes again.
pub fn concerns(world: &World, customer: &Customer, sweep: &Sweep, now: Timestamp) -> bool {
    if customer.ledger.merged_into.is_some() {
        return false;
    }
    let entry = world
        .current(&sweep.journey)
        .and_then(|m| m.entries.get(usize::from(sweep.entry)));
    let view = |c: &crate::expr::Expr| {
        c.eval(&super::View {
            policies: &world.policies,
            customer,
            run: None,
            event: &Value::Null,
            now,
        })
        .holds()
    };
    match (sweep.kind, entry.map(|e| &e.by)) {
        (SweepKind::Tick(_), Some(By::Schedule { segment, .. })) => {
            segment.as_ref().is_none_or(|(_, c)| view(c))
        }
        (SweepKind::Backfill, Some(By::Segment { condition, .. })) => view(condition),
        (SweepKind::Dates(_), Some(By::Date { of, .. })) => customer.traits.contains_key(of),
        _ => false,
    }
}
