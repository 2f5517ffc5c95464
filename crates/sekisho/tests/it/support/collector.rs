//! A receiver of OpenTelemetry metrics over HTTP.

use std::convert::Infallible;
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use parking_lot::Mutex;
use prost::Message;

/// Keeps the last state of all metrics.
pub(crate) struct Collector {
    pub(crate) url: String,
    last: Arc<Mutex<ExportMetricsServiceRequest>>,
}

/// A value with its attributes.
pub(crate) struct Point {
    pub(crate) value: f64,
    attributes: Vec<(String, String)>,
}

impl Point {
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let last = Arc::new(Mutex::default());
        let shared = Arc::clone(&last);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let last = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| take(request, Arc::clone(&last)));
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { url, last }
    }

    /// The points of the sum of this name, as they were sent last.
    pub(crate) fn sum(&self, name: &str) -> Vec<Point> {
        let last = self.last.lock();
        let scopes = last.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
        let metrics = scopes.flat_map(|scope| &scope.metrics).filter(|metric| metric.name == name);
        let points = metrics.flat_map(|metric| match &metric.data {
            Some(Data::Sum(sum)) => sum.data_points.as_slice(),
            _ => &[],
        });
        let point = |point: &opentelemetry_proto::tonic::metrics::v1::NumberDataPoint| Point {
            value: match point.value {
                Some(number_data_point::Value::AsDouble(value)) => value,
                Some(number_data_point::Value::AsInt(value)) => value as f64,
                None => 0.0,
            },
            attributes: point.attributes.iter().map(|pair| (pair.key.clone(), text(pair))).collect(),
        };
        points.map(point).collect()
    }
}

fn text(pair: &opentelemetry_proto::tonic::common::v1::KeyValue) -> String {
    match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        _ => String::new(),
    }
}

async fn take(
    request: Request<Incoming>,
    last: Arc<Mutex<ExportMetricsServiceRequest>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_packed = request.headers().contains_key("content-encoding");
    let mut body = request.into_body().collect().await.unwrap().to_bytes().to_vec();
    if is_packed {
        let mut opened = Vec::new();
        GzDecoder::new(&*body).read_to_end(&mut opened).unwrap();
        body = opened;
    }
    *last.lock() = ExportMetricsServiceRequest::decode(&*body).unwrap();
    Ok(Response::default())
}
