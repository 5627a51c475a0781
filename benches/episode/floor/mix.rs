//! Regions, summed block by block.

use std::collections::BTreeMap;
use std::error::Error;
use std::f64::consts::PI;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::floor::BLOCK;
use crate::floor::source::Source;

/// What is played.
pub(crate) struct Plan {
    /// Frames.
    pub(crate) length: usize,
    /// By start.
    regions: Vec<Region>,
    /// For each bus that is ducked, when: in order, first frame and the frame after the last; and how.
    ducks: Vec<Duck>,
}

struct Region {
    file: PathBuf,
    source: usize,
    start: usize,
    end: usize,
    gain: f64,
    pan: f64,
    fades: [usize; 2],
    /// Frames from one turn to the next, and how many of them overlap.
    turns: Option<(usize, usize)>,
    /// Index of the duck.
    duck: Option<usize>,
}

#[derive(PartialEq)]
struct Duck {
    down: Vec<(i64, i64)>,
    db: f64,
    attack: i64,
    release: i64,
}

impl Plan {
    pub(crate) fn new(root: &Path, timeline: &Value) -> Result<Plan, Box<dyn Error>> {
        let mut ducks = Vec::new();
        let mut by_bus = BTreeMap::new();
        let regions = list(timeline, "regions")?;
        for bus in list(timeline, "buses")? {
            let Some(duck) = bus["ducks"].get(0) else { continue };
            let duck = Duck::new(duck, regions);
            // Two that are the same are one.
            let index = ducks.iter().position(|other| *other == duck).unwrap_or_else(|| {
                ducks.push(duck);
                ducks.len() - 1
            });
            by_bus.insert(bus["name"].as_str().unwrap_or_default(), index);
        }
        let region = |region: &Value| {
            let crossfade = region["loop"].as_u64().map(index);
            Region {
                file: root.join(region["source"].as_str().unwrap_or_default()),
                source: index(number(region, "source_start")),
                start: index(number(region, "start")),
                end: index(number(region, "start") + number(region, "length")),
                gain: libm::pow(10.0, region["gain"].as_f64().unwrap_or(f64::NEG_INFINITY) / 20.0),
                pan: region["pan"].as_f64().unwrap_or(0.0),
                fades: ["fade_in", "fade_out"].map(|fade| index(number(region, fade))),
                turns: crossfade
                    .map(|crossfade| (index(number(region, "source_length")) - crossfade, crossfade)),
                duck: by_bus.get(region["bus"].as_str().unwrap_or_default()).copied(),
            }
        };
        let regions = regions.iter().map(region).collect();
        Ok(Plan { length: index(number(timeline, "length")), regions, ducks })
    }
}

fn list<'v>(value: &'v Value, key: &str) -> Result<&'v Vec<Value>, Box<dyn Error>> {
    value[key].as_array().ok_or_else(|| format!("the timeline has no {key}").into())
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or(0)
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Duck {
    fn new(duck: &Value, regions: &[Value]) -> Duck {
        let time = |key| i64::try_from(number(duck, key)).unwrap_or(0);
        let (attack, hold, release) = (time("attack"), time("hold"), time("release"));
        let mut down: Vec<(i64, i64)> = Vec::new();
        for region in regions
            .iter()
            .filter(|region| duck["under"].as_array().is_some_and(|it| it.contains(&region["bus"])))
        {
            let start = region["start"].as_i64().unwrap_or(0);
            let end = start + region["length"].as_i64().unwrap_or(0) + hold;
            match down.last_mut() {
                Some((_, last)) if start - attack < *last + release => *last = end.max(*last),
                _ => down.push((start, end)),
            }
        }
        Duck { down, db: duck["by"].as_f64().unwrap_or(0.0), attack, release }
    }

    /// Multiplies frames from `first` on.
    fn apply(&self, first: usize, channels: [&mut [f32]; 2]) {
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        let end = first + BLOCK as i64;
        let [left, right] = channels;
        let before = self.down.partition_point(|(_, up)| up + self.release <= first);
        for &(down, up) in self.down[before..].iter().take_while(|(down, _)| down - self.attack < end) {
            let part = |from: i64, to: i64| {
                let frame = |frame: i64| usize::try_from(frame - first).unwrap_or(0).min(BLOCK);
                (frame(from)..frame(to), from.max(first))
            };
            let (range, _) = part(down, up);
            let factor = self.factor(1.0);
            for sample in left[range.clone()].iter_mut().chain(&mut right[range]) {
                *sample *= factor;
            }
            for (from, length, rises) in [(down - self.attack, self.attack, true), (up, self.release, false)]
            {
                let (range, start) = part(from, from + length);
                for (frame, index) in (start..).zip(range) {
                    let done = (frame - from) as f64 / length as f64;
                    let share = 0.5 - 0.5 * libm::cos(PI * if rises { done } else { 1.0 - done });
                    let factor = self.factor(share);
                    left[index] *= factor;
                    right[index] *= factor;
                }
            }
        }
    }

    fn factor(&self, share: f64) -> f32 {
        narrow(libm::exp2(self.db * share * 0.166_096_404_744))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "gains are 32-bit")]
fn narrow(gain: f64) -> f32 {
    gain as f32
}

/// Plays a plan from anywhere, block after block.
pub(crate) struct Mixer<'p> {
    plan: &'p Plan,
    /// The block that comes next, and how many regions have been looked at.
    next: Option<(usize, usize)>,
    sounding: Vec<(usize, Source)>,
    /// What is not ducked, then what is.
    sums: Vec<[Vec<f32>; 2]>,
    read: [Vec<f32>; 2],
    other: [Vec<f32>; 2],
}

impl<'p> Mixer<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Mixer<'p> {
        let pair = || [vec![0.0; BLOCK], vec![0.0; BLOCK]];
        Mixer {
            plan,
            next: None,
            sounding: Vec::new(),
            sums: (0..=plan.ducks.len()).map(|_| pair()).collect(),
            read: pair(),
            other: pair(),
        }
    }

    /// The next block; the first asked for may be any.
    pub(crate) fn block(&mut self, block: usize) -> io::Result<(&mut [f32], &mut [f32])> {
        let (first, end) = (block * BLOCK, (block + 1) * BLOCK);
        let regions = &self.plan.regions;
        let seen = self.next.map_or(0, |(_, seen)| seen);
        let until = regions.partition_point(|region| region.start < end);
        for (index, region) in regions.iter().enumerate().take(until).skip(seen) {
            if region.end > first {
                self.sounding.push((index, Source::open(&region.file)?));
            }
        }
        self.next = Some((block + 1, until));
        for channel in self.sums.iter_mut().flatten() {
            channel.fill(0.0);
        }
        for (index, source) in &mut self.sounding {
            let region = &regions[*index];
            let [left, right] = &mut self.sums[region.duck.map_or(0, |duck| duck + 1)];
            add(region, source, first, [left, right], &mut self.read, &mut self.other)?;
        }
        self.sounding.retain(|(index, _)| regions[*index].end > end);
        let [sum, ducked @ ..] = &mut self.sums[..] else { return Err(io::Error::other("no sums")) };
        for (duck, ducked) in self.plan.ducks.iter().zip(ducked) {
            let [left, right] = ducked;
            duck.apply(first, [left, right]);
            for (sum, ducked) in sum.iter_mut().zip(ducked) {
                for (sum, sample) in sum.iter_mut().zip(ducked.iter()) {
                    *sum += sample;
                }
            }
        }
        let [left, right] = sum;
        Ok((left, right))
    }
}

/// Adds a region's part of the block that begins at the frame `first`.
fn add(
    region: &Region,
    source: &mut Source,
    first: usize,
    sum: [&mut Vec<f32>; 2],
    read: &mut [Vec<f32>; 2],
    other: &mut [Vec<f32>; 2],
) -> io::Result<()> {
    let (from, to) = (first.max(region.start), region.end.min(first + BLOCK));
    let (at, count) = (from - region.start, to - from);
    let [left, right] = read;
    match region.turns {
        None => source.read(region.source + at, [&mut left[..count], &mut right[..count]])?,
        Some((period, overlap)) => {
            let mut done = 0;
            while done < count {
                let (turn, within) = ((at + done) / period, (at + done) % period);
                let fades = turn > 0 && within < overlap;
                let run = (count - done).min(if fades { overlap } else { period } - within);
                let range = done..done + run;
                source.read(region.source + within, [&mut left[range.clone()], &mut right[range.clone()]])?;
                if fades {
                    let [other_left, other_right] = other;
                    let start = region.source + period + within;
                    source.read(start, [&mut other_left[..run], &mut other_right[..run]])?;
                    for index in 0..run {
                        let x = (within + index) as f64 / overlap as f64 * (PI / 2.0);
                        let (falls, rises) = (narrow(libm::cos(x)), narrow(libm::sin(x)));
                        left[done + index] = left[done + index] * rises + other_left[index] * falls;
                        right[done + index] = right[done + index] * rises + other_right[index] * falls;
                    }
                }
                done += run;
            }
        }
    }
    let angle = (region.pan + 1.0) * (PI / 4.0);
    let width = if source.channels() == 2 { std::f64::consts::SQRT_2 } else { 1.0 };
    let gain = region.gain * width / 32_768.0;
    let gains = [narrow(gain * libm::cos(angle)), narrow(gain * libm::sin(angle))];
    let last = region.end - region.start - 1;
    let [rise, fall] = region.fades;
    let ramp = |done: usize, length: usize| narrow(0.5 - 0.5 * libm::cos(PI * done as f64 / length as f64));
    for channel in [&mut *left, &mut *right].into_iter().take(source.channels()) {
        for (frame, sample) in (at..rise).zip(&mut channel[..count]) {
            *sample *= ramp(frame, rise);
        }
        let falls = (last + 1 - fall).max(at);
        for (frame, sample) in (falls..).zip(channel[..count].iter_mut().skip(falls - at)) {
            *sample *= ramp(last - frame, fall);
        }
    }
    let right = if source.channels() == 2 { &*right } else { &*left };
    let place = from - first..to - first;
    let [sum_left, sum_right] = sum;
    for (sum, sample) in sum_left[place.clone()].iter_mut().zip(left.iter()) {
        *sum += sample * gains[0];
    }
    for (sum, sample) in sum_right[place].iter_mut().zip(right.iter()) {
        *sum += sample * gains[1];
    }
    Ok(())
}
