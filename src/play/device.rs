//! Devices that make sound, through rodio: which there are, opening one, and opening it again when it was lost.
//!
//! rodio's mixer gets one source, the [`crate::play::ring::Tap`], which already has the device's rate and channels, so that
//! rodio adds it to nothing and converts nothing. On Linux the sound library is opened when a device is asked for, not
//! before: see the crate `alsa-sys` in `vendor/`.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rodio::cpal::traits::{DeviceTrait, HostTrait};
use rodio::cpal::{self, BufferSize, ErrorKind, SampleFormat, SupportedStreamConfig};
use rodio::{DeviceSinkBuilder, MixerDeviceSink};

use crate::play::ring::{Feed, Shared, ring};
use crate::units::time::SampleRate;

/// How far ahead of the device frames may be played, in milliseconds.
const MOST: u32 = 500;
/// How long a device may ask for nothing before it counts as lost.
const DEAF: Duration = Duration::from_millis(1500);
/// How long to wait before a lost device is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// What became of the device.
#[derive(Debug)]
pub enum Report {
    /// It is open: its name and shape, and the way to it.
    Opened(String, Feed),
    /// It cannot be opened, and why.
    Refused(String),
    /// It was lost, and why. It is tried again until it is there.
    Lost(String),
}

/// What device is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name; the system's own where `None`.
    pub name: Option<String>,
    /// The rate of what is played.
    pub rate: SampleRate,
    /// How far ahead of it frames are played, in milliseconds, as long as that makes no gaps.
    pub ahead: u32,
    /// How many frames it is to take at once, where it lets itself be told. It holds two of these.
    pub period: u32,
}

/// A device in use, on a thread of its own.
#[derive(Debug)]
pub struct Device {
    trouble: Sender<Option<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Device {
    /// Opens a device, and reports.
    pub fn start(wanted: Wanted, report: impl Fn(Report) + Send + 'static) -> Device {
        let (trouble, troubles) = channel();
        let own = trouble.clone();
        let thread = std::thread::spawn(move || run(&wanted, &own, &troubles, &report));
        Device { trouble, thread: Some(thread) }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        drop(self.trouble.send(None));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(
    wanted: &Wanted,
    trouble: &Sender<Option<String>>,
    troubles: &Receiver<Option<String>>,
    report: &impl Fn(Report),
) {
    let mut was_open = false;
    loop {
        match open(wanted, trouble) {
            Ok((sink, what, feed)) => {
                was_open = true;
                let shared = Arc::clone(&feed.shared);
                report(Report::Opened(what, feed));
                let why = attend(&shared, troubles);
                drop(sink);
                match why {
                    Some(why) => report(Report::Lost(why)),
                    None => return,
                }
            }
            Err(why) if !was_open => {
                report(Report::Refused(why));
                return;
            }
            Err(_) => {}
        }
        match troubles.recv_timeout(AGAIN) {
            Ok(None) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Some(_)) | Err(RecvTimeoutError::Timeout) => while let Ok(Some(_)) = troubles.try_recv() {},
        }
    }
}

/// Waits until the device is lost, and says why; `None` where it is to be closed.
fn attend(shared: &Shared, troubles: &Receiver<Option<String>>) -> Option<String> {
    let mut asked = None;
    loop {
        match troubles.recv_timeout(DEAF) {
            Ok(why) => return why,
            Err(RecvTimeoutError::Disconnected) => return None,
            // A server that hangs or a driver that has lost its way reports nothing, or the same for ever.
            Err(RecvTimeoutError::Timeout) if asked == Some(shared.asked()) => {
                return Some("it takes no more sound".to_owned());
            }
            Err(RecvTimeoutError::Timeout) => asked = Some(shared.asked()),
        }
    }
}

/// The names of all devices that play: how `--device` calls them, and what they are.
///
/// # Errors
/// Where there is no sound library, or it does not answer.
pub fn list() -> Result<Vec<(String, String)>, String> {
    let devices = host()?.output_devices().map_err(|error| error.to_string())?;
    Ok(devices.map(|device| named(&device)).collect())
}

fn named(device: &cpal::Device) -> (String, String) {
    match device.description() {
        Ok(about) => (about.driver().unwrap_or(about.name()).to_owned(), about.name().to_owned()),
        Err(_) => (String::new(), String::new()),
    }
}

/// Whether there is what it takes to speak to devices at all.
pub fn has_library() -> bool {
    #[cfg(target_os = "linux")]
    let there = alsa_sys::available();
    #[cfg(not(target_os = "linux"))]
    let there = true;
    there
}

/// The system's way to devices, which cpal would panic without.
fn host() -> Result<cpal::Host, String> {
    if !has_library() {
        return Err("the sound library `libasound.so.2` is not installed".to_owned());
    }
    #[cfg(target_os = "linux")]
    alsa_sys::hush();
    let id = cpal::available_hosts().first().copied().ok_or("there is no sound system")?;
    cpal::host_from_id(id).map_err(|error| error.to_string())
}

fn open(
    wanted: &Wanted,
    trouble: &Sender<Option<String>>,
) -> Result<(MixerDeviceSink, String, Feed), String> {
    let host = host()?;
    let device = match wanted.name.as_deref() {
        None => host.default_output_device().ok_or("there is no sound device")?,
        Some(name) => {
            let mut devices = host.output_devices().map_err(|error| error.to_string())?;
            let is_named = |device: &cpal::Device| {
                let (driver, about) = named(device);
                driver == name || about == name
            };
            devices.find(is_named).ok_or_else(|| format!("there is no sound device `{name}`"))?
        }
    };
    let config = config(&device, wanted.rate)?;
    let shape = NonZero::new(config.channels()).zip(NonZero::new(config.sample_rate()));
    let (channels, rate) = shape.ok_or("the sound device has no channels")?;
    let frames = |ms: u32| usize::try_from(rate.get() / 1000 * ms).unwrap_or(4800);
    let sized = [BufferSize::Fixed(wanted.period), BufferSize::Default];
    let mut refused = String::new();
    for size in sized {
        let (feed, tap) = ring(frames(MOST), channels, rate);
        let builder = DeviceSinkBuilder::default()
            .with_device(device.clone())
            .with_supported_config(&config)
            .with_buffer_size(size)
            .with_error_callback(heed(trouble.clone(), Arc::clone(&feed.shared)));
        match builder.open_stream() {
            Ok(mut sink) => {
                sink.log_on_drop(false);
                let held = match size {
                    BufferSize::Fixed(period) => u64::from(period) * 2,
                    BufferSize::Default => u64::from(rate.get()) / 5,
                };
                let feed = feed.holding(frames(wanted.ahead), held);
                sink.mixer().add(tap);
                let (_, about) = named(&device);
                let what = format!("{about}, {rate} Hz, {channels} channels, {}", config.sample_format());
                return Ok((sink, what, feed));
            }
            Err(error) => {
                let source = std::error::Error::source(&error).map_or(String::new(), |it| format!(": {it}"));
                refused = format!("{error}{source}");
            }
        }
    }
    Err(refused)
}

/// What is done about what a stream reports.
fn heed(trouble: Sender<Option<String>>, shared: Arc<Shared>) -> impl FnMut(cpal::Error) + Send + 'static {
    move |error| match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable | ErrorKind::StreamInvalidated => {
            drop(trouble.send(Some(error.to_string())));
        }
        ErrorKind::Xrun => shared.note_underrun(),
        // The stream goes on after the others; if not, it is noticed that nobody asks for sound.
        _ => {}
    }
}

/// The shape that loses least: the project's rate before any other, two channels before more before one, words that
/// hold what is played.
fn config(device: &cpal::Device, rate: SampleRate) -> Result<SupportedStreamConfig, String> {
    let ranges = device.supported_output_configs().map_err(|error| error.to_string())?;
    let format = |format: SampleFormat| match format {
        SampleFormat::F32 => Some(0),
        SampleFormat::I32 => Some(1),
        SampleFormat::I24 => Some(2),
        SampleFormat::F64 => Some(3),
        SampleFormat::I16 => Some(4),
        SampleFormat::U16 => Some(5),
        SampleFormat::U8 | SampleFormat::I8 => Some(6),
        _ => None,
    };
    let channels = |count: u16| match count {
        2 => 0,
        0 => 1000,
        1 => 999,
        more => more,
    };
    let offered = ranges.filter_map(|range| {
        let nearest = rate.hz().clamp(range.min_sample_rate(), range.max_sample_rate());
        // A higher rate than the project's loses nothing, a lower one its highs.
        let off = if nearest >= rate.hz() {
            nearest - rate.hz()
        } else {
            (rate.hz() - nearest).saturating_mul(100)
        };
        let rank = (off, channels(range.channels()), format(range.sample_format())?);
        Some((rank, range.with_sample_rate(nearest)))
    });
    let best = offered.min_by_key(|(rank, _)| *rank).map(|(_, config)| config);
    best.filter(|config| NonZero::new(config.channels()).is_some())
        .ok_or_else(|| "the sound device takes no kind of audio that we have".to_owned())
}
