use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::error::ErrorKind;

use crate::{failure::Failure, output::Output, text::printable};

/// Reports a failure, on stderr and with `--json` on stdout; returns the exit status.
pub(crate) fn failure(
    failure: Failure,
    mut command: clap::Command,
    output: &mut Output,
) -> ExitCode {
    let status = match failure {
        Failure::Unknown(_) => NOT_KNOWN.into(),
        _ => ExitCode::FAILURE,
    };
    let line = match failure {
        Failure::Usage(message) => {
            return usage(&command.error(ErrorKind::MissingRequiredArgument, message));
        }
        Failure::ReaderGone => None,
        Failure::Told(line) => Some(line),
        Failure::Refused(refusal) | Failure::Unknown(refusal) => {
            if output.is_json() {
                // The line on stderr tells the same.
                let _ = output.json(&refusal);
            }
            Some(refusal.message)
        }
    };
    if let Some(line) = line {
        let _ = writeln!(io::stderr(), "error: {}", printable(&line));
    }
    status
}

/// Reports what clap did not take for a command: a request for help, or an error in one line.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone away has seen enough.
            let _ = error.print();
        }
        _ => {
            let line = one_line(&error.render().to_string());
            let _ = writeln!(io::stderr(), "{}", printable(&line));
        }
    }
    if error.use_stderr() { NOT_UNDERSTOOD.into() } else { ExitCode::SUCCESS }
}

/// Joins clap's paragraphs with semicolons, the lines within them with spaces.
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

/// The exit status of a command line that was not understood.
const NOT_UNDERSTOOD: u8 = 2;

/// The exit status of a question about a token that has no answer.
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
