use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::program::Program;

/// Sends a request with a token on a new connection.
pub(crate) async fn send(
    program: &Program,
    method: &str,
    path: &str,
    token: &str,
    cookie: Option<&str>,
) -> Answer {
    let bearer = format!("Bearer {token}");
    let cookie = cookie.map(|cookie| ("Cookie", cookie));
    let headers: Vec<_> = [("Authorization", &*bearer)].into_iter().chain(cookie).collect();
    send_with(program, method, path, &headers).await
}

/// Sends a request with these headers on a new connection.
pub(crate) async fn send_with(
    program: &Program,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut stream = open(program, method, path, &[headers, &[("Connection", "close")]]).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    Answer(answer)
}

/// Signs in, and returns the session's cookie.
pub(crate) async fn sign_in(program: &Program, token: &str) -> String {
    let login = send(program, "POST", "/v1/user/login", token, None).await;
    assert_eq!(login.status(), 200, "{}", login.text());
    login.cookie().to_owned()
}

/// Returns the status of `GET /v1/session` with only a cookie.
pub(crate) async fn session_status(program: &Program, cookie: &str) -> u16 {
    send_with(program, "GET", "/v1/session", &[("Cookie", cookie)]).await.status()
}

/// The head and body of a response.
pub(crate) struct Answer(String);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Returns the name and value of the cookie that the response sets.
    pub(crate) fn cookie(&self) -> &str {
        self.set_cookie().split(';').next().unwrap()
    }

    pub(crate) fn set_cookie(&self) -> &str {
        self.0.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap()
    }
}

/// The WebSocket of the quickstart's page.
pub(crate) struct WebSocket(TcpStream);

impl WebSocket {
    pub(crate) async fn open(program: &Program, cookie: &str) -> Self {
        let headers = [
            ("Connection", "upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-Fetch-Site", "same-origin"),
            ("Cookie", cookie),
        ];
        let mut stream = open(program, "GET", "/v1/live", &[&headers]).await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        Self(stream)
    }

    /// Reads until the server closes the connection, and returns the code of the close frame.
    pub(crate) async fn closed(mut self) -> u16 {
        loop {
            // Frames sent by a server are not masked, and these frames are short.
            let (first, length) =
                (self.0.read_u8().await.unwrap(), self.0.read_u8().await.unwrap());
            assert!(length < 126, "{length}");
            let mut payload = vec![0; length.into()];
            self.0.read_exact(&mut payload).await.unwrap();
            if first & 0x0f == 8 {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

async fn open(
    program: &Program,
    method: &str,
    path: &str,
    headers: &[&[(&str, &str)]],
) -> TcpStream {
    let address = program.url.strip_prefix("http://").unwrap();
    let headers: String =
        headers.concat().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n{headers}\r\n"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}
