//! Rooms and perspective from a script: who is in one, how long the episode rings, what `cut` ends.

use serde_json::Value;

use super::{level, rendered, script, timeline};
use crate::show::TestShow;

/// A place in a church, a tenth of a second of a steady wave, and a recorded room whose only echo comes 100 ms later.
const PLACE: &str = "[place.here]\nroom = \"church\"\ndistance = 2\n[place.cellar]\nroom = \"sfx/cellar.wav\"\n\
                     [sound.hum]\nfile = \"sfx/hum.wav\"\n";

fn with_hum(entries: &str) -> TestShow {
    let script = script(PLACE, entries).replace("id = \"one\"", "id = \"one\"\nplace = \"here\"");
    show(&script)
}

fn show(script: &str) -> TestShow {
    let hum: Vec<f32> = (0..4800).map(|frame| (frame as f32 * 0.05).sin() * 0.3).collect();
    let mut cellar = vec![0.0; 9600];
    (cellar[0], cellar[4800]) = (0.5, 0.25);
    TestShow::with_script(script).clip("sfx/hum.wav", &hum).clip("sfx/cellar.wav", &cellar)
}

fn region<'t>(timeline: &'t Value, id: &str) -> &'t Value {
    let regions = timeline["regions"].as_array().expect("a timeline has regions");
    regions.iter().find(|region| region["entry"] == id).expect("the region is there")
}

#[test]
fn the_file_ends_when_the_room_is_silent_as_check_says() {
    for (entries, frames) in [
        // A tenth of a second, and what a church takes to fall by 80 dB: 30 ms and 80/60 of 4.8 s.
        (r#"{ sfx = "hum" }"#, 4800 + 1440 + 307_200),
        (r#"{ sfx = "hum", cut = true }"#, 4800),
        (r#"{ sfx = "hum" }, { pause = 9 }"#, 4800 + 432_000),
        (r#"{ sfx = "hum", as = "close" }"#, 4800),
        (r#"{ sfx = "hum", through = "telephone" }"#, 4800),
        (r#"{ music = "hum" }"#, 4800),
        (r#"{ music = "hum", distance = 3 }"#, 4800 + 1440 + 307_200),
    ] {
        let show = with_hum(entries);
        let length = timeline(&show, &[])["length"].as_u64().expect("a length");
        assert_eq!(length, frames, "{entries}");
        assert_eq!(rendered(&show, &[])[0].len() as u64, length, "{entries}");
    }
}

#[test]
fn rooms_ring_on_after_a_sound_and_cut_ends_them() {
    let ringing = rendered(&with_hum(r#"{ sfx = "hum" }, { pause = 2 }"#), &[]);
    let cut = rendered(&with_hum(r#"{ sfx = "hum", cut = true }, { pause = 2 }"#), &[]);
    assert!(level(&ringing[0][9600..14_400]) > level(&ringing[0][..4800]) - 30.0);
    assert!(cut[0][4800..].iter().all(|sample| *sample == 0.0), "silence must be able to hit");
    assert!(cut[0][4799].abs() < 0.01, "and without a click");
}

#[test]
fn the_nearer_says_how_near() {
    let timeline = timeline(
        &with_hum(
            r#"{ id = "place", sfx = "hum" },
               { id = "far", sfx = "hum", as = "far" },
               { id = "own", sfx = "hum", distance = 0.7 },
               { id = "near", sfx = "hum", as = "close", distance = 3 },
               { group = "sequence", as = "close", script = [
                   { id = "inner", sfx = "hum" },
                   { id = "outer", sfx = "hum", distance = 5 },
               ] },
               { group = "sequence", as = "off", script = [ { id = "away", sfx = "hum", distance = 5 } ] },
               { id = "moves", sfx = "hum", distance = [2, 8], pan = { from = -0.5, to = 1 } },
               { id = "bed", bed = "hum", from = "scene.start" }"#,
        ),
        &[],
    );
    let of = |id: &str| {
        let region = region(&timeline, id);
        let text = |key: &str| region[key].as_str().unwrap_or("-").to_owned();
        (text("as"), region["distance"].as_f64().expect("metres"), text("room"))
    };
    let expect = |word: &str, metres: f64, room: &str| (word.to_owned(), metres, room.to_owned());
    assert_eq!(of("place"), expect("room", 2.0, "church"));
    assert_eq!(of("far"), expect("far", 4.0, "church"));
    assert_eq!(of("own"), expect("room", 0.7, "church"));
    assert_eq!(of("near"), expect("close", 1.0, "-"));
    assert_eq!(of("inner"), expect("close", 1.0, "-"));
    assert_eq!(of("outer"), expect("room", 5.0, "church"));
    assert_eq!(of("away"), expect("off", 5.0, "church"));
    assert_eq!(of("bed"), expect("room", 1.0, "-"));
    let moves = region(&timeline, "moves");
    assert_eq!((moves["pan"].as_f64(), moves["pan_to"].as_f64()), (Some(-0.5), Some(1.0)));
    assert_eq!((moves["distance"].as_f64(), moves["distance_to"].as_f64()), (Some(2.0), Some(8.0)));
}

#[test]
fn a_recorded_room_answers_and_ends_with_its_recording() {
    let script = script(PLACE, r#"{ sfx = "hum", pan = -1 }"#)
        .replace("id = \"one\"", "id = \"one\"\nplace = \"cellar\"");
    let show = show(&script);
    let [left, _] = rendered(&show, &[]);
    assert_eq!(left.len(), 4800 + 9600);
    let (sound, echo, rest) = (level(&left[..4800]), level(&left[4800..9600]), level(&left[9600..]));
    assert!((echo - sound + 6.0).abs() < 0.5, "the echo lies at {:.2} dB", echo - sound);
    assert!(rest < -100.0);
}

#[test]
fn what_is_wrong_with_movement_and_cut_is_reported() {
    for (entry, code) in [
        (r#"{ sfx = "hum", pan = [0, 2] }"#, "out-of-range"),
        (r#"{ sfx = "hum", pan = [0, 1, 0] }"#, "wrong-type"),
        (r#"{ sfx = "hum", pan = { from = 0 } }"#, "missing-key"),
        (r#"{ sfx = "hum", distance = { from = 0, to = 1, at = 2 } }"#, "unknown-key"),
        (r#"{ sfx = "hum", cut = "yes" }"#, "wrong-type"),
        (r#"{ bed = "hum", cut = true }"#, "unknown-key"),
    ] {
        let run = with_hum(entry).run(&["check", "--color", "never"]);
        assert_eq!(run.code, 1, "{entry}");
        assert!(run.stderr.contains(&format!("error[{code}]")), "{entry}\n{}", run.stderr);
    }
}
