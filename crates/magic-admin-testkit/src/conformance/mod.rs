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
            revocations_take_effect_immediately
            revocations_survive_reopening
            token_revocations_survive_reopening
            the_latest_time_wins
            concurrent_revocations_survive
            reopening_changes_nothing
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
            keys_are_accepted_once
            keys_are_independent
            concurrent_inserts_have_one_winner
            keys_are_taken_once
            concurrent_takes_have_one_winner
            expired_keys_cannot_be_taken
            keys_are_kept_until_they_expire
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
