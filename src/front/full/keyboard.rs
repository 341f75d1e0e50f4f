//! What the terminal sends, read beside the loop: asking crossterm whether something came costs more than drawing a frame, so
//! nobody asks at every turn of the loop; it says so itself.

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Reads the terminal until it is stopped.
pub(super) struct Keyboard {
    came: mpsc::UnboundedReceiver<std::io::Result<Event>>,
    reader: JoinHandle<()>,
}

impl Keyboard {
    /// Begins to read.
    pub(super) fn read() -> Self {
        let (forward, came) = mpsc::unbounded_channel();
        let mut stream = EventStream::new();
        let reader = tokio::spawn(async move {
            while let Some(event) = stream.next().await {
                if forward.send(event).is_err() {
                    return;
                }
            }
        });
        Keyboard { came, reader }
    }

    /// The next key, paste or size; none when the terminal is gone.
    pub(super) async fn next(&mut self) -> Option<std::io::Result<Event>> {
        self.came.recv().await
    }

    /// Stops reading. When this is done, a key that is pressed is somebody else's.
    pub(super) async fn stop(mut self) {
        self.reader.abort();
        // It ends by being aborted, which is what is wanted.
        let _ = (&mut self.reader).await;
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.reader.abort();
    }
}
