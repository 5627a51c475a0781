//! The buses of an episode, their names bound: what they give way to, and where they send.

use crate::cuesheet::unknown::unknown;
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::routing::{Bus, Duck, Send};
use crate::script::{self, Script};
use crate::units::time::{SampleRate, Seconds};

/// The buses every episode has.
pub const BUSES: [&str; 4] = ["dialogue", "effects", "ambience", "music"];

/// The buses of `script`, those that are always there first; without their rooms, which are files. Sends that would come
/// back are reported, and left out.
pub(super) fn buses(script: &Script, rate: SampleRate, diagnostics: &mut Diagnostics) -> Vec<Bus> {
    let own = script.buses.keys().map(String::as_str).filter(|name| !BUSES.contains(name));
    let names: Vec<&str> = BUSES.into_iter().chain(own).collect();
    let mut buses: Vec<Bus> = names.iter().map(|name| Bus::new(*name)).collect();
    for (bus, name) in buses.iter_mut().zip(&names) {
        let Some(written) = script.buses.get(*name).map(|bus| &bus.value) else { continue };
        bus.gain = written.gain;
        bus.ducks = written.ducks.iter().map(|it| duck(it, name, &names, rate, diagnostics)).collect();
        bus.eq.clone_from(&written.eq);
        bus.compress = written.compress;
        bus.sends = written.sends.iter().filter_map(|it| send(it, name, &names, diagnostics)).collect();
    }
    break_circles(script, &mut buses, diagnostics);
    buses
}

fn duck(
    duck: &script::Duck,
    own: &str,
    names: &[&str],
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Duck {
    let mut under = Vec::new();
    for bus in &duck.under {
        if bus.value == own {
            let message = format!("`{own}` cannot give way to itself");
            diagnostics.push(Diagnostic::error(Code::Conflict, message).at(bus.span, ""));
        } else if let Some(index) = names.iter().position(|name| *name == bus.value) {
            under.push(index);
        } else {
            unknown(Code::UnknownBus, "bus", bus, names.iter().copied(), diagnostics);
        }
    }
    let frames = |time: Seconds| time.to_count(rate);
    Duck {
        under,
        by: duck.by,
        attack: frames(duck.attack),
        hold: frames(duck.hold),
        release: frames(duck.release),
    }
}

fn send(send: &script::Send, own: &str, names: &[&str], diagnostics: &mut Diagnostics) -> Option<Send> {
    if send.to.value == own {
        let message = format!("`{own}` cannot send to itself");
        diagnostics.push(Diagnostic::error(Code::SendCycle, message).at(send.to.span, ""));
        return None;
    }
    let to = names.iter().position(|name| *name == send.to.value);
    if to.is_none() {
        unknown(Code::UnknownBus, "bus", &send.to, names.iter().copied(), diagnostics);
    }
    Some(Send { to: to?, gain: send.gain })
}

/// Reports each circle of sends once, and takes away the send that closes it.
fn break_circles(script: &Script, buses: &mut [Bus], diagnostics: &mut Diagnostics) {
    let mut done = vec![false; buses.len()];
    for first in 0..buses.len() {
        // The way here: each bus, and which of its sends is tried next. Not by recursion: there may be many buses.
        let mut way: Vec<(usize, usize)> = if done[first] { Vec::new() } else { vec![(first, 0)] };
        while let Some((bus, next)) = way.last().copied() {
            let Some(send) = buses[bus].sends.get(next).copied() else {
                done[bus] = true;
                way.pop();
                continue;
            };
            if let Some(begin) = way.iter().position(|(before, _)| *before == send.to) {
                let circle = way[begin..].iter().map(|(bus, _)| *bus).chain([send.to]);
                let names: Vec<String> = circle.map(|bus| format!("`{}`", buses[bus].name)).collect();
                let message = format!("buses send to each other in a circle: {}", names.join(" → "));
                let mut report = Diagnostic::error(Code::SendCycle, message);
                let to = &buses[send.to].name;
                let written = script.buses.get(&buses[bus].name).map(|bus| &bus.value.sends);
                if let Some(send) = written.and_then(|sends| sends.iter().find(|it| it.to.value == *to)) {
                    report = report.at(send.to.span, "this closes it");
                }
                diagnostics.push(report);
                buses[bus].sends.remove(next);
                continue;
            }
            if let Some(last) = way.last_mut() {
                last.1 += 1;
            }
            if !done[send.to] {
                way.push((send.to, 0));
            }
        }
    }
}
