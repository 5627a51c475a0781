//! Plays performances into the ring, on a thread of its own, as far ahead as the ring is long.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::audio::buffer::Channels;
use crate::dsp::resample::Resampler;
use crate::mix::error::Error;
use crate::play::board::{Board, State};
use crate::play::player::Player;
use crate::play::priority::Thread;
use crate::play::ring::Feed;
use crate::units::time::{FrameCount, SampleRate};

/// How many frames are played at once: 5 ms at 48 kHz.
const CHUNK: usize = 256;
/// How long two performances are heard at once, in frames: 10 ms at 48 kHz.
const CROSSFADE: usize = 480;
/// How long there is nothing to do at most, where the ring is full.
const NAP: Duration = Duration::from_millis(3);

/// What the renderer is told.
#[derive(Debug)]
pub enum Order {
    /// Play this part from where it stands, at once: what is in the ring is dropped.
    Start(Box<Player>, Stretch),
    /// Play this part of another performance instead of what is played, from where it stands; what is played now comes
    /// there by this frame of its own.
    Exchange(Box<Player>, u64, Stretch),
    /// Play no further than this part of what is played, or is to be played next; begin again with this, which stands at
    /// its beginning, or end.
    Stretch(Stretch, Option<Box<Player>>),
    /// Play into this.
    Feed(Feed),
    /// End.
    Stop,
}

/// A part of the episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first frame.
    pub from: u64,
    /// The frame after the last.
    pub to: u64,
    /// Whether it begins again at its end.
    pub again: bool,
}

impl Stretch {
    /// Everything, once.
    pub const ALL: Stretch = Stretch { from: 0, to: u64::MAX, again: false };
}

/// Plays as it is told, until it is told to stop or nobody can tell it any more.
pub fn run(orders: &Receiver<Order>, board: &Board) {
    Thread::current().raise();
    let mut renderer = Renderer {
        board,
        player: None,
        next: None,
        again: None,
        fading: None,
        feed: None,
        resampler: None,
        stretch: Stretch::ALL,
        chunk: Vec::with_capacity(CHUNK * 2),
        other: Vec::with_capacity(CHUNK * 2),
        pending: Vec::new(),
        pushed: 0,
        broken: false,
        risen: None,
        is_flushed: true,
        later: None,
    };
    let mut busy = false;
    loop {
        let wait = if busy { Duration::ZERO } else { NAP };
        match orders.recv_timeout(wait) {
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(order) => renderer.obey(order),
            Err(RecvTimeoutError::Timeout) => {}
        }
        busy = renderer.work();
        renderer.start(!busy);
    }
}

struct Renderer<'a> {
    board: &'a Board,
    player: Option<Player>,
    /// What is played next, and at which frame of what is played now.
    next: Option<(Player, u64)>,
    /// A player at the beginning of what repeats.
    again: Option<Box<Player>>,
    /// What was played before, and how many frames of it have been heard together with what is played now.
    fading: Option<(Player, usize)>,
    feed: Option<Feed>,
    resampler: Option<Resampler>,
    stretch: Stretch,
    chunk: Vec<f32>,
    other: Vec<f32>,
    /// Interleaved frames at the device's rate, of which `pushed` samples are in the ring.
    pending: Vec<f32>,
    pushed: usize,
    broken: bool,
    /// How many frames have risen since it faded out, as nothing more was settled; `None` where none have to.
    risen: Option<usize>,
    /// Whether what the resampler still held has been played.
    is_flushed: bool,
    /// The stretch of what is played next.
    later: Option<Stretch>,
}

impl Renderer<'_> {
    fn obey(&mut self, order: Order) {
        match order {
            Order::Start(player, stretch) => {
                self.jump(*player);
                self.bound(stretch);
            }
            Order::Exchange(player, at, stretch) => {
                self.next = Some((*player, at));
                self.bound(stretch);
            }
            Order::Stretch(stretch, again) => {
                self.bound(stretch);
                self.again = again;
            }
            Order::Feed(feed) => self.connect(feed),
            Order::Stop => {}
        }
    }

    /// Plays no further than this. One that comes with what is played next holds from there on: it is counted in frames of
    /// that, which may lie elsewhere.
    fn bound(&mut self, stretch: Stretch) {
        let (Some((next, at)), Some(player)) = (&self.next, &self.player) else {
            self.stretch = stretch;
            return;
        };
        let own = |frame| player.performance().carried(next.performance(), frame);
        let to = if stretch.to >= next.performance().length() { u64::MAX } else { own(stretch.to) };
        self.stretch = Stretch { from: own(stretch.from), to: to.max(*at), ..stretch };
        self.later = Some(stretch);
    }

    /// Plays this, and drops what has not been heard.
    fn jump(&mut self, player: Player) {
        self.fading = None;
        self.next = None;
        self.later = None;
        self.pending.clear();
        self.pushed = 0;
        self.broken = false;
        self.risen = None;
        self.is_flushed = true;
        self.player = Some(player);
        self.restart_resampler();
        self.mark();
        self.board.enter(State::Playing);
        if let Some(feed) = &self.feed {
            // Until the first frames are there, silence is no surprise.
            feed.shared.expect_nothing(true);
            feed.shared.drop_up_to(feed.written);
        }
    }

    /// Goes over to what is played next, if it is time.
    fn exchange(&mut self) -> Result<(), Error> {
        let Some(old) = self.player.take() else { return Ok(()) };
        let due = self.next.take_if(|(_, at)| *at <= old.position() || old.is_stuck());
        let Some((mut next, at)) = due else {
            self.player = Some(old);
            return Ok(());
        };
        if old.position() < at {
            // It got stuck before: nothing must be left out.
            let here = next.performance().carried(old.performance(), old.position());
            next = Player::new(Arc::clone(next.performance()), here);
        }
        // It took longer than was thought.
        let late = FrameCount::new(old.position().saturating_sub(at)).index();
        self.other.clear();
        next.pull(late, &mut self.other)?;
        if self.fading.is_none() && !old.is_over() {
            self.fading = Some((old, 0));
        }
        self.player = Some(next);
        self.stretch = self.later.take().unwrap_or(self.stretch);
        self.mark();
        Ok(())
    }

    /// Plays into another ring, from what was heard last.
    fn connect(&mut self, feed: Feed) {
        let heard = self.board.heard().map(|heard| (heard.performance, heard.frame));
        let had_one = self.feed.is_some();
        self.board.connect(&feed);
        self.feed = Some(feed);
        self.restart_resampler();
        match heard {
            Some((performance, frame)) if had_one => self.jump(Player::new(performance, frame)),
            _ => self.mark(),
        }
    }

    fn restart_resampler(&mut self) {
        let rates =
            self.player.as_ref().zip(self.feed.as_ref()).and_then(|(player, feed)| {
                Some((player.performance().plan.rate(), SampleRate::new(feed.rate)?))
            });
        self.resampler = rates
            .filter(|(from, to)| from != to)
            .map(|(from, to)| Resampler::new(from, to, Channels::Stereo));
    }

    /// Notes that what comes next does not follow what came before.
    fn mark(&mut self) {
        let Some(player) = &self.player else { return };
        let (frame, performance) = (player.position(), Arc::clone(player.performance()));
        let at =
            self.feed.as_ref().map_or(0, |feed| feed.written) + (self.pending.len() - self.pushed) as u64 / 2;
        self.board.begin(at, frame, performance);
    }

    fn set(&self, state: State) {
        self.board.enter(state);
        if let Some(feed) = &self.feed {
            feed.shared.expect_nothing(matches!(state, State::Waiting | State::Over));
        }
    }

    /// Has a device that waits for the first frames begin, where they are there.
    fn start(&mut self, no_more: bool) {
        if let Some(feed) = &mut self.feed {
            feed.start(no_more);
        }
    }

    /// Does a little; says whether there may be more to do at once.
    fn work(&mut self) -> bool {
        if self.pushed < self.pending.len() {
            return self.push();
        }
        if self.player.is_none() || self.broken {
            return false;
        }
        // Even without a device the first frames can be at hand.
        self.play() && self.push()
    }

    /// Moves frames into the ring.
    fn push(&mut self) -> bool {
        let Some(feed) = &mut self.feed else { return false };
        let there = (self.pending.len() - self.pushed) / 2;
        let now = feed.room().min(there);
        for frame in self.pending[self.pushed..self.pushed + now * 2].as_chunks::<2>().0 {
            feed.push(*frame);
        }
        self.pushed += now * 2;
        let written = feed.written;
        self.board.wrote(written);
        now == there
    }

    /// Plays a chunk into `pending`; says whether there is any.
    fn play(&mut self) -> bool {
        if let Err(error) = self.exchange() {
            return self.fail(&error);
        }
        let Some(player) = &self.player else { return false };
        let (position, length) = (player.position(), player.performance().length());
        let end = self.stretch.to.min(length);
        let left = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        if left == 0 {
            return self.end();
        }
        let settled = player.performance().settled_frames().saturating_sub(position);
        let settled = usize::try_from(settled).unwrap_or(usize::MAX);
        let next = self.next.as_ref().map_or(u64::MAX, |(_, at)| at.saturating_sub(position).max(1));
        let next = usize::try_from(next).unwrap_or(usize::MAX);
        let mut frames = CHUNK.min(left).min(next);
        // Where another takes over before, it is not the last of it.
        let last = settled <= CHUNK && settled < left.min(next);
        if last {
            // What comes next may be made before the ring is empty; but what fades out has to be there before that.
            let is_low = self.feed.as_ref().is_none_or(|feed| feed.is_low(3 * CHUNK as u64));
            if settled == 0 || !is_low {
                if settled == 0 {
                    self.set(State::Waiting);
                }
                return false;
            }
            frames = settled;
        } else if (CHUNK + 1..left).contains(&settled) {
            // A whole chunk is left to fade out over.
            frames = frames.min(settled - CHUNK);
        }
        if let Err(error) = self.fill(frames) {
            return self.fail(&error);
        }
        if let Some(risen) = self.risen.take() {
            fade(&mut self.chunk, |frame| ((risen + frame) as f32 / CHUNK as f32).min(1.0));
            self.risen = Some(risen + frames).filter(|risen| *risen < CHUNK);
        }
        if last {
            fade(&mut self.chunk, |frame| (frames - frame - 1) as f32 / frames as f32);
            self.risen = Some(0);
        }
        self.pending.clear();
        self.pushed = 0;
        self.is_flushed = false;
        match &mut self.resampler {
            Some(resampler) => resampler.push(&self.chunk, &mut self.pending),
            None => self.pending.extend_from_slice(&self.chunk),
        }
        self.set(if last { State::Waiting } else { State::Playing });
        self.note();
        true
    }

    fn fail(&mut self, error: &Error) -> bool {
        self.broken = true;
        self.board.fail(error.to_string());
        self.set(State::Over);
        false
    }

    /// At the end of the stretch: begins again, or ends.
    fn end(&mut self) -> bool {
        let Some(player) = &self.player else { return false };
        if !self.stretch.again || self.stretch.from >= self.stretch.to {
            if let Some(resampler) = self.resampler.take_if(|_| !self.is_flushed) {
                self.is_flushed = true;
                self.pending.clear();
                self.pushed = 0;
                resampler.finish(&mut self.pending);
                // It may be played on from here, if more is asked for.
                self.restart_resampler();
                return true;
            }
            self.set(State::Over);
            return false;
        }
        let performance = Arc::clone(player.performance());
        let ready = self.again.as_ref().filter(|again| {
            Arc::ptr_eq(again.performance(), &performance) && again.position() == self.stretch.from
        });
        let again =
            ready.map_or_else(|| Player::new(performance, self.stretch.from), |again| (**again).clone());
        self.fading = self.player.replace(again).filter(|old| !old.is_over()).map(|old| (old, 0));
        self.mark();
        true
    }

    /// Plays frames into `chunk`, with what is heard of the performance before.
    fn fill(&mut self, frames: usize) -> Result<(), Error> {
        self.chunk.clear();
        let Some(player) = &mut self.player else { return Ok(()) };
        player.pull(frames, &mut self.chunk)?;
        if let Some((old, done)) = &mut self.fading {
            self.other.clear();
            old.pull(self.chunk.len() / 2, &mut self.other)?;
            for (frame, (new, old)) in self.chunk.chunks_mut(2).zip(self.other.chunks(2)).enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
                let share = ((*done + frame + 1) as f32 / (CROSSFADE + 1) as f32).min(1.0);
                for (new, old) in new.iter_mut().zip(old) {
                    // Where both are the same, this is the same to the bit.
                    *new = old + (*new - old) * share;
                }
            }
            *done += self.chunk.len() / 2;
            if *done >= CROSSFADE || self.other.len() < self.chunk.len() {
                self.fading = None;
            }
        }
        Ok(())
    }

    /// Tells the board where it is and what the meters show.
    fn note(&mut self) {
        let Some(player) = &mut self.player else { return };
        let written = self.feed.as_ref().map_or(0, |feed| feed.written);
        self.board.reach(player.position(), written, player.readings());
    }
}

/// Multiplies each frame by its gain.
fn fade(interleaved: &mut [f32], gain: impl Fn(usize) -> f32) {
    for (frame, samples) in interleaved.chunks_mut(2).enumerate() {
        samples.iter_mut().for_each(|sample| *sample *= gain(frame));
    }
}
