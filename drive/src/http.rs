//! The few words of HTTP that verification needs.

use std::io::{Read, Write};
use std::net::TcpStream;

/// GET of a path over a connection of its own: the body of a 200.
pub fn get(mut stream: TcpStream, path: &str) -> Result<Vec<u8>, String> {
    let fail = |error: std::io::Error| format!("GET {path}: {error}");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(fail)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(fail)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let body = answer.split_off(end.map_or(answer.len(), |end| end + 4));
    let head = String::from_utf8_lossy(&answer);
    match head.starts_with("HTTP/1.1 200 ") {
        true => Ok(body),
        false => Err(format!(
            "GET {path}: answer is '{}'; expected a 200",
            head.lines().next().unwrap_or_default()
        )),
    }
}
