//! gzip for pages. Level 1: higher levels and brotli cost more time than the page took to make.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{HeaderValue, header};
use poem::{Body, Response};

/// Below this a packet is a packet; compressing gains nothing.
const WORTHWHILE: usize = 800;

/// Compresses a text response that is already complete, where the browser accepts it.
pub async fn compress(mut response: Response, accepts: Option<&str>) -> Response {
    let text = response
        .content_type()
        .is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/json"));
    if !text || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !accepts.is_some_and(|accepts| accepts.contains("gzip")) {
        return response;
    }
    let Ok(plain) = response.take_body().into_bytes().await else { return response };
    if plain.len() < WORTHWHILE {
        response.set_body(Body::from_bytes(plain));
        return response;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::fast());
    match encoder.write_all(&plain).and_then(|()| encoder.finish()) {
        Ok(packed) => {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response.set_body(packed);
        }
        Err(_) => response.set_body(Body::from_bytes(plain)),
    }
    response
}
