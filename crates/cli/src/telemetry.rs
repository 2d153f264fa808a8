//! What a process tells of itself while it works: its log, and the steps of traces.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::{Context as _, Result};
use engine::traces::{BoxedTracer, Traces};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SdkTracerProvider},
};
use tokio::runtime::Handle;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Logs go to the error stream: as JSON where nobody watches, unless `format` says otherwise. `RUST_LOG` says how
/// much, else `level`.
pub fn log(level: &str, format: Option<LogFormat>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let watched = std::io::stderr().is_terminal();
    match format {
        Some(LogFormat::Text) => subscriber.with_ansi(watched).init(),
        None if watched => subscriber.init(),
        _ => subscriber.json().init(),
    }
}

/// Where traces go, if anywhere.
pub const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// How long the last steps may take to leave.
const FAREWELL: Duration = Duration::from_millis(800);

/// Sends the steps of traces to a collector; by default nowhere.
#[derive(Debug, Default)]
pub struct Exporter(Option<SdkTracerProvider>);

impl Exporter {
    /// By OTLP over HTTP, if `OTEL_EXPORTER_OTLP_ENDPOINT` says where. Sampling, headers, bounds and the service's
    /// name are as OpenTelemetry's other variables say.
    ///
    /// # Errors
    /// If the variables cannot be understood.
    pub fn start() -> Result<Self> {
        if std::env::var(ENDPOINT).is_ok_and(|v| !v.trim().is_empty()) {
            let client = reqwest::Client::builder().no_proxy().build();
            let client = Client {
                inner: client.context("there is no client for traces")?,
                runtime: Handle::current(),
            };
            let exporter = SpanExporter::builder()
                .with_http()
                .with_http_client(client)
                .build()
                .with_context(|| format!("{ENDPOINT} cannot be used"))?;
            let provider = SdkTracerProvider::builder()
                .with_resource(resource())
                .with_span_processor(BatchSpanProcessor::builder(exporter).build())
                .build();
            return Ok(Self(Some(provider)));
        }
        Ok(Self::default())
    }

    /// What makes the steps.
    pub fn traces(&self) -> Traces {
        self.0.as_ref().map_or_else(Traces::default, |provider| {
            Traces::new(BoxedTracer::new(Box::new(provider.tracer("parcours"))))
        })
    }

    /// Sends what is left, if the collector takes it soon.
    pub async fn stop(self) {
        let Some(provider) = self.0 else { return };
        let stopped =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FAREWELL)).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "the last steps of traces are lost");
        }
    }
}

fn resource() -> Resource {
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty());
    let builder = Resource::builder();
    match named {
        true => builder.build(),
        false => builder.with_service_name("parcours").build(),
    }
}

/// The exporter works on a thread of its own; the client on the runtime that it was made on.
#[derive(Clone, Debug)]
struct Client {
    inner: reqwest::Client,
    runtime: Handle,
}

impl HttpClient for Client {
    fn send_bytes<'a: 'r, 'r>(
        &'a self,
        request: http::Request<bytes::Bytes>,
    ) -> std::pin::Pin<
        Box<dyn Future<Output = Result<http::Response<bytes::Bytes>, HttpError>> + Send + 'r>,
    >
    where
        Self: 'r,
    {
        let client = self.inner.clone();
        let sent = self.runtime.spawn(async move {
            let response = client.execute(request.try_into()?).await?;
            let mut answer = http::Response::builder().status(response.status());
            if let Some(headers) = answer.headers_mut() {
                headers.extend(response.headers().clone());
            }
            let answer = answer.body(response.bytes().await?)?;
            Ok::<_, HttpError>(answer)
        });
        Box::pin(async move { sent.await? })
    }
}
