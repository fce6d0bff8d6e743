use std::{
    io::Write,
    net::{TcpListener, TcpStream},
};

use magic_admin_testkit::{Mint, TestUser};

use crate::program::{Program, command};

#[test]
fn sigterm_ends_it_although_a_request_is_under_way() {
    // A Magic that never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", silent.local_addr().unwrap());
    let key = "sk_live_0123456789ABCDEF";
    let settings = [("MAGIC_API_SECRET_KEY", key), ("MAGIC_API_BASE_URL", &base_url)];
    let program = Program::start(&settings);

    let token = Mint::new("any").token(&TestUser::from_seed(1));
    let request =
        format!("GET /v1/user/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let mut waiting = TcpStream::connect(program.url.trim_start_matches("http://")).unwrap();
    waiting.write_all(request.as_bytes()).unwrap();
    let _asked_for_the_client_id = silent.accept().unwrap();

    let (status, log) = program.end("TERM");
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("requests are still under way"), "{log}");
}

#[test]
fn an_occupied_port_is_one_line_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = fails_to_start(&[("BIND_ADDR", &address)]);
    assert!(line.contains(&address) && line.contains("set BIND_ADDR"), "{line}");
}

#[test]
fn an_unusable_key_is_one_line_that_does_not_show_it() {
    let line = fails_to_start(&[("MAGIC_API_SECRET_KEY", "pk_live_0123456789ABCDEF")]);
    assert!(line.contains("MAGIC_API_SECRET_KEY"), "{line}");
    assert!(!line.contains("0123456789"), "{line}");
}

#[test]
fn a_database_that_is_not_sqlite_is_one_line_that_says_what_to_do() {
    let line = fails_to_start(&[("DATABASE_URL", "postgres://localhost/users")]);
    assert!(line.contains("DATABASE_URL") && line.contains("sqlite:"), "{line}");
}

#[test]
fn empty_variables_count_as_unset() {
    let empty = ["MAGIC_API_SECRET_KEY", "MAGIC_API_BASE_URL", "MAGIC_CLIENT_ID", "DATABASE_URL"];
    let program = Program::start(&empty.map(|name| (name, "")));
    assert_eq!(program.commands().len(), 6);
    assert!(program.end("INT").0.success());
}

/// The line that it ends with, status 1.
fn fails_to_start(variables: &[(&str, &str)]) -> String {
    let output = command(variables).env("RUST_LOG", "off").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.starts_with("error: ") && line.lines().count() == 1, "{line}");
    line
}
