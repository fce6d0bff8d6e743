//! The quickstart: `cargo run -p quickstart`.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use magic_admin::MagicBuilder;
use magic_admin_axum::RunningLogouts;
use quickstart::{
    BoundSocket, Config, CookieSecurity, Database, Demo, Page, Shutdown, SpentTokens, StartError,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), StartError> {
    let config = Config::from_env()?;
    // Logs go to stderr. Only the commands to try out the application go to stdout, because they contain
    // tokens, which a log must not.
    tracing_subscriber::fmt()
        .with_env_filter(config.log_filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let shutdown = Shutdown::catch()?;
    let socket = BoundSocket::bind(&config.bind_addr).await?;
    if !config.has_secret_key && !socket.address().ip().is_loopback() {
        return Err(StartError::demo_beyond_loopback());
    }
    let database = Database::open(&config.database_url).await?;
    let demo = if config.has_secret_key { None } else { Some(Demo::start().await?) };
    let magic = demo.as_ref().map_or_else(|| Ok(MagicBuilder::from_env()?), Demo::magic)?;
    // Sessions that survive a restart need a revocation list that survives it as well.
    let revocations_file = config.revocations_file.or_else(|| database.beside(".revocations"));
    let spent = match (&config.redis_url, revocations_file) {
        (Some(url), _) => SpentTokens::in_redis(url)?,
        (None, Some(file)) => SpentTokens::in_file(&file)?,
        (None, None) => SpentTokens::in_memory(),
    };
    let magic = magic.verifier(|verifier| verifier.revocations(spent.revocations())).build()?;

    let mut page = Page::new(spent.challenges()).publishable_key(config.publishable_key);
    if let Some(file) = &config.sdk_file {
        page = page.sdk_file(file)?;
    }
    if let Some(demo) = &demo {
        page = demo.page(page);
    }

    let address = socket.address();
    let logouts = RunningLogouts::new();
    let app = quickstart::app(
        magic,
        spent.guard(),
        spent.revocations(),
        &database,
        CookieSecurity::new(address, config.public_url.as_deref()),
        page,
        &logouts,
    );
    print(&format!("Open {} in a browser.\n", quickstart::url(address)));
    // Print this before listening, so that a script that waits for the port finds these lines.
    if let Some(demo) = &demo {
        print(&demo.guide(address));
    }
    let listener = socket.listen()?;
    print(&format!("Listening on http://{address}, press Ctrl-C to stop."));
    let sweep = tokio::spawn(database.clone().sweep_sessions(SWEEP_EVERY));
    let served = quickstart::serve(listener, app, shutdown.requested()).await;
    // Running logouts must finish and reach every server.
    logouts.finished().await;
    let written = spent.close().await;
    sweep.abort();
    served?;
    written
}

fn print(text: &str) {
    // A closed stdout must not stop the server.
    let _ = writeln!(io::stdout(), "{text}");
}

const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
