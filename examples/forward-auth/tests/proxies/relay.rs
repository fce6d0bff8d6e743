use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A relay between the proxy and the service, which records the proxy's requests.
pub(crate) struct Relay {
    pub(crate) address: String,
    recorded: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Relay {
    pub(crate) async fn start(service: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&recorded);
        let task = tokio::spawn(async move {
            // These tasks are stopped with the relay.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((proxy, _)) = listener.accept().await {
                connections.spawn(relay(proxy, service.clone(), Arc::clone(&record)));
            }
        });
        Self { address, recorded, task }
    }

    pub(crate) fn forget(&self) {
        self.recorded.lock().unwrap().clear();
    }

    pub(crate) fn recorded(&self) -> String {
        String::from_utf8_lossy(&self.recorded.lock().unwrap()).into_owned()
    }

    /// Refuses new connections, and closes the open ones.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

async fn relay(proxy: TcpStream, service: String, record: Arc<Mutex<Vec<u8>>>) {
    let Ok(service) = TcpStream::connect(service).await else { return };
    let ((mut from_proxy, mut to_proxy), (mut from_service, mut to_service)) =
        (proxy.into_split(), service.into_split());
    let there = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_proxy.read(&mut buffer).await {
            let bytes = buffer.get(..length).unwrap_or_default();
            record.lock().unwrap().extend_from_slice(bytes);
            if to_service.write_all(bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        _ = copy(&mut from_service, &mut to_proxy) => {}
    }
}
