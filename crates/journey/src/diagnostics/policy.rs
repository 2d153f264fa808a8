//! J5xx: consent and policy.

super::codes! {
    /// A purpose that `config/policies.yaml` does not declare.
    NO_PURPOSE = "J501";
    /// Two caps or two quiet hours of one name.
    TAKEN_NAME = "J502";
    /// A cap's `per` does not fit its `window`.
    PERIOD = "J503";
}
