use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser};

use crate::{
    directory::Directory,
    http::send,
    program::{Program, fails_to_start},
};

#[test]
fn sigterm_stops_it_during_a_request() {
    let program = Program::start(&[]);
    let token = program.token_of("Alice");
    // The server waits for the body, which never arrives.
    let request = format!(
        "POST /v1/user/sign-in HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    );
    let mut waiting = TcpStream::connect(program.url.trim_start_matches("http://")).unwrap();
    waiting.write_all(request.as_bytes()).unwrap();
    let mut head = [0; 12];
    waiting.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 100");

    let (status, log) = program.end("TERM");
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("requests are still under way"), "{log}");
}

#[test]
fn an_occupied_port_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = fails_to_start(&[("BIND_ADDR", &address)]);
    assert!(line.contains(&address) && line.contains("set BIND_ADDR"), "{line}");
}

#[test]
fn an_invalid_key_is_not_shown() {
    let line = fails_to_start(&[("MAGIC_API_SECRET_KEY", "pk_live_0123456789ABCDEF")]);
    assert!(line.contains("MAGIC_API_SECRET_KEY"), "{line}");
    assert!(!line.contains("0123456789"), "{line}");
}

#[test]
fn another_database_is_one_clear_line() {
    let line = fails_to_start(&[("DATABASE_URL", "postgres://localhost/users")]);
    assert!(line.contains("DATABASE_URL") && line.contains("sqlite:"), "{line}");
}

/// An empty key in a container must not let everyone on the network sign in as Alice.
#[test]
fn the_demo_listens_on_loopback_only() {
    for key in [None, Some(("MAGIC_API_SECRET_KEY", ""))] {
        let settings: Vec<_> = key.into_iter().chain([("BIND_ADDR", "0.0.0.0:0")]).collect();
        let line = fails_to_start(&settings);
        assert!(line.contains("MAGIC_API_SECRET_KEY") && line.contains("BIND_ADDR"), "{line}");
    }
}

#[test]
fn only_the_owner_can_read_the_database() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::new();
    let program = Program::start(&[("DATABASE_URL", &directory.database())]);
    let mode = std::fs::metadata(directory.path("quickstart.db")).unwrap().permissions().mode();
    assert!(program.end("INT").0.success());
    assert_eq!(mode & 0o777, 0o600);
}

/// Requests get two seconds to finish; a logout may take longer.
#[tokio::test]
async fn a_running_logout_finishes_first() {
    let fake = FakeMagic::start().await.unwrap();
    let base_url = fake.base_url();
    let directory = Directory::new();
    let database = directory.database();
    let program = Program::start(&[
        ("MAGIC_API_SECRET_KEY", fake.secret_key()),
        ("MAGIC_API_BASE_URL", &base_url),
        ("DATABASE_URL", &database),
        ("MAGIC_API_TIMEOUT", "300"),
    ]);
    let token = fake.mint().token(&TestUser::from_seed(1));
    let login = send(&program, "POST", "/v1/user/login", &token, None).await;
    assert_eq!(login.status(), 200, "{}", login.text());
    // Magic responds only after those two seconds.
    fake.fail_next(Fault::hold().at(Endpoint::Logout));
    let calls = fake.calls().len();
    let request = format!(
        "POST /v1/user/logout HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nCookie: {}\r\nContent-Length: 0\r\n\r\n",
        login.cookie()
    );
    let mut waiting = TcpStream::connect(program.url.trim_start_matches("http://")).unwrap();
    waiting.write_all(request.as_bytes()).unwrap();
    fake.wait_for_calls(calls + 1).await;

    program.signal("TERM");
    program.logs("requests are still under way").await;
    fake.release();
    let (status, log) = tokio::task::spawn_blocking(|| program.ended()).await.unwrap();
    assert!(status.success(), "{log}");

    let pool = sqlx::SqlitePool::connect(&database).await.unwrap();
    let sessions: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM tower_sessions").fetch_one(&pool).await.unwrap();
    pool.close().await;
    assert_eq!(sessions, 0, "the logout was cut off");
}

#[test]
fn empty_variables_count_as_unset() {
    let empty = ["MAGIC_API_SECRET_KEY", "MAGIC_API_BASE_URL", "MAGIC_CLIENT_ID", "DATABASE_URL"];
    let program = Program::start(&empty.map(|name| (name, "")));
    assert_eq!(program.commands().len(), 6);
    assert!(program.end("INT").0.success());
}
