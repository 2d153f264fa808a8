//! Which loops an engine runs, and what they are called.

/// Which loops an engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Takes events from the broker, and dead letters to where they are kept.
    pub intake: bool,
    /// Fires timers, has runs pass to other versions, works sweeps off, submits dead letters again, removes what is
    /// not kept, folds counts, and passes on what merged customers have.
    pub timers: bool,
    /// Hands messages to providers, and makes calls.
    pub dispatch: bool,
}

impl Roles {
    /// All of them.
    pub const ALL: Self = Self {
        intake: true,
        timers: true,
        dispatch: true,
    };

    /// Their words.
    pub(crate) fn words(self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("intake", self.intake),
            ("timers", self.timers),
            ("dispatch", self.dispatch),
        ];
        all.into_iter()
            .filter(|(_, has)| *has)
            .map(|(word, _)| word)
    }

    /// The loops of these roles, by name.
    pub(crate) fn loops(self) -> impl Iterator<Item = &'static str> {
        let of = |runs: bool, names: &'static [&'static str]| if runs { names } else { &[] };
        let intake = of(self.intake, &["intake", "letters"]);
        let timers = of(
            self.timers,
            &[
                "timers",
                "passages",
                "sweeps",
                "replays",
                "retention",
                "forwards",
                "counts",
            ],
        );
        let dispatch = of(self.dispatch, &["dispatch", "calls"]);
        [intake, timers, dispatch, &["reload"]]
            .into_iter()
            .flatten()
            .copied()
    }
}
