use super::{
    Chart, Line, Plot, Range, Shape, Unit, bars, path,
    scale::{Scale, written},
};
use crate::i18n::{Language, within};

const RANGE: Range = Range {
    from: 0,
    to: 600,
    step: 60,
};

fn chart(unit: Unit, shape: Shape, points: &[(i64, f64)], limits: &[f64]) -> Chart {
    let line = Line {
        name: "waiting".to_owned(),
        points: points.to_vec(),
    };
    let plot = Plot {
        id: "test",
        title: "A test",
        note: String::new(),
        unit,
        shape,
        lines: vec![line],
        limits: limits.iter().map(|at| (*at, "limit".to_owned())).collect(),
    };
    plot.drawn(RANGE)
}

#[test]
fn nothing_known_is_an_empty_chart_that_says_so() {
    let chart = chart(Unit::Number, Shape::Lines, &[], &[50.0]);
    assert!(chart.is_empty());
    assert_eq!((&*chart.lines[0].now, &*chart.lines[0].most), ("–", "–"));
    assert_eq!(chart.limits[0].y, None);
    assert!(chart.rows.iter().all(|row| row.values == ["–"]));
}

#[test]
fn one_point_alone_is_a_dot() {
    let chart = chart(Unit::Number, Shape::Lines, &[(540, 1.0)], &[]);
    assert_eq!(chart.lines[0].path, "M600 50h0");
    assert_eq!(chart.lines[0].now, "1");
    assert_eq!(chart.values, ["2", "1", "0"]);
}

#[test]
fn zeros_lie_on_the_ground_and_are_no_gap() {
    let chart = chart(Unit::Number, Shape::Lines, &[(0, 0.0), (60, 0.0)], &[]);
    assert_eq!(chart.lines[0].path, "M60 100h0L120 100");
    assert_eq!(chart.lines[0].most, "0");
    let bars = bars(&[(0, 0.0)], RANGE, &Scale::of(0.0, Unit::Number));
    assert_eq!(bars, "", "a bar of no height is none");
}

#[test]
fn a_step_without_a_point_or_with_no_number_interrupts_the_line() {
    let scale = Scale::of(2.0, Unit::Number);
    let points = [(0, 2.0), (60, 2.0), (120, f64::NAN), (180, 2.0), (300, 2.0)];
    assert_eq!(
        path(&points, RANGE, &scale),
        "M60 0h0L120 0M240 0h0M360 0h0"
    );
}

#[test]
fn what_lies_outside_the_time_is_not_drawn() {
    let scale = Scale::of(2.0, Unit::Number);
    assert_eq!(path(&[(-60, 1.0), (600, 1.0)], RANGE, &scale), "");
}

#[test]
fn bars_stand_side_by_side_with_a_gap() {
    let scale = Scale::of(2.0, Unit::Number);
    assert_eq!(
        bars(&[(0, 1.0), (60, 2.0)], RANGE, &scale),
        "M0 100v-50h48v50zM60 100v-100h48v100z"
    );
}

#[test]
fn huge_values_fit_and_stay_numbers() {
    for huge in [1e9, 1e300, f64::MAX] {
        let chart = chart(Unit::Number, Shape::Lines, &[(0, 1.0), (60, huge)], &[]);
        let path = &chart.lines[0].path;
        assert!(path.starts_with("M60 100h0L120 "), "{path}");
        assert!(!path.contains("NaN") && !path.contains("inf"), "{path}");
        assert!(chart.values[0].len() < 12, "{:?}", chart.values);
    }
}

#[test]
fn a_limit_is_drawn_as_long_as_it_does_not_flatten_everything() {
    let near = chart(Unit::Seconds, Shape::Lines, &[(0, 20.0)], &[60.0]);
    assert_eq!(near.limits[0].y.as_deref(), Some("0"));
    assert_eq!(near.values, ["60 s", "30 s", "0 s"]);
    let far = chart(Unit::Seconds, Shape::Lines, &[(0, 0.2)], &[60.0]);
    assert_eq!(far.limits[0].y, None);
}

#[test]
fn a_value_of_long_ago_is_not_the_one_of_now() {
    let chart = chart(Unit::Number, Shape::Lines, &[(0, 7.0)], &[]);
    assert_eq!((&*chart.lines[0].now, &*chart.lines[0].most), ("–", "7"));
    assert_eq!(chart.told, "waiting: – now, 7 at the most");
}

#[test]
fn the_table_has_few_rows_with_the_largest_value_of_each() {
    let points: Vec<(i64, f64)> = (0..240)
        .map(|n| (i64::from(n) * 60, f64::from(n)))
        .collect();
    let line = Line {
        name: "n".to_owned(),
        points,
    };
    let plot = Plot {
        id: "test",
        title: "A test",
        note: String::new(),
        unit: Unit::Number,
        shape: Shape::Lines,
        lines: vec![line],
        limits: Vec::new(),
    };
    let chart = plot.drawn(Range {
        from: 0,
        to: 240 * 60,
        step: 60,
    });
    assert_eq!(chart.rows.len(), 12);
    assert_eq!(chart.rows[0].values, ["239"], "the newest comes first");
    assert_eq!(chart.rows[11].values, ["19"]);
}

#[test]
fn values_are_written_with_their_unit() {
    let time = |s| written(s, Unit::Seconds);
    assert_eq!(
        [0.0, 0.0035, 0.25, 90.0, 150.0, 7_200.0].map(time),
        ["0 s", "3.5 ms", "250 ms", "90 s", "2.5 min", "2 h"]
    );
    let count = |n| written(n, Unit::Number);
    assert_eq!(
        [0.4, 1234.0, 12_345_678.0].map(count),
        ["0.4", "1,234", "12M"]
    );
    assert_eq!(within(Language::French, || time(2.5)), "2,5 s");
}

#[test]
fn counts_are_added_up_where_a_time_is_told_as_one() {
    let points = [(0, 3.0), (60, 4.0), (540, 0.0)];
    let counted = chart(Unit::Count, Shape::Lines, &points, &[]);
    assert_eq!(counted.lines[0].now, "7");
    assert_eq!(counted.lines[0].at_most(), "4 at the peak");
    assert_eq!(counted.told, "waiting: 7 in all, 4 at the peak");
    assert_eq!(counted.rows.len(), 10);
    let points: Vec<_> = (0..400).map(|n| (n * 60, 1.0)).collect();
    let line = Line {
        name: "entered".to_owned(),
        points,
    };
    let range = Range {
        to: 400 * 60,
        ..RANGE
    };
    let rows = super::rows(&[line], range, Unit::Count);
    assert_eq!((rows.len(), &*rows[0].values[0]), (134, "3"));
    assert_eq!(&*rows[133].values[0], "1", "what is left of it");
}
