//! Everything that ships, as other programs find it: files that belong together add up to each other, bit by bit.

mod again;
mod batch;
mod captions;
mod faults;
mod formats;
mod portions;
mod scenes;
mod sessions;
mod stems;

use std::path::{Path, PathBuf};

use crate::show::TestShow;

/// Something like speech: a tone of its own for each clip, rising and falling four times a second, loud enough that
/// the limiter has to work.
fn voice(hz: f64, seconds: f64) -> Vec<f32> {
    let frames = (seconds * 48_000.0) as usize;
    let sample = |frame: usize| {
        let time = frame as f64 / 48_000.0;
        let swell = 0.5 - 0.5 * (time * 4.0 * std::f64::consts::TAU).cos();
        (0.8 * swell * (time * hz * std::f64::consts::TAU).sin()) as f32
    };
    (0..frames).map(sample).collect()
}

/// Three scenes of two roles in two rooms, with music that gives way, and takes of odd lengths.
fn drama() -> TestShow {
    drama_called("A \\\"Drama\\\" & more")
}

fn drama_called(title: &str) -> TestShow {
    let script = format!(
        "format = 1\ntitle = \"{title}\"\ndeliver = \"podcast\"\ngap = {{ same = 0.11, turn = 0.13, scene = 0.31 }}\n\
         [cast.ann]\nname = \"Ann\"\npan = -0.3\n[cast.ben]\nname = \"Ben & <Bob>\"\npan = 0.4\n\
         [sound.tune]\nfile = \"sfx/tune.wav\"\n[sound.knock]\nfile = \"sfx/knock.wav\"\nhit = 0.01\n\
         [place.hall]\nroom = \"hall\"\n[place.church]\nroom = \"church\"\n\
         [bus.music]\nduck = {{ under = \"dialogue\", by = -9, attack = 0.1, hold = 0.1, release = 0.2 }}\n\
         [[scene]]\nid = \"one\"\ntitle = \"The first\"\nplace = \"hall\"\nscript = [\n\
         {{ bed = \"tune\", from = \"scene.start\", to = \"scene.end\", gain = -12 }},\n\
         {{ id = \"a\", by = \"ann\", line = \"A year, {{k}}almost --> to the <b>day</b>.\" }},\n\
         {{ sfx = \"knock\", at = \"a@k\", gain = -6 }},\n\
         {{ id = \"b\", by = \"ben\", line = \"Can I come in?\", through = \"door\" }} ]\n\
         [[scene]]\nid = \"two\"\ntitle = \"Second; = \\\\ thing\"\nplace = \"church\"\nscript = [\n\
         {{ id = \"c\", by = \"ben\", line = \"Please.\" }}, {{ id = \"d\", by = \"ann\", line = \"No & never.\" }} ]\n\
         [[scene]]\nid = \"three\"\nscript = [\n\
         {{ music = \"tune\", at = \"scene.start\" }}, {{ id = \"e\", by = \"ann\", line = \"Well then.\" }} ]\n"
    );
    TestShow::with_script(&script)
        .clip("voices/ann/a.wav", &voice(220.0, 1.234_567))
        .clip("voices/ben/b.wav", &voice(110.0, 0.777_7))
        .clip("voices/ben/c.wav", &voice(130.0, 0.501))
        .clip("voices/ann/d.wav", &voice(240.0, 0.911))
        .clip("voices/ann/e.wav", &voice(200.0, 0.333_3))
        .clip("sfx/tune.wav", &voice(523.0, 0.9))
        .clip("sfx/knock.wav", &voice(90.0, 0.2))
}

/// Exports, which must succeed without a word of complaint.
fn exported(show: &TestShow, args: &[&str]) -> Vec<String> {
    let run = show.run(&[&["export", "--quiet"], args].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, NOTES), "{args:?}");
    run.stdout.lines().map(str::to_owned).collect()
}

/// What a quiet export of the drama says.
const NOTES: &str = "";

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.sort();
    files
}
