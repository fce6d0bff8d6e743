use std::{
    fmt::Display,
    io::{self, Stdout, Write},
};

use serde::Serialize;

use crate::failure::Failure;

/// Standard output: text for people or, with `--json`, one compact object per line.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    out: Stdout,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, out: io::stdout() }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints one item as text or as JSON, and flushes the output.
    pub(crate) fn item<T: Display + Serialize>(&mut self, item: &T) -> Result<(), Failure> {
        if self.json { self.json(item) } else { self.text(item) }
    }

    pub(crate) fn json<T: Serialize>(&mut self, item: &T) -> Result<(), Failure> {
        let line = serde_json::to_string(item).map_err(io::Error::from);
        self.write(|out| writeln!(out, "{}", line?))
    }

    pub(crate) fn text(&mut self, item: &impl Display) -> Result<(), Failure> {
        self.write(|out| writeln!(out, "{item}"))
    }

    fn write(&mut self, write: impl FnOnce(&mut Stdout) -> io::Result<()>) -> Result<(), Failure> {
        write(&mut self.out).and_then(|()| self.out.flush()).map_err(Failure::output)
    }
}
