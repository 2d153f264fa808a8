//! Messages in their frames: a header with a length, and JSON. Whatever comes, with bounds.

use std::io::{self, BufRead, Read as _};

use lsp_server::Message;

/// The longest message that is read, in bytes.
const MAX_MESSAGE: usize = 16 << 20;
/// The longest line of a header, and the most lines of one.
const MAX_LINE: u64 = 4096;
const MAX_LINES: usize = 32;

/// What came in.
#[derive(Debug)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// Something in a frame that is no message, and why; the next frame can be read.
    Garbage(String),
}

/// The next frame; `None` at the end of the input.
///
/// # Errors
/// If the input fails, or is no sequence of frames: nobody can tell where the next one begins.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let Some(length) = header(input)? else {
        return Ok(None);
    };
    if length > MAX_MESSAGE {
        let skipped = io::copy(&mut input.take(length as u64), &mut io::sink())?;
        let why = format!("a message of {skipped} bytes; {MAX_MESSAGE} are the most");
        return Ok(Some(Frame::Garbage(why)));
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Frame::Message(message),
        Err(error) => Frame::Garbage(format!("not a message: {error}")),
    }))
}

/// The length that a header tells.
fn header(input: &mut impl BufRead) -> io::Result<Option<usize>> {
    let (mut length, mut first) = (None, true);
    for _ in 0..MAX_LINES {
        let mut line = Vec::new();
        let count = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        if count == 0 && first {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            return Err(invalid("a header without an end"));
        }
        first = false;
        let line = String::from_utf8_lossy(&line);
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
            }
            Some(_) => {}
            None if line.trim_end().is_empty() => {
                return length
                    .map(Some)
                    .ok_or_else(|| invalid("a header without a length"));
            }
            None => return Err(invalid("a line that is no header")),
        }
    }
    Err(invalid("a header without an end"))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Frame, read};

    #[test]
    fn garbage_in_a_frame_leaves_the_next_one_readable() {
        let good = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let text = format!(
            "Content-Length: 3\r\n\r\n{{x}}Content-Length: {}\r\n\r\n{good}",
            good.len()
        );
        let mut input = text.as_bytes();
        assert!(matches!(read(&mut input).unwrap(), Some(Frame::Garbage(_))));
        assert!(matches!(read(&mut input).unwrap(), Some(Frame::Message(_))));
        assert!(read(&mut input).unwrap().is_none());
    }

    #[test]
    fn a_huge_length_takes_no_memory() {
        let mut input = &b"Content-Length: 18446744073709551615\r\n\r\nx"[..];
        assert!(matches!(read(&mut input).unwrap(), Some(Frame::Garbage(_))));
        let mut endless = io_repeat();
        assert!(read(&mut endless).is_err());
    }

    fn io_repeat() -> std::io::BufReader<std::io::Repeat> {
        std::io::BufReader::new(std::io::repeat(b'a'))
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut input = &bytes[..];
            while let Ok(Some(_)) = read(&mut input) {}
        }
    }
}
