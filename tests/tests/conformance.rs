//! Runs the testkit's suites against the stores of `magic-admin`.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use magic_admin::{RevocationList, single_use::MemorySingleUseStore};
use magic_admin_testkit::{conformance, revocation_store_tests, single_use_store_tests};

single_use_store_tests!(memory, async || MemorySingleUseStore::default());

revocation_store_tests!(file, {
    let path = new_path();
    async move || (RevocationList::open_file(&path, RevocationList::builder()).unwrap(), ())
});

/// A list without a store only runs the part of the suite that needs none.
#[tokio::test]
async fn the_suite_passes_in_memory() {
    conformance::revocation::revocations_take_effect_immediately(async || {
        (RevocationList::in_memory(), ())
    })
    .await;
}

/// The suite detects a store that does not keep what it confirmed.
#[tokio::test]
#[should_panic(expected = "left: None")]
async fn a_store_that_forgets_does_not_pass() {
    conformance::revocation::revocations_survive_reopening(async || {
        (RevocationList::in_memory(), ())
    })
    .await;
}

fn new_path() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let directory = std::env::temp_dir().join(format!(
        "conformance-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    ));
    std::fs::create_dir_all(&directory).unwrap();
    directory.join("revocations.log")
}
