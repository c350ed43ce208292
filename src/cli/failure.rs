//! Why a command failed, and the exit code that says so to scripts.
//!
//! `docs/cli.md` lists the codes; what is not a [`Failure`] exits with 1, and
//! what cannot be parsed with 2.

use std::fmt;
use std::process::ExitCode;

/// The kinds of failure that a script can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Usage = 2,
    NotSignedIn = 3,
    NotFound = 4,
    NotAllowed = 5,
    /// A value or a state is not acceptable; also a text that describes no system.
    Refused = 6,
    /// The server cannot be reached, is busy or broken: later may help.
    Unavailable = 7,
}

impl From<Kind> for ExitCode {
    fn from(it: Kind) -> Self {
        Self::from(it as u8)
    }
}

#[derive(Debug)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// The command line is wrong.
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    Failure::new(Kind::Usage, message).into()
}

/// The command line is right, and a value in it is not acceptable; a server
/// refuses it in the same way.
pub fn refused(message: impl Into<String>) -> anyhow::Error {
    Failure::new(Kind::Refused, message).into()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

pub fn kind(err: &anyhow::Error) -> Option<Kind> {
    err.downcast_ref::<Failure>().map(|it| it.kind)
}

/// The code for an error: that of the failure it holds, else 1.
pub fn code(err: &anyhow::Error) -> ExitCode {
    kind(err).map_or(ExitCode::FAILURE, Into::into)
}

/// Whether whoever reads our output has stopped reading, as `head` does. They
/// have what they wanted.
pub fn is_enough(err: &anyhow::Error) -> bool {
    err.downcast_ref::<std::io::Error>()
        .is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
}
