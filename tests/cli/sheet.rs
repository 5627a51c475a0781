//! `sounds --sheet`: the picture, read back by a PNG decoder.

use super::small;
use crate::show::TestShow;

/// Columns left of a spectrogram: the sheet's margin and the frequencies.
const LEFT: usize = 24 + 34;
/// Nothing so bright is anything but the strongest of a spectrogram, of which palette entries 0 to 95 are the colours.
const BRIGHT: std::ops::RangeInclusive<u8> = 90..=95;

struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

fn picture(show: &TestShow, file: &str) -> Picture {
    let bytes = std::fs::File::open(show.path(file)).expect("the picture is there");
    let mut reader = png::Decoder::new(std::io::BufReader::new(bytes)).read_info().expect("a PNG file");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("whole");
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Indexed, png::BitDepth::Eight));
    let palette = reader.info().palette.as_ref().expect("colours");
    assert!(
        pixels.iter().all(|pixel| usize::from(*pixel) < palette.len() / 3),
        "a colour beyond the palette"
    );
    Picture { width: info.width as usize, height: info.height as usize, pixels }
}

impl Picture {
    /// The row in which most pixels are bright.
    fn brightest(&self) -> usize {
        let bright = |row: usize| {
            let line = &self.pixels[row * self.width + LEFT..(row + 1) * self.width];
            line.iter().filter(|pixel| BRIGHT.contains(pixel)).count()
        };
        (0..self.height).max_by_key(|row| bright(*row)).expect("rows")
    }
}

fn tone(hz: f64) -> Vec<f32> {
    (0..48_000).map(|n| (0.5 * (f64::from(n) / 48e3 * hz * std::f64::consts::TAU).sin()) as f32).collect()
}

#[test]
fn an_octave_is_as_high_as_any_other() {
    let mut show = small();
    let octaves: Vec<f64> = (0..7).map(|n| 110.0 * f64::from(1 << n)).collect();
    for hz in &octaves {
        show = show.clip_at(&format!("sfx/tone{hz}.wav"), &tone(*hz), 1, 48_000);
    }
    let row = |hz: &f64| {
        let (name, file) = (format!("tone{hz}"), format!("{hz}.png"));
        let run = show.run(&["sounds", &name, "--sheet", &file]);
        assert_eq!((run.code, run.stdout, run.stderr), (0, format!("{file}\n"), String::new()));
        picture(&show, &file).brightest()
    };
    let rows: Vec<usize> = octaves.iter().map(row).collect();
    for pair in rows.windows(2) {
        // 320 pixels from 30 Hz to 20 kHz are 34.1 an octave; a pixel at either end, and at the lowest a bin.
        let up = pair[0] as f64 - pair[1] as f64;
        assert!((up - 34.1).abs() <= 3.0, "{rows:?}");
    }
}

#[test]
fn a_click_is_bright_where_it_is() {
    let mut samples = vec![0.0; 48_000];
    samples[36_000] = 0.9;
    let show = small().clip_at("sfx/click.wav", &samples, 1, 48_000);
    assert_eq!(show.run(&["sounds", "click", "--sheet", "click.png"]).code, 0);
    let picture = picture(&show, "click.png");
    let columns: Vec<usize> = (0..picture.pixels.len())
        .filter(|place| BRIGHT.contains(&picture.pixels[*place]) && place % picture.width >= LEFT)
        .map(|place| place % picture.width - LEFT)
        .collect();
    let middle = columns.iter().sum::<usize>() as f64 / columns.len() as f64;
    assert!((middle - 750.0).abs() < 3.0, "the click stands at {middle} of 1000");
}

#[test]
fn all_sounds_stand_on_one_sheet_that_is_always_the_same() {
    let patch = |name: &str| {
        let text = format!(
            "description = \"a {name} — with <signs> & ümläuts, and words enough to fill more than one line of it\"\n\
             length = 0.2\n[[event]]\nlayers = [{{ noise = {{ width = 1 }} }}]\n"
        );
        (format!("sfx/{name}.toml"), text)
    };
    let mut show = small().clip("sfx/bell.wav", &[0.5, -0.5, 0.25]).clip("sfx/silence.wav", &[0.0; 10]);
    for name in
        ["hiss", "a-name-that-is-far-too-long-for-the-place-that-there-is-for-names-on-a-sheet", "kiss"]
    {
        let (file, text) = patch(name);
        show = show.file(&file, text);
    }
    let run = show.run(&["sounds", "hiss", "bell", "kiss", "--sheet", "sheet.png"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "sheet.png\n", ""));
    let three = picture(&show, "sheet.png");
    let run = show.run(&["sounds", "--sheet", "--variant", "1"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "output/sounds.png\n", ""));
    let five = picture(&show, "output/sounds.png");
    assert!(five.height != three.height && five.width != three.width, "another layout for more sounds");
    let first = std::fs::read(show.path("sheet.png")).expect("written");
    assert_eq!(show.run(&["sounds", "hiss", "bell", "kiss", "--sheet", "sheet.png"]).code, 0);
    assert!(std::fs::read(show.path("sheet.png")).expect("written") == first, "not the same bytes");
}

#[test]
fn what_cannot_be_drawn_is_said_and_nothing_is_written() {
    let show = small().clip("sfx/bell.wav", &[0.5; 100]).file("sfx/broken.toml", "what = 1\n");
    for (arguments, code, why) in [
        (&["sounds", "--sheet", "bell"][..], 2, "error: `--sheet` writes a PNG file, and `bell` is none"),
        (&["sounds", "bel", "--sheet", "x.png"], 2, "error: there is no sound `bel` in `sfx`"),
        (&["sounds", "--sheet", "x.png"], 1, "error"),
        (&["sounds", "bell", "broken", "-o", "x.wav"], 2, "error: `--output` takes one sound"),
        (&["sounds", "bell", "--sheet", "/dev/null/x.png"], 3, "error: `/dev/null/x.png`"),
    ] {
        let run = show.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.starts_with(why), "{arguments:?}: {}", run.stderr);
    }
    assert!(!show.path("x.png").exists() && !show.path("output").exists());
}
