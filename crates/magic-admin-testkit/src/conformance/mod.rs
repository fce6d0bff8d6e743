//! What every store must do, as tests to run against one's own.
//!
//! [`revocation_store_tests!`](crate::revocation_store_tests) and
//! [`single_use_store_tests!`](crate::single_use_store_tests) make a module with a test for each
//! function here. The functions can be called by themselves as well; they panic when the store
//! does something else.
//!
//! Stores run by the system's clock, and may hold whatever other tests left in them.

pub mod revocation;
pub mod single_use;

use magic_admin::{Address, Issuer};
use uuid::Uuid;

/// Makes a module of this name that runs every test of [`conformance::revocation`](revocation).
///
/// The expression is an async closure that opens the store: it gives a list that holds what the
/// lists before it, from the same place, confirmed; and whatever must be kept for the list to
/// work. Needs `tokio` with `macros` and `rt-multi-thread`.
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

/// Makes a module of this name that runs every test of [`conformance::single_use`](single_use).
///
/// The expression is an async closure that opens the store. Needs `tokio` with `macros` and
/// `rt-multi-thread`.
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

/// An issuer that no other test knows.
fn new_issuer() -> Issuer {
    let mut bytes = [0; 20];
    for (byte, random) in bytes.iter_mut().zip(Uuid::new_v4().into_bytes()) {
        *byte = random;
    }
    Issuer::from(Address::from_bytes(bytes))
}
