//! redis' protocol (RESP): commands are written in batches, and their replies read in the same order.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Client {
    writer: UnixStream,
    reader: BufReader<UnixStream>,
    batch: Vec<u8>,
}

/// A reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    Ok,
    Number(i64),
    Bytes(Vec<u8>),
    Nothing,
}

impl Client {
    /// Connects to a server's socket.
    pub fn connect(socket: &Path) -> Result<Client, String> {
        let connect = || {
            let writer = UnixStream::connect(socket)?;
            writer.set_read_timeout(Some(PATIENCE))?;
            writer.set_write_timeout(Some(PATIENCE))?;
            let reader = BufReader::with_capacity(1 << 16, writer.try_clone()?);
            Ok((writer, reader))
        };
        let (writer, reader) =
            connect().map_err(|error: std::io::Error| format!("redis-server: {error}"))?;
        Ok(Client {
            writer,
            reader,
            batch: Vec::new(),
        })
    }

    /// Asks whether the server answers.
    pub fn ping(&mut self) -> Result<(), String> {
        self.add(&[b"ECHO", b"ready"]);
        self.send()?;
        match self.reply()? {
            Reply::Bytes(bytes) if bytes == b"ready" => Ok(()),
            other => Err(format!("redis-server: found {other:?}, expected an echo")),
        }
    }

    /// Adds a command to the batch.
    pub fn add(&mut self, words: &[&[u8]]) {
        self.batch
            .extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            self.batch
                .extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            self.batch.extend_from_slice(word);
            self.batch.extend_from_slice(b"\r\n");
        }
    }

    /// Sends the batch.
    pub fn send(&mut self) -> Result<(), String> {
        let sent = self.writer.write_all(&self.batch);
        self.batch.clear();
        sent.map_err(|error| format!("redis-server: {error}"))
    }

    /// Reads the next reply.
    pub fn reply(&mut self) -> Result<Reply, String> {
        let fail = |error: std::io::Error| format!("redis-server: {error}");
        let mut line = String::new();
        self.reader.read_line(&mut line).map_err(fail)?;
        let wrong = || format!("redis-server: found the reply {line:?}");
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or_else(wrong)?;
        match kind {
            "+" if rest == "OK" => Ok(Reply::Ok),
            ":" => rest.parse().map(Reply::Number).map_err(|_| wrong()),
            "$" if rest == "-1" => Ok(Reply::Nothing),
            "$" => {
                let length: usize = rest.parse().map_err(|_| wrong())?;
                let mut bytes = vec![0; length + 2];
                self.reader.read_exact(&mut bytes).map_err(fail)?;
                bytes.truncate(length);
                Ok(Reply::Bytes(bytes))
            }
            _ => Err(wrong()),
        }
    }
}
