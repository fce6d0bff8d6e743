use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// An HTTP server on a real port that sends the configured response to every request.
pub struct Answers {
    next: Arc<Mutex<Vec<u8>>>,
    base_url: String,
}

impl Answers {
    /// Starts the server, which runs until the process ends.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let next = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::clone(&next);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let answers = Arc::clone(&answers);
                // An error means that the client has closed the connection.
                thread::spawn(move || serve(&connection, &answers).ok());
            }
        });
        Ok(Self { next, base_url })
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub fn set(&self, status: u16, headers: &str, body: &[u8]) {
        // These have no body, so one would be read as the next response.
        let body = if matches!(status, 204 | 304) { b"" } else { body };
        let head = format!("HTTP/1.1 {status} Status\r\n{headers}");
        let length = match status {
            204 | 304 => String::new(),
            _ => format!("content-length: {}\r\n", body.len()),
        };
        let answer = [head.as_bytes(), length.as_bytes(), b"\r\n", body].concat();
        *self.next.lock().expect("nobody panics with the lock") = answer;
    }
}

fn serve(mut connection: &TcpStream, answers: &Mutex<Vec<u8>>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut requests = BufReader::new(connection);
    loop {
        let mut body_length = 0;
        loop {
            let mut line = String::new();
            if requests.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(length) = line.strip_prefix("content-length: ") {
                body_length = length.parse().expect("our client counts right");
            }
            if line.is_empty() {
                break;
            }
        }
        io::copy(&mut (&mut requests).take(body_length), &mut io::sink())?;
        let answer = answers.lock().expect("nobody panics with the lock").clone();
        connection.write_all(&answer)?;
    }
}
