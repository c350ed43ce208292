//! Serves the router over HTTP, with a limit on how long a client may take to
//! say what it wants.
//!
//! A connection that sends its request's head too slowly, or is kept open
//! without a request, is closed: whoever opens many of them cannot hold all
//! that there are.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// For the head of a request, and for the pause before the next one.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Answers until `stop` is done, then lets what runs finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    head_timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(err) => {
                pause_after(err).await;
                continue;
            }
        };
        connect(&http, &graceful, stream, peer, router.clone());
    }
    drop(listener);
    graceful.shutdown().await;
}

fn connect(
    http: &http1::Builder,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) {
    // Answers are written whole; waiting for more would only delay them.
    if let Err(err) = stream.set_nodelay(true) {
        tracing::debug!(error = %err, "a connection is gone already");
    }
    let service =
        service_fn(move |request: Request<Incoming>| answer(router.clone(), request, peer));
    let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        if let Err(err) = connection.await {
            // The client went away, was too slow, or spoke no HTTP.
            tracing::debug!(error = %err, %peer, "a connection ended early");
        }
    });
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(request).await
}

/// Out of file handles, say: trying again at once would only burn time.
async fn pause_after(err: io::Error) {
    let of_one_client = matches!(
        err.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !of_one_client {
        tracing::error!(error = %err, "cannot accept connections; trying again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
