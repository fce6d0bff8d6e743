use std::{io, path::PathBuf};

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};

/// The address of a proxy.
#[derive(Debug)]
pub(crate) enum Endpoint {
    Unix(PathBuf),
    Tcp(String),
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Endpoint {
    /// Sends an unmodified HTTP/1.1 request, which may contain things that no client library would send.
    pub(crate) async fn send(&self, head: &str, body: &[u8]) -> io::Result<Answer> {
        match self {
            Self::Unix(path) => exchange(UnixStream::connect(path).await?, head, body).await,
            Self::Tcp(address) => exchange(TcpStream::connect(address).await?, head, body).await,
        }
    }
}

async fn exchange<S>(mut stream: S, head: &str, body: &[u8]) -> io::Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let length = body.len();
    let head = format!("{head}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    // A proxy may respond and close the connection before it has read everything.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer).map_err(io::Error::other)?;
    Answer::parse(&answer).ok_or_else(|| io::Error::other(format!("no answer: {answer:?}")))
}

impl Answer {
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        });
        Some(Self { status, headers: headers.collect::<Option<_>>()?, body: body.to_owned() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the request that the application received.
    pub(crate) fn seen(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }
}
