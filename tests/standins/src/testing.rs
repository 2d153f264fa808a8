//! A small client for the tests of the stand-ins themselves.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::Value as Json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) http2: bool,
}

impl Ask {
    pub(crate) fn post(url: String, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST",
            url,
            headers: Vec::new(),
            body: body.into(),
            http2: false,
        }
    }

    pub(crate) fn json(url: String, body: &Json) -> Self {
        Self::post(url, body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self
    }

    /// The answer; `None` where none comes soon.
    pub(crate) async fn hangs(self) -> Option<Answer> {
        timeout(Duration::from_millis(300), self.send()).await.ok()
    }

    pub(crate) async fn send(self) -> Answer {
        let url = url::Url::parse(&self.url).unwrap();
        let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
        let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        if url.scheme() == "http" {
            return self.over(tcp).await;
        }
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let stream = connector(self.http2).connect(name, tcp).await.unwrap();
        self.over(stream).await
    }

    async fn over(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Answer {
        let io = TokioIo::new(stream);
        let mut request = hyper::Request::builder().method(self.method);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let url = url::Url::parse(&self.url).unwrap();
        let body = Full::new(Bytes::from(self.body));
        let response = if self.http2 {
            let (mut send, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            let request = request.uri(url.as_str()).body(body).unwrap();
            send.send_request(request).await.unwrap()
        } else {
            let (mut send, connection) = http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            let request = request
                .uri(&url[url::Position::BeforePath..])
                .header("host", url.authority());
            send.send_request(request.body(body).unwrap())
                .await
                .unwrap()
        };
        let (head, body) = response.into_parts();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}

fn connector(http2: bool) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(crate::CA.as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = match http2 {
        true => vec![b"h2".to_vec()],
        false => vec![b"http/1.1".to_vec()],
    };
    TlsConnector::from(Arc::new(config))
}
