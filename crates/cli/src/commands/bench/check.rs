//! How long it takes to read, check and compile a large workspace.

use anyhow::{Result, bail};
use journey::workspace::{self, Options};

use super::{Report, median, rounds, work};

/// Journeys of the workload, each of 30 steps.
pub(super) const JOURNEYS: u32 = 1_000;
/// Seconds for a thousand of them.
const AIM: f64 = 1.0;

pub(super) fn measure(n: u32) -> Result<Report> {
    let files = work::workspace(n);
    let rounds = rounds(|| {
        let (made, found) = workspace::compile(&files, &Options::default());
        match made {
            Some(made) if made.machines.len() == n as usize => Ok(()),
            _ => bail!("the workload does not compile: {:?}", found.first()),
        }
    })?;
    let seconds: Vec<f64> = rounds
        .iter()
        .map(std::time::Duration::as_secs_f64)
        .collect();
    let ours = median(&seconds);
    let aim = AIM * f64::from(n) / f64::from(JOURNEYS);
    Ok(Report {
        aim,
        ratio: aim / ours,
        ..Report::new("check", "s", ours, n, seconds)
    })
}
