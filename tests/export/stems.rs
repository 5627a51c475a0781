//! Stems sum to the mix to the last bit, whoever sums them.

use std::process::Command;

use crate::export::{drama, exported, files};
use crate::show::{TestShow, has_program};

/// The stems of a folder, summed in the order of their names in 32-bit floats.
fn summed(show: &TestShow, folder: &str) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for path in files(&show.path(folder)) {
        let (stem, spec) = show.wav(&path.to_string_lossy());
        assert_eq!((spec.bits_per_sample, spec.channels), (32, 2));
        sum.resize(stem.len(), 0.0);
        sum.iter_mut().zip(&stem).for_each(|(sum, sample)| *sum += sample);
    }
    sum
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

#[test]
fn stems_sum_to_the_unmastered_mix() {
    let show = drama();
    exported(&show, &["--stems", "bus,role,track"]);
    let mix = show.wav("output/test/stems/mix.wav").0;
    assert!(peak(&mix) > 0.5);
    for split in ["bus", "role", "track"] {
        assert!(summed(&show, &format!("output/test/stems/{split}")) == mix, "{split}");
    }
    let names: Vec<String> = files(&show.path("output/test/stems/role"))
        .iter()
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(names[..2], ["01-ann.wav", "02-ben.wav"]);
    // What the roles lack of the mix is rounding.
    let rest = show.wav(&format!("output/test/stems/role/{}", names.last().expect("a rest"))).0;
    assert!(peak(&rest) < 1e-4, "{}", peak(&rest));
}

#[test]
fn the_mix_is_what_is_rendered_without_mastering() {
    let show = drama();
    exported(&show, &["--stems", "bus", "--deliver", "none", "--bits", "32f"]);
    let (mix, master) = (show.wav("output/test/stems/mix.wav").0, show.wav("output/test/test.wav").0);
    // −1 dBFS, where the limiter begins to work; before and after it does nothing.
    let ceiling = 10.0_f32.powf(-0.05);
    let loud = mix.iter().position(|sample| sample.abs() > ceiling).unwrap_or(mix.len());
    let idle = loud.saturating_sub(960);
    assert!(idle > 10_000);
    assert_eq!(mix[..idle], master[..idle]);
}

#[test]
fn one_stem_may_be_asked_for_by_name() {
    let show = drama();
    let written = exported(&show, &["--stems", "ben"]);
    assert_eq!(written.len(), 4, "{written:?}");
    assert!(written.iter().any(|path| path.ends_with("stems/role/02-ben.wav")));
    let run = show.run(&["export", "--stems", "bne"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is no bus or role `bne`; did you mean `ben`?"), "{}", run.stderr);
}

#[test]
fn another_program_sums_stems_to_the_mix() {
    if !has_program("ffmpeg", &["-version"]) {
        return;
    }
    let show = drama();
    exported(&show, &["--stems", "all"]);
    for split in ["bus", "role"] {
        let stems = files(&show.path(&format!("output/test/stems/{split}")));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-y"]).args(stems.iter().flat_map(|path| ["-i", path.to_str().unwrap()]));
        let filter = format!("amix=inputs={}:normalize=0", stems.len());
        ffmpeg.args(["-filter_complex", &filter, "-c:a", "pcm_f32le", "sum.wav"]).current_dir(show.path(""));
        let output = ffmpeg.output().expect("ffmpeg starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(show.wav("sum.wav").0 == show.wav("output/test/stems/mix.wav").0, "{split}");
    }
}

#[test]
fn stems_sum_to_the_mix_where_buses_send_and_are_treated() {
    let show = drama();
    let script = std::fs::read_to_string(show.path("script/test.toml")).expect("the script is there");
    let buses = "[bus.dialogue]\neq = [{ highpass = 80 }]\ncompress = { threshold = -24 }\nsends = { echo = -9, far = -20 }\n\
                 [bus.ambience]\nsends = { echo = -20 }\n[bus.echo]\nroom = \"hall\"\nsends = { far = -6 }\n\
                 [bus.far]\nroom = \"church\"\neq = { lowpass = 4000 }\n[bus.music]\n";
    let show = show.file("script/test.toml", script.replace("[bus.music]\n", buses));
    exported(&show, &["--stems", "bus,role,track"]);
    let mix = show.wav("output/test/stems/mix.wav").0;
    for split in ["bus", "role", "track"] {
        assert!(summed(&show, &format!("output/test/stems/{split}")) == mix, "{split}");
    }
    let wav = |name: &str| show.wav(&format!("output/test/stems/{name}.wav")).0;
    assert!(peak(&wav("bus/05-echo")) > 0.01 && peak(&wav("bus/06-far")) > 0.003);
    // Nobody speaks at once; a compressor that has just come back from one role is all that differs.
    let names = files(&show.path("output/test/stems/role"));
    let rest = show.wav(&names.last().expect("a rest").to_string_lossy()).0;
    assert!(peak(&rest) < peak(&mix) * 0.1, "{} of {}", peak(&rest), peak(&mix));
}
