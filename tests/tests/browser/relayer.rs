use magic_admin_testkit::{FakeMagic, FakeUser, TestUser};

use crate::script;

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_sdk_works_with_the_fake() {
    let Some(_) = script::set_up() else { return };
    let alice = TestUser::from_seed(1);
    let fake = FakeMagic::builder()
        .one_time_code("246813")
        .user(FakeUser::from(&alice).email("alice@example.com"))
        .start()
        .await
        .unwrap();
    let variables = [
        ("ENDPOINT", fake.base_url()),
        ("CODE", "246813".to_owned()),
        ("SECRET_KEY", fake.secret_key().to_owned()),
        ("CLIENT_ID", fake.client_id().to_owned()),
        ("ALICE", alice.address().to_string()),
    ];
    script::run("relayer.mjs", &variables.each_ref().map(|(name, value)| (*name, value.as_str())));
}
