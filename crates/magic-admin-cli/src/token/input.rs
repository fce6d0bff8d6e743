use std::{
    ffi::OsString,
    io::{self, BufRead, IsTerminal},
};

use clap::Args;

use crate::failure::Failure;

/// The tokens on the command line or on standard input.
#[derive(Debug, Args)]
pub(super) struct Tokens {
    /// DID token, alone or in an `Authorization: Bearer …` header. With `-` or without TOKEN, reads one token
    /// per line from standard input.
    // This is not a `String`, because an argument that is not UTF-8 is a malformed token rather than an
    // invalid command line.
    #[arg(value_name = "TOKEN|-")]
    token: Option<OsString>,
}

impl Tokens {
    /// Judges the tokens in order, each as soon as it has been read. `judge` prints its verdict, and returns
    /// the reason if it rejects the token.
    pub(super) fn judge(
        self,
        mut judge: impl FnMut(&str) -> Result<Option<String>, Failure>,
    ) -> Result<(), Failure> {
        match self.token {
            Some(token) if token != STDIN => match judge(without_header(&token.to_string_lossy()))?
            {
                None => Ok(()),
                Some(why) => Err(Failure::Told(why)),
            },
            None if io::stdin().is_terminal() => Err(Failure::Usage(NO_TOKEN.into())),
            _ => {
                let (mut rejected, mut all) = (0_u64, 0_u64);
                for token in lines(io::stdin().lock()) {
                    all += 1;
                    rejected += u64::from(judge(without_header(&token?))?.is_some());
                }
                match (rejected, all) {
                    (0, 1..) => Ok(()),
                    (_, 0) => Err(Failure::configuration(NOTHING_READ)),
                    _ => Err(Failure::Told(format!(
                        "{rejected} of {all} tokens were rejected; see standard output"
                    ))),
                }
            }
        }
    }
}

/// Returns the token of an option: its value, or the only line of standard input if the value is `-`.
pub(crate) fn one_token(value: OsString) -> Result<String, Failure> {
    if value != STDIN {
        return Ok(without_header(&value.to_string_lossy()).to_owned());
    }
    let mut lines = lines(io::stdin().lock());
    let token = lines.next().ok_or_else(|| Failure::configuration(NOTHING_READ))??;
    match lines.next() {
        None => Ok(without_header(&token).to_owned()),
        Some(_) => {
            Err(Failure::configuration("standard input has more than one line; pass one token"))
        }
    }
}

/// Removes a pasted `Authorization: Bearer …` or `Bearer …` from the token. Any other text is returned
/// unchanged.
fn without_header(text: &str) -> &str {
    let credentials = strip(text, "authorization:").unwrap_or(text);
    strip(credentials, "bearer ").unwrap_or(credentials)
}

/// Strips a prefix, ignoring case, and the spaces that follow it.
fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| rest.trim_start_matches([' ', '\t']))
}

/// Reads lines without their LF or CRLF. In a line that is not UTF-8, invalid bytes become replacement
/// characters, which make it a malformed token.
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
    "no token: pass one as TOKEN, or `-` to read one per line from standard input";

const NOTHING_READ: &str = "standard input is empty; it should have one token per line";

#[cfg(test)]
mod tests {
    use super::{lines, without_header};

    #[test]
    fn lines_end_with_lf_or_crlf() {
        let input = b"a\n b \r\n\n\r\nc\r\r\n\xff\nlast\r";
        let read: Vec<_> = lines(&input[..]).map(Result::unwrap).collect();
        assert_eq!(read, ["a", " b ", "", "", "c\r", "\u{fffd}", "last\r"]);
        assert_eq!(lines(&b""[..]).count(), 0);
    }

    #[test]
    fn only_a_header_is_removed() {
        for text in ["WyI", "Bearer WyI", "bearer   WyI", "Authorization: Bearer WyI"] {
            assert_eq!(without_header(text), "WyI", "{text}");
        }
        assert_eq!(without_header("AUTHORIZATION:\tBEARER WyI "), "WyI ");
        for text in ["", " WyI", "WyI\n", "BearerWyI", "Bearer", " Bearer WyI", "\u{fffd}aaaaaaaa"]
        {
            assert_eq!(without_header(text), text);
        }
    }
}
