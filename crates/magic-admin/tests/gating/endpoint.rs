use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use magic_admin::{
    Address,
    gating::{Chain, ChainBuilder},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// An RPC endpoint on its own port that responds to batches as instructed, in raw HTTP.
pub(crate) struct Endpoint {
    address: SocketAddr,
    batches: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

/// The endpoint's reaction to a batch.
pub(crate) enum Act {
    /// Responds with status 200 and this JSON.
    Answer(Value),
    /// Writes these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Never responds.
    Hang,
}

impl Endpoint {
    pub(crate) async fn acting(act: impl Fn(&Value) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let batches = Arc::<Mutex<Vec<Value>>>::default();
        let task = tokio::spawn(serve(listener, Arc::new(act), Arc::clone(&batches)));
        Self { address, batches, task }
    }

    /// Simulates chain 1 and responds to every call with the result of this function of contract
    /// and data.
    pub(crate) async fn calling(
        call: impl Fn(&str, &str) -> Value + Send + Sync + 'static,
    ) -> Self {
        Self::acting(move |batch| Act::Answer(answer(batch, &call))).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v2/k3y?apikey=s3cret", self.address)
    }

    /// Allows a single attempt of up to 300 ms.
    pub(crate) fn settings(&self) -> ChainBuilder {
        Chain::builder(1, self.url()).retries(0).timeout(Duration::from_millis(300))
    }

    pub(crate) fn chain(&self) -> Chain {
        self.settings().build().unwrap()
    }

    pub(crate) fn batches(&self) -> Vec<Value> {
        self.batches.lock().unwrap().clone()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns the honest response to a batch. `call` returns `{"result"}` or `{"error"}` for a
/// contract and data.
pub(crate) fn answer(batch: &Value, call: &impl Fn(&str, &str) -> Value) -> Value {
    let answer = |request: &Value| {
        let mut answer = match request["method"].as_str().unwrap() {
            "eth_chainId" => json!({"result": "0x1"}),
            "eth_call" => {
                let to = &request["params"][0];
                call(to["to"].as_str().unwrap(), to["data"].as_str().unwrap())
            }
            method => panic!("unexpected method: {method}"),
        };
        answer["jsonrpc"] = "2.0".into();
        answer["id"] = request["id"].clone();
        answer
    };
    batch.as_array().unwrap().iter().map(answer).collect()
}

/// Returns the response of an honest contract: ERC-165 declares every interface, and `reply`
/// answers everything else.
pub(crate) fn honest(data: &str, reply: Value) -> Value {
    match data.strip_prefix("0x01ffc9a7") {
        Some(interface) => result(u64::from(!interface.starts_with("ffffffff"))),
        None => reply,
    }
}

/// Returns a result of one word.
pub(crate) fn result(number: u64) -> Value {
    json!({"result": format!("0x{number:064x}")})
}

pub(crate) fn reverted() -> Value {
    json!({"error": {"code": 3, "message": "execution reverted", "data": "0x"}})
}

pub(crate) fn owner() -> Address {
    Address::from_bytes([0x11; 20])
}

pub(crate) fn contract() -> Address {
    Address::from_bytes([0xcc; 20])
}

/// Returns the owner's address as a word.
pub(crate) fn owner_word() -> String {
    format!("0x{}{}", "0".repeat(24), "11".repeat(20))
}

pub(crate) fn http(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Reason\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
        .into_bytes()
}

async fn serve(
    listener: TcpListener,
    act: Arc<impl Fn(&Value) -> Act + Send + Sync + 'static>,
    batches: Arc<Mutex<Vec<Value>>>,
) {
    let mut open = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(batch) = read(&mut stream).await else { continue };
        batches.lock().unwrap().push(batch.clone());
        let bytes = match act(&batch) {
            Act::Answer(value) => {
                http(200, "Content-Type: application/json\r\n", &value.to_string())
            }
            Act::Bytes(bytes) => bytes,
            Act::Hang => {
                open.push(stream);
                continue;
            }
        };
        // The client may stop reading at any time.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
    }
}

/// Reads the batch from a request. Returns `None` if the client disconnected before it was
/// complete.
async fn read(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    assert!(head.starts_with("POST /v2/k3y?apikey=s3cret HTTP/1.1"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let length: usize = length.parse().unwrap();
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(serde_json::from_slice(&body).unwrap())
}
