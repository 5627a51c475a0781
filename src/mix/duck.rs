//! One bus giving way to others: a gain for every frame, known from the timeline, not detected in the sound.

use std::sync::OnceLock;

use crate::dsp::fade::rise;
use crate::routing::Duck;
use crate::units::level::Gain;

/// A duck with every moment it is down. The gain falls along a raised cosine in dB over the `attack` frames before a
/// span of speech, is `by` from the span's first frame to `hold` frames after its last, and comes back along the same
/// curve over `release` frames.
///
/// Where two spans are so near that the way back and the way down would meet, it stays down in between: a bus that
/// comes up only to go down again is heard as pumping.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ducker {
    /// Where it is down: first frame, and the frame after the last. In order, and so far apart that ramps never meet.
    down: Vec<(i64, i64)>,
    attack: i64,
    release: i64,
    by: Gain,
    /// The factors of the way down and of the way back, frame by frame, each as far as [`MOST_KEPT`]; worked out when they
    /// are first wanted, since who plays from one place hears few of them.
    ways: [OnceLock<Vec<f32>>; 2],
}

/// How many frames of a way are worked out once for all: 20 s at 48 kHz. Who needs longer waits for each.
const MOST_KEPT: i64 = 960_000;

/// log₂ 10 / 20: what turns dB into powers of two.
const OCTAVES_PER_DB: f32 = 0.166_096_4;

impl Ducker {
    /// The ducker of `duck`, which gives way while any of `spans` lasts: first frame and the frame after the last, in
    /// order of the first.
    pub(super) fn new(duck: &Duck, spans: impl IntoIterator<Item = (u64, u64)>) -> Ducker {
        let frames = |count: u64| i64::try_from(count).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        let (attack, release) = (frames(duck.attack.get()), frames(duck.release.get()));
        let mut down: Vec<(i64, i64)> = Vec::new();
        for (start, end) in spans {
            let (start, end) = (frames(start), frames(end) + frames(duck.hold.get()));
            match down.last_mut() {
                Some((_, last)) if start - attack < *last + release => *last = end.max(*last),
                _ => down.push((start, end)),
            }
        }
        Ducker { down, attack, release, by: duck.by, ways: Default::default() }
    }

    /// Lowers each of `gains`, factors for frames from `first` on, to this duck's where that is lower.
    pub(super) fn apply(&self, first: u64, gains: &mut [f32]) {
        let first = i64::try_from(first).unwrap_or(i64::MAX / 4);
        let end = first + gains.len() as i64;
        let factor = self.by.factor();
        let way = |kept: &OnceLock<Vec<f32>>, done: i64, length: i64| {
            let kept = kept
                .get_or_init(|| (0..length.min(MOST_KEPT)).map(|done| self.partly(done, length)).collect());
            let known = usize::try_from(done).ok().and_then(|done| kept.get(done)).copied();
            known.unwrap_or_else(|| self.partly(done, length))
        };
        let begin = self.down.partition_point(|(_, up)| up + self.release <= first);
        for (down, up) in self.down[begin..].iter().take_while(|(down, _)| down - self.attack < end) {
            let fall = down - self.attack;
            lower(gains, first, (fall, *down), |frame| way(&self.ways[0], frame - fall, self.attack));
            lower(gains, first, (*down, *up), |_| factor);
            let back = up + self.release;
            lower(gains, first, (*up, back), |frame| way(&self.ways[1], back - 1 - frame, self.release));
        }
    }

    /// What decides on its gains for the frames from `from` up to `end`, counted from `origin`.
    pub(super) fn between(&self, from: u64, end: u64, origin: u64) -> impl std::fmt::Debug {
        let frame = |frame: u64| i64::try_from(frame).unwrap_or(i64::MAX / 4);
        let (from, end, origin) = (frame(from), frame(end), frame(origin));
        let down = self.down.iter().filter(|it| it.1 + self.release > from && it.0 - self.attack < end);
        // Lines that follow closely are one long span: how long it was down before, and stays down after, is not heard.
        let down: Vec<(i64, i64)> =
            down.map(|it| (it.0.max(from) - origin, it.1.min(end) - origin)).collect();
        (self.attack, self.release, self.by, down)
    }

    /// The factor after `done` of `length` frames on the way down. A bus silenced altogether goes through −120 dB.
    fn partly(&self, done: i64, length: i64) -> f32 {
        let share = rise(u64::try_from(done).unwrap_or(0), u64::try_from(length).unwrap_or(0));
        #[expect(clippy::cast_possible_truncation, reason = "-120 is exact")]
        let by = self.by.db().max(Gain::MIN_DB as f32);
        libm::exp2f(share * by * OCTAVES_PER_DB)
    }
}

/// Lowers those of `gains`, for frames from `first` on, that lie in the frames `over`.
fn lower(gains: &mut [f32], first: i64, over: (i64, i64), factor_at: impl Fn(i64) -> f32) {
    let index = |frame: i64| usize::try_from(frame - first).unwrap_or(0).min(gains.len());
    let (from, to) = (index(over.0), index(over.1));
    for (frame, gain) in (over.0.max(first)..).zip(&mut gains[from..to]) {
        *gain = gain.min(factor_at(frame));
    }
}
