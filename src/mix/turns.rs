//! A region's own sound: the stretch of its clip, repeated where it loops.

use std::io;

use crate::audio::buffer::Channels;
use crate::audio::samples::Reader;
use crate::dsp::fade::equal_power_into;
use crate::mix::block::FRAMES;
use crate::mix::placed::Placed;
use crate::units::time::FrameCount;

/// Room to work in, one block long. Nothing in it outlives the region it was used for.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    /// The left channel, or the only one.
    pub(super) left: Vec<f32>,
    /// The right channel; of a mono clip, left over from another.
    pub(super) right: Vec<f32>,
    /// What is sent to a room: a copy of both from before they were heard from afar.
    pub(super) sent: [Vec<f32>; 2],
    incoming: Vec<f32>,
    outgoing: Vec<f32>,
    falling: Vec<f32>,
    rising: Vec<f32>,
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        Scratch {
            left: vec![0.0; FRAMES],
            right: vec![0.0; FRAMES],
            sent: [vec![0.0; FRAMES], vec![0.0; FRAMES]],
            incoming: vec![0.0; FRAMES * 2],
            outgoing: vec![0.0; FRAMES * 2],
            falling: vec![0.0; FRAMES],
            rising: vec![0.0; FRAMES],
        }
    }

    /// Reads `frames` frames of a region, at most [`FRAMES`], from its own frame `at` on, before any gain. Its clip has two
    /// readers, as two turns of a loop are heard at once.
    ///
    /// A loop's turns follow each other every `source_length - loop_crossfade` frames; each but the first rises over the
    /// crossfade while the one before falls, with equal power. Which turn a frame belongs to follows from its number
    /// alone, so that it sounds the same wherever playing started.
    pub(super) fn read(
        &mut self,
        region: &Placed,
        [clip, falling_clip]: &mut [Reader; 2],
        at: u64,
        frames: usize,
    ) -> io::Result<()> {
        let channels = clip.channels();
        let width = channels.count();
        let mut done = 0;
        while done < frames {
            let at = at + done as u64;
            let left = (frames - done) as u64;
            let (source, run, fading) = match &region.looped {
                None => (at, left, None),
                Some(looped) => {
                    let (turn, source) = (at / looped.period, at % looped.period);
                    if turn > 0 && source < looped.crossfade {
                        (source, left.min(looped.crossfade - source), Some(looped))
                    } else {
                        (source, left.min(looped.period - source), None)
                    }
                }
            };
            let run = FrameCount::new(run).index();
            let incoming = match channels {
                Channels::Mono => &mut self.left[done..][..run],
                Channels::Stereo => &mut self.incoming[done * 2..][..run * 2],
            };
            clip.read(FrameCount::new(region.source_start + source), incoming)?;
            if let Some(looped) = fading {
                let outgoing = &mut self.outgoing[..run * width];
                falling_clip.read(FrameCount::new(region.source_start + looped.period + source), outgoing)?;
                let (falling, rising) = (&mut self.falling[..run], &mut self.rising[..run]);
                equal_power_into(source, looped.crossfade, falling, rising);
                let gains = falling.iter().zip(rising);
                let frames = incoming.chunks_exact_mut(width).zip(outgoing.chunks_exact(width));
                for ((incoming, outgoing), (falling, rising)) in frames.zip(gains) {
                    for (incoming, outgoing) in incoming.iter_mut().zip(outgoing) {
                        *incoming = *incoming * *rising + outgoing * falling;
                    }
                }
            }
            done += run;
        }
        if channels == Channels::Stereo {
            let channels = self.left.iter_mut().zip(&mut self.right);
            for ((left, right), frame) in channels.zip(self.incoming[..frames * 2].as_chunks::<2>().0) {
                [*left, *right] = *frame;
            }
        }
        Ok(())
    }
}
