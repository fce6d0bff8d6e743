//! Tests what a single instance keeps across a restart.

use std::{fs, os::unix::fs::PermissionsExt as _};

use magic_admin_testkit::{FakeMagic, TestUser};

use crate::{
    directory::Directory,
    http::{send, session_status, sign_in},
    program::{Program, fails_to_start},
};

/// Sessions are in a file, so the logouts that end them must be in a file, too.
#[tokio::test]
async fn logouts_survive_a_restart() {
    let (fake, directory) = (FakeMagic::start().await.unwrap(), Directory::new());
    let (base_url, database) = (fake.base_url(), directory.database());
    let settings = [
        ("MAGIC_API_SECRET_KEY", fake.secret_key()),
        ("MAGIC_API_BASE_URL", &base_url),
        ("DATABASE_URL", &database),
    ];
    let [token, phone_token] = [(), ()].map(|()| fake.mint().token(&TestUser::from_seed(1)));
    let bobs_token = fake.mint().token(&TestUser::from_seed(2));

    let program = Program::start(&settings);
    let laptop = sign_in(&program, &token).await;
    let phone = sign_in(&program, &phone_token).await;
    let bob = sign_in(&program, &bobs_token).await;
    assert_eq!(session_status(&program, &phone).await, 200);
    let logout = send(&program, "POST", "/v1/user/logout", &token, Some(&laptop)).await;
    assert_eq!(logout.status(), 200);
    assert_eq!(session_status(&program, &phone).await, 401);
    assert!(program.end("INT").0.success());

    let program = Program::start(&settings);
    assert_eq!(session_status(&program, &phone).await, 401);
    assert_eq!(session_status(&program, &bob).await, 200);
    let me = send(&program, "GET", "/v1/user/me", &phone_token, None).await;
    assert!(me.text().contains("ERROR_DIDT_REVOKED"), "{}", me.text());
    let file = directory.path("quickstart.db.revocations");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    // A second instance would miss the logouts of this one.
    let line = fails_to_start(&settings);
    assert!(line.contains("REDIS_URL"), "{line}");
    assert!(program.end("INT").0.success());

    let elsewhere = directory.path("elsewhere").display().to_string();
    let program = Program::start(&[&settings[..], &[("REVOCATIONS_FILE", &elsewhere)]].concat());
    assert!(program.end("INT").0.success());
    assert!(fs::exists(elsewhere).unwrap());
}

/// A proxy on the same machine adds TLS.
#[tokio::test]
async fn behind_a_tls_proxy_the_cookie_is_secure() {
    for (public_url, is_secure) in [("https://shop.example", true), ("", false)] {
        let program = Program::start(&[("PUBLIC_URL", public_url)]);
        let token = program.token_of("Alice").to_owned();
        let login = send(&program, "POST", "/v1/user/login", &token, None).await;
        assert_eq!(login.set_cookie().contains("; Secure"), is_secure, "{}", login.text());
        assert!(program.end("INT").0.success());
    }
}
