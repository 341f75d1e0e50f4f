//! A container's log as whole lines: the engine sends pieces of two streams, each stamped, and cuts long lines.

use std::collections::VecDeque;

use bollard::container::LogOutput;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};

use super::errors;
use crate::model::engine::LogLine;
use crate::world::engine::Result;
use crate::world::shown::shown;

/// A line longer than this is passed on in pieces.
const LONGEST: usize = 64 * 1024;

/// Pieces of one stream that do not end a line yet.
#[derive(Default)]
struct Half {
    time: String,
    text: String,
}

impl Half {
    /// Adds a piece; answers the lines that are whole now.
    fn take(&mut self, piece: &str, error: bool) -> Vec<LogLine> {
        let mut lines = vec![];
        for part in piece.split_inclusive('\n') {
            let (time, text) = stamp(part);
            if self.text.is_empty() {
                self.time = time.to_owned();
            }
            self.text.push_str(text);
            if part.ends_with('\n') || self.text.len() > LONGEST {
                lines.extend(self.end(error));
            }
        }
        lines
    }

    fn end(&mut self, error: bool) -> Option<LogLine> {
        let half = std::mem::take(self);
        if half.time.is_empty() && half.text.is_empty() {
            return None;
        }
        Some(LogLine { time: half.time, error, text: shown(&half.text) })
    }
}

/// The engine's stamp and the rest; no stamp where there is none.
fn stamp(line: &str) -> (&str, &str) {
    match line.split_once(' ') {
        Some((time, rest)) if time.len() >= 20 && time.parse::<jiff::Timestamp>().is_ok() => (time, rest),
        _ => ("", line),
    }
}

struct State<S> {
    pieces: S,
    out: Half,
    err: Half,
    ready: VecDeque<Result<LogLine>>,
    ended: bool,
    socket: String,
}

/// Whole lines from pieces.
pub(super) fn lines(
    pieces: impl Stream<Item = std::result::Result<LogOutput, bollard::errors::Error>> + Send + 'static,
    socket: String,
) -> BoxStream<'static, Result<LogLine>> {
    let state = State { pieces: pieces.boxed(), out: Half::default(), err: Half::default(), ready: VecDeque::new(), ended: false, socket };
    stream::unfold(state, |mut s| async move {
        loop {
            if let Some(line) = s.ready.pop_front() {
                return Some((line, s));
            }
            if s.ended {
                return None;
            }
            match s.pieces.next().await {
                Some(Ok(piece)) => {
                    let error = matches!(piece, LogOutput::StdErr { .. });
                    let half = if error { &mut s.err } else { &mut s.out };
                    let text = String::from_utf8_lossy(piece.as_ref()).into_owned();
                    s.ready.extend(half.take(&text, error).into_iter().map(Ok));
                }
                last => {
                    s.ended = true;
                    s.ready.extend(s.out.end(false).map(Ok));
                    s.ready.extend(s.err.end(true).map(Ok));
                    if let Some(Err(e)) = last {
                        s.ready.push_back(Err(errors::bollard(&e, &s.socket)));
                    }
                }
            }
        }
    })
    .boxed()
}

/// The same lines, once the first of them told that there is a log at all. One with nothing in it, or nothing new, ends at once.
pub(super) async fn told(mut lines: BoxStream<'static, Result<LogLine>>) -> Result<BoxStream<'static, Result<LogLine>>> {
    match lines.next().await {
        Some(Ok(first)) => Ok(stream::iter([Ok(first)]).chain(lines).boxed()),
        Some(Err(e)) => Err(e),
        // What has ended must not be asked again.
        None => Ok(stream::empty().boxed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_without_a_line_is_no_fault() {
        let read = async |pieces: Vec<std::result::Result<LogOutput, bollard::errors::Error>>| {
            let lines = told(lines(stream::iter(pieces), String::new())).await?;
            Ok::<_, crate::world::engine::EngineError>(lines.collect::<Vec<_>>().await.len())
        };
        assert_eq!(read(vec![]).await.unwrap(), 0);
        assert_eq!(read(vec![Ok(LogOutput::StdOut { message: b"a\nb\n".to_vec().into() })]).await.unwrap(), 2);
        assert!(read(vec![Err(bollard::errors::Error::RequestTimeoutError)]).await.is_err());
    }

    #[tokio::test]
    async fn pieces_become_lines() {
        let piece = |error: bool, text: &str| {
            let message = text.as_bytes().to_vec().into();
            Ok(if error { LogOutput::StdErr { message } } else { LogOutput::StdOut { message } })
        };
        let t = "2026-11-22T21:30:30.118520358Z";
        let pieces = vec![
            piece(false, &format!("{t} first\n{t} second\r\n")),
            piece(false, &format!("{t} long ")),
            piece(true, &format!("{t} oh no\n")),
            piece(false, &format!("{t} line\n")),
            piece(false, "no stamp"),
        ];
        let got: Vec<_> =
            lines(stream::iter(pieces), String::new()).map(|l| l.unwrap()).map(|l| (l.time.len(), l.error, l.text)).collect().await;
        let all = [(30, false, "first"), (30, false, "second"), (30, true, "oh no"), (30, false, "long line"), (0, false, "no stamp")];
        assert_eq!(got, all.map(|(n, e, s)| (n, e, s.to_owned())));
    }

    #[tokio::test]
    async fn an_error_comes_after_what_was_there() {
        let pieces = vec![Ok(LogOutput::StdOut { message: b"x".to_vec().into() }), Err(bollard::errors::Error::RequestTimeoutError)];
        let got: Vec<_> = lines(stream::iter(pieces), String::new()).collect().await;
        assert_eq!(got.len(), 2);
        assert!(got[0].is_ok() && got[1].is_err());
    }
}
