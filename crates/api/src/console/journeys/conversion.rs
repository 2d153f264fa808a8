//! How many of those who entered reached the goal: of all, of each version, of each arm of a split.

use journey::machine::Op;
use store::read::Flow;

use crate::{
    console::words::{self, percent},
    i18n,
};

/// One line of it.
pub(super) struct Conversion {
    pub(super) who: String,
    /// Of what it is an arm; may be empty.
    pub(super) of: String,
    pub(super) runs: String,
    pub(super) goals: String,
    pub(super) share: String,
    /// Between which shares the true one is to be looked for; empty where nobody is.
    pub(super) between: String,
}

/// The 97.5 % point of the normal distribution: an interval of 95 %.
const Z: f64 = 1.959_964;

/// Of a journey without a goal, or that nobody has entered, nothing.
pub(super) fn of(flow: &Flow) -> Vec<Conversion> {
    let counted = &flow.counted;
    if counted.entered == 0 || !has_goal(flow) {
        return Vec::new();
    }
    let all = i18n::say("Everybody").to_owned();
    let mut lines = vec![line(all, String::new(), counted.entered, counted.goals)];
    let versions: Vec<_> = counted.versions.iter().filter(|v| v.entered > 0).collect();
    if versions.len() > 1 {
        lines.extend(versions.iter().map(|v| {
            let who = i18n::fill("Version {0}", &[&v.version]);
            line(who, String::new(), v.entered, v.goals)
        }));
    }
    for node in &flow.machine.nodes {
        let (Op::Split { arms, .. }, Some(step)) = (&node.op, counted.steps.get(&node.id)) else {
            continue;
        };
        if node.id.contains('#') {
            continue;
        }
        for arm in arms {
            let took = step.took.get(&arm.name).copied().unwrap_or_default();
            let goals = step.goals.get(&arm.name).copied().unwrap_or_default();
            let of = i18n::fill("arm of {0}", &[&node.id]);
            lines.push(line(arm.name.to_string(), of, took, goals));
        }
    }
    lines
}

fn has_goal(flow: &Flow) -> bool {
    flow.machine.goal.is_some() || flow.counted.goals > 0
}

fn line(who: String, of: String, runs: u64, goals: u64) -> Conversion {
    let between = wilson(goals, runs).map(|(low, high)| {
        let [low, high] = [low, high].map(|p| words::tenths((p * 1_000.0).round() as u64));
        i18n::fill("{0} to {1} %", &[&low, &high])
    });
    Conversion {
        who,
        of,
        runs: words::number(runs),
        goals: words::number(goals),
        share: percent(goals, runs),
        between: between.unwrap_or_default(),
    }
}

/// Wilson's score interval: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal of
/// the American Statistical Association 22 (1927). It holds for small numbers and shares near 0 and 1 as well, and
/// never leaves them. `None`: of nobody, or of counts that cannot be.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn wilson(goals: u64, runs: u64) -> Option<(f64, f64)> {
    if runs == 0 || goals > runs {
        return None;
    }
    let n = runs as f64;
    let share = goals as f64 / n;
    let centre = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let below = 1.0 + Z * Z / n;
    Some((
        ((centre - reach) / below).max(0.0),
        ((centre + reach) / below).min(1.0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_one_of_the_books() {
        let near = |a: f64, b: f64| (a - b).abs() < 5e-4;
        // Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I.
        for (goals, runs, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (found_low, found_high) = wilson(goals, runs).unwrap();
            assert!(
                near(found_low, low) && near(found_high, high),
                "{goals} of {runs}"
            );
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(3, 2), None);
    }
}
