use std::{
    fmt,
    io::{self, Write},
};

use magic_admin::{Clock, SystemClock};
use magic_admin_testkit::{BrowserEvent, Call};

use crate::text::{date, printable};

/// Logs one line for each call, without the query or the body, which can contain e-mail addresses.
pub(super) fn call(call: &Call) {
    let status = call.status().map_or_else(|| "-".to_owned(), |status| status.to_string());
    let path = printable(call.path());
    let note = if call.key_accepted() { "" } else { " (wrong or no X-Magic-Secret-Key)" };
    line(format_args!("{} {path} {status}{note}", call.method()));
}

/// Logs events in browsers. One-time codes are logged because no e-mail delivers them.
pub(super) fn browser_event(event: &BrowserEvent) {
    match event {
        BrowserEvent::Request { method, .. } => line(format_args!("browser {method}")),
        BrowserEvent::Code { code, .. } => line(format_args!("browser one-time code: {code}")),
        BrowserEvent::Link { path, .. } => line(format_args!("browser magic link: {path}")),
        BrowserEvent::SignedIn { issuer, .. } => line(format_args!("browser {issuer} signed in")),
        BrowserEvent::SignedOut { issuer, .. } => line(format_args!("browser {issuer} signed out")),
        _ => {}
    }
}

fn line(text: fmt::Arguments<'_>) {
    let time = date(SystemClock::default().now()).unwrap_or_default();
    // If stderr is closed, the emulator must keep running.
    let _ = writeln!(io::stderr(), "{time} {text}");
}
