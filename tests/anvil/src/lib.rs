//! A separate Ethereum chain for each test, and contracts on it.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::{Value, json};

/// The ID of the chain.
pub const CHAIN_ID: u64 = 31_337;

/// An anvil process, which mines a block immediately for each transaction.
#[derive(Debug)]
pub struct Anvil {
    process: Child,
    host: String,
}

/// An argument of a contract call.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// `0x` and 40 hex digits.
    Address(&'a str),
    Number(u64),
    /// A `string` or `bytes`.
    Text(&'a str),
}

impl Anvil {
    /// Starts a chain. Where anvil cannot be installed, prints the reason and returns `None`, or
    /// fails if `CI` is set.
    pub fn start() -> Option<Self> {
        match Self::try_start() {
            Ok(anvil) => Some(anvil),
            Err(why) => {
                assert!(env::var_os("CI").is_none(), "{why}");
                println!("skipped: {why}");
                None
            }
        }
    }

    fn try_start() -> Result<Self, String> {
        let setup = Command::new(folder().join("setup.sh")).stdout(Stdio::null()).output();
        let setup = setup.map_err(|error| format!("tests/anvil/setup.sh does not run: {error}"))?;
        if !setup.status.success() {
            let stderr = String::from_utf8_lossy(&setup.stderr);
            return Err(format!("tests/anvil/setup.sh failed: {stderr}"));
        }
        let mut process = Command::new(binary()?)
            .args(["--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("anvil does not run: {error}"))?;
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let host = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned))
            .ok_or("anvil ended before it listened")?;
        // anvil logs every call, and would block once the pipe is full.
        thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, host })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Deploys a contract from `@openzeppelin/contracts` with the first account, which may then
    /// mint.
    pub fn deploy(&self, artefact: &str, args: &[Arg<'_>]) -> String {
        let path = format!("node_modules/@openzeppelin/contracts/build/contracts/{artefact}.json");
        let artefact =
            fs::read_to_string(folder().join(path)).expect("the contracts are installed");
        let artefact: Value = serde_json::from_str(&artefact).expect("an artefact is JSON");
        let bytecode = artefact["bytecode"].as_str().expect("it is not abstract");
        let data = format!("{bytecode}{}", encode(args));
        let receipt = self.transact(json!({"from": self.account(), "data": data}));
        receipt["contractAddress"].as_str().expect("it was deployed").to_owned()
    }

    pub fn erc721(&self) -> String {
        self.deploy(
            "ERC721PresetMinterPauserAutoId",
            &[Arg::Text("Pass"), Arg::Text("P"), Arg::Text("")],
        )
    }

    pub fn erc1155(&self) -> String {
        self.deploy("ERC1155PresetMinterPauser", &[Arg::Text("")])
    }

    pub fn erc20(&self) -> String {
        self.deploy("ERC20PresetMinterPauser", &[Arg::Text("Coin"), Arg::Text("C")])
    }

    /// Stores bytecode at an address, and returns the address.
    pub fn set_code(&self, number: u64, code: &str) -> String {
        let address = format!("0x{number:040x}");
        self.rpc("anvil_setCode", json!([address, code]));
        address
    }

    /// Sends a transaction from the first account, which deployed all contracts.
    pub fn send(&self, contract: &str, selector: &str, args: &[Arg<'_>]) {
        self.send_from(&self.account(), contract, selector, args);
    }

    /// Sends a transaction from any address, without its key.
    pub fn send_as(&self, from: &str, contract: &str, selector: &str, args: &[Arg<'_>]) {
        self.rpc("anvil_impersonateAccount", json!([from]));
        self.rpc("anvil_setBalance", json!([from, "0xde0b6b3a7640000"]));
        self.send_from(from, contract, selector, args);
    }

    fn send_from(&self, from: &str, contract: &str, selector: &str, args: &[Arg<'_>]) {
        let data = format!("{selector}{}", encode(args));
        self.transact(json!({"from": from, "to": contract, "data": data}));
    }

    fn account(&self) -> String {
        self.rpc("eth_accounts", json!([]))[0].as_str().expect("there are ten").to_owned()
    }

    fn transact(&self, transaction: Value) -> Value {
        let hash = self.rpc("eth_sendTransaction", json!([transaction]));
        // The transaction is mined shortly after it was accepted, so poll for the receipt.
        let receipt = (0..10_000)
            .map(|_| self.rpc("eth_getTransactionReceipt", json!([hash])))
            .find(|receipt| !receipt.is_null())
            .expect("it is mined");
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt
    }

    fn rpc(&self, method: &str, params: Value) -> Value {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.post(&call.to_string()).expect("anvil answers");
        let answer: Value = serde_json::from_str(&answer).expect("anvil answers JSON");
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Sends a request without an HTTP client, so that every test can use this, whatever client it
    /// uses.
    fn post(&self, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(&self.host)?;
        let (host, length) = (&self.host, body.len());
        write!(
            stream,
            "POST / HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned()))
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Encodes arguments according to the ABI, in hex.
fn encode(args: &[Arg<'_>]) -> String {
    let (mut head, mut tail) = (String::new(), String::new());
    for arg in args {
        match arg {
            Arg::Address(address) => {
                let digits = address.strip_prefix("0x").expect("an address").to_ascii_lowercase();
                head += &format!("{digits:0>64}");
            }
            Arg::Number(number) => head += &format!("{number:064x}"),
            Arg::Text(text) => {
                head += &format!("{:064x}", 32 * args.len() + tail.len() / 2);
                let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
                let padded = hex.len().div_ceil(64) * 64;
                tail += &format!("{:064x}{hex:0<padded$}", text.len());
            }
        }
    }
    head + &tail
}

fn binary() -> Result<PathBuf, String> {
    let platform = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "linux-amd64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-amd64",
        ("macos", "aarch64") => "darwin-arm64",
        other => return Err(format!("there is no anvil for {other:?}")),
    };
    let path = format!("node_modules/@foundry-rs/anvil-{platform}/bin/anvil");
    Ok(folder().join(path))
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
