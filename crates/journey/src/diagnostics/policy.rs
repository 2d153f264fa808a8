//! J5xx: consent and policy.

super::codes! {
    /// A purpose that `config/policies.yaml` does not declare.
    NO_PURPOSE = "J501";
    /// Two caps or two quiet hours of one name.
    TAKEN_NAME = "J502";
    /// A cap's `per` does not fit its `window`.
    PERIOD = "J503";
    /// `send` past limits, where the purpose does not permit it.
    NO_OVERRIDE = "J504";
    /// `fallback` without a next channel.
    NO_FALLBACK = "J505";
    /// A cap that names a journey or tag that no file has.
    STRANGER = "J506";
    /// A cap that lets nothing through.
    NOTHING_FITS = "J507";
    /// A question on a channel that nobody can answer.
    ONE_WAY = "J508";
    /// Not a URL that can be called.
    BAD_URL = "J509";
    /// A send closer to those before it than a cap allows.
    TOO_CLOSE = "J510";
    /// A cap or quiet hours that no message meets.
    NEVER_APPLIES = "J511";
    /// Quiet hours that never end.
    QUIET_ALL_DAY = "J512";
    /// A cap that another one makes useless.
    USELESS_CAP = "J513";
    /// A send whose consent is known not to be there.
    DENIED = "J514";
    /// A label that `config/policies.yaml` does not declare.
    NO_LABEL = "J520";
    /// Data used for a purpose that their label forbids.
    NOT_FOR = "J521";
    /// Data told on a channel that their label forbids.
    NOT_IN = "J522";
    /// Data passed on to an endpoint that their label forbids.
    NOT_TO = "J523";
    /// Data kept or passed on without the label that they carry.
    UNLABELLED = "J524";
    /// Labels that nothing carries.
    UNUSED_LABEL = "J525";
    /// A legal basis that the rule of consent contradicts.
    BASIS = "J530";
    /// A control group of too many, or of none.
    CONTROL = "J531";
    /// A holiday that is no date, or of no country.
    HOLIDAY = "J532";
    /// Fatigue that cannot slow anybody down.
    PACE = "J533";
}
