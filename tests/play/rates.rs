//! Devices of other rates and other numbers of channels than what is played has.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use radioplay::audio::buffer::Channels;
use radioplay::dsp::resample::Resampler;
use radioplay::play::board::{Board, State};
use radioplay::play::device::best;
use radioplay::play::player::Player;
use radioplay::play::renderer::{Order, Stretch, run};
use radioplay::play::ring::ring;
use radioplay::units::time::SampleRate;
use rodio::cpal::{SampleFormat, SupportedBufferSize, SupportedStreamConfigRange};

use super::episode;
use super::exchange::{performances, rendered};

/// All that a device of this shape is given of an episode, interleaved.
fn given(show: &crate::show::TestShow, channels: u16, rate: u32) -> Vec<f32> {
    let performance = Arc::clone(&performances(show, &[1.0])[0]);
    let (orders, taken) = channel();
    let board = Arc::new(Board::default());
    let heard = Arc::clone(&board);
    let renderer = std::thread::spawn(move || run(&taken, &heard));
    let (feed, mut tap) = ring(9600, NonZero::new(channels).unwrap(), NonZero::new(rate).unwrap());
    let shared = Arc::clone(&feed.shared);
    orders.send(Order::Feed(feed)).unwrap();
    let player = Player::warm(performance, 0).unwrap();
    orders.send(Order::Start(Box::new(player), Stretch::ALL)).unwrap();
    let mut out = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    while (tap.buffered() > 0 || board.state() != State::Over) && Instant::now() < deadline {
        if tap.buffered() == 0 {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let before = shared.taken();
        let frame: Vec<f32> = (0..channels).map(|_| tap.next().unwrap()).collect();
        if shared.taken() > before {
            out.extend(frame);
        }
    }
    orders.send(Order::Stop).unwrap();
    renderer.join().unwrap();
    out
}

#[test]
fn other_rates_and_channels_get_all_of_it_to_the_last_frame() {
    let show = episode();
    let rendered = rendered(&show);
    for (channels, rate) in [(2_u16, 44_100), (1, 44_100), (2, 96_000), (6, 96_000), (1, 48_000)] {
        let mut expected = Vec::new();
        let mut resampler =
            Resampler::new(SampleRate::DEFAULT, SampleRate::new(rate).unwrap(), Channels::Stereo);
        resampler.push(&rendered, &mut expected);
        resampler.finish(&mut expected);
        let found = given(&show, channels, rate);
        let frames = found.chunks(usize::from(channels));
        assert_eq!(frames.len(), expected.len() / 2, "{channels} channels, {rate} Hz");
        for (index, (found, stereo)) in frames.zip(expected.as_chunks::<2>().0).enumerate() {
            let wanted = match channels {
                1 => vec![(stereo[0] + stereo[1]) * 0.5],
                2 => stereo.to_vec(),
                _ => [&stereo[..], &[0.0; 4]].concat(),
            };
            assert_eq!(found, wanted, "frame {index}, {channels} channels, {rate} Hz");
        }
    }
}

#[test]
fn a_device_is_played_to_in_the_shape_that_loses_least() {
    let offer = |channels, rates: (u32, u32), format| {
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, SupportedBufferSize::Unknown, format)
    };
    let (float, word) = (SampleFormat::F32, SampleFormat::I16);
    let check = |offered: &[SupportedStreamConfigRange], expected: Option<(u16, u32, SampleFormat)>| {
        let found = best(offered.iter().copied(), SampleRate::DEFAULT);
        let found = found.map(|it| (it.channels(), it.sample_rate(), it.sample_format()));
        assert_eq!(found, expected, "of {offered:?}");
    };
    check(&[], None);
    check(&[offer(0, (48_000, 48_000), float)], None);
    // A telephone's earpiece, a laptop, a studio's converter.
    check(&[offer(1, (44_100, 44_100), word)], Some((1, 44_100, word)));
    let laptop =
        [offer(1, (8000, 48_000), word), offer(2, (8000, 48_000), word), offer(2, (8000, 48_000), float)];
    check(&laptop, Some((2, 48_000, float)));
    check(&[offer(8, (96_000, 192_000), word)], Some((8, 96_000, word)));
    // What is higher loses nothing, what is lower does.
    check(&[offer(2, (44_100, 44_100), float), offer(2, (96_000, 96_000), word)], Some((2, 96_000, word)));
    // The rate before the channels, two before more before one.
    check(&[offer(2, (44_100, 44_100), float), offer(6, (48_000, 48_000), word)], Some((6, 48_000, word)));
    let many = [
        offer(1, (48_000, 48_000), float),
        offer(6, (48_000, 48_000), float),
        offer(4, (48_000, 48_000), float),
    ];
    check(&many, Some((4, 48_000, float)));
}
