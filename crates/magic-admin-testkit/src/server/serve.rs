use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, header::HeaderMap};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    body::AnswerBody,
    browser,
    call::Call,
    endpoint::Generation,
    fault::{Act, Fault, JSON, Wait},
    foreign_json,
    reply::Reply,
    response::response,
    socket::{Reset, Socket},
    state::State,
};

/// Accepts connections until `stop` is set, and then gives open ones a moment to finish.
pub(super) async fn serve(
    listener: TcpListener,
    state: Arc<State>,
    secret_key: Arc<str>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let reset = Reset::default();
                let connection = Connection {
                    number,
                    reset,
                    state: state.clone(),
                    secret_key: secret_key.clone(),
                };
                connections.spawn(connection.run(stream, stop.clone()));
                number += 1;
            }
            // The process may have run out of file descriptors, for example. Wait instead of
            // spinning.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

#[derive(Clone)]
struct Connection {
    number: u64,
    reset: Reset,
    state: Arc<State>,
    secret_key: Arc<str>,
}

impl Connection {
    async fn run(self, stream: TcpStream, mut stop: watch::Receiver<bool>) {
        let socket = Socket::new(stream, self.reset.clone());
        let service = service_fn(|request| self.handle(request));
        let mut connection =
            std::pin::pin!(http1::Builder::new().serve_connection(socket, service));
        // Ignore errors, which mean that the client or a fault ended the connection.
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
        }
        let _ = tokio::time::timeout(SHUTDOWN_GRACE, connection).await;
    }

    async fn handle(&self, request: Request<Incoming>) -> io::Result<Response<AnswerBody>> {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_REQUEST_BODY).collect().await else {
            return Ok(response(413, "text/plain", AnswerBody::complete(Bytes::new())));
        };
        let body = body.to_bytes();
        if let Some(answer) = browser::answer(&head, &body, &self.state) {
            return Ok(answer);
        }
        let json = foreign_json::parse(&body);
        let mut call = Call::new(self.number, head, json, &self.secret_key);
        let mut releases = self.state.releases();
        let (fault, reply) = self.state.receive(&mut call);
        let generation = call.route().map_or(Generation::Current, |route| route.generation);

        match fault.as_ref().map(|fault| fault.wait) {
            Some(Wait::For(time)) => tokio::time::sleep(time).await,
            // Never fails, because the state holds the sender.
            Some(Wait::UntilReleased) => drop(releases.changed().await),
            Some(Wait::No) | None => {}
        }
        let answer = self.carry_out(fault, reply, generation);
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        self.state.answered(call, status);
        answer
    }

    fn carry_out(
        &self,
        fault: Option<Fault>,
        reply: Reply,
        generation: Generation,
    ) -> io::Result<Response<AnswerBody>> {
        let Some(fault) = fault else {
            return Ok(json_response(reply, AnswerBody::complete));
        };
        let mut answer = match fault.act {
            Act::Nothing => json_response(reply, AnswerBody::complete),
            Act::Status(status) => {
                json_response(Reply::of_status(generation, status), AnswerBody::complete)
            }
            Act::Answer { status, content_type, body } => {
                response(status, content_type, AnswerBody::complete(body))
            }
            Act::HangUp { reset } => {
                self.reset_if(reset);
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Act::BreakOff { reset } => {
                self.reset_if(reset);
                json_response(reply, AnswerBody::broken_off)
            }
            Act::Stall => json_response(reply, AnswerBody::stalled),
        };
        let headers: HeaderMap = fault.headers.into_iter().collect();
        answer.headers_mut().extend(headers);
        Ok(answer)
    }

    fn reset_if(&self, reset: bool) {
        if reset {
            self.reset.on_close();
        }
    }
}

fn json_response(reply: Reply, body: impl FnOnce(Bytes) -> AnswerBody) -> Response<AnswerBody> {
    response(reply.status, JSON, body(reply.body.to_string().into()))
}

/// The maximum size of a request body, far more than any call needs.
const MAX_REQUEST_BODY: usize = 1 << 20;

/// The time for responses in flight after the server has been told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(200);

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
