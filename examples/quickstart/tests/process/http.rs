use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::program::Program;

/// The answer to a request on a connection of its own.
pub(crate) async fn send(
    program: &Program,
    method: &str,
    path: &str,
    token: &str,
    cookie: Option<&str>,
) -> Answer {
    let address = program.url.strip_prefix("http://").unwrap();
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         {cookie}Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    Answer(answer)
}

/// Head and body, as they came.
pub(crate) struct Answer(String);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Name and value of the cookie it sets.
    pub(crate) fn cookie(&self) -> &str {
        let value = self.0.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        value.split(';').next().unwrap()
    }
}
