//! Files that go to the disk while they are being written, so that nobody waits for all of it at the end.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// After so many bytes the disk is asked to have them: 64 MiB.
const PIECE: u64 = 64 << 20;

/// Asks the disk, now and then, to have what has been written to a file. Where there can be no thread for that, or the
/// disk is busy with what it was asked for before, nothing happens: all of it is asked for at the end anyway.
#[derive(Debug, Default)]
pub struct Settling {
    /// Bytes written since it was asked last.
    written: u64,
    asking: Option<(SyncSender<()>, JoinHandle<io::Result<()>>)>,
    /// Whether no thread can be had.
    alone: bool,
}

impl Settling {
    /// That so many bytes were written to `file`.
    pub fn wrote(&mut self, file: &File, bytes: u64) {
        self.written += bytes;
        if self.written < PIECE || self.alone {
            return;
        }
        self.written = 0;
        if self.asking.is_none() {
            self.asking = start(file).ok();
            self.alone = self.asking.is_none();
        }
        if let Some((sender, _)) = &self.asking {
            let _ = sender.try_send(());
        }
    }

    /// Ends the asking.
    ///
    /// # Errors
    /// Where the disk refused: it says so only once for each time.
    pub fn finish(self) -> io::Result<()> {
        let Some((sender, thread)) = self.asking else { return Ok(()) };
        drop(sender);
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that waits for the disk went down")))
    }
}

fn start(file: &File) -> io::Result<(SyncSender<()>, JoinHandle<io::Result<()>>)> {
    let file = file.try_clone()?;
    let (sender, receiver) = sync_channel(1);
    let thread = Builder::new().spawn(move || ask(&file, &receiver))?;
    Ok((sender, thread))
}

fn ask(file: &File, receiver: &Receiver<()>) -> io::Result<()> {
    receiver.iter().try_for_each(|()| file.sync_data())
}
