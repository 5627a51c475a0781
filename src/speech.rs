//! Lines become takes: audio, and the times of the cues in it.
//!
//! [`engine`] is the seam every voice sits behind; [`pico`] is the embedded one. [`mood`] is what a direction does to a
//! voice. [`perform`] does what is the same for every engine: pauses inside a line, breath and effort, polish, edges,
//! the project rate.

pub mod engine;
pub mod mood;
pub mod perform;
pub mod pico;

use crate::speech::engine::Engine;
use crate::speech::pico::PicoEngine;

/// The engines that scripts can choose from.
#[derive(Debug)]
pub struct Engines {
    all: Vec<Box<dyn Engine>>,
}

impl Engines {
    /// Those that are always there: `pico`.
    pub fn new() -> Engines {
        Engines { all: vec![Box::new(PicoEngine::new())] }
    }

    /// The engine of a name.
    pub fn get(&self, name: &str) -> Option<&dyn Engine> {
        self.iter().find(|engine| engine.name() == name)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.iter().map(Engine::name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Engine> {
        self.all.iter().map(Box::as_ref)
    }
}

impl Default for Engines {
    fn default() -> Engines {
        Engines::new()
    }
}
