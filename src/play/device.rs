//! Devices that make sound, through rodio: which there are, opening one, and opening it again when it was lost.
//!
//! rodio's mixer gets one source, the [`crate::play::ring::Tap`], which already has the device's rate and channels, so that
//! rodio adds it to nothing and converts nothing. The stream is made here and not by rodio, which would have it run at
//! once: a device is opened while the first frames are still being made, and begins with them. On Linux the sound library is opened when a device is asked for, not
//! before: see the crate `alsa-sys` in `vendor/`.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rodio::cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use rodio::cpal::{
    self, BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedStreamConfig, SupportedStreamConfigRange,
};
use rodio::mixer::MixerSource;

use crate::play::priority::Thread;
use crate::play::ring::{Feed, Shared, Signal, ring};
use crate::units::time::SampleRate;

/// How far ahead of the device frames may be played, in milliseconds.
const MOST: u32 = 500;
/// How long a device may ask for nothing before it counts as lost.
const DEAF: Duration = Duration::from_millis(1500);
/// How long to wait before a lost device is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// How long a device may report the same trouble, and do nothing else, before it counts as lost.
const STUCK: Duration = Duration::from_millis(20);
/// How often a device that does not get going is opened again at once.
const TRIES: u32 = 3;

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
    /// How many frames at that rate it is to take at once, where it lets itself be told: where who plays comes before
    /// others on a busy machine, and where it may have to wait for its turn. It holds two of these.
    pub periods: [u32; 2],
}

/// A device in use, on a thread of its own.
#[derive(Debug)]
pub struct Device {
    signals: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Device {
    /// Opens a device, and reports.
    pub fn start(wanted: Wanted, report: impl Fn(Report) + Send + 'static) -> Device {
        let (signals, told) = channel();
        let own = signals.clone();
        let thread = std::thread::spawn(move || run(&wanted, &own, &told, &report));
        Device { signals, thread: Some(thread) }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        drop(self.signals.send(Signal::Close));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run(wanted: &Wanted, signals: &Sender<Signal>, told: &Receiver<Signal>, report: &impl Fn(Report)) {
    let mut was_open = false;
    let mut failed = 0;
    // Why one is lost that did not get going, as long as it is not said.
    let mut unsaid = None;
    loop {
        let mut again = AGAIN;
        match open(wanted, signals) {
            Ok((stream, what, feed)) => {
                was_open = true;
                unsaid = None;
                let shared = Arc::clone(&feed.shared);
                report(Report::Opened(what, feed));
                let why = attend(&stream, &shared, told);
                drop(stream);
                let Some(why) = why else { return };
                // One that did not get going at all most likely does so the next time.
                if shared.asked() == 0 && failed < TRIES {
                    failed += 1;
                    again = Duration::ZERO;
                    unsaid = Some(why);
                } else {
                    report(Report::Lost(why));
                }
            }
            Err(why) if !was_open => {
                report(Report::Refused(why));
                return;
            }
            Err(_) => {
                if let Some(why) = unsaid.take() {
                    report(Report::Lost(why));
                }
            }
        }
        match told.recv_timeout(again) {
            Ok(Signal::Close) | Err(RecvTimeoutError::Disconnected) => return,
            // What is still said of a device that is gone.
            Ok(_) | Err(RecvTimeoutError::Timeout) => {
                if told.try_iter().any(|signal| matches!(signal, Signal::Close)) {
                    return;
                }
            }
        }
    }
}

/// Has the device begin when it is time, waits until it is lost, and says why; `None` where it is to be closed.
fn attend(stream: &Stream, shared: &Shared, told: &Receiver<Signal>) -> Option<String> {
    let mut runs = false;
    let mut asked = None;
    loop {
        match told.recv_timeout(DEAF) {
            Ok(Signal::Filled) => match stream.play() {
                Ok(()) => runs = true,
                Err(error) => return Some(error.to_string()),
            },
            Ok(Signal::Lost(why)) => return Some(why),
            Ok(Signal::Close) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if !runs => {}
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

fn open(wanted: &Wanted, signals: &Sender<Signal>) -> Result<(Stream, String, Feed), String> {
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
    // As long as is wanted, at whatever rate; half or a quarter of it where it has no room for more.
    // This thread, and those that the sound library starts from it, go first as well, if any may.
    let goes_first = Thread::current().raise();
    let wanted_period = wanted.periods[usize::from(!goes_first)];
    let period = u64::from(wanted_period) * u64::from(rate.get()) / u64::from(wanted.rate.hz());
    let period = u32::try_from(period).unwrap_or(wanted_period).max(4);
    let sized =
        [period, period / 2, period / 4].map(BufferSize::Fixed).into_iter().chain([BufferSize::Default]);
    let mut refused = String::new();
    for size in sized {
        let (feed, tap) = ring(frames(MOST), channels, rate);
        let (mixer, mixed) = rodio::mixer::mixer(channels, rate);
        mixer.add(tap);
        match stream(&device, &config, size, mixed, heed(signals.clone(), Arc::clone(&feed.shared))) {
            Ok(stream) => {
                let held = match size {
                    BufferSize::Fixed(period) => u64::from(period) * 2,
                    BufferSize::Default => u64::from(rate.get()) / 5,
                };
                let feed = feed.holding(frames(wanted.ahead), held).starting(signals.clone(), held);
                let (_, about) = named(&device);
                let what = format!("{about}, {rate} Hz, {channels} channels, {}", config.sample_format());
                return Ok((stream, what, feed));
            }
            Err(error) => {
                refused = error.to_string();
            }
        }
    }
    Err(refused)
}

/// A stream that plays `mixed` once it is told to.
fn stream(
    device: &cpal::Device,
    config: &SupportedStreamConfig,
    size: BufferSize,
    mixed: MixerSource,
    heed: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<Stream, cpal::Error> {
    let shape =
        StreamConfig { channels: config.channels(), sample_rate: config.sample_rate(), buffer_size: size };
    match config.sample_format() {
        SampleFormat::F64 => stream_of::<f64>(device, shape, mixed, heed),
        SampleFormat::I32 => stream_of::<i32>(device, shape, mixed, heed),
        SampleFormat::I24 => stream_of::<cpal::I24>(device, shape, mixed, heed),
        SampleFormat::I16 => stream_of::<i16>(device, shape, mixed, heed),
        SampleFormat::U16 => stream_of::<u16>(device, shape, mixed, heed),
        SampleFormat::I8 => stream_of::<i8>(device, shape, mixed, heed),
        SampleFormat::U8 => stream_of::<u8>(device, shape, mixed, heed),
        _ => stream_of::<f32>(device, shape, mixed, heed),
    }
}

/// The same, in samples of one kind.
fn stream_of<S: SizedSample + FromSample<f32>>(
    device: &cpal::Device,
    shape: StreamConfig,
    mut mixed: MixerSource,
    heed: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<Stream, cpal::Error> {
    let mut is_first = true;
    let fill = move |out: &mut [S], _: &_| {
        if std::mem::take(&mut is_first) {
            Thread::current().raise();
        }
        for sample in out {
            *sample = mixed.next().map_or(S::EQUILIBRIUM, S::from_sample);
        }
    };
    device.build_output_stream(shape, fill, heed, None)
}

/// What is done about what a stream reports.
fn heed(signals: Sender<Signal>, shared: Arc<Shared>) -> impl FnMut(cpal::Error) + Send + 'static {
    // Since when there has been trouble, and how much sound had been asked for then.
    let mut trouble: Option<(Instant, u64)> = None;
    move |error| match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable | ErrorKind::StreamInvalidated => {
            drop(signals.send(Signal::Lost(error.to_string())));
        }
        ErrorKind::Xrun => shared.note_underrun(),
        // The stream may go on after the others. PulseAudio's ALSA plugin sometimes does not get going, and reports nothing
        // but that for ever.
        _ => match trouble {
            Some((since, asked)) if asked == shared.asked() => {
                if since.elapsed() >= STUCK {
                    trouble = None;
                    drop(signals.send(Signal::Lost(error.to_string())));
                }
            }
            _ => trouble = Some((Instant::now(), shared.asked())),
        },
    }
}

fn config(device: &cpal::Device, rate: SampleRate) -> Result<SupportedStreamConfig, String> {
    let ranges = device.supported_output_configs().map_err(|error| error.to_string())?;
    best(ranges, rate).ok_or_else(|| "the sound device takes no kind of audio that we have".to_owned())
}

/// Of the shapes that a device offers, the one that loses least of what is played at `rate`: that rate before any other, two
/// channels before more before one, words that hold what is played. `None` where there is none that could be played to.
pub fn best(
    offered: impl IntoIterator<Item = SupportedStreamConfigRange>,
    rate: SampleRate,
) -> Option<SupportedStreamConfig> {
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
        1 => u16::MAX,
        more => more,
    };
    let offered = offered.into_iter().filter(|range| range.channels() > 0).filter_map(|range| {
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
    offered.min_by_key(|(rank, _)| *rank).map(|(_, config)| config)
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use rodio::cpal::{Error, ErrorKind};

    use super::{STUCK, heed};
    use crate::play::ring::{Signal, ring};

    /// PulseAudio's ALSA plugin sometimes does not get going: it asks for nothing and reports the same for ever. Once in
    /// thirty starts nothing was heard for four seconds, until it counted as deaf.
    #[test]
    fn a_device_that_reports_trouble_and_does_nothing_else_is_lost_at_once() {
        let (signals, told) = channel();
        let (channels, rate) = (NonZero::new(2).expect("two"), NonZero::new(48_000).expect("some"));
        let (feed, mut tap) = ring(1000, channels, rate);
        let mut heed = heed(signals, Arc::clone(&feed.shared));
        let mut trouble = || heed(Error::new(ErrorKind::Other));
        trouble();
        trouble();
        assert!(told.try_recv().is_err(), "it may yet get going");
        std::thread::sleep(STUCK + Duration::from_millis(5));
        trouble();
        assert!(matches!(told.try_recv(), Ok(Signal::Lost(_))));

        // One that goes on in between does not.
        for _ in 0..5 {
            trouble();
            std::thread::sleep(STUCK + Duration::from_millis(5));
            tap.by_ref().take(2).for_each(drop);
            trouble();
        }
        assert!(told.try_recv().is_err(), "it plays");
    }
}
