//! What RabbitMQ means by an error.

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};

use crate::Error;

/// True for what waiting does not cure: a wrong address or password, a queue of another kind, or a plug-in that is missing.
pub(crate) fn is_lasting(error: &Error) -> bool {
    let source = match error {
        Error::Address(_) | Error::Plugin { .. } => return true,
        Error::Connect { source, .. } | Error::Topology { source, .. } => source,
        _ => return false,
    };
    matches!(
        kind(source),
        Some(
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::PRECONDITIONFAILED)
                | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)
        )
    )
}

/// True if what was named does not exist.
pub(crate) fn is_missing(error: &lapin::Error) -> bool {
    kind(error) == Some(AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}

/// True if RabbitMQ does not know what was asked for, such as an exchange of a plug-in's kind.
pub(crate) fn is_unknown(error: &lapin::Error) -> bool {
    kind(error) == Some(AMQPErrorKind::Hard(AMQPHardError::COMMANDINVALID))
}

fn kind(error: &lapin::Error) -> Option<AMQPErrorKind> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.kind().clone()),
        _ => None,
    }
}
