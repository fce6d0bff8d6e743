use std::{
    ffi::OsString,
    io::{self, BufRead, IsTerminal},
};

use clap::Args;

use crate::failure::Failure;

/// The tokens that a command is about.
#[derive(Debug, Args)]
pub(super) struct Tokens {
    /// The DID token, byte for byte; `-` or none: one token a line from standard input.
    // Not a `String`: an argument that is not UTF-8 is a malformed token, no wrong command line.
    #[arg(value_name = "TOKEN|-")]
    token: Option<OsString>,
}

impl Tokens {
    /// Judges each token, in order, as it comes; the judge prints, and says why it refused one.
    pub(super) fn judge(
        self,
        mut judge: impl FnMut(&str) -> Result<Option<String>, Failure>,
    ) -> Result<(), Failure> {
        match self.token {
            Some(token) if token != STDIN => match judge(&token.to_string_lossy())? {
                None => Ok(()),
                Some(why) => Err(Failure::Told(why)),
            },
            None if io::stdin().is_terminal() => Err(Failure::Usage(NO_TOKEN.into())),
            _ => {
                let (mut refused, mut all) = (0_u64, 0_u64);
                for token in lines(io::stdin().lock()) {
                    all += 1;
                    refused += u64::from(judge(&token?)?.is_some());
                }
                match (refused, all) {
                    (0, 1..) => Ok(()),
                    (_, 0) => Err(Failure::configuration(NOTHING_READ)),
                    _ => Err(Failure::Told(format!(
                        "{refused} of {all} tokens were refused: see the lines on standard output"
                    ))),
                }
            }
        }
    }
}

/// The one token of an option: its value, or the one line of standard input when that is `-`.
pub(crate) fn one_token(value: OsString) -> Result<String, Failure> {
    if value != STDIN {
        return Ok(value.to_string_lossy().into_owned());
    }
    let mut lines = lines(io::stdin().lock());
    let token = lines.next().ok_or_else(|| Failure::configuration(NOTHING_READ))??;
    match lines.next() {
        None => Ok(token),
        Some(_) => {
            Err(Failure::configuration("standard input holds more than one line: give one token"))
        }
    }
}

/// The lines without their LF or CRLF. One that is not UTF-8 gets replacement characters, which no
/// token has: so it is malformed, whoever judges it.
fn lines(mut reader: impl BufRead) -> impl Iterator<Item = Result<String, Failure>> {
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => {
                if line.pop_if(|byte| *byte == b'\n').is_some() {
                    line.pop_if(|byte| *byte == b'\r');
                }
                Some(Ok(String::from_utf8_lossy(&line).into_owned()))
            }
            Err(error) => {
                Some(Err(Failure::configuration(format!("cannot read standard input: {error}"))))
            }
        }
    })
}

const STDIN: &str = "-";

const NO_TOKEN: &str =
    "no TOKEN was given: pass one, or `-` to read one a line from standard input";

const NOTHING_READ: &str = "standard input holds no token: write one a line to it";

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn lf_and_crlf_end_a_line_and_nothing_else_is_taken_away() {
        let input = b"a\n b \r\n\n\r\nc\r\r\n\xff\nlast\r";
        let read: Vec<_> = lines(&input[..]).map(Result::unwrap).collect();
        assert_eq!(read, ["a", " b ", "", "", "c\r", "\u{fffd}", "last\r"]);
        assert_eq!(lines(&b""[..]).count(), 0);
    }
}
