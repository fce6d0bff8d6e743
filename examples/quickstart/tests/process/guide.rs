use std::process::Command;

use crate::program::Program;

#[test]
fn the_printed_commands_work() {
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "the gate needs curl");
        eprintln!("skipped: there is no curl");
        return;
    }
    let program = Program::start(&[]);
    let (alice, bob) = (program.token_of("Alice"), program.token_of("Bob"));
    assert_ne!(alice, bob);
    let commands = program.commands();
    assert_eq!(program.lines[0], format!("Open {} in a browser.", program.url));

    let expected = [
        ("200 OK", "/v1/user/login", r#""email":"alice@example.com"}"#),
        (
            "200 OK",
            "/v1/user/me",
            r#"{"issuer":"did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf","#,
        ),
        ("200 OK", "/v1/greeting", "Hello, 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf!"),
        ("200 OK", "/v1/greeting", "Hello, guest!"),
        ("403 Forbidden", "/v1/user/logout", r#""code":"ERROR_ISSUER_MISMATCH"}"#),
        ("200 OK", "/v1/user/logout", "content-length: 0"),
    ];
    assert_eq!(commands.len(), expected.len());
    for (line, (status, path, content)) in commands.iter().zip(expected) {
        assert!(line.ends_with(&format!("{}{path}", program.url)), "{line}");
        let answer = paste(line);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{line}: {answer}");
        assert!(answer.contains(content), "{line}: {answer}");
    }
    // The token is revoked; it had also been used to sign in.
    for (line, code) in [(1, "ERROR_DIDT_REVOKED"), (0, "ERROR_DIDT_REVOKED")] {
        let refused = paste(commands[line]);
        assert!(refused.starts_with("HTTP/1.1 401 ") && refused.contains(code), "{refused}");
    }
    // The session has ended, but the logout can be repeated.
    let again = paste(commands[5]);
    assert!(again.starts_with("HTTP/1.1 200 "), "{again}");

    let (status, log) = program.end("INT");
    assert!(status.success(), "{status}: {log}");
}

/// Runs one line in a new shell, and returns its output.
fn paste(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
