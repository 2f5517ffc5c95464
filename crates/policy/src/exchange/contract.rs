//! What the specification of an API says of an operation's messages, for policies that check or imitate them.

/// The contract of an operation.
#[derive(Clone, Debug, Default)]
pub struct Contract {}
