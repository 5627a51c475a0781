//! An event: layers that sound together, at each of its moments.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Value};
use crate::sound::patch::canvas::{Canvas, Placing, factor, ratio, whole};
use crate::sound::patch::curve::number_or;
use crate::sound::patch::filter::{Filter, chain};
use crate::sound::patch::layer::Layer;
use crate::sound::patch::moments::{Moment, Moments};
use crate::sound::patch::rendition::Rendition;
use crate::sound::patch::variation::Sounding;

/// How many layers an event may have.
const MAX_LAYERS: usize = 32;

/// How many soundings are made at once: each may be as long as the patch.
const AT_ONCE: usize = 4;

/// An event of a patch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    at: f64,
    gain: f64,
    pan: f64,
    moments: Moments,
    layers: Vec<Layer>,
    filters: Vec<Filter>,
}

impl Event {
    /// Reads one table of `event`.
    pub(super) fn read(value: &Value, diagnostics: &mut Diagnostics) -> Option<Event> {
        let mut fields = Fields::of(value, "an event", diagnostics)?;
        let mut layers = Vec::new();
        match fields.array("layers", diagnostics) {
            None if fields.any("layers").is_none() => fields.missing("layers", diagnostics),
            None => {}
            Some(items) => {
                if items.value.is_empty() || items.value.len() > MAX_LAYERS {
                    let message = format!("an event must have between 1 and {MAX_LAYERS} layers");
                    diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(items.span, ""));
                }
                let read = items.value.iter().take(MAX_LAYERS);
                layers = read.filter_map(|item| Layer::read(item, diagnostics)).collect();
            }
        }
        let event = Event {
            at: number_or(&mut fields, "at", 0.0..=600.0, "s", 0.0, diagnostics),
            gain: number_or(&mut fields, "gain", -80.0..=40.0, "dB", 0.0, diagnostics),
            pan: number_or(&mut fields, "pan", -1.0..=1.0, "", 0.0, diagnostics),
            moments: Moments::read(&mut fields, diagnostics),
            layers,
            filters: chain(&mut fields, diagnostics),
        };
        fields.finish(diagnostics);
        Some(event)
    }

    /// Whether it has two channels.
    pub(super) fn wide(&self) -> bool {
        self.pan.abs() > 0.0
            || self.moments.wide()
            || self.layers.iter().any(Layer::wide)
            || self.filters.iter().any(Filter::wide)
    }

    /// How much work the event is in a patch of `length` seconds: modes times seconds.
    pub(super) fn work(&self, length: f64) -> f64 {
        let layers: f64 = self.layers.iter().map(|layer| layer.work(length)).sum();
        let filters: f64 = self.filters.iter().map(|filter| filter.work() * length).sum();
        self.moments.count(length) * layers + filters
    }

    /// Adds the event to a patch's canvas; `whole_patch` is a sounding with the patch's room and this event's
    /// seed.
    pub(super) fn render(&self, canvas: &mut Canvas, whole_patch: &Sounding) {
        if self.filters.is_empty() {
            return self.perform(canvas, whole_patch);
        }
        let mut own = whole_patch.spares.canvas(canvas.frames(), self.wide());
        self.perform(&mut own, whole_patch);
        let wrap = whole_patch.lap.is_some();
        let placing = Placing { at: 0, factor: 1.0, pan: 0.0, wrap };
        if let Some((start, mut part)) = self.part(&own, whole_patch) {
            let sounding = Sounding { lap: None, ..whole_patch.clone() };
            self.filters.iter().for_each(|filter| filter.apply(&mut part, &sounding));
            canvas.add(&part, Placing { at: start, ..placing });
            whole_patch.spares.put(part);
        } else {
            self.filters.iter().for_each(|filter| filter.apply(&mut own, whole_patch));
            canvas.add(&own, placing);
        }
        whole_patch.spares.put(own);
    }

    /// What of the patch there is anything to filter in, from its first sound until the filters have forgotten the last
    /// one to −100 dB; `None` where that is all of it, or a filter moves with the patch's time.
    fn part(&self, own: &Canvas, whole_patch: &Sounding) -> Option<(usize, Canvas)> {
        if !self.filters.iter().all(Filter::steady) {
            return None;
        }
        let (start, end) = own.extent()?;
        let ring: f64 = self.filters.iter().map(Filter::ring).sum();
        let frames = end - start + whole(ring * 100.0 / 60.0 * whole_patch.fs());
        let room = if whole_patch.lap.is_some() { own.frames() } else { own.frames() - start };
        (frames < own.frames()).then(|| (start, whole_patch.spares.part(own, start, end, frames.min(room))))
    }

    fn perform(&self, canvas: &mut Canvas, whole_patch: &Sounding) {
        let length = canvas.frames() as f64 / whole_patch.fs();
        let moments = self.moments.all(self.at, length, &mut whole_patch.random("moments"));
        let (frames, layers) = (canvas.frames(), self.layers.len());
        let sound = |n: usize| {
            let (moment, layer) = (n / layers, n % layers);
            let seed = whole_patch.random(&format!("moment {moment}")).next_u64();
            let sounding = Sounding { seed: seed.wrapping_add(layer as u64), ..whole_patch.clone() };
            self.sound(frames, &self.layers[layer], moments[moment], sounding)
        };
        whole_patch.hands.each(moments.len() * layers, AT_ONCE, sound, |sounded| {
            if let Some((sound, placing)) = sounded {
                sound.add_to(canvas, placing);
                whole_patch.spares.put(sound.canvas());
            }
        });
    }

    /// One layer at one moment, and where in the patch, of so many frames, it goes; `None` where that is past its end.
    fn sound(
        &self,
        frames: usize,
        layer: &Layer,
        moment: Moment,
        mut sounding: Sounding,
    ) -> Option<(Rendition, Placing)> {
        let fs = sounding.fs();
        let wrap = sounding.lap.is_some();
        let lap = frames as f64 / fs;
        let mut at = moment.at + layer.at;
        if wrap {
            at -= lap * libm::floor(at / lap);
        }
        let start = whole(at.max(0.0) * fs);
        if !wrap {
            sounding.room = frames.saturating_sub(start);
        }
        if sounding.room == 0 {
            return None;
        }
        sounding.pitch = ratio(moment.pitch);
        sounding.force = factor(moment.gain).clamp(0.05, 4.0);
        let sound = layer.render(&sounding);
        let pan = (self.pan + moment.pan + layer.pan).clamp(-1.0, 1.0);
        let factor = factor(self.gain + moment.gain + layer.gain);
        Some((sound, Placing { at: start, factor, pan, wrap }))
    }
}
