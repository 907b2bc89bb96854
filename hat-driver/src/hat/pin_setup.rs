//! How far the outputs of a HAT are set up.

/// How far a board's outputs are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum PinSetup {
    /// All pins are inputs, as after power-up: nothing is commanded.
    NeverInitialised,
    /// All pins are outputs; on v1.x, at least one line.
    Initialised,
    /// Some pins of an expander are inputs: another program was here.
    PartlyConfigured,
}
