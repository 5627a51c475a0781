//! `radioplay voices`: who can speak, who is cast, and a voice tried.

use crate::cli::args::Voices;
use crate::cli::build::on_threads;
use crate::cli::failure::Failure;
use crate::cli::locate::locate;
use crate::cli::terminal::Terminal;
use crate::cuesheet::resolve::voice;
use crate::diag::Diagnostics;
use crate::diag::render::human::visible;
use crate::diag::suggest;
use crate::export::clip;
use crate::script::load::load;
use crate::script::{Script, VoiceSpec};
use crate::source::{Sources, Span};
use crate::speech::Engines;
use crate::speech::engine::Voice;
use crate::speech::mood::act;
use crate::speech::perform::{Piece, perform};
use crate::staging::Mood;
use crate::units::time::SampleRate;

pub(super) fn run(args: &Voices, terminal: &Terminal) -> Result<(), Failure> {
    let engines = Engines::new();
    match &args.say {
        Some(text) => on_threads(Some(1), || say(args, text, &engines, terminal)),
        None => {
            list(args, &engines, terminal);
            Ok(())
        }
    }
}

/// The episode's script, where there is one to be found.
fn script(args: &Voices, terminal: &Terminal) -> Result<Script, Failure> {
    let located = locate(args.episode.script.as_deref(), &args.episode.allow).map_err(Failure::Usage)?;
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let script = load(&located.show, &located.script, &mut sources, &mut diagnostics);
    diagnostics.sort();
    terminal.diagnostics(&diagnostics, &sources);
    Ok(script)
}

fn list(args: &Voices, engines: &Engines, terminal: &Terminal) {
    for engine in engines.iter() {
        for language in engine.languages() {
            terminal.result(&format!("{} {}  {}", engine.name(), language.tag, language.description));
        }
    }
    // Without an episode there is no cast to show, and nothing wrong with that.
    let Ok(script) = script(args, terminal) else { return };
    for (name, role) in &script.cast {
        let (voice, _) = voice(&VoiceSpec::default(), &role.value.voice, Span::default());
        let shown = role.value.name.as_deref().unwrap_or(name);
        terminal.result(&format!(
            "{} ({}): {} {}, rate {}, pitch {}, timbre {}, volume {} dB",
            visible(name),
            visible(shown),
            visible(&voice.engine),
            visible(&voice.lang),
            voice.rate,
            voice.pitch,
            voice.timbre,
            voice.volume.db(),
        ));
    }
}

fn say(args: &Voices, text: &str, engines: &Engines, terminal: &Terminal) -> Result<(), Failure> {
    let mut chosen = match &args.role {
        Some(role) => {
            let script = script(args, terminal)?;
            let Some(known) = script.cast.get(role) else {
                let help = suggest::help(role, script.cast.keys().map(String::as_str));
                let help = help.map_or(String::new(), |help| format!("; {help}"));
                return Err(Failure::Usage(format!("there is no role `{role}`{help}")));
            };
            voice(&VoiceSpec::default(), &known.value.voice, Span::default()).0
        }
        None => Voice::default(),
    };
    if let Some(lang) = &args.lang {
        chosen.lang.clone_from(lang);
    }
    let Some(engine) = engines.get(&chosen.engine) else {
        return Err(Failure::Usage(format!("there is no voice engine `{}`", chosen.engine)));
    };
    if let Some(word) = &args.mood {
        let Some(mood) = Mood::from_word(word) else {
            let help = suggest::help(word, Mood::ALL.iter().map(|mood| mood.word()));
            let help = help.map_or(String::new(), |help| format!("; {help}"));
            return Err(Failure::Usage(format!("there is no mood `{word}`{help}")));
        };
        chosen = act(chosen, mood);
    }
    let rate = SampleRate::new(args.episode.rate).unwrap_or(SampleRate::DEFAULT);
    let take = perform(engine, &[Piece::Text(text.to_owned())], &chosen, rate)
        .map_err(|error| Failure::Usage(format!("this cannot be spoken: {error}")))?;
    let Some(output) = &args.output else { return Ok(()) };
    clip::write(output, &take.audio).map_err(|error| Failure::Machine(error.to_string()))?;
    terminal.say(&format!("{:.2} s", take.audio.frames().seconds(rate)));
    terminal.result(&output.display().to_string());
    Ok(())
}
