use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::error::ErrorKind;

use crate::{
    failure::{Failure, Refusal},
    output::Output,
    text::printable,
};

/// Reports a failure on stderr and, with `--json`, also on stdout. Returns the exit status.
pub(crate) fn failure(
    failure: Failure,
    mut command: clap::Command,
    output: &mut Output,
) -> ExitCode {
    let status = match failure {
        Failure::Unknown(_) => NOT_KNOWN.into(),
        _ => ExitCode::FAILURE,
    };
    match failure {
        Failure::Usage(message) => {
            return usage(&command.error(ErrorKind::MissingRequiredArgument, message), output);
        }
        Failure::ReaderGone => {}
        Failure::Told(line) => to_stderr(&line),
        Failure::Refused(refusal) | Failure::Unknown(refusal) => {
            report(&refusal, &refusal.line(), output);
        }
    }
    status
}

/// Reports a clap error that is not a command to run: a request for help, or an invalid command line as one
/// line.
pub(crate) fn usage(error: &clap::Error, output: &mut Output) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // If the reader has gone away, there is nothing left to do.
            let _ = error.print();
        }
        _ => {
            let line = one_line(&error.render().to_string());
            let message = line.strip_prefix("error: ").unwrap_or(&line);
            report(&Refusal::usage(message), message, output);
        }
    }
    if error.use_stderr() { NOT_UNDERSTOOD.into() } else { ExitCode::SUCCESS }
}

fn report(refusal: &Refusal, line: &str, output: &mut Output) {
    if output.is_json() {
        // If this fails, the line on stderr says the same.
        let _ = output.json(refusal);
    }
    to_stderr(line);
}

fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "error: {}", printable(line));
}

/// Joins clap's paragraphs with semicolons, and the lines within them with spaces.
fn one_line(rendered: &str) -> String {
    let mut line = String::new();
    let mut between = "";
    for part in rendered.lines().map(str::trim) {
        if part.is_empty() {
            between = if line.is_empty() { "" } else { "; " };
            continue;
        }
        line.push_str(between);
        line.push_str(part);
        between = " ";
    }
    line
}

/// The exit status for an invalid command line.
const NOT_UNDERSTOOD: u8 = 2;

/// The exit status if the ownership of a token cannot be determined.
const NOT_KNOWN: u8 = 3;

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn paragraphs_become_one_line() {
        let rendered = "error: these are missing:\n  --a\n  --b\n\nUsage: x [A]\n\n";
        assert_eq!(one_line(rendered), "error: these are missing: --a --b; Usage: x [A]");
    }
}
