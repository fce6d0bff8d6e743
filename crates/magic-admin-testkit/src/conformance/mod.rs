//! Conformance tests for your own stores.
//!
//! [`revocation_store_tests!`](crate::revocation_store_tests) and
//! [`single_use_store_tests!`](crate::single_use_store_tests) create a module with one test for
//! each function here. You can also call the functions directly. They panic if the store
//! misbehaves.
//!
//! The tests use the system clock. Stores may still contain entries from other tests.

pub mod revocation;
pub mod single_use;

use magic_admin::{Address, Issuer};
use uuid::Uuid;

/// Creates a module with the given name that runs every test of
/// [`conformance::revocation`](revocation).
///
/// The expression is an async closure that opens the store. It returns a list containing every
/// entry that earlier lists from the same place have confirmed, and a value to keep alive while the
/// list is in use. Requires `tokio` with `macros` and `rt-multi-thread`.
///
/// # Examples
///
/// ```
/// use magic_admin::RevocationList;
///
/// magic_admin_testkit::revocation_store_tests!(file, {
///     let path = std::env::temp_dir().join(format!("revoked-{}", std::process::id()));
///     async move || (RevocationList::open_file(&path, RevocationList::builder()).unwrap(), ())
/// });
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! revocation_store_tests {
    ($name:ident, $open:expr) => {
        $crate::__conformance_tests! { $name, revocation, $open,
            what_is_confirmed_holds_at_once
            what_is_confirmed_holds_after_opening_again
            single_tokens_hold_after_opening_again
            the_latest_time_holds_in_whatever_order
            many_at_once_all_hold_after_opening_again
            opening_again_and_again_changes_nothing
        }
    };
}

/// Creates a module with the given name that runs every test of
/// [`conformance::single_use`](single_use).
///
/// The expression is an async closure that opens the store. Requires `tokio` with `macros` and
/// `rt-multi-thread`.
///
/// # Examples
///
/// ```
/// use magic_admin::single_use::MemorySingleUseStore;
///
/// magic_admin_testkit::single_use_store_tests!(memory, async || MemorySingleUseStore::default());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! single_use_store_tests {
    ($name:ident, $open:expr) => {
        $crate::__conformance_tests! { $name, single_use, $open,
            a_key_is_accepted_once
            keys_do_not_disturb_each_other
            of_a_thousand_simultaneous_uses_exactly_one_wins
            what_was_put_in_is_taken_out_once
            of_a_thousand_simultaneous_takers_exactly_one_wins
            nothing_is_taken_when_its_time_has_passed
            a_key_is_kept_until_its_time_has_passed
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($name:ident, $suite:ident, $open:expr, $($test:ident)*) => {
        mod $name {
            #[allow(unused_imports, reason = "for the names in the caller's expression")]
            use super::*;

            $(
                #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    $crate::conformance::$suite::$test($open).await;
                }
            )*
        }
    };
}

/// Returns an issuer that no other test uses.
fn new_issuer() -> Issuer {
    let mut bytes = [0; 20];
    for (byte, random) in bytes.iter_mut().zip(Uuid::new_v4().into_bytes()) {
        *byte = random;
    }
    Issuer::from(Address::from_bytes(bytes))
}
