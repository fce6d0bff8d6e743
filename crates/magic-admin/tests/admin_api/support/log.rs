use std::{cell::RefCell, io, sync::Once};

use tracing_subscriber::{filter::LevelFilter, fmt::format::FmtSpan};

/// Captures everything logged on this thread while it lives, at trace level, including the logs of
/// our dependencies.
///
/// All threads share one subscriber. With a subscriber per thread, tracing might remember from a
/// thread without one that nobody is interested.
pub(crate) struct Log(());

impl Log {
    pub(crate) fn capture() -> Self {
        static SUBSCRIBE: Once = Once::new();
        SUBSCRIBE.call_once(|| {
            // reqwest logs through the `log` crate.
            tracing_log::LogTracer::init().unwrap();
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_ansi(false)
                .with_span_events(FmtSpan::CLOSE)
                .with_writer(|| Lines)
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        LINES.set(Some(Vec::new()));
        Self(())
    }

    pub(crate) fn text(&self) -> String {
        LINES.with_borrow(|lines| String::from_utf8(lines.clone().unwrap()).unwrap())
    }

    /// Returns the lines logged when spans with this name closed.
    pub(crate) fn closed(&self, span: &str) -> Vec<String> {
        let name = format!("{span}{{");
        let closed = |line: &&str| line.contains(&name) && line.contains("close time");
        self.text().lines().filter(closed).map(str::to_owned).collect()
    }

    /// Returns the number of attempts that were logged.
    pub(crate) fn attempts(&self) -> usize {
        self.text().matches("HTTP attempt").count()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

thread_local! {
    /// The output of the threads that capture their logs.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}
