//! Silence where a script cuts: what filters still hold is not heard.

use crate::dsp::fade::rise;
use crate::mix::block::{FRAMES, Stereo};
use crate::mix::shifts::Spans;
use crate::units::time::{FrameCount, SampleRate, Seconds};

/// How long a sound that is cut takes to end, seconds.
pub(super) const CUT: f64 = 0.005;

/// When a bus is silent because the last sound on it was cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hushes {
    /// From each cut to the next sound; for ever after the last.
    spans: Spans,
    fade: u64,
}

impl Hushes {
    /// The hushes of a bus with sound in `spans`, apart and in order, and cuts at these frames, in order.
    pub(super) fn new(spans: &[(u64, u64)], cuts: &[u64], rate: SampleRate) -> Hushes {
        let next = spans.iter().skip(1).map(|(start, _)| *start).chain([u64::MAX]);
        let silent = spans.iter().map(|(_, end)| *end).zip(next);
        let silent = silent.filter(|(end, _)| cuts.binary_search(end).is_ok()).collect();
        Hushes { spans: silent, fade: Seconds::new(CUT).unwrap_or_default().to_count(rate).get() }
    }

    /// What is silenced in the frames from `from` up to `end`, counted from `origin`.
    pub(super) fn between(&self, from: u64, end: u64, origin: u64) -> impl std::fmt::Debug {
        let place = |frame: u64| i128::from(frame) - i128::from(origin);
        let near =
            self.spans.iter().filter(|(cut, over)| *over > from && cut.saturating_sub(self.fade) < end);
        (self.fade, near.map(|(cut, over)| (place(*cut), place((*over).min(end)))).collect::<Vec<_>>())
    }

    /// Silences what is to be silent of a block whose first frame is `first`.
    pub(super) fn apply(&self, first: u64, audio: &mut Stereo) {
        let end = first + FRAMES as u64;
        let index = |frame: u64| FrameCount::new(frame.saturating_sub(first)).index().min(FRAMES);
        let next = self.spans.partition_point(|(_, over)| *over <= first);
        let (left, right) = audio.channels_from(0);
        for (from, over) in
            self.spans[next..].iter().take_while(|(from, _)| from.saturating_sub(self.fade) < end)
        {
            let falls = from.saturating_sub(self.fade);
            for channel in [&mut *left, &mut *right] {
                for (frame, sample) in (falls.max(first)..).zip(&mut channel[index(falls)..index(*from)]) {
                    *sample *= rise(from - 1 - frame, self.fade);
                }
                channel[index(*from)..index(*over)].fill(0.0);
            }
        }
    }
}
