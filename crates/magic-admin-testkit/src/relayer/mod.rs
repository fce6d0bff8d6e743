//! The page that Magic's browser SDK loads into its iframe, and the corresponding server side.
//!
//! The page only translates between the SDK's `postMessage` and the JSON of [`Relayer`], which
//! manages users, sign-ins and sessions.

mod answer;
mod event;
mod identity;
mod method;
mod page;
mod personal_message;
mod question;
mod service;
mod session;
mod sign_in;
mod test_address;

pub use event::BrowserEvent;
pub(crate) use page::{ANSWER_PATH, CONFIRM_PATH, Page};
pub(crate) use question::Question;
pub(crate) use service::{Application, Relayer, Settings};
