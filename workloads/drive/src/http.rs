//! The few words of HTTP that verification needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A connection that is kept, with one request on it at a time.
pub struct Connection {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Connection {
    /// Over a stream.
    pub fn new(stream: TcpStream) -> Result<Connection, String> {
        let other = stream.try_clone().map_err(|error| error.to_string())?;
        Ok(Connection {
            stream,
            answers: BufReader::new(other),
        })
    }

    /// GET of a path.
    pub fn ask(&mut self, path: &str) -> Result<(), String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.stream
            .write_all(request.as_bytes())
            .map_err(|error| format!("GET {path}: {error}"))
    }

    /// The body of its answer, which must be a 200 that says its length.
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let fail = |error: std::io::Error| format!("GET {path}: {error}");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.answers.read_line(&mut head).map_err(fail)? == 0 {
                return Err(format!("GET {path}: the connection ended"));
            }
        }
        let length = length_of(&head).map_err(|error| format!("GET {path}: {error}"))?;
        let mut body = vec![0; length];
        self.answers.read_exact(&mut body).map_err(fail)?;
        Ok(body)
    }
}

fn length_of(head: &str) -> Result<usize, String> {
    let first = head.lines().next().unwrap_or_default();
    if !first.starts_with("HTTP/1.1 200 ") {
        return Err(format!("answer is '{first}'; expected a 200"));
    }
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths
        .find_map(|(_, value)| value.trim().parse().ok())
        .ok_or_else(|| "answer has no Content-Length".into())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_its_length_or_is_none() {
        let length = |head: &str| length_of(&head.replace('|', "\r\n"));
        assert_eq!(
            length("HTTP/1.1 200 OK|Server: x|content-length: 1024|||"),
            Ok(1024)
        );
        assert_eq!(
            length("HTTP/1.1 404 Not Found|Content-Length: 9||"),
            Err("answer is 'HTTP/1.1 404 Not Found'; expected a 200".into())
        );
        assert_eq!(
            length("HTTP/1.1 200 OK|Transfer-Encoding: chunked||"),
            Err("answer has no Content-Length".into())
        );
    }
}
